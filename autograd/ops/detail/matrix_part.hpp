// Private: parts of matrices, and of arrays that hold several results.
#pragma once
#include "../../tensor.hpp"

namespace xtape {

/// `shape` seen in a flat array, from element `offset` on.
Tensor part_of(const Arg& packed, std::int64_t offset, const Shape& shape);
/// The lower (or upper) triangles of the last two axes, zero elsewhere; the diagonal times `diagonal`.
Tensor triangle_of(const Arg& x, bool upper, double diagonal = 1);
/// Matrices (..., rows, columns) that hold x from (`row`, `column`) on, and zero elsewhere.
Tensor block_in(const Arg& x, std::int64_t rows, std::int64_t columns, std::int64_t row, std::int64_t column);
/// The part (..., rows, columns) of matrices that begins at (`row`, `column`).
Tensor block_of(const Arg& x, std::int64_t rows, std::int64_t columns, std::int64_t row, std::int64_t column);

/// The axes before the last `n`.
inline Shape without_last(const Shape& shape, int n) { return Shape(shape.begin(), shape.end() - n); }
/// The same axes and then others.
inline Shape with_axes(Shape shape, std::initializer_list<std::int64_t> sizes) {
  for (std::int64_t n : sizes) shape.push_back(n);
  return shape;
}
/// The two last axes of matrices, and how many there are.
struct Matrices {
  explicit Matrices(const Shape& shape)
      : batch(without_last(shape, 2)), count(batch.size()), m(shape[shape.rank() - 2]), n(shape[shape.rank() - 1]) {}
  Shape batch;
  std::int64_t count, m, n;
};

}  // namespace xtape
