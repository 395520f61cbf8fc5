// NAdam: Adam with Nesterov's momentum.
#pragma once
#include <optim/optimizer.hpp>

namespace xtape::optim {

/// The learning rate, and what may be set besides: `NAdamOptions(2e-3).momentum_decay(4e-3)`. `weight_decay` is λ of an
/// L2 penalty, or the share of lr by which a parameter shrinks where it is decoupled; 0 unless set.
class NAdamOptions : public Options<NAdamOptions> {
 public:
  NAdamOptions(double lr = 2e-3) : Options(lr) {}
  /// The decay rates of the two running means, in [0, 1); 0.9 and 0.999 by default.
  NAdamOptions& betas(double beta1, double beta2) { return beta1_ = beta1, beta2_ = beta2, *this; }
  /// What keeps the denominator from 0; 1e-8 by default.
  NAdamOptions& eps(double v) { return eps_ = v, *this; }
  /// How fast the momentum grows from β1/2 to β1; 4e-3 by default.
  NAdamOptions& momentum_decay(double v) { return momentum_decay_ = v, *this; }
  /// Shrinks the parameter as AdamW does, instead of a penalty's gradient.
  NAdamOptions& decoupled_weight_decay(bool v = true) { return decoupled_ = v, *this; }

 private:
  friend class NAdam;
  double beta1_ = 0.9, beta2_ = 0.999, eps_ = 1e-8, momentum_decay_ = 4e-3;
  bool decoupled_ = false;
};

/// p <- p - lr ((1-μ_t) g / (1 - μ_1⋯μ_t) + μ_{t+1} m / (1 - μ_1⋯μ_{t+1})) / (sqrt(v̂) + eps), where m and v̂ are
/// Adam's and μ_t = β1 (1 - 0.96^(t momentum_decay) / 2). Source: Dozat, ICLR workshop 2016, as in PyTorch. Throws when
/// an option is out of its range.
class NAdam : public Optimizer {
 public:
  NAdam(std::vector<Parameter> parameters, NAdamOptions options = {}, Site site = Site::here());

 protected:
  void update(Update& u) const override;

 private:
  NAdamOptions options_;
};

}  // namespace xtape::optim
