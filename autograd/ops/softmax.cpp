#include "softmax.hpp"

#include <cmath>

#include "../kernels/panels.hpp"
#include "detail/row_powers.hpp"
#include "elementwise.hpp"

namespace xtape {
using namespace detail;

namespace {

using kernel::Itself;
using kernel::Real;

template <class T>
T dot_row(std::int64_t n, const T* x, const T* y) {
  return static_cast<T>(kernel::fold_blocks(
                            n, kernel::Sum<T>(), [](auto a, auto b) { return a * b; }, x, y)
                            .v);
}

// The same for each column of a panel.
template <class T>
void max_columns(const Split& s, std::int64_t width, const T* x, T* max) {
  kernel::fold_rows(s.n, s.inner, width, kernel::Max<T>(), Itself(), max, x);
  for (std::int64_t j = 0; j < width; ++j) max[j] = kernel::shift_of(max[j]);
}
template <class T>
struct ColumnPowers {
  alignas(64) T lowest[panel_width], base[panel_width], place[panel_width], factor[panel_width];

  ColumnPowers(std::int64_t width, const T* max) {
    for (std::int64_t j = 0; j < width; ++j) {
      const kernel::PowersBeside<T> power(max[j]);
      lowest[j] = power.lowest.v, base[j] = power.base.v, place[j] = power.place.v, factor[j] = power.factor.v;
    }
  }
};
template <class T>
void sum_other_powers(const Split& s, std::int64_t width, const T* x, const T* max, T* total) {
  const ColumnPowers<T> powers(width, max);
  alignas(64) T largest[panel_width];
  sum_columns(s.n, width, total, [=, &powers](std::int64_t k, T* parts) {
    kernel::update(
        width,
        [](auto& t, auto& m, auto& lowest, auto& base, auto& place, auto& v) {
          t = t + where(v == m, v - v, kernel::PowersBeside<T>::of(v, lowest, base, place));
        },
        parts, max, static_cast<const T*>(powers.lowest), static_cast<const T*>(powers.base),
        static_cast<const T*>(powers.place), x + k * s.inner);
  });
  sum_columns(s.n, width, static_cast<T*>(largest), [=](std::int64_t k, T* parts) {
    kernel::update(
        width, [](auto& t, auto& m, auto& v) { t = t + where(v == m, Real<T>(1), Real<T>(0)); }, parts, max,
        x + k * s.inner);
  });
  for (std::int64_t j = 0; j < width; ++j) total[j] = total[j] * powers.factor[j] + (largest[j] - 1);
}

template <class T>
struct SoftmaxOf {
  static void row(std::int64_t n, const T* x, T* y) {
    const Real<T> share = 1 / kernel::powers(n, x, y);
    kernel::map(
        n, [share](auto v) { return v * share; }, y, y);
  }
  static void panel(const Split& s, std::int64_t width, const T* x, T* y) {
    alignas(64) T max[panel_width], total[panel_width];
    max_columns(s, width, x, max);
    const ColumnPowers<T> powers(width, max);
    sum_columns(s.n, width, static_cast<T*>(total), [=, &powers](std::int64_t k, T* parts) {
      kernel::update(
          width,
          [](auto& y, auto& t, auto& lowest, auto& base, auto& place, auto& v) {
            y = kernel::PowersBeside<T>::of(v, lowest, base, place);
            t = t + y;
          },
          y + k * s.inner, parts, static_cast<const T*>(powers.lowest), static_cast<const T*>(powers.base),
          static_cast<const T*>(powers.place), x + k * s.inner);
    });
    for (std::int64_t j = 0; j < width; ++j) total[j] = 1 / kernel::alone(s.n, s.inner, max[j], total[j], y + j);
    for (std::int64_t k = 0; k < s.n * s.inner; k += s.inner)
      kernel::map(
          width, [](auto v, auto share) { return v * share; }, y + k, y + k, total);
  }
};

template <class T>
struct LogSoftmaxOf {
  // In two steps: max + log total would round off what is small beside max.
  static void row(std::int64_t n, const T* x, T* y) {
    const T max = kernel::shift_of(n, x);
    const Real<T> m = max, shift = std::log1p(kernel::sum_other_powers(n, x, max));
    kernel::map(
        n, [m, shift](auto v) { return (v - m) - shift; }, y, x);
  }
  static void panel(const Split& s, std::int64_t width, const T* x, T* y) {
    alignas(64) T max[panel_width], total[panel_width];
    max_columns(s, width, x, max);
    sum_other_powers<T>(s, width, x, max, total);
    for (std::int64_t j = 0; j < width; ++j) total[j] = std::log1p(total[j]);
    for (std::int64_t k = 0; k < s.n * s.inner; k += s.inner)
      kernel::map(
          width, [](auto v, auto m, auto t) { return (v - m) - t; }, y + k, x + k, max, total);
  }
};

// dx = g p, the gradient of logsumexp, from the `row_powers` of x: p is its softmax, but an equal share of each of the
// largest where they are infinite. Without g, p itself.
template <class T>
struct LogSumExpAdjointOf {
  static void row(std::int64_t n, const T* g, const T* x, const T* powers, T* dx) {
    const Real<T> m = powers[0], share = (g ? *g : T(1)) / (1 + powers[1]);
    const kernel::PowersBeside<T> power(m);
    kernel::map(
        n, [=, others = share * power.factor](auto v) { return where(v == m, share, power(v) * others); }, dx, x);
    if (n > 0 && dx[0] != dx[0]) share_largest(n, 1, g, x, dx);
  }
  static void panel(const Split& s, std::int64_t width, const T* g, const T* x, const T* powers, T* dx) {
    alignas(64) T max[panel_width], share[panel_width], others[panel_width];
    for (std::int64_t j = 0; j < width; ++j) {
      max[j] = powers[2 * j];
      share[j] = (g ? g[j] : T(1)) / (1 + powers[2 * j + 1]);
    }
    const ColumnPowers<T> power(width, max);
    for (std::int64_t j = 0; j < width; ++j) others[j] = share[j] * power.factor[j];
    for (std::int64_t k = 0; k < s.n * s.inner; k += s.inner)
      kernel::map(
          width,
          [](auto v, auto m, auto share, auto others, auto lowest, auto base, auto place) {
            return where(v == m, share, kernel::PowersBeside<T>::of(v, lowest, base, place) * others);
          },
          dx + k, x + k, static_cast<const T*>(max), static_cast<const T*>(share), static_cast<const T*>(others),
          static_cast<const T*>(power.lowest), static_cast<const T*>(power.base), static_cast<const T*>(power.place));
    for (std::int64_t j = 0; j < width && s.n > 0; ++j)
      if (dx[j] != dx[j]) share_largest(s.n, s.inner, g ? g + j : nullptr, x + j, dx + j);
  }

