#include "gemm.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <xtensor-blas/xblas.hpp>

#include "../core/error.hpp"
#include "../core/scratch.hpp"
#include "../parallel.hpp"
#include "packed_gemm.hpp"
#include "small_gemm.hpp"

// OpenBLAS stays at one thread: its own threads change the bits, and ours work on whole tiles.
extern "C" void openblas_set_num_threads(int);

namespace xtape {
namespace {

const bool one_thread = (openblas_set_num_threads(1), true);

double work_of(std::int64_t m, std::int64_t n, std::int64_t k) {
  return 2. * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
}

bool fits(std::int64_t size) { return size <= std::numeric_limits<int>::max(); }

// How a product by BLAS is cut: from its shape alone, along the longer side of the result, never along k, because a
// product that is cut differently differs in its last bits.
struct Tiles {
  std::int64_t count, step;
  bool rows;
};
Tiles tiles_of(std::int64_t m, std::int64_t n, std::int64_t k) {
  const double work = work_of(m, n, k);
  const std::int64_t wanted = work < 8e6 ? 1 : work < 2.5e8 ? 2 : work < 1e9 ? 4 : work < 4e9 ? 8 : 16;
  const bool rows = m >= n;
  const std::int64_t side = rows ? m : n;
  std::int64_t step = (side + wanted - 1) / wanted;
  step = (step + 31) / 32 * 32;
  return {side ? (side + step - 1) / step : 0, step, rows};
}

// One size of product, whose tiles are computed one by one. A packed one is one tile, and shares itself out.
template <class T>
struct Gemm {
  bool ta, tb;
  std::int64_t m, n, k;
  bool small, packed;
  Tiles tiles;

  Gemm(bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k)
      : ta(ta),
        tb(tb),
        m(m),
        n(n),
        k(k),
        small(is_small<T>(ta, tb, m, n, k)),
        packed(!small && is_packed(m, n, k)),
        tiles(packed ? Tiles{1, m, true} : tiles_of(m, n, k)) {
    if (!packed && !fits(std::max({m, n, k})))
      fail("gemm", "BLAS has no sizes as in (" + std::to_string(m) + ", " + std::to_string(k) + ") x (" +
                       std::to_string(k) + ", " + std::to_string(n) + ")");
  }

  void tile(std::int64_t t, const T* a, const T* b, T beta, T* c) const {
    if (packed) return packed_gemm(ta, tb, m, n, k, a, ta ? m : k, b, tb ? k : n, beta, c, n);
    const int lda = static_cast<int>(ta ? m : k), ldb = static_cast<int>(tb ? k : n), ldc = static_cast<int>(n);
    const std::int64_t begin = t * tiles.step;
    const std::int64_t rows = tiles.rows ? std::min(tiles.step, m - begin) : m;
    const std::int64_t columns = tiles.rows ? n : std::min(tiles.step, n - begin);
    const std::int64_t i = tiles.rows ? begin : 0, j = tiles.rows ? 0 : begin;
    const T *from_a = a + (ta ? i : i * k), *from_b = b + (tb ? j * k : j);
    if (small) return small_gemm(ta, tb, rows, columns, k, from_a, lda, from_b, ldb, beta, c + i * n + j, ldc);
    cxxblas::gemm<int>(cxxblas::RowMajor, ta ? cxxblas::Trans : cxxblas::NoTrans,
                       tb ? cxxblas::Trans : cxxblas::NoTrans, static_cast<int>(rows), static_cast<int>(columns),
                       static_cast<int>(k), T(1), from_a, lda, from_b, ldb, beta, c + i * n + j, ldc);
  }

