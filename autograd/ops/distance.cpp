#include "distance.hpp"

#include <cmath>
#include <limits>

#include "../kernels/gemm.hpp"
#include "../kernels/index_root.hpp"
#include "../kernels/parallel_rows.hpp"
#include "../kernels/sum.hpp"
#include "detail/apply.hpp"
#include "detail/matrix_part.hpp"
#include "elementwise.hpp"
#include "linalg.hpp"
#include "reduction.hpp"
#include "shape.hpp"

namespace xtape {
using namespace detail;

namespace {

// b (n, d) with the points as columns, in groups of `lanes` side by side: element (k, j) lies at
// (j / lanes) d lanes + k lanes + j % lanes. The last group is filled up with its first point.
constexpr int lanes = 32;
template <class T>
void group_columns(std::int64_t n, std::int64_t d, const T* b, T* grouped) {
  for (std::int64_t j = 0; j < (n + lanes - 1) / lanes * lanes; ++j) {
    T* to = grouped + j / lanes * d * lanes + j % lanes;
    const T* from = b + (j < n ? j : j / lanes * lanes) * d;
    for (std::int64_t k = 0; k < d; ++k) to[k * lanes] = from[k];
  }
}

// y_ij = finish(the terms of a_i - b_j joined, blocks of them combined) for m points a and all points b.
template <class T, class Join, class Combine, class Finish>
void distances(std::int64_t m, std::int64_t n, std::int64_t d, const T* a, const T* grouped, T* y, Join join,
               Combine combine, Finish finish) {
  using Total = decltype(typename kernel::Sum<T>::Total().v);
  kernel::vectorized(
      [join, combine, finish](std::int64_t m, std::int64_t n, std::int64_t d, const T* a, const T* grouped, T* y) {
        for (std::int64_t j = 0; j < n; j += lanes)
          for (std::int64_t i = 0; i < m; ++i) {
            T sum[lanes] = {};
            const T *at = a + i * d, *b = grouped + j * d;
            const auto add = [=, &sum](std::int64_t begin, std::int64_t end) {
              for (std::int64_t k = begin; k < end; ++k) {
                XTAPE_INDEPENDENT
                for (int l = 0; l < lanes; ++l)
                  sum[l] = join(kernel::Real<T>(sum[l]), kernel::Real<T>(at[k]) - kernel::Real<T>(b[k * lanes + l])).v;
              }
            };
            add(0, d < kernel::depth ? d : kernel::depth);
            if (d > kernel::depth) {  // block by block, so that rounding errors do not grow with d
              Total total[lanes];
              for (int l = 0; l < lanes; ++l) total[l] = sum[l];
              for (std::int64_t k = kernel::depth; k < d; k += kernel::depth) {
                for (int l = 0; l < lanes; ++l) sum[l] = 0;
                add(k, d - k < kernel::depth ? d : k + kernel::depth);
                for (int l = 0; l < lanes; ++l)
                  total[l] = combine(kernel::Real<Total>(total[l]), kernel::Real<Total>(sum[l])).v;
              }
              for (int l = 0; l < lanes; ++l) sum[l] = static_cast<T>(total[l]);
            }
            const std::int64_t width = n - j < lanes ? n - j : lanes;
            T* to = y + i * n + j;
            for (int l = 0; l < lanes; ++l) sum[l] = finish(kernel::Real<T>(sum[l])).v;
            for (std::int64_t l = 0; l < width; ++l) to[l] = sum[l];
          }
      },
      m, n, d, a, grouped, y);
}

struct Distances {
  double p;
  bool by_matmul;

  Ref<Array> operator()(const Array& a, const Array& b) const {
    const Matrices left(a.shape), right(b.shape);
    Ref<Array> y = make_array(a.dtype, with_axes(left.batch, {left.m, right.m}));
    visit_floating(a.dtype, [&](auto t) {
      using T = decltype(t);
      for (std::int64_t i = 0; i < left.count; ++i) {
        const T *from_a = a.at<T>() + i * left.m * left.n, *from_b = b.at<T>() + i * right.m * right.n;
        T* to = y->at<T>() + i * left.m * right.m;
        by_matmul ? product(left.m, right.m, left.n, from_a, from_b, to)
                  : differences(left.m, right.m, left.n, from_a, from_b, to);
      }
    });
    return y;
  }
  std::string attributes() const { return attribute_list("p", p, "by_matmul", by_matmul); }

