// Private: how windows lie over the spatial axes of a tensor, for convolutions and pooling.
#pragma once
#include <cstdint>
#include <string>

#include "apply.hpp"
#include "shape.hpp"
#include "spatial.hpp"

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

/// f(x), where one example (channels, spatial...) of `rank` spatial axes goes as a batch of one. A rank of 0 is not
/// known, and x has a batch.
template <class F>
Tensor batched(const Arg& x, int rank, const F& f) {
  if (rank < 1 || !x.array || x.array->shape.rank() != rank + 1) return f(x);
  Scope scope(x.site);
  const Tensor batch = unsqueeze(x, 0);
  return squeeze(f(Arg(batch, x.site)), 0);
}

/// Throws unless x is a floating tensor of `rank` spatial axes (of 1 to 3 where `rank` is 0), batch and channels.
/// Integers become float32 where that is allowed, elsewhere they are refused.
void check_spatial(const char* op, const Arg& x, int rank);
/// Fills the three numbers of an option; throws unless there is one or one for each axis and all are in
/// [least, 2^31).
void set_option(const char* op, const char* name, const PerAxis& option, std::int64_t least, int rank, Spatial& to,
                Site site);
/// Fills the spatial sizes of a shape (batch, channels, spatial...); throws when one does not fit an int.
void set_sizes(const char* op, const Shape& shape, Spatial& to, Site site);
/// "2", or "(2, 1)" where the axes differ.
std::string option_text(const Spatial& option, int rank);

}  // namespace xtape
