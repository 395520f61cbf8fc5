// Operations that reduce axes. Sums run in a fixed order that depends on the shape alone.
#pragma once
#include <initializer_list>
#include <vector>

#include "../tensor.hpp"

namespace xtape {

/// One axis or several; negative ones count from the end.
class Axes {
 public:
  Axes(int axis) : axes_{axis} {}
  Axes(std::initializer_list<int> axes) : axes_(axes) {}
  Axes(std::vector<int> axes) : axes_(std::move(axes)) {}
  /// Every axis that the tensor has.
  static Axes all() {
    Axes axes(std::vector<int>{});
    axes.all_ = true;
    return axes;
  }
  const std::vector<int>& values() const { return axes_; }
  bool is_all() const { return all_; }

 private:
  std::vector<int> axes_;
  bool all_ = false;
};

/// What was selected from a tensor, and the int64 positions along the axis where it stood. Gradients flow through the
/// values, to the selected elements.
struct Selection {
  Tensor values, indices;
};

// All of these reduce over `axes`, by default over all elements. The axes disappear, or stay with size 1 under
// `keepdims`. They throw when an axis does not exist or is named twice.

/// The sum. Booleans and uint8 are summed as int64.
Tensor sum(const Arg& x, const Axes& axes = Axes::all(), bool keepdims = false);
/// The sum of what is not NaN, whose gradient is 0 where NaN stands.
Tensor nansum(const Arg& x, const Axes& axes = Axes::all(), bool keepdims = false);
/// The mean, NaN of no elements; integers give float32.
Tensor mean(const Arg& x, const Axes& axes = Axes::all(), bool keepdims = false);
/// The mean of what is not NaN.
Tensor nanmean(const Arg& x, const Axes& axes = Axes::all(), bool keepdims = false);
/// The product, 1 of no elements; its derivatives are right at zeros too. Booleans and uint8 are multiplied as int64.
Tensor prod(const Arg& x, const Axes& axes = Axes::all(), bool keepdims = false);
/// The greatest element, NaN if there is one. Those that are equal to it share the gradient evenly. Throws when there
/// are no elements.
Tensor amax(const Arg& x, const Axes& axes = Axes::all(), bool keepdims = false);
/// The least element, NaN if there is one. Those that are equal to it share the gradient evenly. Throws when there are
/// no elements.
Tensor amin(const Arg& x, const Axes& axes = Axes::all(), bool keepdims = false);
/// The greatest of all elements: (...) -> (); amax(x).
Tensor max(const Arg& x);
/// The greatest elements along an axis and where the first of them stands, which gets the gradient; NaN counts as
/// greatest: (..., n, ...) -> (..., ...) twice. Throws when the axis is empty.
Selection max(const Arg& x, int axis, bool keepdims = false);
/// The least of all elements: (...) -> (); amin(x).
Tensor min(const Arg& x);
/// The least elements along an axis and where the first of them stands, which gets the gradient; NaN counts as least:
/// (..., n, ...) -> (..., ...) twice. Throws when the axis is empty.
Selection min(const Arg& x, int axis, bool keepdims = false);
/// The index of the first largest element along `axis` (the last by default), as int64; NaN counts as largest.
/// Throws when the axis is empty.
Tensor argmax(const Arg& x, int axis = -1, bool keepdims = false);
/// The index of the first least element along `axis` (the last by default), as int64; NaN counts as least. Throws when
/// the axis is empty.
Tensor argmin(const Arg& x, int axis = -1, bool keepdims = false);
/// Whether any element is not 0, as a boolean; NaN is not 0. False of no elements.
Tensor any(const Arg& x, const Axes& axes = Axes::all(), bool keepdims = false);
/// Whether all elements are not 0, as a boolean; NaN is not 0. True of no elements.
Tensor all(const Arg& x, const Axes& axes = Axes::all(), bool keepdims = false);
/// How many elements are not 0, as int64; NaN is not 0.
Tensor count_nonzero(const Arg& x, const Axes& axes = Axes::all(), bool keepdims = false);

/// Sums a tensor that was broadcast from `shape` back to it. Throws when it cannot have been.
Tensor sum_to(const Arg& x, const Shape& shape);

}  // namespace xtape
