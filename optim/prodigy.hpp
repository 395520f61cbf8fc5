// Prodigy: AdamW that finds its learning rate.
#pragma once
#include <limits>
#include <optim/optimizer.hpp>
#include <optional>

namespace xtape::optim {

/// The factor of the rate that is found, best left at 1, and what may be set besides:
/// `ProdigyOptions().weight_decay(0.01).safeguard_warmup()`. `weight_decay` is the share of the rate by which a
/// parameter shrinks, or λ of an L2 penalty where it is not decoupled; 0 unless set.
class ProdigyOptions : public Options<ProdigyOptions> {
 public:
  ProdigyOptions(double lr = 1) : Options(lr) {}
  /// The decay rates of the two running means, in [0, 1); 0.9 and 0.999 by default.
  ProdigyOptions& betas(double beta1, double beta2) { return beta1_ = beta1, beta2_ = beta2, *this; }
  /// The decay rate of what d is estimated by, in [0, 1); sqrt(β2) by default.
  ProdigyOptions& beta3(double v) { return beta3_ = v, *this; }
  /// What keeps the denominator from 0; 1e-8 by default.
  ProdigyOptions& eps(double v) { return eps_ = v, *this; }
  /// A parameter shrinks as AdamW's does, the default, or has a penalty's gradient.
  ProdigyOptions& decouple(bool v) { return decouple_ = v, *this; }
  /// Corrects the means' bias, as Adam does.
  ProdigyOptions& use_bias_correction(bool v = true) { return use_bias_correction_ = v, *this; }
  /// Leaves lr out of the denominator of the estimate, for schedules that begin with a warm-up.
  ProdigyOptions& safeguard_warmup(bool v = true) { return safeguard_warmup_ = v, *this; }
  /// The first estimate, more than 0; 1e-6 by default.
  ProdigyOptions& d0(double v) { return d0_ = v, *this; }
  /// What the estimate is multiplied by, 1 by default: the way to tune it, best between 0.5 and 2.
  ProdigyOptions& d_coef(double v) { return d_coef_ = v, *this; }
  /// The largest factor by which the estimate grows in a step, at least 1; any by default.
  ProdigyOptions& growth_rate(double v) { return growth_rate_ = v, *this; }

 private:
  friend class Prodigy;
  double beta1_ = 0.9, beta2_ = 0.999, eps_ = 1e-8, d0_ = 1e-6, d_coef_ = 1;
  double growth_rate_ = std::numeric_limits<double>::infinity();
  bool decouple_ = true, use_bias_correction_ = false, safeguard_warmup_ = false;
  std::optional<double> beta3_;
};

/// m <- β1 m + (1-β1) d g, v <- β2 v + (1-β2) d² g², s <- β3 s + d²/d0 lr g, n <- β3 n + d²/d0 lr <g, p0 - p>,
/// d' = max(d, d_coef n / ||s||_1), p <- (1 - lr d weight_decay) p - lr d m / (sqrt(v) + d' eps), where n and ||s||_1
/// are sums over all parameters and d' is the next step's d. A group's rate is its own in all of these; where it is 0,
/// its parameters do not count. Source: Mishchenko and Defazio, Prodigy: an expeditiously adaptive parameter-free
/// learner, arXiv 2306.06101; github.com/konstmish/prodigy. Throws when an option is out of its range.
class Prodigy : public Optimizer {
 public:
  Prodigy(std::vector<Parameter> parameters, ProdigyOptions options = {}, Site site = Site::here());
  /// The estimate: what the rate is at lr = 1.
  double d() const { return shared(0).tensor().item(); }

 protected:
  void prepare(std::vector<Update>& updates) override;
  void update(Update& u) const override;

 private:
  double beta3() const;
  ProdigyOptions options_;
  double rate_ = 0;  // of this step: what lr is multiplied by
};

}  // namespace xtape::optim
