// Pooling over one, two or three spatial axes: x is (batch, channels, spatial...), and every channel is reduced alone.
// Where the name says how many axes these are, x may be one example (channels, spatial...), whose result has no batch
// either. Kernel size, stride and padding may also be given as they are: `max_pool2d(x, 3, 2, 1)`.
#pragma once
#include "../tensor.hpp"
#include "spatial.hpp"

namespace xtape {

/// The window of a maximum, and what may be set besides: `max_pool(x, 2)`, `max_pool(x, MaxPoolOptions(3).stride(2))`.
class MaxPoolOptions {
 public:
  template <class T, class = std::enable_if_t<std::is_integral_v<T>>>
  MaxPoolOptions(T kernel_size) : kernel_(kernel_size), stride_(kernel_size) {}
  MaxPoolOptions(std::initializer_list<std::int64_t> kernel_size) : MaxPoolOptions(PerAxis(std::vector(kernel_size))) {}
  MaxPoolOptions(const PerAxis& kernel_size) : kernel_(kernel_size), stride_(kernel_size) {}
  const PerAxis& kernel_size() const { return kernel_; }
  /// From one window to the next; the kernel size by default.
  MaxPoolOptions& stride(PerAxis v) { return stride_ = std::move(v), *this; }
  const PerAxis& stride() const { return stride_; }
  /// Places on both sides of x that never are the largest, at most half the kernel size; 0 by default.
  MaxPoolOptions& padding(PerAxis v) { return padding_ = std::move(v), *this; }
  const PerAxis& padding() const { return padding_; }
  /// From one element of a window to the next; 1 by default.
  MaxPoolOptions& dilation(PerAxis v) { return dilation_ = std::move(v), *this; }
  const PerAxis& dilation() const { return dilation_; }
  /// Whether a last window that begins inside x or its padding counts although it reaches out of it; false by default.
  MaxPoolOptions& ceil_mode(bool v) { return ceil_ = v, *this; }
  bool ceil_mode() const { return ceil_; }

 private:
  friend struct PoolSizes;
  PerAxis kernel_, stride_, padding_ = 0, dilation_ = 1;
  bool ceil_ = false;
};

/// The window of a mean, and what may be set besides: `avg_pool(x, AvgPoolOptions(3).padding(1))`.
class AvgPoolOptions {
 public:
  template <class T, class = std::enable_if_t<std::is_integral_v<T>>>
  AvgPoolOptions(T kernel_size) : kernel_(kernel_size), stride_(kernel_size) {}
  AvgPoolOptions(std::initializer_list<std::int64_t> kernel_size) : AvgPoolOptions(PerAxis(std::vector(kernel_size))) {}
  AvgPoolOptions(const PerAxis& kernel_size) : kernel_(kernel_size), stride_(kernel_size) {}
  const PerAxis& kernel_size() const { return kernel_; }
  /// From one window to the next; the kernel size by default.
  AvgPoolOptions& stride(PerAxis v) { return stride_ = std::move(v), *this; }
  const PerAxis& stride() const { return stride_; }
  /// Zeros on both sides of x, at most half the kernel size; 0 by default.
  AvgPoolOptions& padding(PerAxis v) { return padding_ = std::move(v), *this; }
  const PerAxis& padding() const { return padding_; }
  /// Whether a last window that begins inside x or its padding counts although it reaches out of it; false by default.
  AvgPoolOptions& ceil_mode(bool v) { return ceil_ = v, *this; }
  bool ceil_mode() const { return ceil_; }
  /// Whether the padding's zeros count as elements of the mean; true by default.
  AvgPoolOptions& count_include_pad(bool v) { return include_pad_ = v, *this; }
  bool count_include_pad() const { return include_pad_; }
  /// What sums are divided by instead of their number of elements.
  AvgPoolOptions& divisor_override(std::int64_t v) { return divisor_ = v, has_divisor_ = true, *this; }
  bool has_divisor_override() const { return has_divisor_; }

