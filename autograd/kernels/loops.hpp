// Private: elementwise loops: a scalar formula, written once as a generic lambda, becomes one vectorised loop per
// instruction set. Built-in operations and optimisers share it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>

#include "../core/shape.hpp"
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

/// How operands of different shapes, N at most, are walked together: axes that can be walked as one are merged, and an
/// operand that is stretched along an axis has stride 0 there. Inner strides are 0 or 1.
template <std::size_t N>
struct Walk {
  std::int64_t size = 1;
  int rank = 0;
  std::int64_t sizes[Shape::max_rank];
  std::int64_t strides[N][Shape::max_rank];
  bool contiguous = true;  // all operands step as the result does

  /// `shapes` broadcast to `shape`.
  Walk(const Shape& shape, const Shape* const (&shapes)[N], std::size_t count = N) {
    for (const std::int64_t n : shape) size *= n;  // of an array that is there
    for (std::size_t k = 0; k < count; ++k) contiguous &= *shapes[k] == shape;
    if (contiguous || size == 0) return;
    contiguous = false;
    std::int64_t step[N];
    for (std::int64_t& s : step) s = 1;
    // From the innermost axis out; sizes and strides are filled from the end and moved to the front afterwards.
    int at = Shape::max_rank;
    for (int axis = 1; axis <= shape.rank(); ++axis) {
      std::int64_t n = shape[shape.rank() - axis], stride[N];
      for (std::size_t k = 0; k < count; ++k) {
        const Shape& s = *shapes[k];
        std::int64_t m = axis <= s.rank() ? s[s.rank() - axis] : 1;
        stride[k] = m == 1 ? 0 : step[k];
        step[k] *= m;
      }
      if (n == 1) continue;
      bool merge = at < Shape::max_rank;
      for (std::size_t k = 0; k < count && merge; ++k) merge = stride[k] == strides[k][at] * sizes[at];
      if (merge) {
        sizes[at] *= n;
        continue;
      }
      sizes[--at] = n;
      for (std::size_t k = 0; k < count; ++k) strides[k][at] = stride[k];
    }
    rank = Shape::max_rank - at;
    for (int d = 0; d < rank; ++d) {
      sizes[d] = sizes[at + d];
      for (std::size_t k = 0; k < count; ++k) strides[k][d] = strides[k][at + d];
    }
    if (rank == 0) contiguous = true;  // one element
    if (rank == 1) {
      contiguous = true;
      for (std::size_t k = 0; k < count; ++k) contiguous &= strides[k][0] == 1;
    }
  }
};

// A stretch of the innermost axis: an operand that stands still there is spread over a short buffer first, so that one
// loop serves every combination.
inline constexpr std::int64_t buffer_size = 512;
template <class T>
struct Buffer {
  Buffer() {}  // a tuple would fill the elements with zeros
  alignas(64) T elements[buffer_size];
};
template <class T>
const T* spread(Buffer<T>& buffer, const T* x, std::int64_t stride, std::int64_t n) {
  if (stride != 0) return x;
  vectorized(
      [](std::int64_t n, T v, T* buffer) {
        for (std::int64_t i = 0; i < n; ++i) buffer[i] = v;
      },
      n, *x, buffer.elements);
  return buffer.elements;
}
template <class F, class Y, class... X, std::size_t... I>
void map_row(std::int64_t n, const std::int64_t (&strides)[sizeof...(X)], std::index_sequence<I...>, F f, Y* y,
             const X*... x) {
  const bool whole = ((strides[I] != 0) && ...);
  if (whole) return map(n, f, y, x...);
  std::tuple<Buffer<X>...> buffers;
  const std::int64_t width = n < buffer_size ? n : buffer_size;
  std::tuple<const X*...> p{spread(std::get<I>(buffers), x, strides[I], width)...};
  for (std::int64_t i = 0; i < n; i += width)
    map(n - i < width ? n - i : width, f, y + i, (std::get<I>(p) + (strides[I] ? i : 0))...);
}

template <class F, class Y, class... X, std::size_t... I>
void map_row_at(const std::int64_t (&offset)[sizeof...(X)], std::int64_t n, const std::int64_t (&strides)[sizeof...(X)],
                std::index_sequence<I...> index, F f, Y* y, const X*... x) {
  map_row(n, strides, index, f, y, (x + offset[I])...);
}

/// y = f(x...) elementwise over broadcast operands; `y` is contiguous.
template <class F, class Y, class... X>
void map(const Walk<sizeof...(X)>& walk, F f, Y* y, const X*... x) {
  constexpr std::size_t N = sizeof...(X);
  if (walk.contiguous)
    return for_tiles(walk.size,
                     [&](std::int64_t begin, std::int64_t count) { map(count, f, y + begin, (x + begin)...); });
  if (walk.size == 0) return;
  const std::int64_t n = walk.sizes[walk.rank - 1], rows = walk.size / n;
  const std::int64_t rows_per_tile = n >= tile_size ? 1 : tile_size / n;
  auto tile = [&](std::int64_t t) {
    std::int64_t inner[N];
    for (std::size_t k = 0; k < N; ++k) inner[k] = walk.strides[k][walk.rank - 1];
    const std::int64_t end = (t + 1) * rows_per_tile < rows ? (t + 1) * rows_per_tile : rows;
    for (std::int64_t row = t * rows_per_tile; row < end; ++row) {
      std::int64_t offset[N] = {}, rest = row;
      for (int d = walk.rank - 2; d >= 0; --d) {
        std::int64_t i = rest % walk.sizes[d];
        rest /= walk.sizes[d];
        for (std::size_t k = 0; k < N; ++k) offset[k] += i * walk.strides[k][d];
      }
      map_row_at(offset, n, inner, std::index_sequence_for<X...>{}, f, y + row * n, x...);
    }
  };
  parallel_for((rows + rows_per_tile - 1) / rows_per_tile, tile);
}

}  // namespace xtape::kernel
