#include "packed_gemm.hpp"

#include <algorithm>

#include "../core/scratch.hpp"
#include "../parallel.hpp"
#include "blas_core.hpp"
#include "transpose.hpp"
#include "vector.hpp"

namespace xtape {
namespace {

// Both operands are copied into strips: so many rows of op(a), or columns of op(b), side by side for each step along k.
// A tile of c in registers is the product of one strip of each; AVX2's 16 registers hold 6 rows of two vectors.
template <int bytes>
constexpr int tile_rows = bytes == 64 ? 8 : 6;
template <int bytes>
constexpr int tile_vectors = bytes == 64 ? 3 : 2;
template <int bytes, class T>
constexpr int tile_columns = tile_vectors<bytes>* static_cast<int>(lanes<T, bytes>);
constexpr int row_step = 8;  // of a strip of op(a), whichever its rows

// So many steps along k are multiplied at once, and so many rows by all columns: what the nearer caches hold.
template <class T>
constexpr std::int64_t most_steps = 1536 / sizeof(T);
constexpr std::int64_t most_rows = 96;
constexpr std::int64_t most_packed = 1 << 23;  // bytes of op(b)

constexpr std::int64_t divide_up(std::int64_t n, std::int64_t by) { return (n + by - 1) / by; }

// to[p S + l] is element p of line l, and 0 for as many lines too few as there are to a multiple of `unit`. A line's
// elements lie side by side in memory if `along`, and lines, or else elements, are `step` apart.
template <int S, int unit, class T>
XTAPE_INLINE void pack(bool along, std::int64_t lines, std::int64_t k, const T* from, std::int64_t step, T* to) {
  constexpr std::int64_t block = kernel::Lanes<T>::count;
  const std::int64_t all = divide_up(lines, unit) * unit, whole = lines / block * block, depth = k / block * block;
  if (!along) {
    for (std::int64_t p = 0; p < k; ++p, from += step, to += S) {
      if (lines == S) {
        std::memcpy(to, from, S * sizeof(T));
        continue;
      }
      for (std::int64_t l = 0; l < lines; ++l) to[l] = from[l];
      for (std::int64_t l = lines; l < all; ++l) to[l] = 0;
    }
    return;
  }
  for (std::int64_t l = 0; l < whole; l += block)
    for (std::int64_t p = 0; p < depth; p += block)
      kernel::transpose_block(from + l * step + p, step, to + p * S + l, S);
  for (std::int64_t l = whole; l < lines; ++l)
    for (std::int64_t p = 0; p < depth; ++p) to[p * S + l] = from[l * step + p];
  for (std::int64_t l = lines; l < all; ++l)
    for (std::int64_t p = 0; p < depth; ++p) to[p * S + l] = 0;
  for (std::int64_t p = depth; p < k; ++p)
    for (std::int64_t l = 0; l < all; ++l) to[p * S + l] = l < lines ? from[l * step + p] : T(0);
}

// A piece of c, which is to become a product plus beta times itself.
template <class T>
struct Piece {
  T* c;
  std::int64_t step, rows, columns;
  T beta;
};

template <int bytes, class T>
XTAPE_INLINE void update(T beta, const Vector<T, bytes>& sum, T* c) {
  XTAPE_CONTRACT
  if (beta == T(0)) return store<bytes>(c, sum);
  Vector<T, bytes> before;
  load<bytes>(before, c);
  store<bytes>(c, sum + beta * before);
}

// The product of a strip of op(a) and the first W vectors of one of op(b), as far as the piece goes.
template <int W, int bytes, class T>
XTAPE_INLINE void multiply_tile(std::int64_t k, const T* a, const T* b, const Piece<T>& to) {
  XTAPE_CONTRACT
  constexpr int R = tile_rows<bytes>;
  constexpr std::int64_t one = lanes<T, bytes>;
  Vector<T, bytes> sum[R][W] = {};
#pragma GCC unroll 2
  for (std::int64_t p = 0; p < k; ++p) {
    Vector<T, bytes> v[W];
    for (int w = 0; w < W; ++w) load<bytes>(v[w], b + p * tile_columns<bytes, T> + w * one);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
      for (int w = 0; w < W; ++w) sum[r][w] += a[p * row_step + r] * v[w];
  }
  const bool whole = to.columns == W * one;
  if (bytes == 64 && whole && to.rows == R) {
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
      for (int w = 0; w < W; ++w) update<bytes>(to.beta, sum[r][w], to.c + r * to.step + w * one);
    return;
  }
  alignas(bytes) T result[R][W * one];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
    for (int w = 0; w < W; ++w) store<bytes>(result[r] + w * one, sum[r][w]);
  // Kept in memory: what becomes of it must not cost the loop above its registers.
  asm volatile("" : : "r"(result) : "memory");
  for (std::int64_t r = 0; r < to.rows; ++r) {
    T* c = to.c + r * to.step;
    if (whole) {
      for (int w = 0; w < W; ++w) {
        Vector<T, bytes> v;
        load<bytes>(v, result[r] + w * one);
        update<bytes>(to.beta, v, c + w * one);
      }
      continue;
    }
    for (std::int64_t l = 0; l < to.columns; ++l) c[l] = to.beta == T(0) ? result[r][l] : result[r][l] + to.beta * c[l];
  }
}
template <int bytes, class T>
XTAPE_INLINE void multiply_strips(std::int64_t k, const T* a, const T* b, const Piece<T>& to) {
  constexpr std::int64_t one = lanes<T, bytes>;
  constexpr int W = tile_vectors<bytes>;
  if (to.columns <= one) return multiply_tile<1, bytes>(k, a, b, to);
  if (to.columns <= 2 * one) return multiply_tile<2, bytes>(k, a, b, to);
  if constexpr (W == 3) multiply_tile<3, bytes>(k, a, b, to);
}

// A matrix, read transposed or not.
template <class T>
struct Operand {
  bool transposed;
  const T* data;
  std::int64_t step;
  XTAPE_INLINE const T* at(std::int64_t i, std::int64_t j) const {
    return data + (transposed ? j * step + i : i * step + j);
  }
};

template <class T>
struct PackedProduct {
  Operand<T> a, b;
  std::int64_t k, depth;  // k is cut into blocks of `depth` steps, which are added in order
  Piece<T> to;

