#include "small_gemm.hpp"

#include <algorithm>
#include <numeric>

#include "blas_core.hpp"
#include "vector.hpp"

namespace xtape {
namespace {

template <class T>
XTAPE_INLINE T scaled(T beta, const T* c) {
  return beta == T(0) ? T(0) : beta * *c;
}

// One operand of which rows are broadcast, element by element: a(i, p) is a[i row + p step].
template <class T>
struct BroadcastRows {
  const T* a;
  std::int64_t row, step;
  XTAPE_INLINE T at(std::int64_t i, std::int64_t p) const { return a[i * row + p * step]; }
  BroadcastRows from(std::int64_t i) const { return {a + i * row, row, step}; }
};

// R rows and W vectors of columns of c = a b, all of them in registers. The first `skip` columns are left as they are.
template <int R, int W, int bytes, class T>
XTAPE_INLINE void panel(std::int64_t k, BroadcastRows<T> a, const T* b, std::int64_t ldb, T beta, T* c,
                        std::int64_t ldc, std::int64_t skip = 0) {
  XTAPE_CONTRACT
  constexpr std::int64_t one = lanes<T, bytes>;
  Vector<T, bytes> sum[R][W] = {};
  for (std::int64_t p = 0; p < k; ++p) {
    Vector<T, bytes> v[W];
    for (int w = 0; w < W; ++w) load<bytes>(v[w], b + p * ldb + w * one);
    for (int r = 0; r < R; ++r)
      for (int w = 0; w < W; ++w) sum[r][w] += a.at(r, p) * v[w];
  }
  for (int r = 0; r < R; ++r)
    for (int w = 0; w < W; ++w) {
      T* to = c + r * ldc + w * one;
      if (beta != T(0)) {
        Vector<T, bytes> before;
        load<bytes>(before, to);
        sum[r][w] += beta * before;
      }
      if (skip == 0) {
        store<bytes>(to, sum[r][w]);
        continue;
      }
      T lane[one];
      store<bytes>(lane, sum[r][w]);
      for (std::int64_t l = skip; l < one; ++l) to[l] = lane[l];
    }
}
template <int R, int bytes, class T>
XTAPE_INLINE void row_panels(std::int64_t n, std::int64_t k, BroadcastRows<T> a, const T* b, std::int64_t ldb, T beta,
                             T* c, std::int64_t ldc) {
  XTAPE_CONTRACT
  constexpr std::int64_t one = lanes<T, bytes>;
  std::int64_t j = 0;
  for (; j + 2 * one <= n; j += 2 * one) panel<R, 2, bytes>(k, a, b + j, ldb, beta, c + j, ldc);
  for (; j + one <= n; j += one) panel<R, 1, bytes>(k, a, b + j, ldb, beta, c + j, ldc);
  if (j == n) return;
  if (n > one) return panel<R, 1, bytes>(k, a, b + n - one, ldb, beta, c + n - one, ldc, one - (n - j));
  for (; j < n; ++j) {
    T sum[R] = {};
    for (std::int64_t p = 0; p < k; ++p)
      for (int r = 0; r < R; ++r) sum[r] += a.at(r, p) * b[p * ldb + j];
    for (int r = 0; r < R; ++r) c[r * ldc + j] = sum[r] + scaled(beta, c + r * ldc + j);
  }
}

// R rows of a times S rows of b, both along k.
template <int R, int S, int bytes, class T>
XTAPE_INLINE void dots(std::int64_t k, const T* a, std::int64_t lda, const T* b, std::int64_t ldb, T beta, T* c,
                       std::int64_t ldc) {
  XTAPE_CONTRACT
  constexpr std::int64_t one = lanes<T, bytes>;
  // Block by block, so that rounding errors do not grow with k.
  constexpr std::int64_t block = 256 * one;
  Vector<T, bytes> total[R][S], sum[R][S];
  const std::int64_t whole = k / one * one;
  for (std::int64_t begin = 0; begin == 0 || begin < whole; begin += block) {
    const std::int64_t end = whole - begin < block ? whole : begin + block;
    for (int r = 0; r < R; ++r)
      for (int s = 0; s < S; ++s) sum[r][s] = Vector<T, bytes>{};
    for (std::int64_t p = begin; p < end; p += one) {
      Vector<T, bytes> x[R];
      for (int r = 0; r < R; ++r) load<bytes>(x[r], a + r * lda + p);
      for (int s = 0; s < S; ++s) {
        Vector<T, bytes> y;
        load<bytes>(y, b + s * ldb + p);
        for (int r = 0; r < R; ++r) sum[r][s] += x[r] * y;
      }
    }
    for (int r = 0; r < R; ++r)
      for (int s = 0; s < S; ++s) total[r][s] = begin == 0 ? sum[r][s] : total[r][s] + sum[r][s];
  }
  for (int r = 0; r < R; ++r)
    for (int s = 0; s < S; ++s) {
      T lane[one];
      store<bytes>(lane, total[r][s]);
      for (std::int64_t width = one / 2; width > 0; width /= 2)
        for (std::int64_t l = 0; l < width; ++l) lane[l] += lane[l + width];
      for (std::int64_t q = whole; q < k; ++q) lane[0] += a[r * lda + q] * b[s * ldb + q];
      T* to = c + r * ldc + s;
      *to = lane[0] + scaled(beta, to);
    }
}
template <int R, int bytes, class T>
XTAPE_INLINE void row_dots(std::int64_t n, std::int64_t k, const T* a, std::int64_t lda, const T* b, std::int64_t ldb,
                           T beta, T* c, std::int64_t ldc) {
  constexpr int together = 5;  // with two rows, what the registers hold
  std::int64_t j = 0;
  for (; j + together <= n; j += together) dots<R, together, bytes>(k, a, lda, b + j * ldb, ldb, beta, c + j, ldc);
  for (; j < n; ++j) dots<R, 1, bytes>(k, a, lda, b + j * ldb, ldb, beta, c + j, ldc);
}

}  // namespace

template <class T>
bool is_small(bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k) {
  if (blas_has_small_kernels()) return false;
  // Measured on Zen 3; what lies beyond is won or lost by little.
  const double work = static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  if (tb) return !ta && k >= 128 && std::min(m, n) <= 16 && work <= 1 << 22;
  // A panel reads a line of each row of b, which should take no more than half of the cache's eight lines to a set; the
  // rows share sets as their distance shares factors with 4096.
  const std::int64_t distance = std::gcd(n * static_cast<std::int64_t>(sizeof(T)), std::int64_t{4096});
  if (k > 4 * 4096 / std::max<std::int64_t>(distance, 64)) return false;
  return work <= 1 << 21 && (n >= 60 || (n >= 16 && work <= 1 << 13));
}

namespace {

template <int bytes, class T>
void multiply(bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k, const T* a, std::int64_t lda,
              const T* b, std::int64_t ldb, T beta, T* c, std::int64_t ldc) {
  if (tb) {
    auto body = [](std::int64_t m, std::int64_t n, std::int64_t k, const T* a, std::int64_t lda, const T* b,
                   std::int64_t ldb, T beta, T* c, std::int64_t ldc) {
      std::int64_t i = 0;
      for (; i + 2 <= m; i += 2) row_dots<2, bytes>(n, k, a + i * lda, lda, b, ldb, beta, c + i * ldc, ldc);
      if (i < m) row_dots<1, bytes>(n, k, a + i * lda, lda, b, ldb, beta, c + i * ldc, ldc);
    };
    return on_width<bytes>(body, m, n, k, a, lda, b, ldb, beta, c, ldc);
  }
  auto body = [](std::int64_t m, std::int64_t n, std::int64_t k, BroadcastRows<T> a, const T* b, std::int64_t ldb,
                 T beta, T* c, std::int64_t ldc) {
    std::int64_t i = 0;
    for (; i + 6 <= m; i += 6) row_panels<6, bytes>(n, k, a.from(i), b, ldb, beta, c + i * ldc, ldc);
    for (; i + 2 <= m; i += 2) row_panels<2, bytes>(n, k, a.from(i), b, ldb, beta, c + i * ldc, ldc);
    if (i < m) row_panels<1, bytes>(n, k, a.from(i), b, ldb, beta, c + i * ldc, ldc);
  };
  on_width<bytes>(body, m, n, k, ta ? BroadcastRows<T>{a, 1, lda} : BroadcastRows<T>{a, lda, 1}, b, ldb, beta, c, ldc);
}

}  // namespace

template <class T>
void small_gemm(bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k, const T* a, std::int64_t lda,
                const T* b, std::int64_t ldb, T beta, T* c, std::int64_t ldc) {
  with_widest([&](auto width) { multiply<width.value>(ta, tb, m, n, k, a, lda, b, ldb, beta, c, ldc); });
}

template bool is_small<float>(bool, bool, std::int64_t, std::int64_t, std::int64_t);
template bool is_small<double>(bool, bool, std::int64_t, std::int64_t, std::int64_t);
template void small_gemm(bool, bool, std::int64_t, std::int64_t, std::int64_t, const float*, std::int64_t, const float*,
                         std::int64_t, float, float*, std::int64_t);
template void small_gemm(bool, bool, std::int64_t, std::int64_t, std::int64_t, const double*, std::int64_t,
                         const double*, std::int64_t, double, double*, std::int64_t);

}  // namespace xtape
