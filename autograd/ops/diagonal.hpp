// Diagonals and triangles of matrices. Diagonal `offset` holds the elements (i, i + offset): positive ones lie above
// the main diagonal.
#pragma once
#include "../tensor.hpp"

namespace xtape {

/// The matrices of the last two axes with zeros above diagonal `offset`. Throws for less than two axes.
Tensor tril(const Arg& x, std::int64_t offset = 0);
/// The matrices of the last two axes with zeros below diagonal `offset`. Throws for less than two axes.
Tensor triu(const Arg& x, std::int64_t offset = 0);
/// The diagonals of the matrices that two axes make, as the last axis: (m, n, ...) -> (..., min(m, n)) for offset 0.
/// Throws when both axes are the same.
Tensor diagonal(const Arg& x, std::int64_t offset = 0, int axis0 = 0, int axis1 = 1);
/// Matrices with the last axis of x on diagonal `offset` and zeros elsewhere: (..., n) -> (..., n + |offset|,
/// n + |offset|). The matrices' axes are `axis0` and `axis1` of the result. Throws when both are the same.
Tensor diag_embed(const Arg& x, std::int64_t offset = 0, int axis0 = -2, int axis1 = -1);
/// The diagonal of a matrix, or the matrix with a vector as its diagonal. Throws for other ranks.
Tensor diag(const Arg& x, std::int64_t offset = 0);

}  // namespace xtape
