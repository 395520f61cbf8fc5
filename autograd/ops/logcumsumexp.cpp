#include <cmath>

#include "../kernels/scan_columns.hpp"
#include "../kernels/sum.hpp"
#include "detail/axes.hpp"
#include "elementwise.hpp"
#include "scan.hpp"

namespace xtape {
using namespace detail;

namespace {

using kernel::Real;

template <class T>
using WideSum = kernel::Running<kernel::Sum<Wide<T>>>;

template <class F>
Ref<Array> scan_floating(const Array& x, int axis, F f) {
  Ref<Array> y = make_array(x.dtype, x.shape);
  visit_floating(x.dtype, [&](auto t) { f(Split(x.shape, axis), t, x, *y); });
  return y;
}

// e^(v - max), with what rounding takes from the difference.
template <class T>
Wide<T> power(T v, T max) {
  const T d = v - max, own = d + max, y = std::exp(d);
  return y == 0 ? y : v == max ? 1 : y + y * static_cast<Wide<T>>((v - own) - (max - (own - d)));
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

Tensor logcumsumexp(const Arg& x, int axis) {
  check_defined("logcumsumexp", x);
  if (!is_floating(x.array->dtype)) return logcumsumexp(Arg(promote_floating("logcumsumexp", x), x.site), axis);
  axis = check_axis("logcumsumexp", axis, x.array->shape, x.site);
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

}  // namespace xtape
