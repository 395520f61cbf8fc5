// Private: elementwise loops: a scalar formula, written once as a generic lambda, becomes one vectorised loop per
// instruction set. Built-in operations and optimisers share it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>

#include "../parallel.hpp"
#include "../scalar/elementary.hpp"
#include "vectorized.hpp"

namespace xtape::kernel {

// How the loops see an element, and give it back.
template <class T>
Real<T> wrap(T v) {
  return {v};
}
inline bool wrap(bool v) { return v; }
template <class T>
T unwrap(Real<T> x) {
  return x.v;
}
inline bool unwrap(bool x) { return x; }

/// f(i) for i < n, for some of them twice: stretches of constant length, the last of which overlaps, cost short rows
/// vectors too, where a loop would do what is left one by one.
template <class F>
XTAPE_INLINE void for_elements(std::int64_t n, F f) {
  const auto stretch = [f](std::int64_t begin, auto count) {
    const std::int64_t end = begin + count;
    XTAPE_INDEPENDENT
    for (std::int64_t i = begin; i < end; ++i) f(i);
  };
  const auto all = [n, stretch](auto count) {
    for (std::int64_t i = 0; i + count < n; i += count) stretch(i, count);
    stretch(n - count, count);
  };
  if (n >= 8) all(std::integral_constant<int, 8>());
  else if (n >= 4) all(std::integral_constant<int, 4>());
  else stretch(0, n);
}

/// y[i] = f(x[i]...) for i < n, on contiguous elements; `y` may be one of the `x`.
template <class F, class Y, class... X>
void map(std::int64_t n, F f, Y* y, const X*... x) {
  auto loop = [](std::int64_t n, F f, Y* y, const X*... x) {
    XTAPE_INDEPENDENT
    for (std::int64_t i = 0; i < n; ++i) y[i] = static_cast<Y>(unwrap(f(wrap(x[i])...)));
  };
  vectorized(loop, n, f, y, x...);
}

/// call(f, n, y, x): n elements of each result from those of all operands, contiguous; f is not owned.
struct Loop {
  const void* f;
  void (*call)(const void* f, std::int64_t n, void* const* y, const void* const* x);
};
/// The loop f(n, y, x).
template <class F>
Loop loop_of(const F& f) {
  return {&f, [](const void* f, std::int64_t n, void* const* y, const void* const* x) {
            (*static_cast<const F*>(f))(n, y, x);
          }};
}
/// The loop y[0][i] = f(x[i]...) over elements of these types.
template <class Y, class... X, class F, std::size_t... I>
Loop map_loop(const F& f, std::index_sequence<I...>) {
  return {&f, [](const void* f, std::int64_t n, void* const* y, const void* const* x) {
            map(n, *static_cast<const F*>(f), static_cast<Y*>(y[0]), static_cast<const X*>(x[I])...);
          }};
}
template <class Y, class... X, class F>
Loop map_loop(const F& f) {
  return map_loop<Y, X...>(f, std::index_sequence_for<X...>{});
}

// Each pointee is read, given to f by reference, and written back unless it is const.
template <class T>
void write_back(T* p, Real<std::remove_const_t<T>> value) {
  if constexpr (!std::is_const_v<T>) *p = value.v;
}
template <class F, class... T, std::size_t... I>
void update_one(std::int64_t i, F& f, std::index_sequence<I...>, T*... p) {
  std::tuple<Real<std::remove_const_t<T>>...> v{Real<std::remove_const_t<T>>{p[i]}...};
  f(std::get<I>(v)...);
  (write_back(p + i, std::get<I>(v)), ...);
}

/// How many elements make a tile of work; fixed, so that results do not depend on the number of threads.
inline constexpr std::int64_t tile_size = 1 << 15;
/// f(begin, count) for each tile of n elements.
template <class F>
void for_tiles(std::int64_t n, const F& f) {
  parallel_for((n + tile_size - 1) / tile_size, [&](std::int64_t t) {
    const std::int64_t begin = t * tile_size;
    f(begin, n - begin < tile_size ? n - begin : tile_size);
  });
}

/// f(p[i]...) for i < n, where f takes references and changes those whose pointers are not const.
template <class F, class... T>
void update(std::int64_t n, F f, T*... p) {
  auto loop = [](std::int64_t n, F f, T*... p) {
    XTAPE_INDEPENDENT
    for (std::int64_t i = 0; i < n; ++i) update_one(i, f, std::index_sequence_for<T...>{}, p...);
  };
  for_tiles(n, [&](std::int64_t begin, std::int64_t count) { vectorized(loop, count, f, (p + begin)...); });
}

}  // namespace xtape::kernel
