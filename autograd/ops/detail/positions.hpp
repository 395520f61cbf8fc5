// Private: what taking and putting elements at positions share.
#pragma once
#include <algorithm>
#include <atomic>
#include <cstring>
#include <vector>

#include "../../core/scratch.hpp"
#include "../../kernels/parallel_rows.hpp"
#include "../../kernels/strided.hpp"
#include "../../kernels/sum.hpp"
#include "../slice.hpp"
#include "apply.hpp"

// `scattered` is in ../scatter.cpp.
namespace xtape {
using namespace detail;

using Position = std::int64_t;

inline void check_indices(const char* op, const Arg& x, const Arg& indices) {
  check_defined(op, x);
  check_defined(op, indices);
  if (indices.array->dtype != int64)
    fail(op, "the indices must be int64, not " + describe(*indices.array) + "; convert with to(int64)", indices.site);
}

// Whether all positions are in [0, n).
inline bool in_range(const Position* k, std::int64_t count, std::int64_t n) {
  // k and n - 1 - k have no sign then; in unsigned numbers, because the second may wrap around where the first has one.
  return kernel::vectorized(
      [](const Position* k, std::int64_t count, std::uint64_t last) {
        std::uint64_t signs = 0;
        for (std::int64_t i = 0; i < count; ++i)
          signs |= static_cast<std::uint64_t>(k[i]) | (last - static_cast<std::uint64_t>(k[i]));
        return signs >> 63 == 0;
      },
      k, count, static_cast<std::uint64_t>(n) - 1);
}
// Names the first position that is not.
[[noreturn]] inline void out_of_range(const char* op, const Array& indices, std::int64_t n, Site site) {
  const auto* k = indices.at<Position>();
  std::int64_t i = 0;
  while (k[i] >= 0 && k[i] < n) ++i;
  fail(op,
       "index " + std::to_string(k[i]) + " at " + to_string(unravel(i, indices.shape)) + " is not in [0, " +
           std::to_string(n) + ")",
       site);
}
inline void check_range(const char* op, const Array& indices, std::int64_t n, Site site) {
  std::atomic<bool> ok{true};
  kernel::for_tiles(indices.size, [&](std::int64_t begin, std::int64_t count) {
    if (!in_range(indices.at<Position>() + begin, count, n)) ok = false;
  });
  if (!ok) out_of_range(op, indices, n, site);
}

inline Ref<Array> cleared(Dtype dtype, const Shape& shape) {
  Ref<Array> y = make_array(dtype, shape);
  kernel::clear(*y);
  return y;
}

// Whether values are added to what is there or take its place.
enum class Put { adding, copying };
// f(T{}, how) with how(y, x) for that.
template <Put put, class F>
void visit_putting(Dtype dtype, F&& f) {
  if constexpr (put == Put::adding)
    visit_computing(dtype, [&](auto t) { f(t, [](auto& y, auto x) { y = (kernel::wrap(y) + kernel::wrap(x)).v; }); });
  else visit_dtype(dtype, [&](auto t) { f(t, [](auto& y, auto x) { y = x; }); });
}

// Whole parts: x is (outer, n, inner), the parts are (outer, m, inner), and k has m positions.

// part j = x part k[j]
inline void read_parts(const Split& x, const Array& from, std::int64_t m, const Position* k, Array& to) {
  visit_dtype(from.dtype, [&](auto t) {
    using T = decltype(t);
    parallel_rows(x.outer * m, x.inner, [&](std::int64_t begin, std::int64_t end) {
      T* y = to.at<T>() + begin * x.inner;
      while (begin < end) {
        const std::int64_t first = begin % m, last = std::min(m, first + end - begin);
        const T* plane = from.at<T>() + begin / m * x.n * x.inner;
        if (x.inner == 1) {
          for (std::int64_t j = first; j < last; ++j) *y++ = plane[k[j]];
        } else {
          for (std::int64_t j = first; j < last; ++j, y += x.inner)
            std::memcpy(y, plane + k[j] * x.inner, static_cast<std::size_t>(x.inner) * sizeof(T));
        }
        begin += last - first;
      }
    });
  });
}

// So many terms of float32 are added up as they are, as in other sums; of more, a place keeps its sum in double until
// all are there.
inline constexpr std::int64_t most_terms = kernel::depth;

// The places in [0, n) that more terms come to: how many, and the number of each among them, or -1.
struct Crowded {
  std::int64_t count = 0;
  std::vector<std::int32_t> number;

