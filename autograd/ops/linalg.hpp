// Linear algebra.
#pragma once
#include "../tensor.hpp"

namespace xtape {

/// The matrix product: (m, k) x (k, n) -> (m, n); a vector on the left counts as a row, on the right as a column, and
/// that axis disappears from the result. With `transpose_a` or `transpose_b` a matrix is read transposed, without a
/// copy. Throws when the inner sizes or the dtypes differ.
Tensor matmul(const Arg& a, const Arg& b, bool transpose_a = false, bool transpose_b = false);

/// x W^T + b in one step: x (..., in), weight (out, in), bias (out) -> (..., out).
Tensor linear(const Arg& x, const Arg& weight, const Arg& bias);

}  // namespace xtape
