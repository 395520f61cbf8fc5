// Operations that reduce axes. Sums run in a fixed order that depends on the shape alone.
#pragma once
#include <initializer_list>
#include <type_traits>
#include <vector>

#include "../tensor.hpp"

// amax, amin, argmax, argmin, max and min are in extrema.cpp, prod is in scan.cpp, all else in reduction.cpp.
namespace xtape {

/// One axis, where a flag may follow it: `argmax(x, true)` does not compile.
class Axis {
 public:
  template <class T, class = std::enable_if_t<std::is_integral_v<T>>>
  constexpr Axis(T axis) : axis_(static_cast<int>(axis)) {
    static_assert(!std::is_same_v<T, bool>, "an axis is a number, not true or false; flags come after the axes");
  }
  constexpr operator int() const { return axis_; }

 private:
  int axis_;
};

/// One axis or several; negative ones count from the end.
class Axes {
 public:
  template <class T, class = std::enable_if_t<std::is_integral_v<T>>>
  Axes(T axis) : axes_{Axis(axis)} {}
  Axes(std::initializer_list<int> axes) : axes_(axes) {}
  Axes(std::vector<int> axes) : axes_(std::move(axes)) {}
  Axes(const std::vector<std::int64_t>& axes) : axes_(axes.begin(), axes.end()) {}
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

/// Whether reduced axes stay, with size 1: true or false, and nothing that merely converts to it. `sum(x, 0, 1)` does
/// not compile, nor does `var(x, 0, 0)`, which might mean an axis or the correction.
class Keepdims {
 public:
  template <class T>
  constexpr Keepdims(T on) : on_(on) {
    static_assert(std::is_same_v<T, bool>,
                  "keepdims is true or false; several axes are a list, {0, 1}, and a correction is Correction(0)");
  }
  constexpr operator bool() const { return on_; }

 private:
  bool on_;
};

/// What was selected from a tensor, and the int64 positions along the axis where it stood. Gradients flow through the
/// values, to the selected elements.
struct Selection {
  Tensor values, indices;
};

// All of these reduce over `axes`, by default over all elements. The axes disappear, or stay with size 1 under
// `keepdims`. They throw when an axis does not exist or is named twice.

/// The sum. Booleans and uint8 are summed as int64.
Tensor sum(const Arg& x, const Axes& axes = Axes::all(), Keepdims keepdims = false);
/// The sum of what is not NaN, whose gradient is 0 where NaN stands.
Tensor nansum(const Arg& x, const Axes& axes = Axes::all(), Keepdims keepdims = false);
/// The mean, NaN of no elements; integers give float32.
Tensor mean(const Arg& x, const Axes& axes = Axes::all(), Keepdims keepdims = false);
/// The mean of what is not NaN.
Tensor nanmean(const Arg& x, const Axes& axes = Axes::all(), Keepdims keepdims = false);
/// The product, 1 of no elements; its derivatives are right at zeros too. Booleans and uint8 are multiplied as int64.
Tensor prod(const Arg& x, const Axes& axes = Axes::all(), Keepdims keepdims = false);
/// The greatest element, NaN if there is one. Those that are equal to it share the gradient evenly. Throws when there
/// are no elements.
Tensor amax(const Arg& x, const Axes& axes = Axes::all(), Keepdims keepdims = false);
/// The least element, NaN if there is one. Those that are equal to it share the gradient evenly. Throws when there are
/// no elements.
Tensor amin(const Arg& x, const Axes& axes = Axes::all(), Keepdims keepdims = false);
/// The greatest of all elements: (...) -> (); amax(x).
Tensor max(const Arg& x);
/// The greatest elements along an axis and where the first of them stands, which gets the gradient; NaN counts as
/// greatest: (..., n, ...) -> (..., ...) twice. Throws when the axis is empty.
Selection max(const Arg& x, Axis axis, Keepdims keepdims = false);
/// The least of all elements: (...) -> (); amin(x).
Tensor min(const Arg& x);
/// The least elements along an axis and where the first of them stands, which gets the gradient; NaN counts as least:
/// (..., n, ...) -> (..., ...) twice. Throws when the axis is empty.
Selection min(const Arg& x, Axis axis, Keepdims keepdims = false);
/// The place of the first largest of all elements in row-major order, as int64; NaN counts as largest: (...) -> ().
/// Throws when there are none.
Tensor argmax(const Arg& x);
/// The index of the first largest element along `axis`, as int64; NaN counts as largest: (..., n, ...) -> (..., ...).
/// Throws when the axis is empty.
Tensor argmax(const Arg& x, Axis axis, Keepdims keepdims = false);
/// The place of the first least of all elements in row-major order, as int64; NaN counts as least: (...) -> (). Throws
/// when there are none.
Tensor argmin(const Arg& x);
/// The index of the first least element along `axis`, as int64; NaN counts as least: (..., n, ...) -> (..., ...).
/// Throws when the axis is empty.
Tensor argmin(const Arg& x, Axis axis, Keepdims keepdims = false);
/// Whether any element is not 0, as a boolean; NaN is not 0. False of no elements.
Tensor any(const Arg& x, const Axes& axes = Axes::all(), Keepdims keepdims = false);
/// Whether all elements are not 0, as a boolean; NaN is not 0. True of no elements.
Tensor all(const Arg& x, const Axes& axes = Axes::all(), Keepdims keepdims = false);
/// How many elements are not 0, as int64; NaN is not 0.
Tensor count_nonzero(const Arg& x, const Axes& axes = Axes::all(), Keepdims keepdims = false);

/// Sums a tensor that was broadcast from `shape` back to it. Throws when it cannot have been.
Tensor sum_to(const Arg& x, const Shape& shape);

}  // namespace xtape
