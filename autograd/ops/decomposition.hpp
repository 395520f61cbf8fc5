// Decompositions of matrices (..., m, n), each of the axes before the last two by itself, by LAPACK, which also sets
// the signs of vectors. With k = min(m, n). Integers are made float32. A matrix with NaN or infinite elements gives
// NaN.
#pragma once
#include "../tensor.hpp"

namespace xtape {

/// The lower L with A = L L^T, of a symmetric positive definite A of which the lower triangle is read: (..., n, n) ->
/// (..., n, n); with `upper`, L^T. The gradient is symmetric, as in PyTorch: half of each pair's goes to either
/// element. Throws when a matrix is not positive definite. Source: Murray, Differentiation of the Cholesky
/// decomposition, 2016.
Tensor cholesky(const Arg& a, bool upper = false);

/// A = Q R: q (..., m, k) with orthonormal columns, r (..., k, n) upper triangular.
struct QR {
  Tensor q, r;
};
/// The reduced QR decomposition. Its gradient wants the first k columns of A independent.
/// Source: Walter and Lehmann, Algorithmic differentiation of linear algebra functions, 2010.
QR qr(const Arg& a);

/// A = U diag(s) V^T: u (..., m, k), s (..., k) descending, vh (..., k, n).
struct SVD {
  Tensor u, s, vh;
};
/// The reduced singular value decomposition. Gradients of functions of u and vh want distinct singular values, other
/// than 0 where A is not square, and are right for functions that do not depend on the signs of vectors; between equal
/// values none flows. Throws when LAPACK's iteration does not converge.
/// Source: Townsend, Differentiating the singular value decomposition, 2016.
SVD svd(const Arg& a);
/// The singular values, descending: (..., m, n) -> (..., k).
Tensor svdvals(const Arg& a);

/// A = V diag(w) V^T: eigenvalues (..., n) ascending, eigenvectors (..., n, n) as columns.
struct Eigh {
  Tensor eigenvalues, eigenvectors;
};
/// The eigenvalues and eigenvectors of a symmetric A, of which the lower triangle is read. The gradient is symmetric:
/// half of each pair's goes to either element. Gradients of functions of the eigenvectors want distinct eigenvalues;
/// between equal ones none flows. Throws when LAPACK's iteration does not converge. Source: Giles, 2008.
Eigh eigh(const Arg& a);
/// The eigenvalues of a symmetric A, ascending: (..., n, n) -> (..., n).
Tensor eigvalsh(const Arg& a);

}  // namespace xtape
