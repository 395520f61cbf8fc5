// The layer that gives images, sequences and volumes other sizes.
#pragma once
#include <autograd/ops/interpolate.hpp>
#include <nn/module.hpp>

namespace xtape::nn {

/// x at other sizes, as `Upsample({8, 6})`, `Upsample(InterpolateOptions().scale_factor(2))` or
/// `Upsample(InterpolateOptions().size({8, 6}).mode(Interpolation::linear).align_corners(true))`: (batch, channels,
/// spatial...) -> (batch, channels, sizes...). Throws at the call as xtape::interpolate does.
class Upsample : public Module<Upsample> {
 public:
  explicit Upsample(InterpolateOptions options) : options_(std::move(options)) {}
  Tensor forward(const Tensor& x) const { return interpolate(x, options_); }

 private:
  InterpolateOptions options_;
};

}  // namespace xtape::nn
