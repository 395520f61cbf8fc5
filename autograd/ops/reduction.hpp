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
  const std::vector<int>& values() const { return axes_; }

 private:
  std::vector<int> axes_;
};

/// The sum of all elements: (...) -> (). Booleans and uint8 are summed as int64.
Tensor sum(const Arg& x);
/// The sum over `axes`, which disappear, or stay with size 1 under `keepdims`. Throws when an axis does not exist or is
/// named twice.
Tensor sum(const Arg& x, const Axes& axes, bool keepdims = false);
/// The mean of all elements, NaN when there are none; integers give float32.
Tensor mean(const Arg& x);
/// The mean over `axes`.
Tensor mean(const Arg& x, const Axes& axes, bool keepdims = false);
/// The index of the first largest element along `axis` (the last by default), as int64; NaN counts as largest.
/// Throws when the axis is empty.
Tensor argmax(const Arg& x, int axis = -1);

/// Sums a tensor that was broadcast from `shape` back to it. Throws when it cannot have been.
Tensor sum_to(const Arg& x, const Shape& shape);

}  // namespace xtape
