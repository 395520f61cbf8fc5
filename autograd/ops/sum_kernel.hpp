// Private: the sum and the maximum of a contiguous row, in several lanes that do not depend on the instruction set.
#pragma once
#include "../kernel.hpp"

namespace xtape::kernel {

inline constexpr int lanes = 32;

/// f over n elements, from `first`, which f must leave as it is.
template <class F, class T>
T reduce(std::int64_t n, const T* x, T first, F f) {
  return vectorized(
      [](std::int64_t n, const T* x, T first, F f) {
        T lane[lanes];
        for (int k = 0; k < lanes; ++k) lane[k] = first;
        std::int64_t i = 0;
        for (; i + lanes <= n; i += lanes)
          for (int k = 0; k < lanes; ++k) lane[k] = f(lane[k], x[i + k]);
        for (int k = 0; i < n; ++i, ++k) lane[k] = f(lane[k], x[i]);
        for (int width = lanes / 2; width > 0; width /= 2)
          for (int k = 0; k < width; ++k) lane[k] = f(lane[k], lane[k + width]);
        return lane[0];
      },
      n, x, first, f);
}

/// The sum, block by block, so that rounding errors do not grow with n.
template <class T>
T sum(std::int64_t n, const T* x) {
  constexpr std::int64_t block = 4096;
  auto add = [](T a, T b) { return static_cast<T>(a + b); };
  if (n <= block) return reduce(n, x, T(0), add);
  std::conditional_t<std::is_same_v<T, float>, double, T> total = 0;
  for (std::int64_t i = 0; i < n; i += block) total += reduce(n - i < block ? n - i : block, x + i, T(0), add);
  return static_cast<T>(total);
}

/// The maximum; n > 0. NaN counts as largest.
template <class T>
T max(std::int64_t n, const T* x) {
  return reduce(n, x, x[0], [](T a, T b) { return a > b || a != a ? a : b; });
}

}  // namespace xtape::kernel
