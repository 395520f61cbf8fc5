// Private: LAPACK on single row-major matrices of float or double. LAPACK sees a row-major matrix as its transpose, so
// each routine is chosen to work on that as it lies. Those that return an int return LAPACK's info: 0, or i > 0 where
// something went wrong at i. Matrices with NaN or infinite elements give NaN where LAPACK would iterate or refuse them.
#pragma once
#include <cstdint>

#include "../core/error.hpp"

namespace xtape::lapack {

/// Throws when n is too large for LAPACK.
void check_size(const char* op, std::int64_t n, Site site);

/// a (n, n) becomes its LU factors, of the transpose, with n pivots behind it: a has room for (n + 1, n) elements.
template <class T>
int lu(std::int64_t n, T* a);
/// b (n, r) becomes A^-1 b, or A^-T b if `transpose`, from what `lu` made of A.
template <class T>
void lu_solve(std::int64_t n, std::int64_t r, bool transpose, const T* lu, T* b);
/// a becomes its inverse.
template <class T>
int invert(std::int64_t n, T* a);

/// b (n, r) becomes op(A)^-1 b for a triangular A; returns i + 1 where A_ii is 0, else 0.
template <class T>
int triangular_solve(std::int64_t n, std::int64_t r, bool upper, bool transpose, bool unit, const T* a, T* b);

/// The lower triangle of a becomes L, with A = L L^T, and the rest 0; i > 0: the leading i x i block is not positive
/// definite.
template <class T>
int cholesky(std::int64_t n, T* a);
/// A (m, n) = Q R with k = min(m, n): q (m, k), r (k, n).
template <class T>
void qr(std::int64_t m, std::int64_t n, const T* a, T* q, T* r);
/// A (m, n) = U diag(s) V^T with k = min(m, n): u (m, k), s (k), vh (k, n); a is overwritten. Without vectors where u
/// is null.
template <class T>
int svd(std::int64_t m, std::int64_t n, T* a, T* u, T* s, T* vh);
/// A = V diag(w) V^T from the lower triangle: a becomes V, w ascends; without vectors unless `vectors`.
template <class T>
int eigh(std::int64_t n, bool vectors, T* a, T* w);

}  // namespace xtape::lapack
