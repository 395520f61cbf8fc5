// RAdam: Adam that waits until its second moment can be trusted.
#pragma once
#include <optim/optimizer.hpp>

namespace xtape::optim {

/// The learning rate, and what may be set besides: `RAdamOptions(1e-3).betas(0.9, 0.99)`. `weight_decay` is λ of an L2
/// penalty, or the share of lr by which a parameter shrinks where it is decoupled; 0 unless set.
class RAdamOptions : public Options<RAdamOptions> {
 public:
  RAdamOptions(double lr = 1e-3) : Options(lr) {}
  /// The decay rates of the two running means, in [0, 1); 0.9 and 0.999 by default.
  RAdamOptions& betas(double beta1, double beta2) { return beta1_ = beta1, beta2_ = beta2, *this; }
  /// What keeps the denominator from 0; 1e-8 by default.
  RAdamOptions& eps(double v) { return eps_ = v, *this; }
  /// Shrinks the parameter as AdamW does, instead of a penalty's gradient.
  RAdamOptions& decoupled_weight_decay(bool v = true) { return decoupled_ = v, *this; }

 private:
  friend class RAdam;
  double beta1_ = 0.9, beta2_ = 0.999, eps_ = 1e-8;
  bool decoupled_ = false;
};

/// p <- p - lr r m̂ sqrt(1-β2^t) / (sqrt(v) + eps), where m̂ and v are Adam's, if ρ > 5, else p <- p - lr m̂; with
/// ρ = ρ∞ - 2 t β2^t / (1-β2^t), ρ∞ = 2 / (1-β2) - 1 and r² = (ρ-4) (ρ-2) ρ∞ / ((ρ∞-4) (ρ∞-2) ρ).
/// Source: Liu et al., On the variance of the adaptive learning rate and beyond, ICLR 2020. Throws when an option is
/// out of its range.
class RAdam : public Optimizer {
 public:
  RAdam(std::vector<Parameter> parameters, RAdamOptions options = {}, Site site = Site::here());

 protected:
  void update(Update& u) const override;

 private:
  RAdamOptions options_;
};

}  // namespace xtape::optim