  Crowded(std::int64_t n, std::int64_t m, const Position* k) {
    if (m <= most_terms) return;
    number.assign(static_cast<std::size_t>(n), 0);
    for (std::int64_t j = 0; j < m; ++j) ++number[static_cast<std::size_t>(k[j])];
    for (std::int32_t& v : number) v = v > most_terms ? static_cast<std::int32_t>(count++) : -1;
  }
};
// y part k[j] += part j, in the order of j, where some parts are crowded. Threads share out the parts of y.
inline void add_crowded_parts(const Split& y, std::int64_t m, const Position* k, const Crowded& crowded,
                              const float* from, float* to) {
  const Scratch<double> totals(y.outer * crowded.count * y.inner);
  const std::int64_t ranges =
      std::clamp<std::int64_t>(m * y.inner / kernel::tile_size, 1, std::min<std::int64_t>(16, y.n));
  auto loop = [](std::int64_t m, std::int64_t inner, std::int64_t low, std::int64_t high, const Position* k,
                 const std::int32_t* number, const float* from, float* to, double* totals) {
    for (std::int64_t p = low; p < high; ++p)
      for (std::int64_t i = 0; i < inner && number[p] >= 0; ++i)
        totals[number[p] * inner + i] = static_cast<double>(to[p * inner + i]);
    for (std::int64_t j = 0; j < m; ++j, from += inner) {
      if (k[j] < low || k[j] >= high) continue;
      if (const std::int64_t at = number[k[j]]; at >= 0) {
        double* y = totals + at * inner;
        XTAPE_INDEPENDENT
        for (std::int64_t i = 0; i < inner; ++i) y[i] += static_cast<double>(from[i]);
      } else {
        float* y = to + k[j] * inner;
        XTAPE_INDEPENDENT
        for (std::int64_t i = 0; i < inner; ++i) y[i] += from[i];
      }
    }
    for (std::int64_t p = low; p < high; ++p)
      for (std::int64_t i = 0; i < inner && number[p] >= 0; ++i)
        to[p * inner + i] = static_cast<float>(totals[number[p] * inner + i]);
  };
  parallel_for(y.outer * ranges, [&](std::int64_t t) {
    const std::int64_t o = t / ranges, r = t % ranges;
    kernel::vectorized(loop, m, y.inner, y.n * r / ranges, y.n * (r + 1) / ranges, k, crowded.number.data(),
                       from + o * m * y.inner, to + o * y.n * y.inner, totals.get() + o * crowded.count * y.inner);
  });
}

// y part k[j] = or += part j, in the order of j. Threads share out the parts of y.
template <class T, class How>
void write_parts(const Split& y, std::int64_t m, const Position* k, const T* from, T* to, How how) {
  const std::int64_t wanted = y.inner < 16 ? 1 : std::clamp<std::int64_t>(m * y.inner / kernel::tile_size, 1, 16);
  const std::int64_t ranges = std::max<std::int64_t>(1, std::min(wanted, y.n));
  auto loop = [](std::int64_t m, std::int64_t inner, std::int64_t low, std::int64_t high, const Position* k,
                 const T* from, T* to, How how) {
    for (std::int64_t j = 0; j < m; ++j, from += inner) {
      if (k[j] < low || k[j] >= high) continue;
      T* y = to + k[j] * inner;
      XTAPE_INDEPENDENT
      for (std::int64_t i = 0; i < inner; ++i) how(y[i], from[i]);
    }
  };
  parallel_for(y.outer * ranges, [&](std::int64_t t) {
    const std::int64_t o = t / ranges, r = t % ranges;
    kernel::vectorized(loop, m, y.inner, y.n * r / ranges, y.n * (r + 1) / ranges, k, from + o * m * y.inner,
                       to + o * y.n * y.inner, how);
  });
}

// Single elements: x is (outer, n, inner), positions and values are (outer, m, inner).

// f(o, begin, end): the elements (o, *, begin ... end - 1), whose positions have been seen to be in range; lines (o, *,
// i) are never cut, because what is written to one may depend on the order.
template <class F>
void for_runs(const char* op, const Split& x, const Array& indices, Site site, F f) {
  const std::int64_t m = indices.size / std::max<std::int64_t>(1, x.outer * x.inner);
  const std::int64_t fewest = x.inner == 1 ? 1 : 16;  // neighbours, which share cache lines
  const auto* k = indices.at<Position>();
  std::atomic<bool> ok{true};
  parallel_rows(x.outer * x.inner, std::min(m, kernel::tile_size / fewest), [&](std::int64_t begin, std::int64_t end) {
    while (begin < end) {
      const std::int64_t o = begin / x.inner, first = begin % x.inner;
      const std::int64_t last = std::min(x.inner, first + end - begin);
      bool inside = true;
      if (x.inner == 1) inside = in_range(k + o * m, m, x.n);
      else
        for (std::int64_t j = o * m; j < (o + 1) * m; ++j)
          inside &= in_range(k + j * x.inner + first, last - first, x.n);
      if (inside) f(o, first, last);
      else ok = false;
      begin += last - first;
    }
  });
  if (!ok) out_of_range(op, indices, x.n, site);
}

template <class T>
void read_elements(const char* op, const Split& x, const Array& indices, Site site, const T* from, T* to) {
  const auto* k = indices.at<Position>();
  const std::int64_t m = indices.size / std::max<std::int64_t>(1, x.outer * x.inner);
  for_runs(op, x, indices, site, [&](std::int64_t o, std::int64_t first, std::int64_t last) {
    const T* plane = from + o * x.n * x.inner;
    if (x.inner == 1) {
      for (std::int64_t j = o * m; j < (o + 1) * m; ++j) to[j] = plane[k[j]];
      return;
    }
    for (std::int64_t j = o * m; j < (o + 1) * m; ++j)
      for (std::int64_t i = first; i < last; ++i) to[j * x.inner + i] = plane[k[j * x.inner + i] * x.inner + i];
  });
}

// Whether more than `most_terms` of m positions may be one, in `width` columns of (m, step) that choose among n each.
inline bool is_crowded(std::int64_t n, std::int64_t m, std::int64_t step, std::int64_t width, const Position* k) {
  if (m <= most_terms) return false;
  if (n <= m) return true;
  std::vector<std::uint8_t> counts(static_cast<std::size_t>(n * width), 0);
  for (std::int64_t j = 0; j < m; ++j)
    for (std::int64_t i = 0; i < width; ++i)
      if (++counts[static_cast<std::size_t>(k[j * step + i] * width + i)] > most_terms) return true;
  return false;
}
// The plane's columns [first, last) with values added, in double until all are there.
inline void add_crowded(std::int64_t n, std::int64_t m, std::int64_t step, std::int64_t width, const Position* k,
                        const float* from, float* to) {
  const Scratch<double> totals(n * width);
  for (std::int64_t p = 0; p < n; ++p)
    for (std::int64_t i = 0; i < width; ++i) totals[p * width + i] = static_cast<double>(to[p * step + i]);
  for (std::int64_t j = 0; j < m; ++j)
    for (std::int64_t i = 0; i < width; ++i)
      totals[k[j * step + i] * width + i] += static_cast<double>(from[j * step + i]);
  for (std::int64_t p = 0; p < n; ++p)
    for (std::int64_t i = 0; i < width; ++i) to[p * step + i] = static_cast<float>(totals[p * width + i]);
}

template <Put put, class T, class How>
void write_elements(const char* op, const Split& y, const Array& indices, Site site, const T* from, T* to, How how) {
  const auto* k = indices.at<Position>();
  const std::int64_t m = indices.size / std::max<std::int64_t>(1, y.outer * y.inner);
  for_runs(op, y, indices, site, [&](std::int64_t o, std::int64_t first, std::int64_t last) {
    T* plane = to + o * y.n * y.inner;
    if constexpr (put == Put::adding && std::is_same_v<T, float>) {
      const std::int64_t at = o * m * y.inner + first;
      if (is_crowded(y.n, m, y.inner, last - first, k + at))
        return add_crowded(y.n, m, y.inner, last - first, k + at, from + at, plane + first);
    }
    if (y.inner == 1) {
      for (std::int64_t j = o * m; j < (o + 1) * m; ++j) how(plane[k[j]], from[j]);
      return;
    }
    for (std::int64_t j = o * m; j < (o + 1) * m; ++j)
      for (std::int64_t i = first; i < last; ++i) how(plane[k[j * y.inner + i] * y.inner + i], from[j * y.inner + i]);
  });
}

// The values v put into y at parts k.
template <Put put>
void put_parts(const char* op, Array& y, int axis, const Array& k, const Array& v, Site site) {
  check_range(op, k, y.shape[axis], site);
  visit_putting<put>(y.dtype, [&](auto t, auto how) {
    using T = decltype(t);
    const Split s(y.shape, axis);
    if constexpr (put == Put::adding && std::is_same_v<T, float>)
      if (const Crowded crowded(s.n, k.size, k.at<Position>()); crowded.count > 0)
        return add_crowded_parts(s, k.size, k.at<Position>(), crowded, v.at<T>(), y.at<T>());
    write_parts(s, k.size, k.at<Position>(), v.at<T>(), y.at<T>(), how);
  });
}
// The same at single elements.
template <Put put>
void put_elements(const char* op, Array& y, int axis, const Array& k, const Array& v, Site site) {
  visit_putting<put>(y.dtype, [&](auto t, auto how) {
    using T = decltype(t);
    write_elements<put>(op, Split(y.shape, axis), k, site, v.at<T>(), y.at<T>(), how);
  });
}

// Zeros of this shape with values put at the positions along `axis`, whose other axes are as long as those of the
// result; of several at one place the last counts, and gets the gradient.
Tensor scattered(const char* op, const Arg& values, int axis, const Arg& indices, const Shape& shape);

// `shape` with its axis replaced by the axes of another.
inline Shape replaced(const Shape& shape, int axis, const Shape& by) {
  Shape y(shape.begin(), shape.begin() + axis);
  for (const std::int64_t n : by) y.push_back(n);
  for (int i = axis + 1; i < shape.rank(); ++i) y.push_back(shape[i]);
  return Shape(y.begin(), y.end());
}

// What reading and writing elements check alike. Whether the other axes of the indices are as long as those of x.
inline bool check_elements(const char* op, const Arg& x, int& axis, const Arg& indices) {
  check_indices(op, x, indices);
  const Shape &shape = x.array->shape, &k = indices.array->shape;
  axis = check_axis(op, axis, shape, x.site);
  bool fits = k.rank() == shape.rank(), same = true;
  for (int i = 0; i < shape.rank() && fits; ++i) {
    fits = i == axis || k[i] <= shape[i];
    same &= i == axis || k[i] == shape[i];
  }
  if (!fits)
    fail(op,
         "indices of shape " + to_string(k) + " do not fit x of shape " + to_string(shape) +
             ": expected as many axes, and none longer but axis " + std::to_string(axis),
         indices.site);
  return same;
}

// x cut to the sizes of the indices in the other axes, and the shape that has.
inline Shape cut_shape(const Shape& shape, int axis, const Shape& indices) {
  Shape cut = indices;
  cut[axis] = shape[axis];
  return cut;
}
inline Tensor cut_to(const Arg& x, const Shape& shape) {
  std::vector<SliceIndex> corner;
  for (const std::int64_t n : shape) corner.push_back(Slice(0, n));
  return slice(x, corner);
}

}  // namespace xtape
