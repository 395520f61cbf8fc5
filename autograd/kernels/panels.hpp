// Private: how an array is cut for work along an axis that needs several passes: so that a piece stays in the cache.
#pragma once
#include <algorithm>

#include "parallel_rows.hpp"
#include "strided.hpp"
#include "sum.hpp"

namespace xtape {

inline constexpr std::int64_t panel_width = 512;

/// f(at, to, width) for every row of (outer, n, 1), width 1, or every panel of n rows and `width` columns of
/// (outer, n, inner): the first element's place in the array, and that of its result in (outer, inner).
template <class F>
void for_panels(const Split& s, const F& f) {
  const std::int64_t n = std::max<std::int64_t>(s.n, 1);
  const std::int64_t step =
      s.inner == 1 ? 1 : std::min(std::max<std::int64_t>(2 * kernel::tile_size / n, 128), panel_width);
  const std::int64_t across = (s.inner + step - 1) / step, pieces = s.outer * across;
  parallel_rows(pieces, 8 * n * step, [=, &f](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t o = i / across, j = i % across * step;
      f(o * s.n * s.inner + j, o * s.inner + j, std::min(s.inner - j, step));
    }
  });
}

/// total[j] = the sum over n rows of what add_row(k, parts) adds to parts[j], for `width` columns of a panel: block by
/// block, so that rounding errors do not grow with n.
template <class T, class F>
void sum_columns(std::int64_t n, std::int64_t width, T* total, const F& add_row) {
  std::fill_n(total, width, T(0));
  if (n <= kernel::depth) {
    for (std::int64_t k = 0; k < n; ++k) add_row(k, total);
    return;
  }
  kernel::Running<kernel::Sum<T>> sums[panel_width];
  for (std::int64_t begin = 0; begin < n; begin += kernel::depth) {
    alignas(64) T parts[panel_width];
    std::fill_n(parts, width, T(0));
    for (std::int64_t k = begin; k < std::min(n, begin + kernel::depth); ++k) add_row(k, parts);
    for (std::int64_t j = 0; j < width; ++j) sums[j].add(parts[j]);
  }
  for (std::int64_t j = 0; j < width; ++j) total[j] = static_cast<T>(sums[j].value().v);
}

/// f(o) for every slice of (outer, m, inner), several of them in one tile.
template <class F>
void for_each_slice(const Split& s, std::int64_t m, const F& f) {
  parallel_rows(s.outer, 8 * m * s.inner, [=, &f](std::int64_t begin, std::int64_t end) {
    for (std::int64_t o = begin; o < end; ++o) f(o);
  });
}

}  // namespace xtape
