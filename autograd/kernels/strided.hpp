// Private: elements copied or added from one arrangement of strides to another; slices, joins, transposes, pads and
// windows are all this.
#pragma once
#include <cstdint>

#include "../core/array.hpp"
#include "../parallel.hpp"

namespace xtape::kernel {
using namespace detail;

/// Two boxes of elements that are walked together, axis by axis from the outermost of the destination: how many steps,
/// and how many elements a step goes in the destination and in the source. A source may stand still (0) and go
/// backwards.
class Strided {
 public:
  struct Axis {
    std::int64_t size, to, from;
  };
  static constexpr int max_rank = 2 * Shape::max_rank;

  /// Adds an inner axis; axes that can be walked as one are merged.
  void push(std::int64_t size, std::int64_t to, std::int64_t from);

  int rank = 0;
  std::int64_t size = 1;  // elements
  Axis axes[max_rank];
};

/// to[...] = from[...]; the destination's elements are distinct.
void copy(const Strided& walk, Dtype dtype, void* to, const void* from);
/// to[...] += from[...] of numbers; the destination's elements are distinct.
void add(const Strided& walk, Dtype dtype, void* to, const void* from);

/// The steps of a row-major array, in elements.
struct Strides {
  explicit Strides(const Shape& shape) {
    std::int64_t n = 1;
    for (int i = shape.rank(); i-- > 0; n *= shape[i]) of[i] = n;
  }
  std::int64_t operator[](int axis) const { return of[axis]; }
  std::int64_t of[Shape::max_rank];
};

/// All bytes of an array 0, so all elements.
void clear(Array& x);

}  // namespace xtape::kernel

namespace xtape {

/// An array seen as (outer, n, inner), to be worked on along n.
struct Split {
  Split(std::int64_t outer, std::int64_t n, std::int64_t inner) : outer(outer), n(n), inner(inner) {}
  Split(const Shape& shape, int axis) : n(shape[axis]) {
    for (int i = 0; i < axis; ++i) outer *= shape[i];
    for (int i = axis + 1; i < shape.rank(); ++i) inner *= shape[i];
  }
  std::int64_t outer = 1, n, inner = 1;
};

}  // namespace xtape
