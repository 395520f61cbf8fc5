// Layers of maximum pooling over windows whose distances are drawn anew at each call, in eval too, as in PyTorch. x may
// be one example without a batch. They throw at the call as xtape::fractional_max_pool2d does.
#pragma once
#include <autograd/ops/fractional_pool.hpp>
#include <nn/module.hpp>

namespace xtape::nn {

/// What they share. `pool(x, samples)` takes given numbers in [0, 1) instead of drawing them, and
/// `forward_with_indices(x)` also gives where the largest elements were.
template <class Derived, MaxPool (*pool)(const Arg&, const FractionalMaxPoolOptions&, const Arg&, RandomGenerator&)>
class FractionalPool : public Module<Derived> {
 public:
  explicit FractionalPool(const FractionalMaxPoolOptions& options) : options_(options) {}
  FractionalPool(const PerAxis& kernel_size, const PerAxis& output_size)
      : options_(FractionalMaxPoolOptions(kernel_size).output_size(output_size)) {}
  Tensor forward(const Tensor& x, const Tensor& samples = Tensor()) const {
    return forward_with_indices(x, samples).values;
  }
  MaxPool forward_with_indices(const Arg& x, const Arg& samples = Tensor()) const {
    return pool(x, options_, samples, default_generator());
  }

 private:
  FractionalMaxPoolOptions options_;
};

/// The largest element of windows of images, as `FractionalMaxPool2d(3, {13, 12})` with the result's size or
/// `FractionalMaxPool2d(FractionalMaxPoolOptions(3).output_ratio(0.5))`: (batch, channels, height, width) -> (batch,
/// channels, y0, y1). Source: Graham, "Fractional max-pooling", 2014.
class FractionalMaxPool2d : public FractionalPool<FractionalMaxPool2d, fractional_max_pool2d_with_indices> {
 public:
  using FractionalPool::FractionalPool;
};
/// The same of volumes: (batch, channels, depth, height, width) -> (batch, channels, y0, y1, y2).
class FractionalMaxPool3d : public FractionalPool<FractionalMaxPool3d, fractional_max_pool3d_with_indices> {
 public:
  using FractionalPool::FractionalPool;
};

}  // namespace xtape::nn
