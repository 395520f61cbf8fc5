// Other sizes of images, sequences and volumes: x is (batch, channels, spatial...), and every channel is resized alone.
#pragma once
#include "../tensor.hpp"
#include "spatial.hpp"

namespace xtape {

/// How `interpolate` fills the places between elements: with the nearest one, or along straight lines, which in two
/// axes PyTorch calls bilinear and in three trilinear.
enum class Interpolation { nearest, linear };

/// What may be set of `interpolate`: either the result's sizes or the factors to multiply those of x with.
class InterpolateOptions {
 public:
  InterpolateOptions() = default;
  /// The spatial sizes of the result, as in `interpolate(x, {8, 6})`.
  template <class T, class = std::enable_if_t<std::is_integral_v<T>>>
  InterpolateOptions(T size) : size_(size), has_size_(true) {}
  InterpolateOptions(std::initializer_list<std::int64_t> size) : size_(std::vector(size)), has_size_(true) {}
  /// The spatial sizes of the result.
  InterpolateOptions& size(PerAxis v) { return size_ = std::move(v), has_size_ = true, *this; }
  /// What the sizes of x are multiplied with; fractions are cut off.
  InterpolateOptions& scale_factor(double v) { return scale_ = {v}, *this; }
  InterpolateOptions& scale_factor(std::vector<double> v) { return scale_ = std::move(v), *this; }
  /// `Interpolation::nearest` by default.
  InterpolateOptions& mode(Interpolation v) { return mode_ = v, *this; }
  /// For the linear mode: whether the first and last elements of x and of the result lie at the same places, rather
  /// than the outer edges of these elements; false by default.
  InterpolateOptions& align_corners(bool v) { return align_ = v, *this; }

 private:
  friend struct InterpolateSizes;
  PerAxis size_ = 0;
  bool has_size_ = false, align_ = false;
  std::vector<double> scale_;
  Interpolation mode_ = Interpolation::nearest;
};

/// x at other sizes: (batch, channels, x...) -> (batch, channels, y...). Result i lies at s i (nearest, rounded down),
/// at s (i + 1/2) - 1/2, not below 0 (linear), or at i (x - 1) / (y - 1) (linear with align_corners), where s is
/// 1 / scale_factor, or x / y where the size is given. Throws unless either of them is given, the sizes are positive,
/// and align_corners comes with the linear mode.
Tensor interpolate(const Arg& x, const InterpolateOptions& options);

}  // namespace xtape