 private:
  template <class T>
  void differences(std::int64_t m, std::int64_t n, std::int64_t d, const T* a, const T* b, T* y) const {
    const Ref<Array> grouped = make_array(dtype_of<T>, Shape{(n + lanes - 1) / lanes, d, lanes});
    group_columns(n, d, b, grouped->at<T>());
    auto same = [](auto s) { return s; };
    parallel_rows(m, n * d + 1, [&](std::int64_t i, std::int64_t end) {
      const std::int64_t count = end - i;
      auto run = [&](auto join, auto combine, auto finish) {
        distances(count, n, d, a + i * d, grouped->at<T>(), y + i * n, join, combine, finish);
      };
      auto add = [](auto s, auto t) { return s + t; };
      if (p == 1) return run([](auto s, auto d) { return s + abs(d); }, add, same);
      if (p == 0) return run([](auto s, auto d) { return s + where(d == 0, d, d / d); }, add, same);
      if (std::isinf(p))
        return run([](auto s, auto d) { return max(s, abs(d)); }, [](auto s, auto t) { return max(s, t); }, same);
      if (p == 2) run([](auto s, auto d) { return s + d * d; }, add, [](auto s) { return sqrt(s); });
      else
        run([p = kernel::Real<T>(p)](auto s, auto d) { return s + pow(abs(d), p); }, add,
            [p = p](auto s) { return kernel::index_root(s, p); });
      check_range(count, n, d, a + i * d, b, y + i * n);
    });
  }

  // Where powers may have left the range of T, the distance once more, of differences brought near 1.
  template <class T>
  void check_range(std::int64_t m, std::int64_t n, std::int64_t d, const T* a, const T* b, T* y) const {
    const double limit = std::numeric_limits<T>::max_exponent * 0.75 / p;
    const T low = static_cast<T>(std::exp2(-limit)), high = static_cast<T>(std::exp2(limit));
    for (std::int64_t i = 0; i < m; ++i, a += d, y += n) {
      const auto outside = kernel::fold(
          n, kernel::Max<T>(),
          [low, high](auto v) { return where(kernel::all(v > low, v < high), decltype(v)(0), decltype(v)(1)); }, y);
      for (std::int64_t j = 0; j < n && outside != 0; ++j)
        if (!(y[j] > low && y[j] < high)) y[j] = again(d, a, b + j * d);
    }
  }
  template <class T>
  T again(std::int64_t d, const T* a, const T* b) const {
    double most = 0, total = 0;
    for (std::int64_t k = 0; k < d; ++k) {
      const double v = std::abs(static_cast<double>(a[k]) - static_cast<double>(b[k]));
      if (v != v) return static_cast<T>(v);
      most = std::max(most, v);
    }
    if (most == 0 || std::isinf(most)) return static_cast<T>(most);
    for (std::int64_t k = 0; k < d; ++k) {
      const double v = std::abs(static_cast<double>(a[k]) - static_cast<double>(b[k])) / most;
      total += p == 2 ? v * v : std::pow(v, p);
    }
    return static_cast<T>(most * (p == 2 ? std::sqrt(total) : std::pow(total, 1 / p)));
  }

  template <class T>
  static void product(std::int64_t m, std::int64_t n, std::int64_t d, const T* a, const T* b, T* y) {
    std::vector<T> square(static_cast<std::size_t>(m + n));
    for (std::int64_t i = 0; i < m + n; ++i) {
      const T* at = i < m ? a + i * d : b + (i - m) * d;
      square[static_cast<std::size_t>(i)] = dot<T>(d, at, at);
    }
    gemm<T>(false, true, m, n, d, a, b, 0, y);
    const T* squares = square.data() + m;
    parallel_rows(m, n + 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i)
        kernel::map(
            n,
            [s = kernel::Real<T>(square[static_cast<std::size_t>(i)])](auto ab, auto b) {
              return sqrt(max((s - ab) + (b - ab), 0));
            },
            y + i * n, y + i * n, squares);
    });
  }
};

// sum_j w_ij (a_i - b_j)
Ref<Array> pull(const Array& w, const Array& a, const Array& b) {
  const Matrices left(a.shape), right(b.shape);
  const std::int64_t m = left.m, n = right.m, d = left.n;
  Ref<Array> y = make_array(a.dtype, a.shape);
  visit_floating(a.dtype, [&](auto t) {
    using T = decltype(t);
    using Total = decltype(typename kernel::Sum<T>::Total().v);
    parallel_rows(left.count * m, n * d + 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i)
        kernel::vectorized(
            [](std::int64_t n, std::int64_t d, const T* w, const T* a, const T* b, T* y) {
              // By blocks of points and of coordinates, so that rounding errors do not grow with n.
              constexpr std::int64_t width = 256;
              for (std::int64_t first = 0; first < d; first += width) {
                const std::int64_t count = d - first < width ? d - first : width;
                Total total[width] = {};
                for (std::int64_t begin = 0; begin < n; begin += kernel::depth) {
                  const std::int64_t end = n - begin < kernel::depth ? n : begin + kernel::depth;
                  T part[width];
                  for (std::int64_t k = 0; k < count; ++k) part[k] = 0;
                  for (std::int64_t j = begin; j < end; ++j) {
                    const T* at = b + j * d + first;
                    XTAPE_INDEPENDENT
                    for (std::int64_t k = 0; k < count; ++k) part[k] += w[j] * (a[first + k] - at[k]);
                  }
                  for (std::int64_t k = 0; k < count; ++k) total[k] += static_cast<Total>(part[k]);
                }
                for (std::int64_t k = 0; k < count; ++k) y[first + k] = static_cast<T>(total[k]);
              }
            },
            n, d, static_cast<const T*>(w.at<T>() + i * n), static_cast<const T*>(a.at<T>() + i * d),
            static_cast<const T*>(b.at<T>() + i / m * n * d), y->at<T>() + i * d);
    });
  });
  return y;
}

