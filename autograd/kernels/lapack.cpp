#include "lapack.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>
#include <xtensor-blas/xblas.hpp>
#include <xtensor-blas/xlapack.hpp>

namespace xtape::lapack {
namespace {

// The routine for T, as xtensor-blas declares it.
#define XTAPE_LAPACK(T, routine, ...)                                                        \
  do {                                                                                       \
    if constexpr (std::is_same_v<T, float>) cxxlapack::LAPACK_IMPL(s##routine)(__VA_ARGS__); \
    else cxxlapack::LAPACK_IMPL(d##routine)(__VA_ARGS__);                                    \
  } while (false)

template <class T>
bool is_finite(std::int64_t n, const T* x) {
  return std::all_of(x, x + n, [](T v) { return std::isfinite(v); });
}
template <class T>
void fill_nan(std::int64_t n, T* x) {
  std::fill(x, x + n, std::numeric_limits<T>::quiet_NaN());
}
template <class T>
bool is_finite_lower(std::int64_t n, const T* a) {
  for (std::int64_t i = 0; i < n; ++i)
    if (!is_finite(i + 1, a + i * n)) return false;
  return true;
}

// y_ji = x_ij for i < rows and j < columns, in blocks that stay in the cache.
template <class T>
void transpose(std::int64_t rows, std::int64_t columns, const T* x, std::int64_t x_step, T* y, std::int64_t y_step) {
  constexpr std::int64_t block = 16;
  for (std::int64_t i = 0; i < rows; i += block)
    for (std::int64_t j = 0; j < columns; j += block)
      for (std::int64_t a = i; a < std::min(rows, i + block); ++a)
        for (std::int64_t b = j; b < std::min(columns, j + block); ++b) y[b * y_step + a] = x[a * x_step + b];
}

// LAPACK's answer to how much room it wants.
template <class T>
std::vector<T> room(T answer) {
  // float cannot hold every integer.
  return std::vector<T>(static_cast<std::size_t>(answer * (1 + std::numeric_limits<T>::epsilon())) + 1);
}

}  // namespace

void check_size(const char* op, std::int64_t n, Site site) {
  // LAPACK counts its work space, of several n^2, in ints.
  if (n > 16000) fail(op, "LAPACK takes no matrices of " + std::to_string(n) + " rows or columns", site);
}

template <class T>
int lu(std::int64_t size, T* a) {
  const int n = static_cast<int>(size);
  if (n == 0) return 0;
  std::vector<int> pivots(static_cast<std::size_t>(n));
  const bool finite = is_finite(size * size, a);
  int info = 0;
  XTAPE_LAPACK(T, getrf, &n, &n, a, &n, pivots.data(), &info);
  std::copy(pivots.begin(), pivots.end(), a + size * size);
  return finite ? info : 0;
}

template <class T>
void lu_solve(std::int64_t n, std::int64_t r, bool transpose, const T* lu, T* b) {
  if (n == 0 || r == 0) return;
  const T* pivots = lu + n * n;
  auto swap_rows = [&](std::int64_t i) {
    const std::int64_t k = static_cast<std::int64_t>(pivots[i]) - 1;
    if (k != i) std::swap_ranges(b + i * r, b + (i + 1) * r, b + k * r);
  };
  auto back = [&](bool upper) {
    if (triangular_solve(n, r, upper, transpose, upper, lu, b)) fill_nan(n * r, b);  // of a matrix with a NaN
  };
  // LAPACK factored A^T = P L U. Row by row, what lies below is U^T and what lies above is L^T with a unit diagonal.
  if (transpose) {
    for (std::int64_t i = 0; i < n; ++i) swap_rows(i);
    back(true);
    back(false);
  } else {
    back(false);
    back(true);
    for (std::int64_t i = n; i-- > 0;) swap_rows(i);
  }
}

template <class T>
int invert(std::int64_t n, T* a) {
  // By equations with the identity, which takes no longer than LAPACK's getri.
  std::vector<T> factors(static_cast<std::size_t>(n * (n + 1)));
  std::copy(a, a + n * n, factors.begin());
  if (const int info = lu(n, factors.data())) return info;
  std::fill(a, a + n * n, T(0));
  for (std::int64_t i = 0; i < n; ++i) a[i * n + i] = 1;
  lu_solve(n, n, false, factors.data(), a);
  return 0;
}

template <class T>
int triangular_solve(std::int64_t n, std::int64_t r, bool upper, bool transpose, bool unit, const T* a, T* b) {
  using namespace cxxblas;
  if (!unit)
    for (std::int64_t i = 0; i < n; ++i)
      if (a[i * n + i] == T(0)) return static_cast<int>(i) + 1;
  if (n == 0 || r == 0) return 0;
  const int rows = static_cast<int>(n), columns = static_cast<int>(r);
  const auto triangle = upper ? Upper : Lower;
  const auto op = transpose ? Trans : NoTrans;
  const auto diagonal = unit ? Unit : NonUnit;
  if (r == 1) trsv<int>(RowMajor, triangle, op, diagonal, rows, a, rows, b, 1);
  else trsm<int>(RowMajor, Left, triangle, op, diagonal, rows, columns, T(1), a, rows, b, columns);
  return 0;
}

template <class T>
int cholesky(std::int64_t size, T* a) {
  const int n = static_cast<int>(size);
  if (n == 0) return 0;
  if (!is_finite_lower(size, a)) {
    fill_nan(size * size, a);
  } else {
    int info = 0;
    XTAPE_LAPACK(T, potrf, "U", &n, a, &n, &info);
    if (info != 0) return info;
  }
  for (std::int64_t i = 0; i < size; ++i) std::fill(a + i * size + i + 1, a + (i + 1) * size, T(0));
  return 0;
}

template <class T>
void qr(std::int64_t rows, std::int64_t columns, const T* a, T* q, T* r) {
  const int m = static_cast<int>(rows), n = static_cast<int>(columns), k = std::min(m, n), query = -1;
  if (k == 0) return;
  const std::int64_t small = k;
  // LAPACK's LQ of the transpose, as it lies, would take twice as long.
  std::vector<T> by_columns(static_cast<std::size_t>(rows * columns)), tau(static_cast<std::size_t>(k));
  T* x = by_columns.data();
  transpose(rows, columns, a, columns, x, rows);
  int info = 0;
  T wanted[2] = {};
  XTAPE_LAPACK(T, geqrf, &m, &n, x, &m, tau.data(), wanted, &query, &info);
  XTAPE_LAPACK(T, orgqr, &m, &k, &k, x, &m, tau.data(), wanted + 1, &query, &info);
  std::vector<T> work = room(std::max(wanted[0], wanted[1]));
  const int length = static_cast<int>(work.size());
  XTAPE_LAPACK(T, geqrf, &m, &n, x, &m, tau.data(), work.data(), &length, &info);
  transpose(columns, small, x, rows, r, columns);
  for (std::int64_t i = 0; i < small; ++i) std::fill(r + i * columns, r + i * columns + i, T(0));
  XTAPE_LAPACK(T, orgqr, &m, &k, &k, x, &m, tau.data(), work.data(), &length, &info);
  transpose(small, rows, x, rows, q, small);
}

template <class T>
int svd(std::int64_t rows, std::int64_t columns, T* a, T* u, T* s, T* vh) {
  // A^T = V diag(s) U^T: LAPACK's left vectors are our right ones.
  const int m = static_cast<int>(rows), n = static_cast<int>(columns), k = std::min(m, n), query = -1;
  if (k == 0) return 0;
  if (!is_finite(rows * columns, a)) {
    fill_nan(k, s);
    if (u) fill_nan(rows * k, u), fill_nan(columns * k, vh);
    return 0;
  }
  const char* job = u ? "S" : "N";
  std::vector<int> integers(static_cast<std::size_t>(8 * k));
  int info = 0;
  T wanted = 0;
  XTAPE_LAPACK(T, gesdd, job, &n, &m, a, &n, s, vh, &n, u, &k, &wanted, &query, integers.data(), &info);
  std::vector<T> work = room(wanted);
  const int length = static_cast<int>(work.size());
  XTAPE_LAPACK(T, gesdd, job, &n, &m, a, &n, s, vh, &n, u, &k, work.data(), &length, integers.data(), &info);
  return info;
}

template <class T>
int eigh(std::int64_t size, bool vectors, T* a, T* w) {
  const int n = static_cast<int>(size), query = -1;
  if (n == 0) return 0;
  if (!is_finite_lower(size, a)) {
    fill_nan(size * size, a);
    fill_nan(size, w);
    return 0;
  }
  const char* job = vectors ? "V" : "N";
  int info = 0, wanted_integers = 0;
  T wanted = 0;
  XTAPE_LAPACK(T, syevd, job, "U", &n, a, &n, w, &wanted, &query, &wanted_integers, &query, &info);
  std::vector<T> work = room(wanted);
  std::vector<int> integers(static_cast<std::size_t>(wanted_integers));
  const int length = static_cast<int>(work.size());
  XTAPE_LAPACK(T, syevd, job, "U", &n, a, &n, w, work.data(), &length, integers.data(), &wanted_integers, &info);
  if (vectors)  // LAPACK's columns lie as rows
    for (std::int64_t i = 0; i < size; ++i)
      for (std::int64_t j = i + 1; j < size; ++j) std::swap(a[i * size + j], a[j * size + i]);
  return info;
}

#define XTAPE_INSTANTIATE(T)                                                                 \
  template int lu(std::int64_t, T*);                                                         \
  template void lu_solve(std::int64_t, std::int64_t, bool, const T*, T*);                    \
  template int invert(std::int64_t, T*);                                                     \
  template int triangular_solve(std::int64_t, std::int64_t, bool, bool, bool, const T*, T*); \
  template int cholesky(std::int64_t, T*);                                                   \
  template void qr(std::int64_t, std::int64_t, const T*, T*, T*);                            \
  template int svd(std::int64_t, std::int64_t, T*, T*, T*, T*);                              \
  template int eigh(std::int64_t, bool, T*, T*);
XTAPE_INSTANTIATE(float)
XTAPE_INSTANTIATE(double)
#undef XTAPE_INSTANTIATE
#undef XTAPE_LAPACK

}  // namespace xtape::lapack
