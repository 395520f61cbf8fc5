// Private: how windows lie over the spatial axes of a tensor, for convolutions and pooling.
#pragma once
#include <cstdint>
#include <string>

#include "../core/shape.hpp"

namespace xtape {

/// Up to three spatial axes, aligned at the last one: the missing ones have size 1.
inline constexpr int spatial_axes = 3;
using Spatial = std::int64_t[spatial_axes];

/// Tap k of window o lies at o stride - padding + k dilation along each axis.
struct Windows {
  int rank = 0;  // the axes that are there
  Spatial x = {1, 1, 1}, k = {1, 1, 1}, y = {1, 1, 1};
  Spatial stride = {1, 1, 1}, padding = {0, 0, 0}, dilation = {1, 1, 1};

  std::int64_t x_size() const { return x[0] * x[1] * x[2]; }
  std::int64_t k_size() const { return k[0] * k[1] * k[2]; }
  std::int64_t y_size() const { return y[0] * y[1] * y[2]; }
  /// (batch, channels, and the spatial sizes that are there)
  Shape shape(std::int64_t batch, std::int64_t channels, const Spatial& sizes) const;
};

/// The windows o of axis `a` whose tap k lies inside x: [begin, end).
struct Inside {
  std::int64_t begin, end;
};
Inside inside(const Windows& w, int a, std::int64_t k);

/// "2", or "(2, 1)" where the axes differ.
std::string option_text(const Spatial& option, int rank);

}  // namespace xtape
