// Pooling layers: those of autograd with their options. x is (batch, channels, spatial...). They throw at the call when
// x is of another rank, an option is out of its range or a window is larger than the padded x.
#pragma once
#include <autograd/ops/pooling.hpp>
#include <nn/module.hpp>

namespace xtape::nn {

/// What they share.
template <class Derived, class Options, Tensor (*pool)(const Arg&, const Options&)>
class Pool : public Module<Derived> {
 public:
  explicit Pool(const Options& options) : options_(options) {}
  Tensor forward(const Tensor& x) const { return pool(x, options_); }

 private:
  Options options_;
};

/// The largest element of each window, as `MaxPool1d(2)` or `MaxPool1d(MaxPoolOptions(3).stride(2))`:
/// (batch, channels, length) -> (batch, channels, y), with y = floor((x + 2 padding - dilation (k - 1) - 1) / stride)
/// + 1.
class MaxPool1d : public Pool<MaxPool1d, MaxPoolOptions, max_pool1d> {
 public:
  using Pool::Pool;
};
/// The same of images: (batch, channels, height, width) -> (batch, channels, y0, y1).
class MaxPool2d : public Pool<MaxPool2d, MaxPoolOptions, max_pool2d> {
 public:
  using Pool::Pool;
};
/// The same of volumes: (batch, channels, depth, height, width) -> (batch, channels, y0, y1, y2).
class MaxPool3d : public Pool<MaxPool3d, MaxPoolOptions, max_pool3d> {
 public:
  using Pool::Pool;
};

/// The mean of each window, as `AvgPool1d(2)` or `AvgPool1d(AvgPoolOptions(3).padding(1))`: (batch, channels, length)
/// -> (batch, channels, y), with y = floor((x + 2 padding - k) / stride) + 1.
class AvgPool1d : public Pool<AvgPool1d, AvgPoolOptions, avg_pool1d> {
 public:
  using Pool::Pool;
};
/// The same of images: (batch, channels, height, width) -> (batch, channels, y0, y1).
class AvgPool2d : public Pool<AvgPool2d, AvgPoolOptions, avg_pool2d> {
 public:
  using Pool::Pool;
};
/// The same of volumes: (batch, channels, depth, height, width) -> (batch, channels, y0, y1, y2).
class AvgPool3d : public Pool<AvgPool3d, AvgPoolOptions, avg_pool3d> {
 public:
  using Pool::Pool;
};

}  // namespace xtape::nn