  // The sum of no products, which BLAS does not take.
  bool is_empty(std::int64_t count, T beta, T* c) const {
    if (m != 0 && n != 0 && k != 0) return false;
    if (k == 0 && beta == T(0)) std::fill_n(c, count * m * n, T(0));
    return true;
  }
};

// Small products go several to a tile of work, large ones in several tiles each, or, packed, one after the other.
template <class T, class Offsets>
void run_batch(std::int64_t count, std::int64_t terms, const Gemm<T>& gemm, const T* a, const T* b, T beta, T* c,
               const Offsets& offsets) {
  if (count == 0 || gemm.is_empty(count, beta, c)) return;
  const std::int64_t pieces = gemm.tiles.count, total = count * pieces;
  const double work = work_of(gemm.m, gemm.n, gemm.k) * static_cast<double>(terms) / static_cast<double>(pieces);
  const std::int64_t group = std::max<std::int64_t>(1, static_cast<std::int64_t>(1e6 / work));
  const auto run = [&](std::int64_t tile) {
    for (std::int64_t p = tile * group; p < total && p < (tile + 1) * group; ++p) {
      const std::int64_t i = p / pieces;
      for (std::int64_t term = 0; term < terms; ++term) {
        const auto [at_a, at_b] = offsets(i * terms + term);
        gemm.tile(p % pieces, a + at_a, b + at_b, term ? T(1) : beta, c + i * gemm.m * gemm.n);
      }
    }
  };
  if (gemm.packed && total < 16 && work > 1e8)
    for (std::int64_t i = 0; i < total; ++i) run(i);
  else parallel_for((total + group - 1) / group, run);
}

}  // namespace

template <class T>
void gemm(bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k, const T* a, const T* b, T beta, T* c) {
  const Gemm<T> product(ta, tb, m, n, k);
  if (product.is_empty(1, beta, c)) return;
  parallel_for(product.tiles.count, [&](std::int64_t t) { product.tile(t, a, b, beta, c); });
}

template <class T>
void gemm_batched(std::int64_t count, bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k, const T* a,
                  std::int64_t a_stride, const T* b, std::int64_t b_stride, T beta, T* c) {
  run_batch(count, 1, Gemm<T>(ta, tb, m, n, k), a, b, beta, c,
            [=](std::int64_t i) { return std::pair(i * a_stride, i * b_stride); });
}

template <class T>
void gemm_batched(std::int64_t count, std::int64_t terms, bool ta, bool tb, std::int64_t m, std::int64_t n,
                  std::int64_t k, const T* a, const std::int64_t* a_offsets, const T* b, const std::int64_t* b_offsets,
                  T beta, T* c) {
  const Gemm<T> product(ta, tb, m, n, k);
  if (terms == 0 && beta == T(0)) std::fill_n(c, count * m * n, T(0));
  if (terms == 0) return;
  run_batch(count, terms, product, a, b, beta, c,
            [=](std::int64_t i) { return std::pair(a_offsets[i], b_offsets[i]); });
}

namespace {
// Of so many terms sums are made that are then added up in double: rounding errors grow with a block, not with k.
constexpr std::int64_t terms = 1024;
}  // namespace

template <class T>
void gemv(bool t, std::int64_t rows, std::int64_t columns, const T* a, const T* x, T* y) {
  const std::int64_t m = t ? columns : rows, k = t ? rows : columns;
  if (!fits(std::max(m, k)))
    fail("gemv", "BLAS has no sizes as in (" + std::to_string(rows) + ", " + std::to_string(columns) + ")");
  if (m == 0) return;
  if (k == 0) return static_cast<void>(std::fill_n(y, m, T(0)));
  const Tiles tiles = tiles_of(m, 1, k);
  parallel_for(tiles.count, [&](std::int64_t tile) {
    const std::int64_t i = tile * tiles.step;
    const int part = static_cast<int>(std::min(tiles.step, m - i));
    auto product = [&](std::int64_t begin, std::int64_t end, T* to) {
      const int some = static_cast<int>(end - begin);
      cxxblas::gemv<int>(cxxblas::RowMajor, t ? cxxblas::Trans : cxxblas::NoTrans, t ? some : part, t ? part : some,
                         T(1), a + (t ? i + begin * columns : i * columns + begin), static_cast<int>(columns),
                         x + begin, 1, T(0), to, 1);
    };
    if (k <= terms) return product(0, k, y + i);
    const Scratch<T> one(part);
    const Scratch<double> total(part);
    std::fill_n(total.get(), part, 0.);
    for (std::int64_t begin = 0; begin < k; begin += terms) {
      product(begin, std::min(k, begin + terms), one.get());
      for (int j = 0; j < part; ++j) total[j] += static_cast<double>(one[j]);
    }
    for (int j = 0; j < part; ++j) y[i + j] = static_cast<T>(total[j]);
  });
}

template <class T>
T dot(std::int64_t n, const T* x, const T* y) {
  constexpr std::int64_t block = 4 * terms;
  double sum = 0;
  for (std::int64_t i = 0; i < n; i += block) {
    T part;
    cxxblas::dot<int>(static_cast<int>(std::min(block, n - i)), x + i, 1, y + i, 1, part);
    sum += static_cast<double>(part);
  }
  return static_cast<T>(sum);
}

#define XTAPE_GEMM(T)                                                                                          \
  template void gemm(bool, bool, std::int64_t, std::int64_t, std::int64_t, const T*, const T*, T, T*);         \
  template void gemm_batched(std::int64_t, bool, bool, std::int64_t, std::int64_t, std::int64_t, const T*,     \
                             std::int64_t, const T*, std::int64_t, T, T*);                                     \
  template void gemm_batched(std::int64_t, std::int64_t, bool, bool, std::int64_t, std::int64_t, std::int64_t, \
                             const T*, const std::int64_t*, const T*, const std::int64_t*, T, T*);             \
  template void gemv(bool, std::int64_t, std::int64_t, const T*, const T*, T*);                                \
  template T dot(std::int64_t, const T*, const T*);
XTAPE_GEMM(float)
XTAPE_GEMM(double)
#undef XTAPE_GEMM

}  // namespace xtape
