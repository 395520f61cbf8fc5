#include "axis_map.hpp"

#include <algorithm>

#include "../../kernels/parallel_rows.hpp"
#include "../../kernels/sum.hpp"
#include "apply.hpp"

namespace xtape {
using namespace detail;

void AxisMap::add(std::int64_t first, const std::vector<double>& weights) {
  begin.push_back(first);
  weight.insert(weight.end(), weights.begin(), weights.end());
  offset.push_back(static_cast<std::int64_t>(weight.size()));
}

bool AxisMap::is_identity() const {
  bool same = from == to();
  for (std::int64_t i = 0; i < to() && same; ++i) {
    const auto k = static_cast<std::size_t>(i);
    same = begin[k] == i && count(i) == 1 && weight[static_cast<std::size_t>(offset[k])] == 1;
  }
  return same;
}

AxisMap identity_map(std::int64_t size) {
  AxisMap map;
  map.from = size;
  for (std::int64_t i = 0; i < size; ++i) map.add(i, {1.});
  return map;
}

namespace {

// Because windows only move forward, the results that read one element are neighbours too.
AxisMap transposed(const AxisMap& map) {
  AxisMap result;
  result.from = map.to();
  std::int64_t first = 0, last = 0;  // results that read element k: [first, last)
  for (std::int64_t k = 0; k < map.from; ++k) {
    auto begin = [&](std::int64_t i) { return map.begin[static_cast<std::size_t>(i)]; };
    while (first < map.to() && begin(first) + map.count(first) <= k) ++first;
    last = std::max(first, last);
    while (last < map.to() && begin(last) <= k) ++last;
    std::vector<double> weights;
    for (std::int64_t i = first; i < last; ++i)
      weights.push_back(map.weight[static_cast<std::size_t>(map.offset[static_cast<std::size_t>(i)] + k - begin(i))]);
    result.add(first, weights);
  }
  return result;
}

// A map as its loops read it: in the precision of the elements, with the stretch of results that are all alike.
template <class T>
struct Loops {
  AxisMap map;
  std::vector<T> weight;
  std::int64_t alike_begin = 0, alike_end = 0, step = 0;
  bool tiles = false;   // all are alike and read each element once: rows can follow one another
  bool doubles = true;  // results 2 i and 2 i + 1 read element i alone, with one weight

