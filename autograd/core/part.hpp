// The gradient of a part: what the rule of an operation that takes a part of its input may return. T parts of one input
// add up in one buffer then, where T tensors of the input's size, zeros but for the part, would cost T times as much.
#pragma once
#include <memory>

#include "../tensor.hpp"

namespace xtape::detail {

/// Where a part of an array is. `at` are the positions that it depends on besides, null or undefined where there are
/// none.
class Place {
 public:
  virtual ~Place() = default;
  /// An array of `shape` that holds `part` in its place and zeros elsewhere.
  virtual Ref<Array> spread(const Shape& shape, const Array& part, const Array* at) const = 0;
  /// whole[place] += part
  virtual void add(Array& whole, const Array& part, const Array* at) const = 0;
  /// whole[place], recorded: the adjoint of both.
  virtual Tensor take(const Tensor& whole, const Tensor& at) const = 0;
};

/// A gradient `g` that stands in a place of the input's gradient; elsewhere that is zero.
struct Part {
  Tensor g;
  std::shared_ptr<const Place> place;
  Tensor at;
};

/// The sum of `whole`, which may be undefined, and of parts of such a tensor, added in their order: one operation.
Tensor add_parts(const Tensor& whole, const Shape& shape, const std::vector<Part>& parts);

}  // namespace xtape::detail
