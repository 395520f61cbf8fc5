// Linear equations. The matrices are (..., n, n); the axes before the last two are batches, which broadcast. Integers
// are made float32. A matrix with a NaN gives NaN.
#pragma once
#include "../tensor.hpp"

namespace xtape {

/// X with A X = B: a (..., n, n), b (..., n, r) -> (..., n, r). b is one vector when it has one axis, and a batch of
/// vectors (..., n) when its shape is that of a without the last axis. Throws when a matrix is singular.
/// Source: Giles, An extended collection of matrix derivative results, 2008.
Tensor solve(const Arg& a, const Arg& b);

/// Which triangle `triangular_solve` reads and how: the lower one as it is, unless set otherwise.
struct TriangularOptions {
  /// The upper triangle instead of the lower one.
  TriangularOptions& upper(bool on = true) {
    upper_ = on;
    return *this;
  }
  /// A^T X = B instead of A X = B.
  TriangularOptions& transpose(bool on = true) {
    transpose_ = on;
    return *this;
  }
  /// The diagonal is taken as ones and not read.
  TriangularOptions& unitriangular(bool on = true) {
    unitriangular_ = on;
    return *this;
  }
  bool upper_ = false, transpose_ = false, unitriangular_ = false;
};
/// X with A X = B for a triangular A, whose other triangle is not read: shapes as for `solve`. Throws when there is a 0
/// on the diagonal. Source: Giles, 2008.
Tensor triangular_solve(const Arg& a, const Arg& b, const TriangularOptions& options = {});

/// X with A X = B, where A = L L^T is given by its Cholesky factor L (or L^T if `upper`): shapes as for `solve`.
Tensor cholesky_solve(const Arg& b, const Arg& factor, bool upper = false);

/// A^-1: (..., n, n) -> (..., n, n). Throws when a matrix is singular. Source: Giles, 2008.
Tensor inverse(const Arg& a);

/// The X of least |A X - B|, and of these the one of least |X|: a (..., m, n), b (..., m, r) or as vectors -> (..., n,
/// r). A has full rank: of a wide one the rows, of a tall one the columns are independent; by QR. Throws when they are
/// exactly dependent.
Tensor lstsq(const Arg& a, const Arg& b);

}  // namespace xtape
