#include "statistics.hpp"

#include "detail/axes.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "../kernels/index_root.hpp"
#include "../kernels/panels.hpp"
#include "../kernels/sum.hpp"
#include "elementwise.hpp"

namespace xtape {
using namespace detail;

namespace {

// x / y, and 0 over 0, with derivatives of 0 of any order. Of numbers and of tensors.
template <class V>
XTAPE_INLINE V over(const V& x, const V& y) {
  return where(y == 0, 0, x / where(y == 0, 1, y));
}

// The numbers whose powers are far from where these, or the small ones among their terms, leave the range of T.
template <class T>
struct SafeRange {
  double low, high;
  explicit SafeRange(double p)
      : low(std::exp2(-std::numeric_limits<T>::max_exponent * 0.75 / std::abs(p))), high(1 / low) {}
  bool has(T v) const { return v > low && v < high; }
};
// The exponent of the largest of n elements that are `step` apart; 0 where that is 0 or no number.
template <class T>
int exponent_of(std::int64_t n, std::int64_t step, const T* x) {
  double most = 0;
  for (std::int64_t k = 0; k < n * step; k += step) most = std::max(most, std::abs(static_cast<double>(x[k])));
  return most > 0 && std::isfinite(most) ? std::ilogb(most) : 0;
}

// The mean squared distance from the mean, or its root: the mean first, so that nothing cancels. Again, near 1, where
// squares leave the range.
template <class T>
T variance_again(std::int64_t n, std::int64_t step, double divisor, bool root, const T* x) {
  const int e = exponent_of(n, step, x);
  auto near = [e](T v) { return std::ldexp(static_cast<double>(v), -e); };
  double mean = 0, squares = 0;
  for (std::int64_t k = 0; k < n * step; k += step) mean += near(x[k]) / static_cast<double>(n);
  // The distances may be as much smaller than the elements as these are than 1.
  double most = 0;
  for (std::int64_t k = 0; k < n * step; k += step) most = std::max(most, std::abs(near(x[k]) - mean));
  const int f = most > 0 && std::isfinite(most) ? std::ilogb(most) : 0;
  for (std::int64_t k = 0; k < n * step; k += step) {
    const double d = std::ldexp(near(x[k]) - mean, -f);
    squares += d * d;
  }
  const double y = squares / divisor;
  return static_cast<T>(root ? std::ldexp(std::sqrt(y), e + f) : std::ldexp(y, 2 * (e + f)));
}
template <class T>
T variance_of(std::int64_t n, std::int64_t step, double divisor, bool root, const T* x, T plain) {
  static const SafeRange<T> safe(1);
  if (n > 0 && !safe.has(plain)) return variance_again(n, step, divisor, root, x);
  return root ? std::sqrt(plain) : plain;
}
template <class T>
void variance_row(std::int64_t n, double divisor, bool root, const T* x, T* y) {
  using Total = typename kernel::Sum<T>::Total;
  const Total mean = kernel::fold_blocks(n, kernel::Sum<T>(), kernel::Itself(), x) / Total(n);
  const kernel::Real<T> m = mean.v;
  const Total squares = kernel::fold_blocks(
      n, kernel::Sum<T>(), [m](auto v) { return square(v - m); }, x);
  const Total off = Total(m.v) - mean;  // what rounding the mean adds
  *y = variance_of(n, 1, divisor, root, x, static_cast<T>(((squares - Total(n) * off * off) / Total(divisor)).v));
}
template <class T>
void variance_panel(const Split& s, std::int64_t width, double divisor, bool root, const T* x, T* y) {
  alignas(64) T mean[panel_width], squares[panel_width], off[panel_width];
  const auto n = static_cast<T>(s.n);
  sum_columns(s.n, width, static_cast<T*>(mean), [=](std::int64_t k, T* parts) {
    kernel::update(
        width, [](auto& t, auto& v) { t = t + v; }, parts, x + k * s.inner);
  });
  for (std::int64_t j = 0; j < width; ++j) mean[j] /= n;
  const T* m = mean;
  sum_columns(s.n, width, static_cast<T*>(squares), [=](std::int64_t k, T* parts) {
    kernel::update(
        width, [](auto& t, auto& m, auto& v) { t = t + square(v - m); }, parts, m, x + k * s.inner);
  });
  sum_columns(s.n, width, static_cast<T*>(off), [=](std::int64_t k, T* parts) {
    kernel::update(
        width, [](auto& t, auto& m, auto& v) { t = t + (v - m); }, parts, m, x + k * s.inner);
  });
  for (std::int64_t j = 0; j < width; ++j)
    y[j] = variance_of(s.n, s.inner, divisor, root, x + j,
                       static_cast<T>((squares[j] - off[j] / n * off[j]) / static_cast<T>(divisor)));
}

// var, or std where `root`.
Tensor variance(const char* op, const Arg& x, const Axes& axes, double correction, bool keepdims, bool root) {
  check_defined(op, x);
  if (!is_floating(x.array->dtype))
    return variance(op, Arg(promote_floating(op, x), x.site), axes, correction, keepdims, root);
  if (!std::isfinite(correction)) fail(op, "the correction is " + std::to_string(correction), x.site);
  return reduce_axes(op, x, axes, keepdims, [=](const Arg& x, const Reduced& r, const Split& s) {
    const double divisor = std::max(0., static_cast<double>(s.n) - correction);
    auto forward = [s, divisor, root, result = r.result](const Array& x) {
      Ref<Array> y = make_array(x.dtype, result);
      visit_floating(x.dtype, [&](auto t) {
        using T = decltype(t);
        for_panels(s, [&](std::int64_t at, std::int64_t to, std::int64_t width) {
          if (s.inner == 1) variance_row(s.n, divisor, root, x.at<T>() + at, y->at<T>() + to);
          else variance_panel(s, width, divisor, root, x.at<T>() + at, y->at<T>() + to);
        });
      });
      return y;
    };
    const auto described = attributed(forward, "axes", r.axes, "correction", correction);
    if (!root)
      return execute(op, {&x}, described,
                     rule<0>([axes = r.axes, kept = r.kept, divisor](const Tensor& g, const Tensor& x) {
                       return fused([](auto x, auto mean, auto g) { return g * (x - mean); }, x,
                                    mean(x, axes.list(), true), reshape(g * (2 / divisor), kept));
                     }));
    return execute(
        op, {&x}, described,
        rule<0, output>([axes = r.axes, kept = r.kept, divisor](const Tensor& g, const Tensor& x, const Tensor& y) {
          return fused([](auto x, auto mean, auto y, auto g) { return over(x - mean, y) * g; }, x,
                       mean(x, axes.list(), true), reshape(y, kept), reshape(g * (1 / divisor), kept));
        }));
  });
}

}  // namespace

Tensor var(const Arg& x, const Axes& axes, Keepdims keepdims, Correction correction) {
  return variance("var", x, axes, correction.n, keepdims, false);
}
Tensor stddev(const Arg& x, const Axes& axes, Keepdims keepdims, Correction correction) {
  return variance("stddev", x, axes, correction.n, keepdims, true);
}

namespace {

// The norm once more, of elements brought near 1.
template <class T>
T norm_again(std::int64_t n, std::int64_t step, double p, const T* x) {
  auto size = [x](std::int64_t k) { return std::abs(static_cast<double>(x[k])); };
  // Positive powers are those of the largest, negative ones those of the smallest.
  double most = n > 0 ? size(0) : 0, total = 0;
  for (std::int64_t k = 0; k < n * step; k += step) {
    if (size(k) != size(k)) return x[k];
    most = p > 0 ? std::max(most, size(k)) : std::min(most, size(k));
  }
  if (most == 0 || std::isinf(most)) return static_cast<T>(most);
  for (std::int64_t k = 0; k < n * step; k += step) {
    const double v = size(k) / most;
    total += p == 2 ? v * v : std::pow(v, p);
  }
  return static_cast<T>(most * (p == 2 ? std::sqrt(total) : std::pow(total, 1 / p)));
}

// The sum of term(x), and finish of it and a number of x's dtype, the root of index p where that is not 0.
template <class Term, class Finish>
Ref<Array> norm_of(const Array& x, const Split& s, const Shape& result, double p, Term term, Finish finish) {
  Ref<Array> y = make_array(x.dtype, result);
  visit_floating(x.dtype, [&](auto t) {
    using T = decltype(t);
    auto finished = [finish](auto total) { return finish(total, T()); };
    kernel::fold_middle(s.outer, s.n, s.inner, kernel::Sum<T>(), term, finished, x.at<T>(), y->at<T>());
    const SafeRange<T> safe(p);
    for (std::int64_t i = 0; i < y->size && p != 0; ++i)
      if (T& v = y->at<T>()[i]; !safe.has(v))
        v = norm_again(s.n, s.inner, p, x.at<T>() + i / s.inner * s.n * s.inner + i % s.inner);
  });
  return y;
}

}  // namespace

Tensor norm(const Arg& x, double p, const Axes& axes, Keepdims keepdims) {
  check_defined("norm", x);
  if (!is_floating(x.array->dtype)) return norm(Arg(promote_floating("norm", x), x.site), p, axes, keepdims);
  if (std::isnan(p)) fail("norm", "p is NaN", x.site);
  if (std::isinf(p)) {
    check_not_empty("norm", x, reduced("norm", x, axes, keepdims));
    Scope scope(x.site);
    return p > 0 ? amax(abs(x), axes, keepdims) : amin(abs(x), axes, keepdims);
  }
  return reduce_axes("norm", x, axes, keepdims, [p](const Arg& x, const Reduced& r, const Split& s) {
    auto forward = [s, p, result = r.result](const Array& x) {
      auto itself = [](auto total, auto) { return total; };
      if (p == 0)
        return norm_of(
            x, s, result, 0, [](auto v) { return where(v != 0, decltype(v)(1), decltype(v)(0)); }, itself);
      if (p == 1)
        return norm_of(
            x, s, result, 0, [](auto v) { return abs(v); }, itself);
      if (p == 2)
        return norm_of(
            x, s, result, 2, [](auto v) { return square(v); }, [](auto total, auto) { return sqrt(total); });
      return norm_of(
          x, s, result, p, [p](auto v) { return pow(abs(v), decltype(v)(p)); },
          [p](auto total, auto t) {
            // That of floats is a double.
            if constexpr (sizeof t == sizeof total) return kernel::index_root(total, p);
            else return pow(total, decltype(total)(1 / p));
          });
    };
    return execute("norm", {&x}, attributed(forward, "p", p, "axes", r.axes),
                   rule<0, output>([p, kept = r.kept](const Tensor& g, const Tensor& x, const Tensor& y) {
                     const Tensor seed = reshape(g, kept), total = reshape(y, kept);
                     if (p == 0) return zeros(x.shape(), x.dtype());
                     if (p == 1) return fused([](auto x, auto g) { return sign(x) * g; }, x, seed);
                     if (p == 2) return fused([](auto x, auto y, auto g) { return over(x, y) * g; }, x, total, seed);
                     // Of |x| / y, which is in no range's way. Its powers are infinite at 0, or their derivatives:
                     // there stands 0.
                     return fused(
                         [p](auto x, auto y, auto g) {
                           const auto size = over(abs(x), y);
                           return where(size == 0, 0, sign(x) * pow(where(size == 0, 1, size), p - 1) * g);
                         },
                         x, total, seed);
                   }));
  });
}

namespace {

std::int64_t bins_of(const Array& x, std::int64_t minlength, Site site) {
  std::int64_t length = minlength;
  for (std::int64_t i = 0; i < x.size; ++i) {
    const std::int64_t k = label_at(x, i);
    if (k < 0) fail("bincount", "element " + std::to_string(i) + " is negative: " + std::to_string(k), site);
    if (k == std::numeric_limits<std::int64_t>::max())
      fail("bincount", "element " + std::to_string(i) + " is " + std::to_string(k) + ": so many cannot be counted",
           site);
    length = std::max(length, k + 1);
  }
  return length;
}
void check_counted(const Arg& x, std::int64_t minlength) {
  check_defined("bincount", x);
  if (x.array->shape.rank() != 1 || (x.array->dtype != int64 && x.array->dtype != uint8))
    fail("bincount", "expected a vector of int64 or uint8, got " + describe(*x.array), x.site);
  if (minlength < 0) fail("bincount", "minlength is " + std::to_string(minlength), x.site);
}

}  // namespace

Tensor bincount(const Arg& x, std::int64_t minlength) {
  check_counted(x, minlength);
  auto forward = [minlength, site = x.site](const Array& x) {
    Ref<Array> y = make_array(int64, Shape{bins_of(x, minlength, site)});
    std::fill_n(y->at<std::int64_t>(), y->size, 0);
    for (std::int64_t i = 0; i < x.size; ++i) ++y->at<std::int64_t>()[label_at(x, i)];
    return y;
  };
  return execute("bincount", {&x}, attributed(forward, "minlength", minlength), no_gradient);
}

Tensor bincount(const Arg& x, const Arg& w, std::int64_t minlength) {
  check_counted(x, minlength);
  check_defined("bincount", w);
  if (!is_floating(w.array->dtype)) return bincount(x, Arg(promote_floating("bincount", w), w.site), minlength);
  if (w.array->shape != x.array->shape)
    fail("bincount", "x " + describe(*x.array) + " and weights " + describe(*w.array) + " differ in shape", x.site);
  auto forward = [minlength, site = x.site](const Array& x, const Array& w) {
    Ref<Array> y = make_array(w.dtype, Shape{bins_of(x, minlength, site)});
    visit_floating(w.dtype, [&](auto t) {
      using T = decltype(t);
      std::vector<kernel::Running<kernel::Sum<T>>> totals(static_cast<std::size_t>(y->size));
      for (std::int64_t i = 0; i < x.size; ++i) totals[static_cast<std::size_t>(label_at(x, i))].add(w.at<T>()[i]);
      for (std::int64_t i = 0; i < y->size; ++i)
        y->at<T>()[i] = static_cast<T>(totals[static_cast<std::size_t>(i)].value().v);
    });
    return y;
  };
  return execute("bincount", {&x, &w}, attributed(forward, "minlength", minlength), no_gradient,
                 rule<0>([](const Tensor& g, const Tensor& x) { return gather(g, 0, x.to(int64)); }));
}

Tensor histc(const Arg& x, std::int64_t bins, double low, double high) {
  check_defined("histc", x);
  if (!is_floating(x.array->dtype)) return histc(Arg(promote_floating("histc", x), x.site), bins, low, high);
  if (bins < 1) fail("histc", "the number of bins is " + std::to_string(bins), x.site);
  if (!(low <= high) || !std::isfinite(low) || !std::isfinite(high))
    fail("histc", "expected finite low <= high, got " + std::to_string(low) + " and " + std::to_string(high), x.site);
  auto forward = [bins, low, high, site = x.site](const Array& x) {
    Ref<Array> y = make_array(x.dtype, Shape{bins});
    visit_floating(x.dtype, [&](auto t) {
      using T = decltype(t);
      T from = static_cast<T>(low), to = static_cast<T>(high);
      const T* v = x.at<T>();
      if (from == to && x.size) {
        const auto [least, greatest] = std::minmax_element(v, v + x.size);
        from = *least, to = *greatest;
        if (!std::isfinite(from) || !std::isfinite(to) || std::any_of(v, v + x.size, [](T e) { return e != e; }))
          fail("histc", "the range of x is not finite; give low and high", site);
      }
      if (from == to) --from, ++to;
      std::vector<std::int64_t> counts(static_cast<std::size_t>(bins), 0);  // which elements may not hold
      for (std::int64_t i = 0; i < x.size; ++i)
        if (v[i] >= from && v[i] <= to) {
          const auto bin = static_cast<std::int64_t>((v[i] - from) / (to - from) * static_cast<T>(bins));
          ++counts[static_cast<std::size_t>(std::min(bin, bins - 1))];
        }
      for (std::int64_t i = 0; i < bins; ++i) y->at<T>()[i] = static_cast<T>(counts[static_cast<std::size_t>(i)]);
    });
    return y;
  };
  return execute("histc", {&x}, attributed(forward, "bins", bins, "low", low, "high", high), no_gradient);
}

}  // namespace xtape
