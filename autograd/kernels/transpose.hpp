// Private: transposing a piece of a matrix, in registers and by whole cache lines.
#pragma once
#include <cstdint>
#include <cstring>
#if defined(__x86_64__)
#include <emmintrin.h>
#endif

#include "loops.hpp"

namespace xtape::kernel {

/// As many elements as 32 bytes hold, which compilers turn into what the instruction set has.
template <class T>
struct Lanes {
  static constexpr int count = 32 / sizeof(T);
  typedef T type __attribute__((vector_size(32)));
};

/// y[a][b] = x[b][a] for a square block of as many rows as a register has lanes.
template <class T>
XTAPE_INLINE void transpose_block(const T* x, std::int64_t x_step, T* y, std::int64_t y_step) {
  using V = typename Lanes<T>::type;
  constexpr int n = Lanes<T>::count;
  V r[n], t[n];
  for (int i = 0; i < n; ++i) std::memcpy(&r[i], x + i * x_step, sizeof(V));
  if constexpr (n == 8) {
    for (int i = 0; i < 8; i += 2) {
      t[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
      t[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    for (int i = 0; i < 8; i += 4)
      for (int k = i; k < i + 2; ++k) {
        r[2 * k - i] = __builtin_shufflevector(t[k], t[k + 2], 0, 1, 8, 9, 4, 5, 12, 13);
        r[2 * k - i + 1] = __builtin_shufflevector(t[k], t[k + 2], 2, 3, 10, 11, 6, 7, 14, 15);
      }
    for (int i = 0; i < 4; ++i) {
      t[i] = __builtin_shufflevector(r[i], r[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
      t[i + 4] = __builtin_shufflevector(r[i], r[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
  } else {
    static_assert(n == 4);
    V s[n];
    for (int i = 0; i < 4; i += 2) {
      s[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 4, 2, 6);
      s[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 1, 5, 3, 7);
    }
    for (int i = 0; i < 2; ++i) {
      t[i] = __builtin_shufflevector(s[i], s[i + 2], 0, 1, 4, 5);
      t[i + 2] = __builtin_shufflevector(s[i], s[i + 2], 2, 3, 6, 7);
    }
  }
  for (int i = 0; i < n; ++i) std::memcpy(y + i * y_step, &t[i], sizeof(V));
}

/// The pieces that `transpose_piece` takes: rows of the destination, and elements of a row.
inline constexpr std::int64_t transpose_width = 64;
template <class T>
inline constexpr std::int64_t transpose_height = sizeof(T) == 8 ? 32 : 64;

/// y[a][b] = x[b][a] for a < rows, b < n. The piece goes through a buffer, so that the destination is written in whole
/// cache lines, past the caches where it `streams`: what does not fit them would otherwise be read before it is
/// written.
template <class T>
void transpose_piece(std::int64_t rows, std::int64_t n, const T* x, std::int64_t x_step, T* y, std::int64_t y_step,
                     [[maybe_unused]] bool streams) {
  constexpr std::int64_t width = transpose_width;
  alignas(64) T buffer[transpose_height<T> * width];
  std::int64_t whole_rows = 0, whole_n = 0;
  if constexpr (sizeof(T) >= 4) {
    constexpr std::int64_t lanes = Lanes<T>::count;
    whole_rows = rows - rows % lanes, whole_n = n - n % lanes;
    for (std::int64_t b = 0; b < whole_n; b += lanes)
      for (std::int64_t a = 0; a < whole_rows; a += lanes)
        transpose_block(x + b * x_step + a, x_step, buffer + a * width + b, width);
  }
  for (std::int64_t b = 0; b < n; ++b)
    for (std::int64_t a = b < whole_n ? whole_rows : 0; a < rows; ++a) buffer[a * width + b] = x[b * x_step + a];

  const std::int64_t bytes = n * static_cast<std::int64_t>(sizeof(T));
#if defined(__x86_64__)
  if (streams && bytes % 16 == 0 && reinterpret_cast<std::uintptr_t>(y) % 16 == 0 && y_step * sizeof(T) % 16 == 0) {
    for (std::int64_t a = 0; a < rows; ++a) {
      auto* to = reinterpret_cast<__m128i*>(y + a * y_step);
      const auto* from = reinterpret_cast<const __m128i*>(buffer + a * width);
      for (std::int64_t i = 0; i < bytes / 16; ++i) _mm_stream_si128(to + i, _mm_load_si128(from + i));
    }
    _mm_sfence();
    return;
  }
#endif
  for (std::int64_t a = 0; a < rows; ++a)
    std::memcpy(y + a * y_step, buffer + a * width, static_cast<std::size_t>(bytes));
}

}  // namespace xtape::kernel
