// Operations that take elements at positions given by tensors of int64. Positions are counted from 0; as in PyTorch a
// negative one is an error, and so is one past the end: the message names the index, where it stands and the range.
#pragma once
#include "../tensor.hpp"

namespace xtape {

/// The parts of x at the positions `indices` along `axis`, whose place the axes of `indices` take: (a, n, b), (...) ->
/// (a, ..., b). NumPy's `take(x, indices, axis)`.
Tensor index(const Arg& x, int axis, const Arg& indices);
/// The same for a vector of positions: (a, n, b), (m,) -> (a, m, b).
Tensor index_select(const Arg& x, int axis, const Arg& indices);
/// The rows of a matrix `weight`: (...), (n, width) -> (..., width). Of a layer's function the input comes first, then
/// its weights, as in linear.
Tensor embedding(const Arg& indices, const Arg& weight);
/// The elements of x at positions in row-major order: (...), (k...) -> (k...).
Tensor take(const Arg& x, const Arg& indices);

/// y[i][j][k] = x[i][indices[i][j][k]][k] for axis 1, and so on: the result has the shape of `indices`, which has the
/// rank of x and in the other axes at most its sizes.
Tensor gather(const Arg& x, int axis, const Arg& indices);
/// The same, where x and `indices` broadcast in the other axes. NumPy's `take_along_axis`.
Tensor take_along(const Arg& x, const Arg& indices, int axis);
}  // namespace xtape
