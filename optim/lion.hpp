// Lion.
#pragma once
#include <optim/optimizer.hpp>

namespace xtape::optim {

/// The learning rate, and what may be set besides: `LionOptions(1e-4).betas(0.95, 0.98)`. `weight_decay` is the share
/// of lr by which a parameter shrinks, 0 unless set; the rate wants to be 3 to 10 times smaller than AdamW's, the decay
/// as much larger.
class LionOptions : public Options<LionOptions> {
 public:
  LionOptions(double lr = 1e-4) : Options(lr) {}
  /// The shares of the mean in the step and in the next mean, in [0, 1); 0.9 and 0.99 by default.
  LionOptions& betas(double beta1, double beta2) { return beta1_ = beta1, beta2_ = beta2, *this; }

 private:
  friend class Lion;
  double beta1_ = 0.9, beta2_ = 0.99;
};

/// p <- (1 - lr weight_decay) p - lr sgn(β1 m + (1-β1) g), then m <- β2 m + (1-β2) g. Source: Chen et al., Symbolic
/// discovery of optimization algorithms, arXiv 2302.06675. Throws when an option is out of its range.
class Lion : public Optimizer {
 public:
  Lion(std::vector<Parameter> parameters, LionOptions options = {}, Site site = Site::here());

 protected:
  void update(Update& u) const override;

 private:
  LionOptions options_;
};

}  // namespace xtape::optim
