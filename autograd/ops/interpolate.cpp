#include "interpolate.hpp"

#include <algorithm>
#include <cmath>

#include "detail/axis_map.hpp"
#include "detail/spatial_input.hpp"

namespace xtape {
using namespace detail;

struct InterpolateSizes {
  Spatial x = {1, 1, 1}, y = {1, 1, 1};
  double scale[spatial_axes] = {0, 0, 0};  // that of the user's, else 0
  int rank = 0;
  Interpolation mode = Interpolation::nearest;
  bool align_corners = false;

  InterpolateSizes(const char* op, const Arg& x, const InterpolateOptions& options);
  AxisMap map(int axis) const;
  // The element at s i, rounded down: in integers, because a quotient may round up to the next one.
  std::int64_t nearest(int a, std::int64_t i) const {
    if (scale[a] == 0) return i * x[a] / y[a];
    return std::min(static_cast<std::int64_t>(static_cast<double>(i) / scale[a]), x[a] - 1);
  }
};

InterpolateSizes::InterpolateSizes(const char* op, const Arg& input, const InterpolateOptions& options)
    : mode(options.mode_), align_corners(options.align_) {
  check_spatial(op, input, 0);
  const Shape& shape = input.array->shape;
  rank = shape.rank() - 2;
  set_sizes(op, shape, x, input.site);
  if (options.has_size_ == !options.scale_.empty())
    fail(op, "expected either size or scale_factor for x " + to_string(shape), input.site);
  if (align_corners && mode == Interpolation::nearest) fail(op, "align_corners is for the linear mode", input.site);
  if (options.has_size_) set_option(op, "size", options.size_, 1, rank, y, input.site);
  const auto n = static_cast<int>(options.scale_.size());
  if (n > 1 && n != rank)
    fail(op,
         "scale_factor " + attribute_text(options.scale_) + " does not fit: expected one number, or " +
             std::to_string(rank),
         input.site);
  for (int i = 0; n > 0 && i < rank; ++i) {
    const int a = spatial_axes - rank + i;
    scale[a] = options.scale_[static_cast<std::size_t>(n == 1 ? 0 : i)];
    const double size = std::floor(static_cast<double>(x[a]) * scale[a]);
    if (!(scale[a] > 0) || !(size >= 1 && size < 2147483648.))
      fail(op,
           "scale_factor " + attribute_text(options.scale_) + " gives x " + to_string(shape) +
               " a size that is not in [1, 2^31)",
           input.site);
    y[a] = static_cast<std::int64_t>(size);
  }
  if (x[0] == 0 || x[1] == 0 || x[2] == 0)
    fail(op, "the spatial sizes of x " + to_string(shape) + " must not be 0", input.site);
}

AxisMap InterpolateSizes::map(int a) const {
  const std::int64_t n = x[a], m = y[a];
  AxisMap map;
  map.from = n;
  if (mode == Interpolation::nearest) {
    for (std::int64_t i = 0; i < m; ++i) map.add(nearest(a, i), {1.});
    return map;
  }
  if (n == m) return identity_map(n);
  double step = scale[a] > 0 ? 1 / scale[a] : static_cast<double>(n) / static_cast<double>(m);
  if (align_corners) step = m > 1 ? static_cast<double>(n - 1) / static_cast<double>(m - 1) : 0;
  for (std::int64_t i = 0; i < m; ++i) {
    const double k = static_cast<double>(i);
    const double at = align_corners ? step * k : std::max(0., step * (k + 0.5) - 0.5);
    const std::int64_t left = std::min(static_cast<std::int64_t>(at), n - 1);
    const double share = std::clamp(at - static_cast<double>(left), 0., 1.);
    if (left == n - 1 || share == 0) map.add(left, {1.});
    else map.add(left, {1 - share, share});
  }
  return map;
}

Tensor interpolate(const Arg& x, const InterpolateOptions& options) {
  constexpr const char* op = "interpolate";
  check_defined(op, x);
  if (!is_floating(x.array->dtype)) return interpolate(Arg(promote_floating(op, x), x.site), options);
  const InterpolateSizes sizes(op, x, options);
  auto maps = std::make_shared<AxisMaps>();
  for (int a = 0; a < spatial_axes; ++a) maps->push_back(sizes.map(a));
  const char* mode = sizes.mode == Interpolation::nearest ? "nearest" : "linear";
  return map_axes(op, "interpolate_adjoint", x,
                  "size=" + option_text(sizes.y, sizes.rank) + ", mode=" + mode +
                      ", align_corners=" + attribute_text(sizes.align_corners),
                  std::move(maps));
}

}  // namespace xtape
