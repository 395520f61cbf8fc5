// RMSprop.
#pragma once
#include <optim/optimizer.hpp>

namespace xtape::optim {

/// The learning rate, and what may be set besides: `RMSpropOptions(1e-3).momentum(0.9).centered()`. `weight_decay` is λ
/// of an L2 penalty, 0 unless set.
class RMSpropOptions : public Options<RMSpropOptions> {
 public:
  RMSpropOptions(double lr = 1e-2) : Options(lr) {}
  /// The decay rate of the running means, in [0, 1); 0.99 by default.
  RMSpropOptions& alpha(double v) { return alpha_ = v, *this; }
  /// What keeps the denominator from 0; 1e-8 by default.
  RMSpropOptions& eps(double v) { return eps_ = v, *this; }
  /// The share of the last step that is taken again, in [0, 1); 0 by default.
  RMSpropOptions& momentum(double v) { return momentum_ = v, *this; }
  /// Divides by the standard deviation of gradients instead of the root of their mean square.
  RMSpropOptions& centered(bool v = true) { return centered_ = v, *this; }

 private:
  friend class RMSprop;
  double alpha_ = 0.99, eps_ = 1e-8, momentum_ = 0;
  bool centered_ = false;
};

/// v <- α v + (1-α) g², b <- momentum b + g / (sqrt(v) + eps), p <- p - lr b; centred by sqrt(v - m²) with
/// m <- α m + (1-α) g; what is kept of v is its root. Source: Tieleman and Hinton, Coursera lecture 6.5, 2012; centred:
/// Graves, Generating sequences with recurrent neural networks, 2013. Throws when an option is out of its range.
class RMSprop : public Optimizer {
 public:
  RMSprop(std::vector<Parameter> parameters, RMSpropOptions options = {}, Site site = Site::here());

 protected:
  void update(Update& u) const override;

 private:
  template <bool centered, bool moves>
  void step_of(Update& u) const;
  RMSpropOptions options_;
};

}  // namespace xtape::optim
