#include "axes.hpp"

namespace xtape {

AxisSet check_axes(const char* op, const Axes& axes, const Shape& shape, Site site) {
  AxisSet set;
  for (int axis : axes.values()) {
    const unsigned bit = 1u << check_axis(op, axis, shape, site);
    if (set.bits & bit)
      fail(op, "axis " + std::to_string(axis) + " of shape " + to_string(shape) + " is named twice", site);
    set.bits |= bit;
  }
  if (axes.is_all()) set.bits = (1u << shape.rank()) - 1;
  return set;
}

Reduced reduced(const char* op, const Arg& x, const Axes& axes, bool keepdims) {
  check_defined(op, x);
  const Shape& shape = x.array->shape;
  Reduced r;
  r.axes = check_axes(op, axes, shape, x.site);
  for (int i = 0; i < shape.rank(); ++i) {
    if (r.axes.has(i)) r.count *= shape[i];
    r.kept.push_back(r.axes.has(i) ? 1 : shape[i]);
    if (!r.axes.has(i) || keepdims) r.result.push_back(r.kept[i]);
  }
  return r;
}

void check_not_empty(const char* op, const Arg& x, const Reduced& r) {
  if (r.count > 0) return;
  std::string which;
  for (int axis : r.axes.list()) which += (which.empty() ? "axis " : " or ") + std::to_string(axis);
  fail(op, which + " of " + to_string(x.array->shape) + " is empty", x.site);
}

bool side_by_side(const Shape& shape, const Reduced& r) {
  // Kept axes before the first reduced one and after the last: the number of changes says how many groups there are.
  int groups = 0;
  bool inside = false;
  for (int i = 0; i < shape.rank(); ++i) {
    if (shape[i] == 1) continue;
    groups += r.axes.has(i) && !inside;
    inside = r.axes.has(i);
  }
  return groups <= 1;
}

Split split(const Shape& shape, const Reduced& r) {
  Split s{1, r.count, 1};
  bool after = false;
  for (int i = 0; i < shape.rank(); ++i) {
    if (shape[i] == 1) continue;
    after |= r.axes.has(i);
    if (!r.axes.has(i)) (after ? s.inner : s.outer) *= shape[i];
  }
  return s;
}

}  // namespace xtape