 private:
  friend struct PoolSizes;
  PerAxis kernel_, stride_, padding_ = 0;
  bool ceil_ = false, include_pad_ = true, has_divisor_ = false;
  std::int64_t divisor_ = 1;
};

/// What `max_pool` gives, and where in its channel each element of it was found: int64 indices into the flattened
/// spatial axes of x.
struct MaxPool {
  Tensor values, indices;
};

/// The largest element of each window; NaN counts as largest, and the gradient goes to the first of equals:
/// (batch, channels, x...) -> (batch, channels, y...) with
/// y = floor((x + 2 padding - dilation (k - 1) - 1) / stride) + 1. Throws when an option is out of its range or a
/// window is larger than the padded x.
Tensor max_pool(const Arg& x, const MaxPoolOptions& options);
Tensor max_pool(const Arg& x, const PerAxis& kernel_size, const PerAxis& stride, const PerAxis& padding = 0);
/// `max_pool` of sequences (batch, channels, length).
Tensor max_pool1d(const Arg& x, const MaxPoolOptions& options);
Tensor max_pool1d(const Arg& x, const PerAxis& kernel_size, const PerAxis& stride, const PerAxis& padding = 0);
/// `max_pool` of images (batch, channels, height, width).
Tensor max_pool2d(const Arg& x, const MaxPoolOptions& options);
Tensor max_pool2d(const Arg& x, const PerAxis& kernel_size, const PerAxis& stride, const PerAxis& padding = 0);
/// `max_pool` of volumes (batch, channels, depth, height, width).
Tensor max_pool3d(const Arg& x, const MaxPoolOptions& options);
Tensor max_pool3d(const Arg& x, const PerAxis& kernel_size, const PerAxis& stride, const PerAxis& padding = 0);
/// `max_pool` with the indices of what it found.
MaxPool max_pool_with_indices(const Arg& x, const MaxPoolOptions& options);
/// `max_pool1d` with the indices of what it found, as `max_unpool1d` takes them.
MaxPool max_pool1d_with_indices(const Arg& x, const MaxPoolOptions& options);
/// `max_pool2d` with the indices of what it found.
MaxPool max_pool2d_with_indices(const Arg& x, const MaxPoolOptions& options);
/// `max_pool3d` with the indices of what it found.
MaxPool max_pool3d_with_indices(const Arg& x, const MaxPoolOptions& options);

/// The mean of each window: (batch, channels, x...) -> (batch, channels, y...) with
/// y = floor((x + 2 padding - k) / stride) + 1. Throws when an option is out of its range or a window is larger than
/// the padded x.
Tensor avg_pool(const Arg& x, const AvgPoolOptions& options);
Tensor avg_pool(const Arg& x, const PerAxis& kernel_size, const PerAxis& stride, const PerAxis& padding = 0);
/// `avg_pool` of sequences (batch, channels, length).
Tensor avg_pool1d(const Arg& x, const AvgPoolOptions& options);
Tensor avg_pool1d(const Arg& x, const PerAxis& kernel_size, const PerAxis& stride, const PerAxis& padding = 0);
/// `avg_pool` of images (batch, channels, height, width).
Tensor avg_pool2d(const Arg& x, const AvgPoolOptions& options);
Tensor avg_pool2d(const Arg& x, const PerAxis& kernel_size, const PerAxis& stride, const PerAxis& padding = 0);
/// `avg_pool` of volumes (batch, channels, depth, height, width).
Tensor avg_pool3d(const Arg& x, const AvgPoolOptions& options);
Tensor avg_pool3d(const Arg& x, const PerAxis& kernel_size, const PerAxis& stride, const PerAxis& padding = 0);

/// The mean over windows [floor(i x / y), ceil((i + 1) x / y)), which cover x such that the result has the given sizes:
/// (batch, channels, x...) -> (batch, channels, output_size...). Throws when a size is negative or x is empty.
Tensor adaptive_avg_pool(const Arg& x, const PerAxis& output_size);
/// `adaptive_avg_pool` of sequences (batch, channels, length).
Tensor adaptive_avg_pool1d(const Arg& x, const PerAxis& output_size);
/// `adaptive_avg_pool` of images (batch, channels, height, width).
Tensor adaptive_avg_pool2d(const Arg& x, const PerAxis& output_size);
/// `adaptive_avg_pool` of volumes (batch, channels, depth, height, width).
Tensor adaptive_avg_pool3d(const Arg& x, const PerAxis& output_size);

/// The largest element of the same windows; NaN and equals as in `max_pool`.
Tensor adaptive_max_pool(const Arg& x, const PerAxis& output_size);
/// `adaptive_max_pool` of sequences (batch, channels, length).
Tensor adaptive_max_pool1d(const Arg& x, const PerAxis& output_size);
/// `adaptive_max_pool` of images (batch, channels, height, width).
Tensor adaptive_max_pool2d(const Arg& x, const PerAxis& output_size);
/// `adaptive_max_pool` of volumes (batch, channels, depth, height, width).
Tensor adaptive_max_pool3d(const Arg& x, const PerAxis& output_size);
/// `adaptive_max_pool` with the indices of what it found.
MaxPool adaptive_max_pool_with_indices(const Arg& x, const PerAxis& output_size);
/// `adaptive_max_pool1d` with the indices of what it found.
MaxPool adaptive_max_pool1d_with_indices(const Arg& x, const PerAxis& output_size);
/// `adaptive_max_pool2d` with the indices of what it found.
MaxPool adaptive_max_pool2d_with_indices(const Arg& x, const PerAxis& output_size);
/// `adaptive_max_pool3d` with the indices of what it found.
MaxPool adaptive_max_pool3d_with_indices(const Arg& x, const PerAxis& output_size);

}  // namespace xtape
