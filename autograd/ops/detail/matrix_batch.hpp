// Private: what operations on batches of matrices share.
#pragma once
#include <algorithm>
#include <vector>

#include "../../kernels/lapack.hpp"
#include "apply.hpp"
#include "matrix_part.hpp"

namespace xtape {
using namespace detail;

/// f(i) for every matrix i < count, in parallel, in tiles of about a million operations where one takes `work`. f gives
/// LAPACK's info; returns the first i whose info is not 0, or `count`, and what it was.
struct Failure {
  std::int64_t matrix;
  int info;
};
template <class F>
Failure for_matrices(std::int64_t count, double work, const F& f) {
  std::vector<int> infos(static_cast<std::size_t>(count));
  const std::int64_t group = std::max<std::int64_t>(1, static_cast<std::int64_t>(1e6 / (work + 1)));
  parallel_for((count + group - 1) / group, [&](std::int64_t tile) {
    for (std::int64_t i = tile * group; i < count && i < (tile + 1) * group; ++i)
      infos[static_cast<std::size_t>(i)] = f(i);
  });
  const auto at = std::find_if(infos.begin(), infos.end(), [](int info) { return info != 0; });
  return {at - infos.begin(), at == infos.end() ? 0 : *at};
}

/// n^3, about what a factorisation takes.
inline double cube(std::int64_t n) { return static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(n); }

/// "matrix 3 of (8, 4, 4)", or "the matrix (4, 4)".
inline std::string which(std::int64_t matrix, const Shape& shape) {
  if (shape.rank() == 2) return "the matrix " + to_string(shape);
  return "matrix " + std::to_string(matrix) + " of " + to_string(shape);
}

/// The argument as a floating tensor; throws unless its last two axes are there and, if `square`, of one size.
inline Tensor check_matrices(const char* op, const Arg& x, bool square) {
  check_defined(op, x);
  const Shape& s = x.array->shape;
  if (s.rank() < 2 || (square && s[s.rank() - 1] != s[s.rank() - 2]))
    fail(op,
         std::string("expected ") + (square ? "square matrices (..., n, n)" : "matrices (..., m, n)") + ", got " +
             to_string(s),
         x.site);
  lapack::check_size(op, std::max(s[s.rank() - 1], s[s.rank() - 2]), x.site);
  return promote_floating(op, x);
}

/// A copy of square matrices in which kernel(n, matrix) has replaced each by its result; it gives LAPACK's info
/// and does about `work` n^3 operations.
template <class Kernel>
Ref<Array> replace_matrices(const Array& a, double work, const Kernel& kernel, Failure& failure) {
  const Matrices all(a.shape);
  Ref<Array> y = copy_of(a);
  visit_floating(a.dtype, [&](auto t) {
    using T = decltype(t);
    failure = for_matrices(all.count, work * cube(all.n),
                           [&](std::int64_t i) { return kernel(all.n, y->template at<T>() + i * all.n * all.n); });
  });
  return y;
}

}  // namespace xtape
