#include "scan.hpp"

#include "detail/axes.hpp"

#include <cmath>
#include <cstring>

#include "../kernels/scan_columns.hpp"
#include "elementwise.hpp"

namespace xtape {
using namespace detail;

namespace {

using kernel::Real;

template <class F>
Ref<Array> scan(const Array& x, int axis, F f) {
  Ref<Array> y = make_array(x.dtype, x.shape);
  visit_computing(x.dtype, [&](auto t) { f(Split(x.shape, axis), t, x, *y); });
  return y;
}

// Checks, and makes booleans and uint8 int64.
Tensor scanned(const char* op, const Arg& x, int& axis) {
  check_defined(op, x);
  axis = check_axis(op, axis, x.array->shape, x.site);
  if (!computes(x.array->dtype)) return counted(x);
  return x.tensor();
}

// y_i = x_0 + … + x_i along the axis, or from its end in reverse: in blocks, so that rounding errors do not grow with
// their number.
template <class T>
void sums(const Split& s, bool reverse, const T* x, T* y) {
  using Total = typename kernel::Sum<T>::Total;
  for_panels(s, [=](std::int64_t at, std::int64_t, std::int64_t width) {
    kernel::Running<kernel::Sum<T>> blocks[panel_width];
    Total before[panel_width], block[panel_width];
    const std::int64_t step = reverse ? -s.inner : s.inner;
    std::int64_t i = reverse ? at + (s.n - 1) * s.inner : at;
    for (std::int64_t begin = 0; begin < s.n; begin += kernel::depth) {
      const std::int64_t count = std::min(s.n - begin, kernel::depth);
      for (std::int64_t j = 0; j < width; ++j) before[j] = blocks[j].value(), block[j] = 0;
      if (width == 1) {
        Total sum = 0;
        for (std::int64_t k = 0; k < count; ++k, i += step) {
          sum = sum + x[i];
          y[i] = static_cast<T>((before[0] + sum).v);
        }
        block[0] = sum;
      } else {
        for (std::int64_t k = 0; k < count; ++k, i += step)
          for (std::int64_t j = 0; j < width; ++j) {
            block[j] = block[j] + x[i + j];
            y[i + j] = static_cast<T>((before[j] + block[j]).v);
          }
      }
      for (std::int64_t j = 0; j < width; ++j) blocks[j].add(block[j]);
    }
  });
}

Tensor cumulative_sum(const Arg& x, int axis, bool reverse) {
  auto forward = [axis, reverse](const Array& x) {
    return scan(x, axis, [reverse](const Split& s, auto t, const Array& x, Array& y) {
      using T = decltype(t);
      sums(s, reverse, x.at<T>(), y.at<T>());
    });
  };
  return execute("cumsum", {&x}, attributed(forward, "axis", axis),
                 rule<>([axis, reverse](const Tensor& g) { return cumulative_sum(g, axis, !reverse); }));
}

// y_i = x_(i-1) along the axis, or x_(i+1) in reverse; at the end that is left free stands `end`.
Tensor shift(const Arg& x, int axis, bool reverse, double end) {
  auto forward = [axis, reverse, end](const Array& x) {
    return scan(x, axis, [=](const Split& s, auto t, const Array& x, Array& y) {
      using T = decltype(t);
      const T* from = x.at<T>();
      T* to = y.at<T>();
      scan_columns<T>(s, reverse, static_cast<T>(end), [=](std::int64_t i, T before, std::int64_t) {
        to[i] = before;
        return from[i];
      });
    });
  };
  return execute("shift", {&x}, forward,
                 rule<>([axis, reverse](const Tensor& g) { return shift(g, axis, !reverse, 0); }));
}

// The state of a recurrence y' = b + a y, with what rounding takes from it.
struct Recurring {
  Real<double> y = 0, rest = 0;
  Recurring next(double a, double b) const {
    const Real<double> product = y * a, sum = product + b, own = sum - product;
    return {sum, rest * a + (kernel::product_rest(y, a, product) + ((product - (sum - own)) + (b - own)))};
  }
  double value() const { return rest == rest ? (y + rest).v : y.v; }
};

// In float64, the solution of y_i = b_i + a_i y_(i-1), or in reverse of y_i = b_i + a_(i+1) y_(i+1). Each is the
// other's transpose in b; a_i gets the gradient down_(i-1) up_i, where `down` is of the first kind and `up` of the
// second. Products along an axis have their derivatives from it, without a division and so also at zeros.
Tensor recurrence(const Arg& a, const Arg& b, int axis, bool reverse) {
  auto forward = [axis, reverse](const Array& a, const Array& b) {
    Ref<Array> y = make_array(float64, b.shape);
    const Split s(b.shape, axis);
    const double *factor = a.at<double>(), *add = b.at<double>();
    double* to = y->at<double>();
    const std::int64_t next = reverse ? s.inner : 0, edge = reverse ? s.n - 1 : 0;
    scan_columns<Recurring>(s, reverse, {}, [=](std::int64_t i, Recurring before, std::int64_t k) {
      const Recurring now = before.next(k == edge ? 0 : factor[i + next], add[i]);
      to[i] = now.value();
      return now;
    });
    return y;
  };
  return execute(
      "recurrence", {&a, &b}, forward,
      rule<0, output>([axis, reverse](const Tensor& h, const Tensor& a, const Tensor& y) {
        const Tensor other = recurrence(a, h, axis, !reverse);
        return shift(reverse ? other : y, axis, false, 0) * (reverse ? y : other);
      }),
      rule<0>([axis, reverse](const Tensor& h, const Tensor& a) { return recurrence(a, h, axis, !reverse); }));
}

Tensor cumulative_product(const Arg& x, int axis, bool reverse) {
  auto forward = [axis, reverse](const Array& x) {
    return scan(x, axis, [reverse](const Split& s, auto t, const Array& x, Array& y) {
      using T = decltype(t);
      using Product = kernel::Running<kernel::Product<T>>;
      const T* from = x.at<T>();
      T* to = y.at<T>();
      scan_columns<Product>(s, reverse, Product(), [=](std::int64_t i, Product product, std::int64_t) {
        product.add(from[i]);
        to[i] = static_cast<T>(product.value().v);
        return product;
      });
    });
  };
  const auto described = attributed(forward, "axis", axis);
  if (!is_floating(x.array->dtype)) return execute("cumprod", {&x}, described, no_gradient);
  // In reverse y_i = x_i y_(i+1), so that the recurrence of its gradient goes down with the factors of one place
  // before.
  return execute("cumprod", {&x}, described, rule<0>([axis, reverse](const Tensor& g, const Tensor& x) {
                   // In float64: a product of the first factors alone may be out of the range of float32.
                   const Tensor wide = x.to(float64);
                   const Tensor before = shift(cumulative_product(wide, axis, reverse), axis, reverse, 1);
                   const Tensor factors = reverse ? shift(wide, axis, false, 1) : wide;
                   return (recurrence(factors, g.to(float64), axis, !reverse) * before).to(g.dtype());
                 }));
}

}  // namespace

Tensor cumsum(const Arg& x, int axis) {
  const Tensor t = scanned("cumsum", x, axis);
  return cumulative_sum(Arg(t, x.site), axis, false);
}
Tensor cumprod(const Arg& x, int axis) {
  const Tensor t = scanned("cumprod", x, axis);
  return cumulative_product(Arg(t, x.site), axis, false);
}

namespace {

template <class Takes>
Selection running(const char* op, const Arg& x, int axis, Takes takes) {
  check_defined(op, x);
  axis = check_axis(op, axis, x.array->shape, x.site);
  auto forward = [axis, takes](const Array& x) {
    Ref<Array> y = make_array(int64, x.shape);
    visit_bytes(x.dtype, [&](auto t) {
      using T = decltype(t);
      const T* from = x.at<T>();
      std::int64_t* to = y->at<std::int64_t>();
      struct State {
        T best;
        std::int64_t place;
      };
      scan_columns<State>(Split(x.shape, axis), false, {T(0), 0}, [=](std::int64_t i, State b, std::int64_t k) {
        const T v = from[i];
        if (k == 0 || v != v || (b.best == b.best && takes(v, b.best))) b = {v, k};
        to[i] = b.place;
        return b;
      });
    });
    return y;
  };
  const Tensor indices = execute(op, {&x}, attributed(forward, "axis", axis), no_gradient);
  return selection(x, axis, indices, x.array->shape);
}

}  // namespace

Selection cummax(const Arg& x, int axis) {
  return running("cummax", x, axis, [](auto v, auto best) { return v >= best; });
}
Selection cummin(const Arg& x, int axis) {
  return running("cummin", x, axis, [](auto v, auto best) { return v <= best; });
}

namespace {

// A product (m + rest) 2^e, out of no range on the way; of floats without a rest.
template <class T>
struct ScaledProduct {
  double m, rest;
  std::int64_t e;

