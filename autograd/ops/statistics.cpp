#include "statistics.hpp"

#include <cmath>
#include <cstring>

#include "elementwise.hpp"
#include "panels.hpp"
#include "sum_kernel.hpp"

namespace xtape {
namespace {

// The mean squared distance from the mean: the mean first, so that nothing cancels.
template <class T>
void variance_row(std::int64_t n, double divisor, const T* x, T* y) {
  using Total = typename kernel::Sum<T>::Total;
  const Total mean = kernel::fold_blocks(n, kernel::Sum<T>(), kernel::Itself(), x) / Total(n);
  const kernel::Real<T> m = mean.v;
  const Total squares = kernel::fold_blocks(
      n, kernel::Sum<T>(), [m](auto v) { return square(v - m); }, x);
  *y = static_cast<T>((squares / Total(divisor)).v);
}
template <class T>
void variance_panel(const Split& s, std::int64_t width, double divisor, const T* x, T* y) {
  using Total = decltype(typename kernel::Sum<T>::Total().v);
  alignas(64) Total mean[panel_width] = {}, squares[panel_width] = {};
  for (std::int64_t k = 0; k < s.n * s.inner; k += s.inner)
    for (std::int64_t j = 0; j < width; ++j) mean[j] += static_cast<Total>(x[k + j]);
  for (std::int64_t j = 0; j < width; ++j) mean[j] /= static_cast<Total>(s.n);
  for (std::int64_t k = 0; k < s.n * s.inner; k += s.inner)
    for (std::int64_t j = 0; j < width; ++j) {
      const Total d = static_cast<Total>(x[k + j]) - mean[j];
      squares[j] += d * d;
    }
  for (std::int64_t j = 0; j < width; ++j) y[j] = static_cast<T>(squares[j] / static_cast<Total>(divisor));
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
          if (s.inner == 1) variance_row(s.n, divisor, x.at<T>() + at, y->at<T>() + to);
          else variance_panel(s, width, divisor, x.at<T>() + at, y->at<T>() + to);
        });
        if (root)
          kernel::update(
              y->size, [](auto& v) { v = sqrt(v); }, y->at<T>());
      });
      return y;
    };
    auto rule_of = [axes = r.axes, kept = r.kept, divisor](const Tensor& g, const Tensor& x) {
      return fused([](auto x, auto mean, auto g) { return g * (x - mean); }, x, mean(x, axes.list(), true),
                   reshape(g * (2 / divisor), kept));
    };
    const auto described = attributed(forward, "axes", r.axes, "correction", correction);
    if (!root) return execute(op, {&x}, described, rule<0>(rule_of));
    return execute(op, {&x}, described, rule<0, output>([rule_of](const Tensor& g, const Tensor& x, const Tensor& y) {
                     return rule_of(where(y == 0, 0, g / (y + y)), x);
                   }));
  });
}

}  // namespace

Tensor var(const Arg& x, const Axes& axes, double correction, bool keepdims) {
  return variance("var", x, axes, correction, keepdims, false);
}
Tensor stddev(const Arg& x, const Axes& axes, double correction, bool keepdims) {
  return variance("stddev", x, axes, correction, keepdims, true);
}

namespace {

// The sum of term(x), and finish of it.
template <class Term, class Finish>
Ref<Array> norm_of(const Array& x, const Split& s, const Shape& result, Term term, Finish finish) {
  Ref<Array> y = make_array(x.dtype, result);
  visit_floating(x.dtype, [&](auto t) {
    using T = decltype(t);
    kernel::fold_middle(s.outer, s.n, s.inner, kernel::Sum<T>(), term, finish, x.at<T>(), y->at<T>());
  });
  return y;
}

}  // namespace

Tensor norm(const Arg& x, double p, const Axes& axes, bool keepdims) {
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
      auto itself = kernel::Itself();
      if (p == 0)
        return norm_of(
            x, s, result, [](auto v) { return where(v != 0, decltype(v)(1), decltype(v)(0)); }, itself);
      if (p == 1)
        return norm_of(
            x, s, result, [](auto v) { return abs(v); }, itself);
      if (p == 2)
        return norm_of(
            x, s, result, [](auto v) { return square(v); }, [](auto total) { return sqrt(total); });
      return norm_of(
          x, s, result, [p](auto v) { return pow(abs(v), decltype(v)(p)); },
          [p](auto total) { return pow(total, decltype(total)(1 / p)); });
    };
    return execute(
        "norm", {&x}, attributed(forward, "p", p, "axes", r.axes),
        rule<0, output>([p, kept = r.kept](const Tensor& g, const Tensor& x, const Tensor& y) {
          const Tensor seed = reshape(g, kept), total = reshape(y, kept);
          if (p == 0) return zeros(x.shape(), x.dtype());
          if (p == 1) return fused([](auto x, auto g) { return sign(x) * g; }, x, seed);
          if (p == 2) return fused([](auto x, auto g) { return x * g; }, x, where(total == 0, 0, seed / total));
          const Tensor scale = p < 1 ? seed * pow(total, 1 - p) : where(total == 0, 0, seed / pow(total, p - 1));
          if (p > 2) return fused([p](auto x, auto g) { return x * pow(abs(x), p - 2) * g; }, x, scale);
          // |x|^(p-1) is infinite at 0 for p < 1, and its derivative is for p < 2: there stands 0.
          return fused(
              [p](auto x, auto g) { return where(x == 0, 0, sign(x) * pow(where(x == 0, 1, abs(x)), p - 1) * g); }, x,
              scale);
        }));
  });
}

namespace {

std::int64_t bins_of(const Array& x, std::int64_t minlength, Site site) {
  std::int64_t length = minlength;
  for (std::int64_t i = 0; i < x.size; ++i) {
    const std::int64_t k = label_at(x, i);
    if (k < 0) fail("bincount", "element " + std::to_string(i) + " is negative: " + std::to_string(k), site);
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
      std::fill_n(y->at<T>(), y->size, T(0));
      for (std::int64_t i = 0; i < x.size; ++i) y->at<T>()[label_at(x, i)] += w.at<T>()[i];
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
      std::fill_n(y->at<T>(), bins, T(0));
      for (std::int64_t i = 0; i < x.size; ++i)
        if (v[i] >= from && v[i] <= to) {
          const auto bin = static_cast<std::int64_t>((v[i] - from) / (to - from) * static_cast<T>(bins));
          y->at<T>()[std::min(bin, bins - 1)] += 1;
        }
    });
    return y;
  };
  return execute("histc", {&x}, attributed(forward, "bins", bins, "low", low, "high", high), no_gradient);
}

}  // namespace xtape
