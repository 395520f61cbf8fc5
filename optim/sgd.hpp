// Stochastic gradient descent.
#pragma once
#include <optim/optimizer.hpp>

namespace xtape::optim {

/// The learning rate, and what may be set besides: `SGDOptions(0.1).momentum(0.9).nesterov(true)`.
class SGDOptions {
 public:
  SGDOptions(double lr) : lr_(lr) {}
  /// The share of the last step's velocity that is kept, in [0, 1); 0 by default.
  SGDOptions& momentum(double v) { return momentum_ = v, *this; }
  /// Nesterov's look-ahead; needs momentum.
  SGDOptions& nesterov(bool v) { return nesterov_ = v, *this; }
  /// λ of the L2 penalty λ/2 ||p||^2 that is added to the cost; 0 by default.
  SGDOptions& weight_decay(double v) { return weight_decay_ = v, *this; }

 private:
  friend class SGD;
  double lr_, momentum_ = 0, weight_decay_ = 0;
  bool nesterov_ = false;
};

/// p <- p - lr v with v <- momentum v + g + weight_decay p; under Nesterov p <- p - lr (g + weight_decay p + momentum
/// v). Source: Nielsen, chapters 1 and 3; Sutskever et al., ICML 2013. Throws when an option is out of its range.
class SGD : public Optimizer {
 public:
  SGD(std::vector<Parameter> parameters, SGDOptions options, Site site = Site::here());

 protected:
  void update(Parameter& p, const Tensor& g, std::vector<Parameter>& cells, std::int64_t t) const override;

 private:
  SGDOptions options_;
};

}  // namespace xtape::optim