  // Strips [begin, end) of op(b), as blocks of k that hold one strip after the other.
  template <int bytes>
  XTAPE_INLINE void pack_b(std::int64_t begin, std::int64_t end, T* packed) const {
    constexpr int S = tile_columns<bytes, T>;
    const std::int64_t padded = divide_up(to.columns, S) * S;
    for (std::int64_t s = begin * S; s < end * S; s += S)
      for (std::int64_t p = 0; p < k; p += depth) {
        const std::int64_t steps = std::min(depth, k - p);
        pack<S, static_cast<int>(lanes<T, bytes>)>(b.transposed, std::min<std::int64_t>(S, to.columns - s), steps,
                                                   b.at(p, s), b.step, packed + p * padded + s * steps);
      }
  }
  // Rows and columns of c from (i, j) on, with room for the strips of op(a) along one block.
  template <int bytes>
  XTAPE_INLINE void multiply(std::int64_t i, std::int64_t rows, std::int64_t j, std::int64_t columns, T* strips,
                             const T* packed) const {
    constexpr int R = tile_rows<bytes>, S = tile_columns<bytes, T>;
    const std::int64_t padded = divide_up(to.columns, S) * S;
    for (std::int64_t p = 0; p < k; p += depth) {
      const std::int64_t steps = std::min(depth, k - p);
      for (std::int64_t r = 0; r < rows; r += R)
        pack<row_step, row_step>(!a.transposed, std::min<std::int64_t>(row_step, rows - r), steps, a.at(i + r, p),
                                 a.step, strips + r / R * row_step * steps);
      for (std::int64_t s = j; s < j + columns; s += S)
        for (std::int64_t r = 0; r < rows; r += R)
          multiply_strips<bytes>(steps, strips + r / R * row_step * steps, packed + p * padded + s * steps,
                                 Piece<T>{to.c + (i + r) * to.step + s, to.step, std::min<std::int64_t>(R, rows - r),
                                          std::min<std::int64_t>(S, j + columns - s), p ? T(1) : to.beta});
    }
  }

