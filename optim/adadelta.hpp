// Adadelta.
#pragma once
#include <optim/optimizer.hpp>

namespace xtape::optim {

/// The learning rate, and what may be set besides: `AdadeltaOptions().rho(0.95)`. `weight_decay` is λ of an L2 penalty,
/// 0 unless set.
class AdadeltaOptions : public Options<AdadeltaOptions> {
 public:
  AdadeltaOptions(double lr = 1) : Options(lr) {}
  /// The decay rate of both running means, in [0, 1); 0.9 by default.
  AdadeltaOptions& rho(double v) { return rho_ = v, *this; }
  /// What the first steps are made of; 1e-6 by default.
  AdadeltaOptions& eps(double v) { return eps_ = v, *this; }

 private:
  friend class Adadelta;
  double rho_ = 0.9, eps_ = 1e-6;
};

/// v <- ρ v + (1-ρ) g², δ = sqrt(a + eps) / sqrt(v + eps) g, a <- ρ a + (1-ρ) δ², p <- p - lr δ; what is kept of v and
/// a are their roots. Source: Zeiler, ADADELTA: an adaptive learning rate method, 2012. Throws when an option is out of
/// its range.
class Adadelta : public Optimizer {
 public:
  Adadelta(std::vector<Parameter> parameters, AdadeltaOptions options = {}, Site site = Site::here());

 protected:
  void update(Update& u) const override;

 private:
  AdadeltaOptions options_;
};

}  // namespace xtape::optim