// g_ij / y_ij for p = 2, 0 between equal points; else g_ij.
Tensor weights(const Tensor& g, const Tensor& y, double p) {
  if (p != 2) return g;
  auto divide = [](auto g, auto y) { return where(y == 0, 0, g / where(y == 0, 1, y)); };
  return Fused<decltype(divide)>{divide}(g, y);
}

// The gradient of a: sum_j g_ij (|a_i - b_j| / y_ij)^(p - 1) sign(a_i - b_j).
Tensor distances_adjoint(const Tensor& w, const Tensor& a, const Tensor& b, const Tensor& y, double p) {
  if (p == 0) return zeros(a.shape(), a.dtype());
  if (p == 2 && !is_recording()) return compute("cdist_adjoint", pull, w, a, b);
  const Matrices left(a.shape()), right(b.shape());
  const Tensor difference =
      reshape(a, with_axes(left.batch, {left.m, 1, left.n})) - reshape(b, with_axes(left.batch, {1, right.m, right.n}));
  auto weighted = [&](const Tensor& slope) { return sum(reshape(w, with_axes(w.shape(), {1})) * slope, {-2}); };
  if (p == 2) return weighted(difference);
  const Tensor size = abs(difference);
  if (std::isinf(p)) return weighted(where(size == reshape(y, with_axes(y.shape(), {1})), sign(difference), 0));
  if (p == 1) return weighted(sign(difference));
  const Tensor length = reshape(y, with_axes(y.shape(), {1}));
  const Tensor share = size / where(length == 0, 1, length), moves = share != 0;
  return weighted(where(moves, sign(difference) * pow(where(moves, share, 1), p - 1), 0));
}

}  // namespace

Tensor cdist(const Arg& a, const Arg& b, double p, CdistMode mode) {
  check_defined("cdist", a);
  check_defined("cdist", b);
  const Shape &from = a.array->shape, &to = b.array->shape;
  if (from.rank() < 2 || to.rank() < 2 || from[from.rank() - 1] != to[to.rank() - 1])
    fail("cdist", to_string(from) + " and " + to_string(to) + " do not fit: expected (..., m, d) and (..., n, d)",
         a.site);
  if (!(p >= 0)) fail("cdist", "p must be at least 0, not " + attribute_text(p), a.site);
  if (mode == CdistMode::by_matmul && p != 2)
    fail("cdist", "only p = 2 goes by a matrix product, not " + attribute_text(p), a.site);
  Scope scope(a.site);
  auto [x, y] = promote("cdist", a, b, true);
  const Shape batch = broadcast_shape("cdist", without_last(from, 2), without_last(to, 2), a.site);
  auto stretch = [&batch](const Tensor& t) {
    const Matrices all(t.shape());
    return all.batch == batch ? t : broadcast_to(t, with_axes(batch, {all.m, all.n}));
  };
  const Tensor left = stretch(x), right = stretch(y);
  const Distances how{p, mode == CdistMode::by_matmul};
  const Arg p1(left, a.site), p2(right, b.site);
  return execute("cdist", {&p1, &p2}, how,
                 rule<0, 1, output>([how](const Tensor& g, const Tensor& a, const Tensor& b, const Tensor& y) {
                   const Tensor w = weights(g, y, how.p);
                   if (how.by_matmul) return sum(w, {-1}, true) * a - matmul(w, b);
                   return distances_adjoint(w, a, b, y, how.p);
                 }),
                 rule<0, 1, output>([how](const Tensor& g, const Tensor& a, const Tensor& b, const Tensor& y) {
                   const Tensor w = weights(g, y, how.p);
                   if (how.by_matmul) return unsqueeze(sum(w, {-2}), -1) * b - matmul(w, a, true);
                   return distances_adjoint(transpose(w), b, a, how.p == 2 ? y : transpose(y), how.p);
                 }));
}

}  // namespace xtape
