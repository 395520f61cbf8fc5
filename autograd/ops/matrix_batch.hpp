// Private: what operations on batches of matrices share.
#pragma once
#include <algorithm>
#include <vector>

#include "apply.hpp"
#include "lapack.hpp"
#include "matrix_part.hpp"

namespace xtape {

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
  return as_floating(op, x);
}

/// A copy of the elements, to work on.
inline Ref<Array> copy_of(const Array& x) {
  Ref<Array> y = make_array(x.dtype, x.shape);
  std::copy_n(x.at<char>(), x.size * size_of(x.dtype), y->at<char>());
  return y;
}

}  // namespace xtape
