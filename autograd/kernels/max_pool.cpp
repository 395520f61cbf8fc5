#include "max_pool.hpp"

#include <algorithm>
#include <limits>

#include "loops.hpp"
#include "parallel_rows.hpp"

namespace xtape {
using namespace detail;

MaxWindows::Taps MaxWindows::taps(int a, std::int64_t i) const {
  const Windows& w = windows;
  if (adaptive) {
    const std::int64_t first = i * w.x[a] / w.y[a];
    return {first, ((i + 1) * w.x[a] + w.y[a] - 1) / w.y[a] - first, 1};
  }
  const std::int64_t start = i * w.stride[a] - w.padding[a], d = w.dilation[a];
  const std::int64_t outside = start < 0 ? (-start + d - 1) / d : 0, first = start + outside * d;
  return {first, std::clamp<std::int64_t>((w.x[a] - first + d - 1) / d, 0, w.k[a] - outside), d};
}

namespace {

// An integer as wide as T, so that both fill a vector alike.
template <class T>
using Index = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;

// `yes` where v takes the place of the best so far: of equals the first is kept; a NaN is always taken, and only
// another NaN takes its place. Two selections in a row, because GCC 12 does not vectorise one by either condition.
template <class T, class U>
U if_larger(T v, T best, U yes, U no) {
  const U chosen = v > best ? yes : no;
  return v != v ? yes : chosen;
}

// One row of results at a time: the largest so far, and where it was.
template <class T, bool indexed>
struct RowMax {
  const MaxWindows& m;
  std::vector<T> largest;
  std::vector<Index<T>> at;
  std::vector<Inside> columns;           // of each tap of the last axis: the results that it belongs to
  std::vector<MaxWindows::Taps> ranges;  // of each result, where windows differ

  explicit RowMax(const MaxWindows& m) : m(m) {
    const Windows& w = m.windows;
    largest.resize(static_cast<std::size_t>(w.y[2]));
    if (indexed) at.resize(largest.size());
    if (m.adaptive)
      for (std::int64_t i = 0; i < w.y[2]; ++i) ranges.push_back(m.taps(2, i));
    else
      for (std::int64_t k = 0; k < w.k[2]; ++k) columns.push_back(inside(w, 2, k));
  }

  static void take(T v, T& best) { best = if_larger(v, best, v, best); }
  static void take(T v, Index<T> i, T& best, Index<T>& at) {
    const Index<T> better = if_larger(v, best, i, at);
    at = at < 0 ? i : better;
    best = if_larger(v, best, v, best);
  }

