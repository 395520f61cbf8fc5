// Adamax: Adam by the largest gradient instead of the mean square.
#pragma once
#include <optim/optimizer.hpp>

namespace xtape::optim {

/// The learning rate, and what may be set besides: `AdamaxOptions(2e-3).betas(0.9, 0.99)`. `weight_decay` is λ of an L2
/// penalty, 0 unless set.
class AdamaxOptions : public Options<AdamaxOptions> {
 public:
  AdamaxOptions(double lr = 2e-3) : Options(lr) {}
  /// The decay rates of the running mean and of the running maximum, in [0, 1); 0.9 and 0.999 by default.
  AdamaxOptions& betas(double beta1, double beta2) { return beta1_ = beta1, beta2_ = beta2, *this; }
  /// What is added to a gradient's size; 1e-8 by default.
  AdamaxOptions& eps(double v) { return eps_ = v, *this; }

 private:
  friend class Adamax;
  double beta1_ = 0.9, beta2_ = 0.999, eps_ = 1e-8;
};

/// m <- β1 m + (1-β1) g, u <- max(β2 u, |g| + eps), p <- p - lr m / (1-β1^t) / u. Source: Kingma and Ba, ICLR 2015,
/// section 7.1. Throws when an option is out of its range.
class Adamax : public Optimizer {
 public:
  Adamax(std::vector<Parameter> parameters, AdamaxOptions options = {}, Site site = Site::here());

 protected:
  void update(Update& u) const override;

 private:
  AdamaxOptions options_;
};

}  // namespace xtape::optim