  static ScaledProduct of(double v, double rest = 0) {
    const double size = std::abs(v);
    if ((size > 0x1p-400 && size < 0x1p400) || size == 0 || !std::isfinite(v)) return {v, rest, 0};
    int k;
    const double m = std::frexp(v, &k);
    return {m, std::ldexp(rest, -k), k};
  }
  ScaledProduct times(ScaledProduct o) const {
    const double y = m * o.m;
    double lost = 0;
    if constexpr (std::is_same_v<T, double>) lost = m * o.rest + rest * o.m + kernel::product_rest(m, o.m, y).v;
    const ScaledProduct product = of(y, lost);
    return {product.m, product.rest, product.e + e + o.e};
  }
  double value() const {
    const double y = rest == rest ? m + rest : m;
    return std::ldexp(y, static_cast<int>(std::clamp<std::int64_t>(e, -4000, 4000)));
  }
};

// The product of n elements that are `step` apart, brought near 1.
template <class T>
T multiply_again(std::int64_t n, std::int64_t step, const T* x) {
  auto product = ScaledProduct<T>::of(1);
  for (std::int64_t k = 0; k < n * step; k += step) product = product.times(ScaledProduct<T>::of(x[k]));
  return static_cast<T>(product.value());
}
template <class T>
void multiply(const Split& s, const T* x, T* y) {
  auto widened = [](auto v) { return Real<Wide<T>>(v.v); };
  kernel::fold_middle(s.outer, s.n, s.inner, kernel::Product<T>(), widened, kernel::Itself(), x, y);
  // Products that have left the range of the elements, or may have done so on the way.
  if constexpr (std::is_floating_point_v<T>)
    for (std::int64_t i = 0; i < s.outer * s.inner; ++i)
      if (!std::isnormal(y[i])) y[i] = multiply_again(s.n, s.inner, x + i / s.inner * s.n * s.inner + i % s.inner);
}

// The products of columns of doubles, for which there is no wider type, with what rounding has taken from them; wild
// where one was near the ends of what there is.
struct ColumnProducts {
  alignas(64) double product[panel_width], rest[panel_width], wild[panel_width];