  explicit Loops(AxisMap m) : map(std::move(m)), weight(map.weight.begin(), map.weight.end()) {
    const std::int64_t n = map.to();
    doubles = n == 2 * map.from;
    for (std::int64_t i = 0; i < n; ++i)
      doubles = doubles && map.count(i) == 1 && begin(i) == i / 2 && *first(i) == *first(0);
    // The results like the middle one, as far as they follow each other in equal steps.
    if (n < 2) return;
    const std::int64_t middle = n / 2;
    step = begin(middle) - begin(middle - 1);
    auto alike = [&](std::int64_t i) {
      return map.count(i) == map.count(middle) && begin(i) == begin(middle) + (i - middle) * step &&
             std::equal(first(i), first(i) + map.count(i), first(middle));
    };
    for (alike_begin = middle; alike_begin > 0 && alike(alike_begin - 1);) --alike_begin;
    for (alike_end = middle; alike_end < n && alike(alike_end);) ++alike_end;
    tiles = alike_begin == 0 && alike_end == n && begin(0) == 0 && map.count(0) == step && step * n == map.from;
  }
  std::int64_t begin(std::int64_t i) const { return map.begin[static_cast<std::size_t>(i)]; }
  const T* first(std::int64_t i) const { return weight.data() + map.offset[static_cast<std::size_t>(i)]; }
};

// y = f(x...).
template <class T, class F, class... X>
void map_row(std::int64_t n, F f, T* y, const X*... x) {
  kernel::for_elements(n, [=](std::int64_t i) { y[i] = f(x[i]...); });
}

// Pairs of rows to rows, and rows to pairs of rows.
template <class T>
void join_rows(std::int64_t n, std::int64_t inner, const T* w, const T* x, T* y) {
  const auto f = [a = w[0], b = w[1]](T u, T v) { return a * u + b * v; };
  for (std::int64_t i = 0; i < n; ++i, x += 2 * inner, y += inner) map_row(inner, f, y, x, x + inner);
}
template <class T>
void double_rows(std::int64_t n, std::int64_t inner, T w, const T* x, T* y) {
  for (std::int64_t i = 0; i < n; ++i, x += inner, y += 2 * inner)
    kernel::for_elements(inner, [=](std::int64_t e) { y[e] = y[inner + e] = w * x[e]; });
}

// y = the sum of w_t row t, block by block, so that rounding errors do not grow with the number of rows.
template <class T>
void add_blocks(std::int64_t count, std::int64_t inner, const T* w, const T* rows, T* y) {
  constexpr std::int64_t width = 256;
  for (std::int64_t at = 0; at < inner; at += width) {
    const std::int64_t n = inner - at < width ? inner - at : width;
    Wide<T> total[width] = {};
    for (std::int64_t t = 0; t < count; t += kernel::depth) {
      T part[width] = {};
      for (std::int64_t k = t; k < count && k < t + kernel::depth; ++k)
        for (std::int64_t e = 0; e < n; ++e) part[e] += w[k] * rows[k * inner + at + e];
      for (std::int64_t e = 0; e < n; ++e) total[e] += static_cast<Wide<T>>(part[e]);
    }
    for (std::int64_t e = 0; e < n; ++e) y[at + e] = static_cast<T>(total[e]);
  }
}

// Rows of x to rows of y: y_i = sum of w x, each row of `inner` elements.
template <class T>
void map_rows(const Loops<T>& m, std::int64_t inner, const T* x, T* y) {
  for (std::int64_t i = 0; i < m.map.to(); ++i, y += inner) {
    const std::int64_t count = m.map.count(i);
    if (count == 0) {
      std::fill_n(y, inner, T(0));
      continue;
    }
    const T* w = m.first(i);
    const T* row = x + m.begin(i) * inner;
    if (count > kernel::depth) {
      add_blocks(count, inner, w, row, y);
      continue;
    }
    if (count == 1)
      map_row(
          inner, [a = w[0]](T v) { return a * v; }, y, row);
    else
      map_row(
          inner, [a = w[0], b = w[1]](T u, T v) { return a * u + b * v; }, y, row, row + inner);
    for (std::int64_t t = 2; t < count; ++t)
      for (std::int64_t e = 0; e < inner; ++e) y[e] += w[t] * row[t * inner + e];
  }
}

// The sum of w x, block by block where there is more than one.
template <class T>
T weighted_sum(std::int64_t count, const T* w, const T* x) {
  const auto sum = [w, x](std::int64_t begin, std::int64_t end) {
    T y = 0;
    for (std::int64_t t = begin; t < end; ++t) y += w[t] * x[t];
    return y;
  };
  if (count <= kernel::depth) return sum(0, count);
  Wide<T> total = 0;
  for (std::int64_t t = 0; t < count; t += kernel::depth)
    total += static_cast<Wide<T>>(sum(t, count - t < kernel::depth ? count : t + kernel::depth));
  return static_cast<T>(total);
}

// Results [i, end) one by one; neighbours that read as many elements share a loop.
template <class T>
void map_each(const Loops<T>& m, std::int64_t i, std::int64_t end, const T* x, T* y) {
  while (i < end) {
    const std::int64_t count = m.map.count(i), *begin = m.map.begin.data();
    std::int64_t stop = i + 1;
    while (stop < end && m.map.count(stop) == count) ++stop;
    const T* w = m.first(i);
    if (count == 1)
      for (; i < stop; ++i, w += 1) y[i] = w[0] * x[begin[i]];
    else if (count == 2)
      for (; i < stop; ++i, w += 2) y[i] = w[0] * x[begin[i]] + w[1] * x[begin[i] + 1];
    else
      for (; i < stop; ++i, w += count) {
        y[i] = weighted_sum(count, w, x + begin[i]);
      }
  }
}
// Results that are alike: y_i = sum over t of w_t x[i step + t].
template <class T, class Step>
void map_alike(std::int64_t n, std::int64_t count, const T* w, Step step, const T* x, T* y) {
  if (count == 2)
    return kernel::for_elements(
        n, [=, a = w[0], b = w[1]](std::int64_t i) { y[i] = a * x[i * step] + b * x[i * step + 1]; });
  XTAPE_INDEPENDENT
  for (std::int64_t i = 0; i < n; ++i) y[i] = w[0] * x[i * step];
  for (std::int64_t t = 1; t < count; ++t) {
    XTAPE_INDEPENDENT
    for (std::int64_t i = 0; i < n; ++i) y[i] += w[t] * x[i * step + t];
  }
}
// The same for the stretch of n results, of one row or more, that begins with the first of those that are alike.
template <class T>
void map_alike(const Loops<T>& m, std::int64_t n, const T* x, T* y) {
  const std::int64_t begin = m.alike_begin, count = m.map.count(begin);
  const T* const w = m.first(begin);
  x += m.begin(begin), y += begin;
  if (m.step == 2) map_alike(n, count, w, std::integral_constant<std::int64_t, 2>(), x, y);
  else if (m.step == 1) map_alike(n, count, w, std::integral_constant<std::int64_t, 1>(), x, y);
  else map_alike(n, count, w, m.step, x, y);
}
template <class T>
void map_doubles(std::int64_t n, T w, const T* x, T* y) {
  XTAPE_INDEPENDENT
  for (std::int64_t i = 0; i < n; ++i) y[2 * i] = y[2 * i + 1] = w * x[i];
}
template <class T>
void map_elements(const Loops<T>& m, std::int64_t rows, const T* x, T* y) {
  if (m.doubles) return map_doubles(rows * m.map.from, m.weight[0], x, y);
  if (m.tiles && m.step <= kernel::depth) return map_alike(m, rows * m.map.to(), x, y);
  const std::int64_t n = m.alike_end - m.alike_begin;
  for (std::int64_t r = 0; r < rows; ++r, x += m.map.from, y += m.map.to()) {
    if (n == 0 || m.map.count(m.alike_begin) == 0 || m.map.count(m.alike_begin) > kernel::depth) {
      map_each(m, 0, m.map.to(), x, y);
      continue;
    }
    map_each(m, 0, m.alike_begin, x, y);
    map_alike(m, n, x, y);
    map_each(m, m.alike_end, m.map.to(), x, y);
  }
}

// One axis of a plane seen as (outer, axis, inner).
template <class T>
void map_axis(const Loops<T>& m, std::int64_t outer, std::int64_t inner, const T* x, T* y) {
  if (inner == 1) return map_elements(m, outer, x, y);
  if (m.doubles) return double_rows(outer * m.map.from, inner, m.weight[0], x, y);
  if (m.tiles && m.step == 2) return join_rows(outer * m.map.to(), inner, m.first(0), x, y);
  for (std::int64_t o = 0; o < outer; ++o, x += m.map.from * inner, y += m.map.to() * inner) map_rows(m, inner, x, y);
}

struct MapAxes {
  std::shared_ptr<const AxisMaps> maps;
  bool back;
  std::string text;

