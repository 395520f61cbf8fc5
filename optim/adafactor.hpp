// Adafactor: Adam's second moment of a matrix from one number for each row and column.
#pragma once
#include <optim/optimizer.hpp>
#include <optional>

namespace xtape::optim {

/// The learning rate, which is the largest step relative to a parameter's size, and what may be set besides:
/// `AdafactorOptions(1e-2).d(2)`. `weight_decay` is the share of lr by which a parameter shrinks, 0 unless set.
class AdafactorOptions : public Options<AdafactorOptions> {
 public:
  AdafactorOptions(double lr = 1e-2) : Options(lr) {}
  /// The exponent τ of the decay rate 1 - t^τ of the running means, at most 0; -0.8 by default.
  AdafactorOptions& beta2_decay(double v) { return beta2_decay_ = v, *this; }
  /// What keeps the denominator from 0, by default the dtype's machine epsilon; and the least size of a parameter that
  /// its step is measured by, 1e-3 by default.
  AdafactorOptions& eps(double eps2) { return eps1_.reset(), eps2_ = eps2, *this; }
  AdafactorOptions& eps(double eps1, double eps2) { return eps1_ = eps1, eps2_ = eps2, *this; }
  /// The root mean square from which a direction is cut, at least 1, its default.
  AdafactorOptions& d(double v) { return d_ = v, *this; }

 private:
  friend class Adafactor;
  double beta2_decay_ = -0.8, eps2_ = 1e-3, d_ = 1;
  std::optional<double> eps1_;
};

/// p <- (1 - lr weight_decay) p - α u / max(1, rms(u) / d), where α = max(eps2, rms(p)) min(lr, 1 / sqrt(t)) and
/// u = g / max(sqrt(v), eps1). Of vectors v <- (1 - t^τ) v + t^τ g². Of others v = r c / max(mean(r), eps1), where r
/// and c are such running means of g² over the last axis and over the one before. What is kept are roots. Source:
/// Shazeer and Stern, arXiv 1804.04235, as PyTorch's torch.optim.Adafactor defines it: the paper's relative step and
/// scale by the parameter, with lr in the place of 0.01. Throws when an option is out of its range.
class Adafactor : public Optimizer {
 public:
  Adafactor(std::vector<Parameter> parameters, AdafactorOptions options = {}, Site site = Site::here());

 protected:
  void update(Update& u) const override;

 private:
  AdafactorOptions options_;
};

}  // namespace xtape::optim