  template <class Step>
  void add_tap(const T* row, Index<T> place, std::int64_t n, Step step, T* best, Index<T>* where) {
    XTAPE_INDEPENDENT
    for (std::int64_t o = 0; o < n; ++o)
      if constexpr (indexed) take(row[o * step], static_cast<Index<T>>(place + o * step), best[o], where[o]);
      else take(row[o * step], best[o]);
  }
  void add_row(const T* x, std::int64_t place) {
    if (m.adaptive) {
      for (std::size_t o = 0; o < largest.size(); ++o)
        for (std::int64_t i = ranges[o].first; i < ranges[o].first + ranges[o].count; ++i)
          if constexpr (indexed) take(x[place + i], static_cast<Index<T>>(place + i), largest[o], at[o]);
          else take(x[place + i], largest[o]);
      return;
    }
    const std::int64_t stride = m.windows.stride[2];
    for (std::size_t k = 0; k < columns.size(); ++k) {
      const auto [begin, end] = columns[k];
      if (begin == end) continue;
      const std::int64_t first =
          place + begin * stride - m.windows.padding[2] + static_cast<std::int64_t>(k) * m.windows.dilation[2];
      const auto i = static_cast<Index<T>>(first);
      T* best = largest.data() + begin;
      Index<T>* where = at.data() + (indexed ? begin : 0);
      if (stride == 1) add_tap(x + first, i, end - begin, std::integral_constant<int, 1>(), best, where);
      else if (stride == 2) add_tap(x + first, i, end - begin, std::integral_constant<int, 2>(), best, where);
      else add_tap(x + first, i, end - begin, stride, best, where);
    }
  }
  void find(const T* x, std::int64_t i, std::int64_t j) {
    std::fill(largest.begin(), largest.end(), -std::numeric_limits<T>::infinity());
    std::fill(at.begin(), at.end(), Index<T>(-1));
    const auto planes = m.taps(0, i), rows = m.taps(1, j);
    for (std::int64_t a = 0; a < planes.count; ++a)
      for (std::int64_t b = 0; b < rows.count; ++b)
        add_row(x, ((planes.first + a * planes.step) * m.windows.x[1] + rows.first + b * rows.step) * m.windows.x[2]);
  }
};

// begin(plane), then row(plane, place of its first result in the plane, its maxima) for each row of results.
template <bool indexed, class T, class Begin, class F>
void for_rows(const MaxWindows& m, std::int64_t planes, const T* x, const Begin& begin, const F& row) {
  const Windows& w = m.windows;
  const std::int64_t n = w.x_size();
  parallel_rows(planes, n, [&](std::int64_t first, std::int64_t end) {
    RowMax<T, indexed> maxima(m);
    kernel::vectorized<kernel::Isa::avx2>([&, first, end] {
      for (std::int64_t p = first; p < end; ++p) {
        begin(p);
        for (std::int64_t i = 0; i < w.y[0]; ++i)
          for (std::int64_t j = 0; j < w.y[1]; ++j) {
            maxima.find(x + p * n, i, j);
            row(p, (i * w.y[1] + j) * w.y[2], maxima);
          }
      }
    });
  });
}

// Tiles of 2 x 2 in the last two axes, which most networks use, have loops of their own.
bool is_two_by_two(const MaxWindows& m) {
  const Windows& w = m.windows;
  bool two = !m.adaptive && w.k[0] == 1 && w.stride[0] == 1 && w.padding[0] == 0;
  for (int a = 1; a < spatial_axes; ++a)
    two = two && w.k[a] == 2 && w.stride[a] == 2 && w.padding[a] == 0 && w.dilation[a] == 1 && 2 * w.y[a] <= w.x[a];
  return two;
}
// f(row of results, its place in x) for the rows of tiles in `planes` planes.
template <class F>
void for_two_by_two(const Windows& w, std::int64_t planes, const F& f) {
  const std::int64_t n = w.x[1] * w.x[2];
  parallel_rows(planes * w.y[0], n, [&](std::int64_t begin, std::int64_t end) {
    kernel::vectorized<kernel::Isa::avx2>([&w, &f, begin, end, n] {
      for (std::int64_t i = begin; i < end; ++i)
        for (std::int64_t j = 0; j < w.y[1]; ++j) f((i * w.y[1] + j) * w.y[2], i * n + 2 * j * w.x[2]);
    });
  });
}
// The largest of a tile's elements, two of row a and two of row b.
template <class T>
void max_row(std::int64_t n, const T* a, const T* b, T* best) {
  kernel::for_elements(n, [=](std::int64_t o) {
    const T a0 = a[2 * o], a1 = a[2 * o + 1], b0 = b[2 * o], b1 = b[2 * o + 1];
    const T upper = if_larger(a1, a0, a1, a0), lower = if_larger(b1, b0, b1, b0);
    best[o] = if_larger(lower, upper, lower, upper);
  });
}
template <class T>
void max_two_by_two(const Windows& w, std::int64_t planes, const T* x, T* y) {
  for_two_by_two(w, planes, [=, n = w.y[2], next = w.x[2]](std::int64_t to, std::int64_t from) {
    max_row(n, x + from, x + from + next, y + to);
  });
}
// g where that lies, 0 elsewhere.
template <class T>
void spread_row(std::int64_t n, const T* g, const T* a, const T* b, T* p, T* q) {
  constexpr T zero = 0;
  kernel::for_elements(n, [=](std::int64_t o) {
    const T a0 = a[2 * o], a1 = a[2 * o + 1], b0 = b[2 * o], b1 = b[2 * o + 1], v = g[o];
    const T upper = if_larger(a1, a0, a1, a0), lower = if_larger(b1, b0, b1, b0);
    const T above = if_larger(lower, upper, zero, v), below = if_larger(lower, upper, v, zero);
    p[2 * o] = if_larger(a1, a0, zero, above);
    p[2 * o + 1] = if_larger(a1, a0, above, zero);
    q[2 * o] = if_larger(b1, b0, zero, below);
    q[2 * o + 1] = if_larger(b1, b0, below, zero);
  });
}
template <class T>
void spread_two_by_two(const Windows& w, std::int64_t planes, const T* g, const T* x, T* h) {
  for_two_by_two(w, planes,
                 [=, n = w.y[2], next = w.x[2], rows = w.y[1], height = w.x[1]](std::int64_t to, std::int64_t from) {
                   T *p = h + from, *q = p + next;
                   spread_row(n, g + to, x + from, x + from + next, p, q);
                   for (std::int64_t o = 2 * n; o < next; ++o) p[o] = q[o] = 0;
                   if (to / n % rows == rows - 1) std::fill_n(q + next, (height - 2 * rows) * next, T(0));
                 });
}

}  // namespace

template <class T>
void max_values(const MaxWindows& w, std::int64_t planes, const T* x, T* y) {
  if (is_two_by_two(w)) return max_two_by_two(w.windows, planes, x, y);
  const std::int64_t n = w.windows.y_size();
  for_rows<false>(
      w, planes, x, [](std::int64_t) {},
      [=](std::int64_t p, std::int64_t place, const auto& row) {
        std::copy(row.largest.begin(), row.largest.end(), y + p * n + place);
      });
}

template <class T>
void max_select(const MaxWindows& w, std::int64_t planes, const T* h, const T* x, T* y) {
  const std::int64_t n = w.windows.y_size(), m = w.windows.x_size();
  for_rows<true>(
      w, planes, x, [](std::int64_t) {},
      [=](std::int64_t p, std::int64_t place, const auto& row) {
        for (std::size_t o = 0; o < row.at.size(); ++o)
          y[p * n + place + static_cast<std::int64_t>(o)] = h[p * m + row.at[o]];
      });
}

template <class T>
void max_spread(const MaxWindows& w, std::int64_t planes, const T* g, const T* x, T* h) {
  if (is_two_by_two(w)) return spread_two_by_two(w.windows, planes, g, x, h);
  const std::int64_t n = w.windows.y_size(), m = w.windows.x_size();
  for_rows<true>(
      w, planes, x, [=](std::int64_t p) { std::fill_n(h + p * m, m, T(0)); },
      [=](std::int64_t p, std::int64_t place, const auto& row) {
        for (std::size_t o = 0; o < row.at.size(); ++o)
          h[p * m + row.at[o]] += g[p * n + place + static_cast<std::int64_t>(o)];
      });
}

template <class T>
void max_indices(const MaxWindows& w, std::int64_t planes, const T* x, std::int64_t* y) {
  const std::int64_t n = w.windows.y_size();
  for_rows<true>(
      w, planes, x, [](std::int64_t) {},
      [=](std::int64_t p, std::int64_t place, const auto& row) {
        std::copy(row.at.begin(), row.at.end(), y + p * n + place);
      });
}

#define XTAPE_MAX_POOL(T)                                                            \
  template void max_values(const MaxWindows&, std::int64_t, const T*, T*);           \
  template void max_select(const MaxWindows&, std::int64_t, const T*, const T*, T*); \
  template void max_spread(const MaxWindows&, std::int64_t, const T*, const T*, T*); \
  template void max_indices(const MaxWindows&, std::int64_t, const T*, std::int64_t*);
XTAPE_MAX_POOL(float)
XTAPE_MAX_POOL(double)
#undef XTAPE_MAX_POOL

}  // namespace xtape
