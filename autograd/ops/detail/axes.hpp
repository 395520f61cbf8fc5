// Private: the axes that an operation works along, checked, and how an array falls apart at them.
#pragma once
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "../../kernels/strided.hpp"
#include "../gather.hpp"
#include "../reduction.hpp"
#include "../shape.hpp"
#include "apply.hpp"

// share_among_ties is in ../extrema.cpp, all else in axes.cpp.
namespace xtape {
using namespace detail;

/// The shape without an axis, or with size 1 there.
inline Shape without(const Shape& shape, int axis, bool keepdims) {
  Shape rest;
  for (int i = 0; i < shape.rank(); ++i)
    if (i != axis || keepdims) rest.push_back(i == axis ? 1 : shape[i]);
  return rest;
}

/// Some axes, counted from 0: bit i is axis i.
struct AxisSet {
  unsigned bits = 0;
  bool has(int axis) const { return bits >> axis & 1; }
  std::vector<int> list() const {
    std::vector<int> axes;
    for (int i = 0; i < Shape::max_rank; ++i)
      if (has(i)) axes.push_back(i);
    return axes;
  }
};
inline std::string attribute_text(AxisSet axes) { return attribute_text(axes.list()); }

/// The axes named, each of which must be there and be named once.
AxisSet check_axes(const char* op, const Axes& axes, const Shape& shape, Site site);

/// The axes that a reduction takes away.
struct Reduced {
  AxisSet axes;
  Shape kept;  ///< with the reduced axes as 1
  Shape result;
  std::int64_t count = 1;  ///< how many elements each result is made of
};
Reduced reduced(const char* op, const Arg& x, const Axes& axes, bool keepdims);

/// Whether only axes of size 1 lie between the reduced ones, so that the array falls into one Split; and that.
bool side_by_side(const Shape& shape, const Reduced& r);
Split split(const Shape& shape, const Reduced& r);

/// Calls f(x, reduced, split) for the reduced axes side by side: where they are not, x is permuted first.
template <class F>
Tensor reduce_axes(const char* op, const Arg& x, const Axes& axes, bool keepdims, F f) {
  const Reduced r = reduced(op, x, axes, keepdims);
  const Shape& shape = x.array->shape;
  if (side_by_side(shape, r)) return f(x, r, split(shape, r));
  Scope scope(x.site);
  std::vector<int> order, last;
  for (int i = 0; i < shape.rank(); ++i) {
    if (!r.axes.has(i)) order.push_back(i);
    last.push_back(i);
  }
  last.erase(last.begin(), last.begin() + static_cast<int>(order.size()));
  for (int axis : r.axes.list()) order.push_back(axis);
  const Tensor moved = permute(x, order);
  const Reduced at_end = reduced(op, Arg(moved, x.site), last, false);
  const Tensor y = f(Arg(moved, x.site), at_end, split(moved.shape(), at_end));
  return keepdims ? reshape(y, r.result) : y;
}

/// Throws where an axis that must have elements has none.
void check_not_empty(const char* op, const Arg& x, const Reduced& r);

/// visit_dtype with booleans as the bytes that they are.
template <class F>
decltype(auto) visit_bytes(Dtype dtype, F&& f) {
  return visit_dtype(dtype, [&](auto t) {
    using T = decltype(t);
    if constexpr (std::is_same_v<T, bool>) return f(std::uint8_t{});
    else return f(t);
  });
}

/// x as an argument of a dtype that adds up: booleans and uint8 become int64.
inline Tensor counted(const Arg& x) { return x.tensor().to(int64, x.site); }

/// The elements of x at `indices` along `axis`, where all other axes agree, and the indices, both as `result`.
inline Selection selection(const Arg& x, int axis, const Tensor& indices, const Shape& result) {
  Scope scope(x.site);
  return {reshape(gather(x, axis, indices), result), reshape(indices, result)};
}

/// The gradient of a reduction y of x to the element that is selected: g, shared evenly among the x equal to y, of
/// which NaN is one of NaN.
Tensor share_among_ties(const Arg& g, const Arg& x, const Arg& y, const Reduced& r, const Split& s);

}  // namespace xtape
