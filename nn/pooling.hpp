// Pooling layers: those of autograd with their options. x is (batch, channels, spatial...), or one example
// (channels, spatial...), whose result has no batch either. They throw at the call when x is of another rank, an option
// is out of its range or a window is larger than the padded x.
#pragma once
#include <autograd/ops/pooling.hpp>
#include <nn/module.hpp>

namespace xtape::nn {

/// What they share. Kernel size, stride and padding may stand as they are, as in `MaxPool2d(3, 2, 1)`. Those of a
/// maximum also give the indices of what they found, to MaxUnpool for example:
/// `auto [y, k] = pool.forward_with_indices(x)`.
template <class Derived, class Options, Tensor (*pool)(const Arg&, const Options&)>
class Pool : public Module<Derived> {
 public:
  explicit Pool(const Options& options) : options_(options) {}
  template <std::size_t n>
  explicit Pool(const std::int64_t (&each)[n]) : options_(PerAxis(std::vector(each, each + n))) {}
  template <class O = Options, class = std::enable_if_t<!std::is_same_v<O, PerAxis>>>
  Pool(const PerAxis& kernel_size, const PerAxis& stride, const PerAxis& padding = 0)
      : options_(O(kernel_size).stride(stride).padding(padding)) {}
  Tensor forward(const Tensor& x) const { return pool(x, options_); }
  /// What it was made with.
  const Options& options() const { return options_; }

 protected:
  Options options_;
};

/// The largest element of each window, as `MaxPool1d(2)` or `MaxPool1d(MaxPoolOptions(3).stride(2))`:
/// (batch, channels, length) -> (batch, channels, y), with y = floor((x + 2 padding - dilation (k - 1) - 1) / stride)
/// + 1.
class MaxPool1d : public Pool<MaxPool1d, MaxPoolOptions, max_pool1d> {
 public:
  using Pool::Pool;
  MaxPool forward_with_indices(const Arg& x) const { return max_pool1d_with_indices(x, options_); }
};
/// The same of images: (batch, channels, height, width) -> (batch, channels, y0, y1).
class MaxPool2d : public Pool<MaxPool2d, MaxPoolOptions, max_pool2d> {
 public:
  using Pool::Pool;
  MaxPool forward_with_indices(const Arg& x) const { return max_pool2d_with_indices(x, options_); }
};
/// The same of volumes: (batch, channels, depth, height, width) -> (batch, channels, y0, y1, y2).
class MaxPool3d : public Pool<MaxPool3d, MaxPoolOptions, max_pool3d> {
 public:
  using Pool::Pool;
  MaxPool forward_with_indices(const Arg& x) const { return max_pool3d_with_indices(x, options_); }
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

/// The mean over windows that cover x such that the result has the given size, as `AdaptiveAvgPool1d(5)`:
/// (batch, channels, length) -> (batch, channels, size). Throws at the call when the size is negative.
class AdaptiveAvgPool1d : public Pool<AdaptiveAvgPool1d, PerAxis, adaptive_avg_pool1d> {
 public:
  using Pool::Pool;
};
/// The same of images, as `AdaptiveAvgPool2d({5, 7})`: (batch, channels, height, width) -> (batch, channels, sizes...).
class AdaptiveAvgPool2d : public Pool<AdaptiveAvgPool2d, PerAxis, adaptive_avg_pool2d> {
 public:
  using Pool::Pool;
};
/// The same of volumes: (batch, channels, depth, height, width) -> (batch, channels, sizes...).
class AdaptiveAvgPool3d : public Pool<AdaptiveAvgPool3d, PerAxis, adaptive_avg_pool3d> {
 public:
  using Pool::Pool;
};

/// The largest element of windows that cover x such that the result has the given size, as `AdaptiveMaxPool1d(5)`:
/// (batch, channels, length) -> (batch, channels, size). Throws at the call when the size is negative.
class AdaptiveMaxPool1d : public Pool<AdaptiveMaxPool1d, PerAxis, adaptive_max_pool1d> {
 public:
  using Pool::Pool;
  MaxPool forward_with_indices(const Arg& x) const { return adaptive_max_pool1d_with_indices(x, options_); }
};
/// The same of images, as `AdaptiveMaxPool2d({5, 7})`: (batch, channels, height, width) -> (batch, channels, sizes...).
class AdaptiveMaxPool2d : public Pool<AdaptiveMaxPool2d, PerAxis, adaptive_max_pool2d> {
 public:
  using Pool::Pool;
  MaxPool forward_with_indices(const Arg& x) const { return adaptive_max_pool2d_with_indices(x, options_); }
};
/// The same of volumes: (batch, channels, depth, height, width) -> (batch, channels, sizes...).
class AdaptiveMaxPool3d : public Pool<AdaptiveMaxPool3d, PerAxis, adaptive_max_pool3d> {
 public:
  using Pool::Pool;
  MaxPool forward_with_indices(const Arg& x) const { return adaptive_max_pool3d_with_indices(x, options_); }
};

/// (sum x^p)^(1/p) over each window, as `LPPool1d(2, 3)` or `LPPool1d(2, 3, 1)` with a stride of 1:
/// (batch, channels, length) -> (batch, channels, y), with y = floor((x + 2 padding - k) / stride) + 1. With ceil_mode
/// a window that reaches out of x sums what it has inside. The gradient is 0 where the sum is 0; for a p that is no
/// integer x must not be negative. Throws unless p is positive and finite. Source: Sermanet, Chintala and LeCun,
/// "Convolutional neural networks applied to house numbers digit classification", ICPR 2012.
class LPPool1d : public Module<LPPool1d> {
 public:
  LPPool1d(double p, const AvgPoolOptions& options, Site site = Site::here());
  LPPool1d(double p, const PerAxis& kernel_size, const PerAxis& stride, Site site = Site::here())
      : LPPool1d(p, AvgPoolOptions(kernel_size).stride(stride), site) {}
  Tensor forward(const Tensor& x) const;

 private:
  double p_;
  AvgPoolOptions options_;
};
/// The same of images: (batch, channels, height, width) -> (batch, channels, y0, y1).
class LPPool2d : public Module<LPPool2d> {
 public:
  LPPool2d(double p, const AvgPoolOptions& options, Site site = Site::here());
  LPPool2d(double p, const PerAxis& kernel_size, const PerAxis& stride, Site site = Site::here())
      : LPPool2d(p, AvgPoolOptions(kernel_size).stride(stride), site) {}
  Tensor forward(const Tensor& x) const;

 private:
  double p_;
  AvgPoolOptions options_;
};

/// The mean of each channel: (batch, channels, spatial...) -> (batch, channels). Throws at the call when x has no
/// spatial axis. Source: Lin, Chen and Yan, "Network in network", ICLR 2014.
class GlobalAvgPool : public Module<GlobalAvgPool> {
 public:
  Tensor forward(const Tensor& x) const;
};

}  // namespace xtape::nn