 private:
  static void share_largest(std::int64_t n, std::int64_t step, const T* g, const T* x, T* dx) {
    T max = -kernel::infinity<T>;
    std::int64_t count = 0;
    for (std::int64_t k = 0; k < n * step; k += step) {
      if (x[k] != x[k]) return;
      if (x[k] > max) max = x[k], count = 0;
      count += x[k] == max;
    }
    const T share = T(1) / static_cast<T>(count);
    for (std::int64_t k = 0; k < n * step; k += step) dx[k] = (x[k] == max ? share : T(0)) * (g ? *g : T(1));
  }
};

// dx = y (g - sum g y).
template <class T>
struct SoftmaxAdjointOf {
  static void row(std::int64_t n, const T* g, const T* y, T* dx) {
    kernel::map(
        n, [s = Real<T>(dot_row(n, g, y))](auto g, auto y) { return y * (g - s); }, dx, g, y);
  }
  static void panel(const Split& s, std::int64_t width, const T* g, const T* y, T* dx) {
    alignas(64) T total[panel_width];
    sum_columns(s.n, width, static_cast<T*>(total), [=](std::int64_t k, T* parts) {
      kernel::update(
          width, [](auto& t, auto& g, auto& y) { t = t + g * y; }, parts, g + k * s.inner, y + k * s.inner);
    });
    for (std::int64_t k = 0; k < s.n * s.inner; k += s.inner)
      kernel::map(
          width, [](auto g, auto y, auto t) { return y * (g - t); }, dx + k, g + k, y + k, total);
  }
};
// dx = g - e^y sum g; where e^y is nearly 1, what it lacks is taken, which nothing has cancelled.
template <class T>
struct LogSoftmaxAdjointOf {
  static Real<T> slope(Real<T> g, Real<T> y, Real<T> sum) {
    return where(y > -0.5, (g - sum) - expm1(y) * sum, g - exp(y) * sum);
  }
  static void row(std::int64_t n, const T* g, const T* y, T* dx) {
    kernel::map(
        n, [s = Real<T>(kernel::sum(n, g))](auto g, auto y) { return slope(g, y, s); }, dx, g, y);
  }
  static void panel(const Split& s, std::int64_t width, const T* g, const T* y, T* dx) {
    alignas(64) T total[panel_width];
    sum_columns(s.n, width, static_cast<T*>(total), [=](std::int64_t k, T* parts) {
      kernel::update(
          width, [](auto& t, auto& g) { t = t + g; }, parts, g + k * s.inner);
    });
    for (std::int64_t k = 0; k < s.n * s.inner; k += s.inner)
      kernel::map(
          width, [](auto g, auto y, auto t) { return slope(g, y, t); }, dx + k, g + k, y + k, total);
  }
};

// Kernel::row or Kernel::panel for every piece of arrays of one shape.
template <template <class> class Kernel, class... X>
Ref<Array> along(int axis, const Array& first, const X&... rest) {
  Ref<Array> y = make_array(first.dtype, first.shape);
  const Split s(first.shape, axis);
  visit_floating(first.dtype, [&](auto t) {
    using T = decltype(t);
    for_panels(s, [&](std::int64_t at, std::int64_t, std::int64_t width) {
      if (s.inner == 1) Kernel<T>::row(s.n, first.at<T>() + at, (rest.template at<T>() + at)..., y->at<T>() + at);
      else Kernel<T>::panel(s, width, first.at<T>() + at, (rest.template at<T>() + at)..., y->at<T>() + at);
    });
  });
  return y;
}
template <template <class> class Kernel, class R>
Tensor normalize(const char* op, const Arg& x, int axis, R rule) {
  check_defined(op, x);
  if (!is_floating(x.array->dtype)) return normalize<Kernel>(op, Arg(promote_floating(op, x), x.site), axis, rule);
  axis = check_axis(op, axis, x.array->shape, x.site);
  auto forward = [axis](const Array& x) { return along<Kernel>(axis, x); };
  return execute(op, {&x}, attributed(forward, "axis", axis), rule(axis));
}

// Linear in g and its own transpose.
Tensor softmax_adjoint(const Arg& g, const Arg& y, int axis) {
  auto forward = [axis](const Array& g, const Array& y) { return along<SoftmaxAdjointOf>(axis, g, y); };
  return execute("softmax_adjoint", {&g, &y}, forward,
                 rule<1>([axis](const Tensor& h, const Tensor& y) { return softmax_adjoint(h, y, axis); }),
                 rule<0, 1>([axis](const Tensor& h, const Tensor& g, const Tensor& y) {
                   return h * (g - sum(g * y, axis, true)) - g * sum(h * y, axis, true);
                 }));
}

Tensor log_softmax_adjoint(const Arg& g, const Arg& y, int axis) {
  auto forward = [axis](const Array& g, const Array& y) { return along<LogSoftmaxAdjointOf>(axis, g, y); };
  return execute("log_softmax_adjoint", {&g, &y}, forward,
                 rule<1>([axis](const Tensor& h, const Tensor& y) { return h - sum(h * exp(y), axis, true); }),
                 rule<0, 1>([axis](const Tensor& h, const Tensor& g, const Tensor& y) {
                   return -(h * exp(y)) * sum(g, axis, true);
                 }));
}

Ref<Array> logsumexp_adjoint(const Array* g, const Array& x, const Array& powers, const Split& s) {
  Ref<Array> y = make_array(x.dtype, x.shape);
  visit_floating(x.dtype, [&](auto t) {
    using T = decltype(t);
    for_panels(s, [&](std::int64_t at, std::int64_t to, std::int64_t width) {
      const T *from = g ? g->at<T>() + to : nullptr, *p = powers.at<T>() + 2 * to;
      if (s.inner == 1) LogSumExpAdjointOf<T>::row(s.n, from, x.at<T>() + at, p, y->at<T>() + at);
      else LogSumExpAdjointOf<T>::panel(s, width, from, x.at<T>() + at, p, y->at<T>() + at);
    });
  });
  return y;
}
// Of x (outer, n, inner).
Tensor logsumexp_shares(const Arg& x, const Arg& powers) {
  auto forward = [](const Array& x, const Array& powers) {
    return logsumexp_adjoint(nullptr, x, powers, Split(x.shape, 1));
  };
  return execute("logsumexp_shares", {&x, &powers}, forward,
                 rule<output>([](const Tensor& g, const Tensor& y) { return softmax_adjoint(g, y, 1); }), no_gradient);
}

}  // namespace

Tensor detail::functions::softmax(const Arg& x, int axis) {
  return normalize<SoftmaxOf>("softmax", x, axis, [](int axis) {
    return rule<output>([axis](const Tensor& g, const Tensor& y) { return softmax_adjoint(g, y, axis); });
  });
}

Tensor detail::functions::log_softmax(const Arg& x, int axis) {
  return normalize<LogSoftmaxOf>("log_softmax", x, axis, [](int axis) {
    return rule<output>([axis](const Tensor& g, const Tensor& y) { return log_softmax_adjoint(g, y, axis); });
  });
}

Tensor detail::functions::softmin(const Arg& x, int axis) {
  check_defined("softmin", x);
  check_axis("softmin", axis, x.array->shape, x.site);
  Scope scope(x.site);
  return softmax(-x, axis);
}

Tensor row_powers(const Arg& x, const Split& s) {
  auto forward = [s](const Array& x) {
    Ref<Array> y = make_array(x.dtype, Shape{s.outer, s.inner, 2});
    visit_floating(x.dtype, [&](auto t) {
      using T = decltype(t);
      for_panels(s, [&](std::int64_t at, std::int64_t to, std::int64_t width) {
        alignas(64) T max[panel_width], others[panel_width];
        const T* from = x.at<T>() + at;
        if (s.inner == 1) {
          max[0] = kernel::shift_of(s.n, from);
          others[0] = kernel::sum_other_powers(s.n, from, max[0]);
        } else {
          max_columns(s, width, from, max);
          sum_other_powers<T>(s, width, from, max, others);
        }
        T* powers = y->at<T>() + 2 * to;
        for (std::int64_t j = 0; j < width; ++j) powers[2 * j] = max[j], powers[2 * j + 1] = others[j];
      });
    });
    return y;
  };
  return execute("row_powers", {&x}, forward, no_gradient);
}

Tensor logsumexp(const Arg& x, const Axes& axes, Keepdims keepdims) {
  check_defined("logsumexp", x);
  if (!is_floating(x.array->dtype)) return logsumexp(Arg(promote_floating("logsumexp", x), x.site), axes, keepdims);
  return reduce_axes("logsumexp", x, axes, keepdims, [](const Arg& x, const Reduced& r, const Split& s) {
    const Tensor held = row_powers(x, s);
    const Arg powers(held, x.site);
    auto forward = [s, result = r.result](const Array& x, const Array& powers) {
      Ref<Array> y = make_array(x.dtype, result);
      visit_floating(x.dtype, [&](auto t) {
        using T = decltype(t);
        const T* p = powers.at<T>();
        kernel::for_tiles(y->size, [&](std::int64_t begin, std::int64_t count) {
          for (std::int64_t i = begin; i < begin + count; ++i) {
            const T max = p[2 * i];
            // Where it is infinite, a NaN in the row counts; in columns it has been found.
            if (max != kernel::infinity<T>) y->at<T>()[i] = max + std::log1p(p[2 * i + 1]);
            else y->at<T>()[i] = s.inner == 1 ? kernel::max(s.n, x.at<T>() + i * s.n) : max;
          }
        });
      });
      return y;
    };
    // From x: e^(x - y) would have no digits where y, rounded, is large.
    auto backward = [s](const Tensor& g, const Tensor& x, const Tensor& powers) {
      if (!is_recording())
        return compute(
            "logsumexp_adjoint",
            [s](const Array& g, const Array& x, const Array& powers) { return logsumexp_adjoint(&g, x, powers, s); }, g,
            x, powers);
      const Tensor rows = reshape(x, Shape{s.outer, s.n, s.inner});
      const Tensor shares = logsumexp_shares(Arg(rows, Site{}), Arg(powers, Site{}));
      return reshape(shares * reshape(g, Shape{s.outer, 1, s.inner}), x.shape());
    };
    return execute("logsumexp", {&x, &powers}, attributed(forward, "axes", r.axes), rule<0, 1>(backward), no_gradient);
  });
}

}  // namespace xtape
