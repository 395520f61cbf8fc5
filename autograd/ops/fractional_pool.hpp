// Maximum pooling over windows whose distances are drawn, so that sizes shrink by a fraction.
#pragma once
#include "../core/generator.hpp"
#include "../tensor.hpp"
#include "pooling.hpp"

namespace xtape {

/// The window of `fractional_max_pool2d`, and the sizes of its result or their ratio to those of x, one of which is
/// needed: `FractionalMaxPoolOptions(2).output_ratio(0.7)`, `FractionalMaxPoolOptions({2, 3}).output_size({5, 4})`.
class FractionalMaxPoolOptions {
 public:
  template <class T, class = std::enable_if_t<std::is_integral_v<T>>>
  FractionalMaxPoolOptions(T kernel_size) : kernel_(kernel_size) {}
  FractionalMaxPoolOptions(std::initializer_list<std::int64_t> kernel_size) : kernel_(std::vector(kernel_size)) {}
  FractionalMaxPoolOptions(const PerAxis& kernel_size) : kernel_(kernel_size) {}
  /// The spatial sizes of the result.
  FractionalMaxPoolOptions& output_size(PerAxis v) { return size_ = std::move(v), has_size_ = true, *this; }
  /// What the sizes of x are multiplied with, in (0, 1); fractions are cut off.
  FractionalMaxPoolOptions& output_ratio(double v) { return ratio_ = {v}, *this; }
  FractionalMaxPoolOptions& output_ratio(std::vector<double> v) { return ratio_ = std::move(v), *this; }

 private:
  friend struct FractionalSizes;
  PerAxis kernel_, size_ = 1;
  bool has_size_ = false;
  std::vector<double> ratio_;
};

/// The largest element of windows of an image that begin at floor(a (i + u)) - floor(a u) along an axis of n elements
/// with y results, where a = (n - kernel_size) / (y - 1), and the last one at n - kernel_size: ([batch,] channels,
/// height, width) -> ([batch,] channels, y0, y1). `samples` ([batch,] channels, 2) has u in [0, 1) of the last axis and
/// of the one before, as PyTorch's `_random_samples` has; they are drawn when undefined. NaN and equals as in
/// `max_pool`. Throws when shapes do not fit, there are no sizes for the result, windows do not fit into x or a sample
/// is out of its range. Source: Graham, "Fractional max-pooling", 2014, the pseudorandom regions.
Tensor fractional_max_pool2d(const Arg& x, const FractionalMaxPoolOptions& options, const Arg& samples = Tensor(),
                             RandomGenerator& generator = default_generator());
/// `fractional_max_pool2d` of volumes: ([batch,] channels, depth, height, width) -> ([batch,] channels, y0, y1, y2);
/// `samples` ([batch,] channels, 3) has those of depth, height and width.
Tensor fractional_max_pool3d(const Arg& x, const FractionalMaxPoolOptions& options, const Arg& samples = Tensor(),
                             RandomGenerator& generator = default_generator());
/// `fractional_max_pool2d` with the indices of what it found.
MaxPool fractional_max_pool2d_with_indices(const Arg& x, const FractionalMaxPoolOptions& options,
                                           const Arg& samples = Tensor(),
                                           RandomGenerator& generator = default_generator());
/// `fractional_max_pool3d` with the indices of what it found.
MaxPool fractional_max_pool3d_with_indices(const Arg& x, const FractionalMaxPoolOptions& options,
                                           const Arg& samples = Tensor(),
                                           RandomGenerator& generator = default_generator());

}  // namespace xtape
