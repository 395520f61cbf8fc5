// Layers that undo maximum pooling, but for what it dropped: `auto [y, k] = pool.forward_with_indices(x)`, then
// `unpool(y, k)`, or `unpool(y, k, x.shape())` where several sizes have so many windows. x may be one example without
// a batch. They throw at the call as xtape::max_unpool1d does.
#pragma once
#include <autograd/ops/unpool.hpp>
#include <nn/module.hpp>

namespace xtape::nn {

/// What they share, as `MaxUnpool2d(2)` or `MaxUnpool2d(3, 2, 1)`: kernel size, stride and padding of the pooling.
template <class Derived, Tensor (*unpool)(const Arg&, const Arg&, const MaxUnpoolOptions&)>
class Unpool : public Module<Derived> {
 public:
  explicit Unpool(const MaxUnpoolOptions& options) : options_(options) {}
  template <std::size_t n>
  explicit Unpool(const std::int64_t (&kernel_size)[n])
      : options_(PerAxis(std::vector(kernel_size, kernel_size + n))) {}
  Unpool(const PerAxis& kernel_size, const PerAxis& stride, const PerAxis& padding = 0)
      : options_(MaxUnpoolOptions(kernel_size).stride(stride).padding(padding)) {}
  Tensor forward(const Tensor& x, const Tensor& indices) const { return unpool(x, indices, options_); }
  Tensor forward(const Tensor& x, const Tensor& indices, const Shape& output_size) const {
    return unpool(x, indices, MaxUnpoolOptions(options_).output_size(output_size));
  }

 private:
  MaxUnpoolOptions options_;
};

/// x at the places `indices` of zeros: (batch, channels, x) and int64 of the same shape -> (batch, channels, y), with
/// y = (x - 1) stride - 2 padding + k, or the size given. Source: Zeiler and Fergus, "Visualizing and understanding
/// convolutional networks", ECCV 2014.
class MaxUnpool1d : public Unpool<MaxUnpool1d, max_unpool1d> {
 public:
  using Unpool::Unpool;
};
/// The same of images: (batch, channels, x0, x1) twice -> (batch, channels, height, width).
class MaxUnpool2d : public Unpool<MaxUnpool2d, max_unpool2d> {
 public:
  using Unpool::Unpool;
};
/// The same of volumes: (batch, channels, x0, x1, x2) twice -> (batch, channels, depth, height, width).
class MaxUnpool3d : public Unpool<MaxUnpool3d, max_unpool3d> {
 public:
  using Unpool::Unpool;
};

}  // namespace xtape::nn
