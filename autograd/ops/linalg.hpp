// Products of matrices and vectors. Those that go through BLAS want both operands of one floating dtype; `to(dtype)`
// converts.
#pragma once
#include "../tensor.hpp"

// cross, kron, outer and trace are in products.cpp, all else in linalg.cpp.
namespace xtape {

/// The matrix product: (..., m, k) x (..., k, n) -> (..., m, n), where the axes before the last two are batches that
/// broadcast. A vector on the left counts as a row, on the right as a column, and that axis disappears from the result.
/// With `transpose_a` or `transpose_b` the matrices are read transposed, without a copy. Throws when the inner sizes or
/// the dtypes differ.
Tensor matmul(const Arg& a, const Arg& b, bool transpose_a = false, bool transpose_b = false);

/// x W^T + b in one step: x (..., in), weight (out, in), bias (out) -> (..., out). An undefined bias is none.
Tensor linear(const Arg& x, const Arg& weight, const Arg& bias);
/// x W^T: x (..., in), weight (out, in) -> (..., out).
Tensor linear(const Arg& x, const Arg& weight);

/// Products of two batches of equal size: (batch, m, k) x (batch, k, n) -> (batch, m, n).
Tensor bmm(const Arg& a, const Arg& b);
/// Matrix times vector: (m, k) x (k,) -> (m,).
Tensor mv(const Arg& a, const Arg& v);
/// The sum of a_i b_i over two vectors: (n,) x (n,) -> ().
Tensor dot(const Arg& a, const Arg& b);
/// a_i b_j: (m,) x (n,) -> (m, n). Dtypes meet as in a product of elements.
Tensor outer(const Arg& a, const Arg& b);
/// The cross product along `axis`, whose size is 3; other axes broadcast. Different dtypes meet in the wider one.
Tensor cross(const Arg& a, const Arg& b, int axis = -1);

/// beta x + alpha a b: a (m, k), b (k, n), x broadcasting to (m, n) -> (m, n). With beta 0, x is not read, not even its
/// NaN.
Tensor addmm(const Arg& x, const Arg& a, const Arg& b, double beta = 1, double alpha = 1);
/// The same for batches: a (batch, m, k), b (batch, k, n), x broadcasting to (batch, m, n) -> (batch, m, n).
Tensor baddbmm(const Arg& x, const Arg& a, const Arg& b, double beta = 1, double alpha = 1);

/// The Kronecker product: blocks a_ij b, for operands of any rank up to 4: (m, n) x (p, q) -> (m p, n q); the lower
/// rank is padded with axes of size 1 in front.
Tensor kron(const Arg& a, const Arg& b);
/// The sum of the diagonal: (m, n) -> ().
Tensor trace(const Arg& x);

}  // namespace xtape