  ColumnProducts(std::int64_t n, std::int64_t step, std::int64_t width, const double* x) {
    for (std::int64_t j = 0; j < width; ++j) product[j] = 1, rest[j] = 0, wild[j] = 0;
    for (std::int64_t k = 0; k < n * step; k += step)
      kernel::update(
          width,
          [](auto& product, auto& rest, auto& wild, auto& v) {
            const auto y = product * v;
            rest = rest * v + kernel::product_rest(product, v, y);
            wild = where(kernel::all(abs(y) > 0x1p-900, abs(y) < 0x1p900), wild, decltype(wild + wild)(1));
            product = y;
          },
          static_cast<double*>(product), static_cast<double*>(rest), static_cast<double*>(wild), x + k);
  }
  double value(std::int64_t j) const { return wild[j] == 0 ? product[j] + rest[j] : kernel::not_a_number<double>; }
};
// A row is cut into columns.
double multiply_row(std::int64_t n, const double* x) {
  constexpr std::int64_t lanes = 64;
  const std::int64_t rows = n / lanes;
  kernel::Running<kernel::Product<double>> total;
  double wild = 0;
  if (rows > 1) {
    const ColumnProducts columns(rows, lanes, lanes, x);
    for (std::int64_t j = 0; j < lanes; ++j) total.add(columns.product[j], columns.rest[j]), wild += columns.wild[j];
  }
  for (std::int64_t i = rows > 1 ? rows * lanes : 0; i < n; ++i) total.add(x[i]);
  return wild == 0 ? total.value().v : kernel::not_a_number<double>;
}
void multiply(const Split& s, const double* x, double* y) {
  for_panels(s, [=](std::int64_t at, std::int64_t to, std::int64_t width) {
    if (s.inner == 1) {
      y[to] = multiply_row(s.n, x + at);
    } else {
      const ColumnProducts columns(s.n, s.inner, width, x + at);
      for (std::int64_t j = 0; j < width; ++j) y[to + j] = columns.value(j);
    }
    for (std::int64_t j = 0; j < width; ++j)
      if (!std::isnormal(y[to + j])) y[to + j] = multiply_again(s.n, s.inner, x + at + j);
  });
}

// g times the product of the others: from both ends, without a division.
Ref<Array> product_gradient(const Split& s, const Array& g, const Array& x) {
  return visit_floating(x.dtype, [&](auto t) {
    using T = decltype(t);
    using Product = ScaledProduct<T>;
    Ref<Array> y = make_array(x.dtype, x.shape);
    const T *from = x.at<T>(), *seed = g.at<T>();
    T* to = y->at<T>();
    for_panels(s, [&](std::int64_t at, std::int64_t out, std::int64_t width) {
      const Scratch<Product> before(s.n * width);
      Product product[panel_width];
      std::fill_n(product, width, Product::of(1));
      for (std::int64_t k = 0; k < s.n; ++k)
        for (std::int64_t j = 0, i = at + k * s.inner; j < width; ++j, ++i) {
          before[k * width + j] = product[j];
          product[j] = product[j].times(Product::of(from[i]));
        }
      for (std::int64_t j = 0; j < width; ++j) product[j] = Product::of(seed[out + j]);
      for (std::int64_t k = s.n; k-- > 0;)
        for (std::int64_t j = 0, i = at + k * s.inner; j < width; ++j, ++i) {
          to[i] = static_cast<T>(product[j].times(before[k * width + j]).value());
          product[j] = product[j].times(Product::of(from[i]));
        }
    });
    return y;
  });
}

}  // namespace

Tensor prod(const Arg& x, const Axes& axes, Keepdims keepdims) {
  check_defined("prod", x);
  if (!computes(x.array->dtype)) return prod(Arg(counted(x), x.site), axes, keepdims);
  return reduce_axes("prod", x, axes, keepdims, [](const Arg& x, const Reduced& r, const Split& s) {
    auto forward = [s, result = r.result](const Array& x) {
      Ref<Array> y = make_array(x.dtype, result);
      visit_computing(x.dtype, [&](auto t) {
        using T = decltype(t);
        multiply(s, x.at<T>(), y->at<T>());
      });
      return y;
    };
    const auto described = attributed(forward, "axes", r.axes);
    if (!is_floating(x.array->dtype)) return execute("prod", {&x}, described, no_gradient);
    return execute("prod", {&x}, described, rule<0>([s, shape = x.array->shape](const Tensor& g, const Tensor& x) {
                     auto gradient = [s](const Array& g, const Array& x) { return product_gradient(s, g, x); };
                     if (!is_recording()) return compute("rule", gradient, g, x);
                     const Tensor y = reshape(x.to(float64), Shape{s.outer, s.n, s.inner});
                     const Tensor before = shift(cumulative_product(y, 1, false), 1, false, 1);
                     const Tensor after = shift(cumulative_product(y, 1, true), 1, true, 1);
                     const Tensor seed = reshape(g.to(float64), Shape{s.outer, 1, s.inner});
                     return reshape(seed * before * after, shape).to(x.dtype());
                   }));
  });
}

}  // namespace xtape
