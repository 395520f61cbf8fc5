// Functions of matrices (..., n, n), each of the axes before the last two by itself. Integers are made float32.
#pragma once
#include <optional>

#include "../tensor.hpp"

namespace xtape {

/// The determinant: (..., n, n) -> (...). Its gradient is the matrix of cofactors, also of singular matrices; the
/// gradient of that throws where a matrix is singular. Source: Giles, 2008.
Tensor det(const Arg& a);

/// det A = sign e^logabsdet: sign (...) in {-1, 0, 1}, whose gradient is 0, and logabsdet (...).
struct Slogdet {
  Tensor sign, logabsdet;
};
/// The determinant's sign and the logarithm of its absolute value, where the determinant itself would overflow: 0 and
/// -inf of a singular matrix, whose gradient throws. Source: Giles, 2008.
Slogdet slogdet(const Arg& a);

/// A A ... A, n times; the identity for 0, powers of A^-1 below. By repeated squaring.
Tensor matrix_power(const Arg& a, std::int64_t n);
/// The sum of A^k / k! over k >= 0. By scaling and squaring with Pade approximants; the gradient is a block of the
/// exponential of ((A^T, g), (0, A^T)). Sources: Higham, The scaling and squaring method for the matrix exponential
/// revisited, 2005; Mathias, A chain rule for matrix functions, 1996.
Tensor matrix_exp(const Arg& a);

/// The Moore-Penrose inverse: (..., m, n) -> (..., n, m), in which singular values up to `rcond` times the largest
/// count as 0: by default max(m, n) times the rounding unit. Its gradient wants a rank that does not change. Source:
/// Golub and Pereyra, The differentiation of pseudo-inverses, 1973.
Tensor pinv(const Arg& a, std::optional<double> rcond = {});
/// How many singular values are greater than `rcond` times the largest, by default as for `pinv`: (..., m, n) -> (...),
/// int64, to which no gradient flows. A matrix with a NaN has rank 0.
Tensor matrix_rank(const Arg& a, std::optional<double> rcond = {});

/// The product of all, in the order of least work; the first and the last may be vectors. Throws when there are none or
/// neighbours do not fit. Source: Cormen et al., Introduction to Algorithms, 15.2.
Tensor multi_dot(const Tensors& tensors, Site site = Site::here());

}  // namespace xtape
