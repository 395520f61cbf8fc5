// LAMB.
#pragma once
#include <optim/optimizer.hpp>

namespace xtape::optim {

/// The learning rate, and what may be set besides: `LAMBOptions(2e-3).betas(0.9, 0.99)`. `weight_decay` is the share of
/// a parameter that is added to its direction; 0.01 unless set.
class LAMBOptions : public Options<LAMBOptions> {
 public:
  LAMBOptions(double lr = 1e-3) : Options(lr) {}
  /// The decay rates of the two running means, in [0, 1); 0.9 and 0.999 by default.
  LAMBOptions& betas(double beta1, double beta2) { return beta1_ = beta1, beta2_ = beta2, *this; }
  /// What keeps the denominator from 0; 1e-6 by default.
  LAMBOptions& eps(double v) { return eps_ = v, *this; }

 private:
  friend class LAMB;
  double beta1_ = 0.9, beta2_ = 0.999, eps_ = 1e-6;
};

/// p <- p - lr ||p|| / ||r|| r, where r = m̂ / (sqrt(v̂) + eps) + weight_decay p, and m̂ and v̂ are Adam's; where a norm
/// is 0, the ratio is 1. Source: You et al., Large batch optimization for deep learning, ICLR 2020, algorithm 2 with
/// φ(z) = z. Throws when an option is out of its range.
class LAMB : public Optimizer {
 public:
  LAMB(std::vector<Parameter> parameters, LAMBOptions options = {}, Site site = Site::here());

 protected:
  void update(Update& u) const override;

 private:
  LAMBOptions options_;
};

}  // namespace xtape::optim