  std::int64_t from(int a) const { return back ? map(a).to() : map(a).from; }
  std::int64_t to(int a) const { return back ? map(a).from : map(a).to(); }
  const AxisMap& map(int a) const { return (*maps)[static_cast<std::size_t>(a)]; }
  std::string attributes() const { return text; }

  Ref<Array> operator()(const Array& x) const {
    Shape shape = x.shape;
    for (int i = 2; i < shape.rank(); ++i) shape[i] = to(spatial_axes - shape.rank() + i);
    Ref<Array> y = make_array(x.dtype, shape);
    if (y->size > 0) visit_floating(x.dtype, [&](auto t) { run<decltype(t)>(x, *y); });
    return y;
  }

 private:
  template <class T>
  void run(const Array& x, Array& y) const {
    const std::int64_t planes = x.shape[0] * x.shape[1], n = y.size / planes;
    const std::int64_t m = x.size / planes;
    // Axes that become shorter go first, so that the others have less to do; of two alike, the outer one.
    std::vector<int> order;
    for (int a = 0; a < spatial_axes; ++a)
      if (!map(a).is_identity()) order.push_back(a);
    if (n > m) std::reverse(order.begin(), order.end());
    if (order.empty()) return std::copy_n(x.at<T>(), x.size, y.at<T>()), void();
    std::vector<Loops<T>> loops;
    for (int a : order) loops.emplace_back(back ? transposed(map(a)) : map(a));
    std::int64_t largest = 0, sizes[spatial_axes] = {from(0), from(1), from(2)};
    for (int a : order) sizes[a] = to(a), largest = std::max(largest, sizes[0] * sizes[1] * sizes[2]);

    parallel_rows(planes, m + n, [&](std::int64_t begin, std::int64_t end) {
      const Ref<Array> between = make_array(dtype_of<T>, Shape{order.size() > 1 ? 2 * largest : 0});
      T* const scratch = between->at<T>();
      kernel::vectorized<kernel::Isa::avx2>([&, begin, end, scratch] {
        for (std::int64_t p = begin; p < end; ++p) {
          std::int64_t size[spatial_axes] = {from(0), from(1), from(2)};
          const T* source = x.at<T>() + p * m;
          for (std::size_t i = 0; i < order.size(); ++i) {
            const int a = order[i];
            T* target =
                i + 1 == order.size() ? y.at<T>() + p * n : scratch + static_cast<std::int64_t>(i % 2) * largest;
            std::int64_t outer = 1, inner = 1;
            for (int k = 0; k < a; ++k) outer *= size[k];
            for (int k = a + 1; k < spatial_axes; ++k) inner *= size[k];
            map_axis(loops[i], outer, inner, source, target);
            size[a] = to(a);
            source = target;
          }
        }
      });
    });
  }
};

Tensor apply_maps(const char* op, const char* other, const Arg& x, const MapAxes& maps) {
  return execute(op, {&x}, maps, rule<>([=](const Tensor& g) {
                   return apply_maps(other, op, g, MapAxes{maps.maps, !maps.back, maps.text});
                 }));
}

}  // namespace

Tensor map_axes(const char* op, const char* adjoint_op, const Arg& x, std::string attributes,
                std::shared_ptr<const AxisMaps> maps) {
  return apply_maps(op, adjoint_op, x, MapAxes{std::move(maps), false, std::move(attributes)});
}

}  // namespace xtape
