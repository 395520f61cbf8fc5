#include "scan.hpp"

#include <cmath>
#include <cstring>

#include "elementwise.hpp"
#include "panels.hpp"
#include "softmax_kernel.hpp"

namespace xtape {
namespace {

using kernel::Real;

// What sums and products along an axis are carried in.
template <class T>
using Wide = std::conditional_t<std::is_same_v<T, float>, double, T>;

// step(k, before, j) gives element k of column j from the state before it; a state is kept for each column of a panel,
// and elements go down or, in reverse, up.
template <class State, class F>
void scan_columns(const Split& s, bool reverse, State first, const F& step) {
  for_panels(s, [&](std::int64_t at, std::int64_t, std::int64_t width) {
    State state[panel_width];
    std::fill_n(state, width, first);
    State one = first;  // of a single column, which a register holds
    for (std::int64_t i = 0; i < s.n; ++i) {
      const std::int64_t k = reverse ? s.n - 1 - i : i, row = at + k * s.inner;
      if (width == 1) one = step(row, one, k);
      else
        for (std::int64_t j = 0; j < width; ++j) state[j] = step(row + j, state[j], k);
    }
  });
}

template <class F>
Ref<Array> scan(const Array& x, int axis, F f) {
  Ref<Array> y = make_array(x.dtype, x.shape);
  visit_computing(x.dtype, [&](auto t) { f(Split(x.shape, axis), t, x, *y); });
  return y;
}

template <class F>
Ref<Array> scan_floating(const Array& x, int axis, F f) {
  Ref<Array> y = make_array(x.dtype, x.shape);
  visit_floating(x.dtype, [&](auto t) { f(Split(x.shape, axis), t, x, *y); });
  return y;
}

// Checks, and makes booleans and uint8 int64.
Tensor scanned(const char* op, const Arg& x, int& axis, bool floating) {
  check_defined(op, x);
  axis = check_axis(op, axis, x.array->shape, x.site);
  if (floating && !is_floating(x.array->dtype)) return promote_floating(op, x);
  if (!computes(x.array->dtype)) return counted(x);
  return x.tensor();
}

// x_0, …, x_i joined, along the axis or from its end in reverse.
template <template <class> class Join>
auto accumulated(int axis, bool reverse) {
  return [=](const Array& x) {
    return scan(x, axis, [=](const Split& s, auto t, const Array& x, Array& y) {
      using T = decltype(t);
      using Total = kernel::Running<Join<T>>;
      const T* from = x.at<T>();
      T* to = y.at<T>();
      scan_columns<Total>(s, reverse, Total(), [=](std::int64_t i, Total total, std::int64_t) {
        total.add(from[i]);
        to[i] = static_cast<T>(total.value().v);
        return total;
      });
    });
  };
}

Tensor cumulative_sum(const Arg& x, int axis, bool reverse) {
  auto forward = accumulated<kernel::Sum>(axis, reverse);
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

// The solution of y_i = b_i + a_i y_(i-1), or in reverse of y_i = b_i + a_(i+1) y_(i+1). Each is the other's transpose
// in b; a_i gets the gradient down_(i-1) up_i, where `down` is of the first kind and `up` of the second. Products along
// an axis have their derivatives from it, without a division and so also at zeros.
Tensor recurrence(const Arg& a, const Arg& b, int axis, bool reverse) {
  auto forward = [axis, reverse](const Array& a, const Array& b) {
    return scan(b, axis, [&a, reverse](const Split& s, auto t, const Array& b, Array& y) {
      using T = decltype(t);
      const T *factor = a.at<T>(), *add = b.at<T>();
      T* to = y.at<T>();
      const std::int64_t next = reverse ? s.inner : 0, edge = reverse ? s.n - 1 : 0;
      scan_columns<Wide<T>>(s, reverse, Wide<T>(0), [=](std::int64_t i, Wide<T> before, std::int64_t k) {
        const Real<Wide<T>> value =
            k == edge ? Real<Wide<T>>(add[i]) : Real<Wide<T>>(add[i]) + Real<Wide<T>>(factor[i + next]) * before;
        to[i] = static_cast<T>(value.v);
        return value.v;
      });
    });
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
  auto forward = accumulated<kernel::Product>(axis, reverse);
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
  const Tensor t = scanned("cumsum", x, axis, false);
  return cumulative_sum(Arg(t, x.site), axis, false);
}
Tensor cumprod(const Arg& x, int axis) {
  const Tensor t = scanned("cumprod", x, axis, false);
  return cumulative_product(Arg(t, x.site), axis, false);
}

namespace {

template <class T>
using WideSum = kernel::Running<kernel::Sum<Wide<T>>>;

// e^(v - max), in what sums are carried in.
template <class T>
Wide<T> power(T v, T max) {
  return v == max ? Wide<T>(1) : kernel::exp_difference(Real<Wide<T>>(v), Real<Wide<T>>(max)).v;
}
// The largest so far, and the sum of the powers beside it but for its own, which is 1.
template <class T>
struct LogSum {
  T max = -kernel::infinity<T>;
  WideSum<T> others{-1};

  LogSum with(T v) const {
    LogSum y = *this;
    if (v > max) {
      y.others = WideSum<T>(total() * power(max, v));
      y.max = v;
    } else {
      y.others.add(power(v, max));
    }
    return y;
  }
  Wide<T> total() const { return 1 + others.value().v; }
  T value() const {
    const Wide<T> rest = others.value().v;
    return std::isinf(max) && rest == rest ? max : static_cast<T>(max + std::log1p(rest));
  }
};

Tensor logcumsumexp_adjoint(const Arg& g, const Arg& x, int axis);

// y_i = the mean of h_0, …, h_i with the weights e^x_j.
Tensor power_mean(const Arg& h, const Arg& x, int axis) {
  auto forward = [axis](const Array& h, const Array& x) {
    return scan_floating(x, axis, [&h](const Split& s, auto t, const Array& x, Array& y) {
      using T = decltype(t);
      struct State {
        LogSum<T> powers;
        WideSum<T> weighted;
      };
      const T *from = x.at<T>(), *factor = h.at<T>();
      T* to = y.at<T>();
      scan_columns<State>(s, false, State(), [=](std::int64_t i, const State& before, std::int64_t) {
        State now{before.powers.with(from[i]), before.weighted};
        if (now.powers.max != before.powers.max)
          now.weighted = WideSum<T>(before.weighted.value() * power(before.powers.max, now.powers.max));
        now.weighted.add(factor[i] * power(from[i], now.powers.max));
        to[i] = static_cast<T>(now.weighted.value().v / now.powers.total());
        return now;
      });
    });
  };
  return execute("power_mean", {&h, &x}, forward,
                 rule<1>([axis](const Tensor& g, const Tensor& x) { return logcumsumexp_adjoint(g, x, axis); }),
                 rule<0, 1>([axis](const Tensor& g, const Tensor& h, const Tensor& x) {
                   return h * logcumsumexp_adjoint(g, x, axis) -
                          logcumsumexp_adjoint(g * power_mean(h, x, axis), x, axis);
                 }));
}

// Its transpose in h, y_j = sum_(i >= j) g_i e^(x_j - z_i) with z = logcumsumexp(x), made of no rounded z: from the
// end, with powers beside the largest of the elements up to each.
Tensor logcumsumexp_adjoint(const Arg& g, const Arg& x, int axis) {
  auto forward = [axis](const Array& g, const Array& x) {
    return scan_floating(x, axis, [&g](const Split& s, auto t, const Array& x, Array& y) {
      using T = decltype(t);
      struct State {
        T max;
        WideSum<T> sum;
      };
      const Scratch<T> largest(x.size);
      const Scratch<Wide<T>> totals(x.size);
      T *const max = largest.get(), *to = y.at<T>();
      Wide<T>* const total = totals.get();
      const T *from = x.at<T>(), *seed = g.at<T>();
      scan_columns<LogSum<T>>(s, false, LogSum<T>(), [=](std::int64_t i, const LogSum<T>& before, std::int64_t) {
        const LogSum<T> now = before.with(from[i]);
        max[i] = now.max, total[i] = now.total();
        return now;
      });
      scan_columns<State>(s, true, {kernel::infinity<T>, {}}, [=](std::int64_t i, const State& after, std::int64_t) {
        State now{max[i], after.sum};
        if (now.max != after.max) now.sum = WideSum<T>(after.sum.value() * power(now.max, after.max));
        now.sum.add(seed[i] / total[i]);
        to[i] = static_cast<T>(now.sum.value().v * power(from[i], now.max));
        return now;
      });
    });
  };
  return execute("logcumsumexp_adjoint", {&g, &x}, forward,
                 rule<1>([axis](const Tensor& h, const Tensor& x) { return power_mean(h, x, axis); }),
                 rule<0, 1>([axis](const Tensor& h, const Tensor& g, const Tensor& x) {
                   return h * logcumsumexp_adjoint(g, x, axis) -
                          logcumsumexp_adjoint(g * power_mean(h, x, axis), x, axis);
                 }));
}

}  // namespace

Tensor logcumsumexp(const Arg& arg, int axis) {
  const Tensor t = scanned("logcumsumexp", arg, axis, true);
  const Arg x(t, arg.site);
  auto forward = [axis](const Array& x) {
    return scan_floating(x, axis, [](const Split& s, auto t, const Array& x, Array& y) {
      using T = decltype(t);
      const T* from = x.at<T>();
      T* to = y.at<T>();
      scan_columns<LogSum<T>>(s, false, LogSum<T>(), [=](std::int64_t i, const LogSum<T>& before, std::int64_t) {
        const LogSum<T> now = before.with(from[i]);
        to[i] = now.value();
        return now;
      });
    });
  };
  return execute("logcumsumexp", {&x}, attributed(forward, "axis", axis),
                 rule<0>([axis](const Tensor& g, const Tensor& x) { return logcumsumexp_adjoint(g, x, axis); }));
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

// A product m 2^e, out of no range on the way.
struct ScaledProduct {
  double m;
  std::int64_t e;

  static ScaledProduct of(double v) {
    const double size = std::abs(v);
    if ((size > 0x1p-400 && size < 0x1p400) || size == 0 || !std::isfinite(v)) return {v, 0};
    int k;
    const double m = std::frexp(v, &k);
    return {m, k};
  }
  ScaledProduct times(ScaledProduct o) const {
    const ScaledProduct y = of(m * o.m);
    return {y.m, y.e + e + o.e};
  }
  double value() const { return std::ldexp(m, static_cast<int>(std::clamp<std::int64_t>(e, -4000, 4000))); }
};

// Products that have left the range of the elements, or may have done so on the way.
template <class T>
void multiply_again(const Split& s, const T* x, T* y) {
  for (std::int64_t i = 0; i < s.outer * s.inner; ++i) {
    if (std::isnormal(y[i])) continue;
    ScaledProduct product{1, 0};
    const T* at = x + i / s.inner * s.n * s.inner + i % s.inner;
    for (std::int64_t k = 0; k < s.n; ++k) product = product.times(ScaledProduct::of(at[k * s.inner]));
    y[i] = static_cast<T>(product.value());
  }
}

// g times the product of the others: from both ends, without a division.
Ref<Array> product_gradient(const Split& s, const Array& g, const Array& x) {
  return visit_floating(x.dtype, [&](auto t) {
    using T = decltype(t);
    Ref<Array> y = make_array(x.dtype, x.shape);
    const T *from = x.at<T>(), *seed = g.at<T>();
    T* to = y->at<T>();
    for_panels(s, [&](std::int64_t at, std::int64_t out, std::int64_t width) {
      const Scratch<ScaledProduct> before(s.n * width);
      ScaledProduct product[panel_width];
      std::fill_n(product, width, ScaledProduct{1, 0});
      for (std::int64_t k = 0; k < s.n; ++k)
        for (std::int64_t j = 0, i = at + k * s.inner; j < width; ++j, ++i) {
          before[k * width + j] = product[j];
          product[j] = product[j].times(ScaledProduct::of(from[i]));
        }
      for (std::int64_t j = 0; j < width; ++j) product[j] = ScaledProduct::of(seed[out + j]);
      for (std::int64_t k = s.n; k-- > 0;)
        for (std::int64_t j = 0, i = at + k * s.inner; j < width; ++j, ++i) {
          to[i] = static_cast<T>(product[j].times(before[k * width + j]).value());
          product[j] = product[j].times(ScaledProduct::of(from[i]));
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
        auto widened = [](auto v) { return Real<Wide<T>>(v.v); };
        kernel::fold_middle(s.outer, s.n, s.inner, kernel::Product<T>(), widened, kernel::Itself(), x.at<T>(),
                            y->at<T>());
        if constexpr (std::is_floating_point_v<T>) multiply_again(s, x.at<T>(), y->at<T>());
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
