// Stochastic gradient descent.
#pragma once
#include <optim/optimizer.hpp>

namespace xtape::optim {

/// The learning rate, and what may be set besides: `SGDOptions(0.1).momentum(0.9).nesterov(true)`. `weight_decay` is
/// λ of the L2 penalty λ/2 ||p||^2 that is added to the cost.
class SGDOptions : public Options<SGDOptions> {
 public:
  SGDOptions(double lr) : Options(lr) {}
  /// The share of the last step's velocity that is kept, in [0, 1); 0 by default.
  SGDOptions& momentum(double v) { return momentum_ = v, *this; }
  /// The share of a gradient that does not reach the velocity, in [0, 1]; 0 by default.
  SGDOptions& dampening(double v) { return dampening_ = v, *this; }
  /// Nesterov's look-ahead; needs momentum, and no dampening.
  SGDOptions& nesterov(bool v = true) { return nesterov_ = v, *this; }

 private:
  friend class SGD;
  double momentum_ = 0, dampening_ = 0;
  bool nesterov_ = false;
};

/// p <- p - lr v with v <- momentum v + (1 - dampening) d and d = g + weight_decay p, where the first v is d; under
/// Nesterov p <- p - lr (d + momentum v). Source: Nielsen, chapters 1 and 3; Sutskever et al., ICML 2013. Throws when
/// an option is out of its range.
class SGD : public Optimizer {
 public:
  SGD(std::vector<Parameter> parameters, SGDOptions options, Site site = Site::here());

 protected:
  void update(Update& u) const override;

 private:
  double dampening_;
  bool nesterov_;
};

}  // namespace xtape::optim
