// Private: the sum and the maximum of a contiguous row, in several lanes that do not depend on the instruction set.
#pragma once
#include "../kernel.hpp"

namespace xtape::kernel {

inline constexpr int lanes = 32;

#define XTAPE_REDUCE(name, attributes)                                        \
  template <class F, class T>                                                 \
  attributes XTAPE_FLATTEN T name(std::int64_t n, const T* x, T first, F f) { \
    T lane[lanes];                                                            \
    for (int k = 0; k < lanes; ++k) lane[k] = first;                          \
    std::int64_t i = 0;                                                       \
    for (; i + lanes <= n; i += lanes)                                        \
      for (int k = 0; k < lanes; ++k) lane[k] = f(lane[k], x[i + k]);         \
    for (int k = 0; i < n; ++i, ++k) lane[k] = f(lane[k], x[i]);              \
    for (int width = lanes / 2; width > 0; width /= 2)                        \
      for (int k = 0; k < width; ++k) lane[k] = f(lane[k], lane[k + width]);  \
    return lane[0];                                                           \
  }
XTAPE_REDUCE(reduce_baseline, )
#if defined(__x86_64__)
XTAPE_REDUCE(reduce_avx2, __attribute__((target("avx2,fma"))))
XTAPE_REDUCE(reduce_avx512,
             __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,avx2,fma,prefer-vector-width=512"))))
#endif
#undef XTAPE_REDUCE

template <class F, class T>
T reduce(std::int64_t n, const T* x, T first, F f) {
#if defined(__x86_64__)
  if (isa == Isa::avx512) return reduce_avx512(n, x, first, f);
  if (isa == Isa::avx2) return reduce_avx2(n, x, first, f);
#endif
  return reduce_baseline(n, x, first, f);
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