  // op(b) is packed first, then tiles of c are computed, each with its rows of op(a).
  template <int bytes>
  void run() const {
    constexpr int R = tile_rows<bytes>, S = tile_columns<bytes, T>;
    const std::int64_t m = to.rows, n = to.columns, strips = divide_up(n, S);
    const Scratch<T> packed(k * strips * S);
    const std::int64_t together = std::max<std::int64_t>(1, (1 << 15) / (k * S));
    parallel_for(divide_up(strips, together), [&](std::int64_t t) {
      on_width<bytes>([this, begin = t * together, end = std::min(strips, (t + 1) * together), to = packed.get()] {
        pack_b<bytes>(begin, end, to);
      });
    });

    const std::int64_t down = divide_up(m, most_rows), height = divide_up(divide_up(m, down), R) * R;
    const double work = 2. * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
    const auto wanted = static_cast<std::int64_t>(std::min(work / 3e7, 16.)) / down;
    const std::int64_t width = divide_up(strips, std::clamp<std::int64_t>(wanted, 1, divide_up(strips, 4))) * S;
    const std::int64_t across = divide_up(n, width);
    parallel_for(divide_up(m, height) * across, [&](std::int64_t t) {
      const std::int64_t i = t / across * height, rows = std::min(height, m - i);
      const std::int64_t j = t % across * width, columns = std::min(width, n - j);
      const Scratch<T> room(divide_up(rows, R) * row_step * depth);
      on_width<bytes>(
          [=, strips = room.get(), from = packed.get()] { multiply<bytes>(i, rows, j, columns, strips, from); });
    });
  }
};

}  // namespace

bool is_packed(std::int64_t m, std::int64_t n, std::int64_t k) {
  if (kernel::isa.level == kernel::Isa::baseline) return false;
  if (kernel::isa.level == kernel::Isa::avx2 && blas_has_avx2()) return false;
  // Measured on Zen 5.
  const double work = static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  return work > (blas_has_small_kernels() ? 1e6 : 4096);
}

template <class T>
void packed_gemm(bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k, const T* a, std::int64_t lda,
                 const T* b, std::int64_t ldb, T beta, T* c, std::int64_t ldc) {
  const std::int64_t depth = divide_up(divide_up(k, divide_up(k, most_steps<T>)), 8) * 8;  // whole blocks to transpose
  const Operand<T> left{ta, a, lda}, right{tb, b, ldb};
  // As many columns at once as may be packed.
  const std::int64_t most = std::max<std::int64_t>(most_packed / static_cast<std::int64_t>(sizeof(T)) / k / 96, 1) * 96;
  for (std::int64_t j = 0; j < n; j += most) {
    const PackedProduct<T> product{
        left, {tb, right.at(0, j), ldb}, k, depth, {c + j, ldc, m, std::min(most, n - j), beta}};
    with_widest([&](auto width) { product.template run<width.value>(); });
  }
}

template void packed_gemm(bool, bool, std::int64_t, std::int64_t, std::int64_t, const float*, std::int64_t,
                          const float*, std::int64_t, float, float*, std::int64_t);
template void packed_gemm(bool, bool, std::int64_t, std::int64_t, std::int64_t, const double*, std::int64_t,
                          const double*, std::int64_t, double, double*, std::int64_t);

}  // namespace xtape
