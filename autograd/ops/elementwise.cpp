#include "elementwise.hpp"

#include "../core/sums.hpp"
#include "detail/apply.hpp"
#include "detail/slopes.hpp"

namespace xtape {
using namespace detail;

namespace {

constexpr auto same = [](const Tensor& g) { return g; };

template <class F>
Tensor compare(const char* op, const Arg& a, const Arg& b, F f) {
  return elementwise_op<Result::boolean>(op, {&a, &b}, f, no_gradient, no_gradient);
}

}  // namespace

Tensor operator+(const Arg& a, const Arg& b) {
  return binary(
      "add", a, b, [](auto a, auto b) { return a + b; }, rule<>(same), rule<>(same));
}
Tensor operator-(const Arg& a, const Arg& b) {
  return binary(
      "sub", a, b, [](auto a, auto b) { return a - b; }, rule<>(same), rule<>([](const Tensor& g) { return -g; }));
}
Tensor operator*(const Arg& a, const Arg& b) {
  auto product = [](auto x, auto y) { return x * y; };
  return binary("mul", a, b, product, fused_rule<1>(product), fused_rule<0>(product));
}
Tensor operator/(const Arg& a, const Arg& b) {
  return binary<Result::floating>(
      "div", a, b, [](auto a, auto b) { return a / b; }, fused_rule<1>([](auto g, auto b) { return g / b; }),
      fused_rule<1, output>([](auto g, auto b, auto y) { return -g * y / b; }));
}
Tensor& operator+=(Tensor& x, const Arg& y) { return x = Arg(x, y.site) + y; }
Tensor& operator-=(Tensor& x, const Arg& y) { return x = Arg(x, y.site) - y; }
Tensor& operator*=(Tensor& x, const Arg& y) { return x = Arg(x, y.site) * y; }
Tensor& operator/=(Tensor& x, const Arg& y) { return x = Arg(x, y.site) / y; }

Tensor pow(const Arg& a, const Arg& b) {
  if (b.is_scalar && b.scalar == 2 && a.array && is_floating(a.array->dtype)) return square(a);
  return binary<Result::floating>(
      "pow", a, b, [](auto a, auto b) { return pow(a, b); }, fused_rule<0, 1>(detail::slope::PowBase{}),
      fused_rule<0, 1, output>(detail::slope::PowExponent{}));
}
Tensor maximum(const Arg& a, const Arg& b) {
  return binary(
      "maximum", a, b, [](auto a, auto b) { return max(a, b); },
      fused_rule<0, 1>([](auto g, auto a, auto b) { return where(a < b, 0, where(a == b, 0.5 * g, g)); }),
      fused_rule<0, 1>([](auto g, auto a, auto b) { return where(b < a, 0, where(a == b, 0.5 * g, g)); }));
}
Tensor minimum(const Arg& a, const Arg& b) {
  return binary(
      "minimum", a, b, [](auto a, auto b) { return min(a, b); },
      fused_rule<0, 1>([](auto g, auto a, auto b) { return where(a > b, 0, where(a == b, 0.5 * g, g)); }),
      fused_rule<0, 1>([](auto g, auto a, auto b) { return where(b > a, 0, where(a == b, 0.5 * g, g)); }));
}
Tensor atan2(const Arg& y, const Arg& x) {
  return binary<Result::floating>(
      "atan2", y, x, [](auto y, auto x) { return atan2(y, x); }, fused_rule<0, 1>(detail::slope::Atan2Y{}),
      fused_rule<0, 1>(detail::slope::Atan2X{}));
}
Tensor hypot(const Arg& a, const Arg& b) {
  return binary<Result::floating>(
      "hypot", a, b, [](auto a, auto b) { return hypot(a, b); }, fused_rule<0, 1>(detail::slope::HypotFirst{}),
      fused_rule<0, 1>(detail::slope::HypotSecond{}));
}

namespace {
// Integers are checked first: the processor traps where one is divided by 0.
template <class F, class R>
Tensor division(const char* op, const Arg& a, const Arg& b, F f, R rule_b) {
  auto checked = [f, op, site = a.site](const Array& a, const Array& b) {
    if (b.dtype == int64)
      for (std::int64_t i = 0; i < b.size; ++i)
        if (b.at<std::int64_t>()[i] == 0)
          fail(op, "an integer is divided by 0, at element " + std::to_string(i) + " of the divisor", site);
    return elementwise<Result::arithmetic>(f)(a, b);
  };
  return with_promoted(op, {&a, &b}, false, [&](const Arg& a, const Arg& b) {
    check_broadcast(op, {&a, &b});
    return execute(op, {&a, &b}, checked, rule<>(same), rule_b);
  });
}
}  // namespace

Tensor fmod(const Arg& a, const Arg& b) {
  return division(
      "fmod", a, b, [](auto a, auto b) { return fmod(a, b); }, fused_rule<0, 1>(detail::slope::FmodSecond{}));
}
Tensor remainder(const Arg& a, const Arg& b) {
  return division(
      "remainder", a, b, [](auto a, auto b) { return remainder(a, b); },
      fused_rule<0, 1>(detail::slope::RemainderSecond{}));
}
Tensor xlogy(const Arg& x, const Arg& y) {
  return binary<Result::floating>(
      "xlogy", x, y, [](auto x, auto y) { return where(y != y, y, where(x == 0, 0, x * log(y))); },
      // Where x is 0 nothing is computed from what is infinite at such a y.
      fused_rule<0, 1>([](auto g, auto x, auto y) { return g * log(where(x == 0, where(y <= 0, 1, y), y)); }),
      fused_rule<0, 1>([](auto g, auto x, auto y) { return g * (x / where(x == 0, where(y == 0, 1, y), y)); }));
}
Tensor logaddexp(const Arg& a, const Arg& b) {
  return binary<Result::floating>(
      "logaddexp", a, b,
      [](auto a, auto b) {
        const auto y = max(a, b) + log1p(exp(-abs(a - b)));
        return where(a == b, a + 0.69314718055994530942, y);  // equal infinities have no difference
      },
      fused_rule<0, 1>([](auto g, auto a, auto b) { return g * share(a, b); }),
      fused_rule<0, 1>([](auto g, auto a, auto b) { return g * share(b, a); }));
}
Tensor copysign(const Arg& a, const Arg& b) {
  return binary<Result::floating>(
      "copysign", a, b, [](auto a, auto b) { return copysign(a, b); },
      fused_rule<0, output>([](auto g, auto a, auto y) { return where(a == 0, 0, g * (sign(a) * sign(y))); }),
      rule<>([](const Tensor& g) { return zeros(g.shape(), g.dtype()); }));
}

Tensor lerp(const Arg& a, const Arg& b, const Arg& weight) {
  Scope scope(a.site);
  return elementwise_op<Result::floating>(
      "lerp", {&a, &b, &weight},
      [](auto a, auto b, auto w) {
        // From the nearer end, so that both ends are exact; weighted where there is no way between them.
        const auto way = b - a, y = where(w < 0.5, a + w * way, b - (1 - w) * way);
        const auto weighted = where(w == 0, a, where(w == 1, b, (1 - w) * a + w * b));
        return where(a == b, a, where(isfinite(way), y, weighted));
      },
      fused_rule<2>([](auto g, auto w) { return g * (1 - w); }), fused_rule<2>([](auto g, auto w) { return g * w; }),
      fused_rule<0, 1>([](auto g, auto a, auto b) { return g * where(isfinite(a), b - a, where(a == b, 0, b - a)); }));
}

Tensor where(const Arg& condition, const Arg& a, const Arg& b) {
  check_defined("where", condition);
  if (condition.array->dtype != boolean)
    fail("where",
         std::string("the condition must be boolean, not ") + describe(*condition.array) +
             "; compare it with a number first",
         condition.site);
  const auto forward = [](const Array& c, const Array& a, const Array& b) {
    const auto choose = [](bool c, auto a, auto b) { return where(c, a, b); };
    const Array* const x[] = {&c, &a, &b};
    return visit_computing(a.dtype, [&](auto t) {
      using T = decltype(t);
      return map_arrays(kernel::map_loop<T, bool, T, T>(choose), a.dtype, x, 3);
    });
  };
  return with_promoted("where", {&a, &b}, false, [&](const Arg& a, const Arg& b) {
    const Shape shape = broadcast_shape("where", a.array->shape, b.array->shape, a.site);
    broadcast_shape("where", condition.array->shape, shape, a.site);
    return execute("where", {&condition, &a, &b}, forward, no_gradient,
                   rule<0>([](const Tensor& g, const Tensor& c) { return where(c, g, 0); }),
                   rule<0>([](const Tensor& g, const Tensor& c) { return where(c, 0, g); }));
  });
}

Tensor addcmul(const Arg& x, const Arg& a, const Arg& b, double value) {
  const auto part = [value](auto g, auto other) { return value * g * other; };
  return elementwise_op<Result::floating>(
      "addcmul", {&x, &a, &b}, [value](auto x, auto a, auto b) { return x + value * a * b; }, rule<>(same),
      fused_rule<2>(part), fused_rule<1>(part));
}
Tensor addcdiv(const Arg& x, const Arg& a, const Arg& b, double value) {
  return elementwise_op<Result::floating>(
      "addcdiv", {&x, &a, &b}, [value](auto x, auto a, auto b) { return x + value * a / b; }, rule<>(same),
      fused_rule<2>([value](auto g, auto b) { return value * g / b; }),
      fused_rule<1, 2>([value](auto g, auto a, auto b) { return -value * g * (a / b) / b; }));
}

Tensor operator<(const Arg& a, const Arg& b) {
  return compare("less", a, b, [](auto a, auto b) { return a < b; });
}
Tensor operator>(const Arg& a, const Arg& b) {
  return compare("greater", a, b, [](auto a, auto b) { return a > b; });
}
Tensor operator<=(const Arg& a, const Arg& b) {
  return compare("less_equal", a, b, [](auto a, auto b) { return a <= b; });
}
Tensor operator>=(const Arg& a, const Arg& b) {
  return compare("greater_equal", a, b, [](auto a, auto b) { return a >= b; });
}
Tensor operator==(const Arg& a, const Arg& b) {
  return compare("equal", a, b, [](auto a, auto b) { return a == b; });
}
Tensor operator!=(const Arg& a, const Arg& b) {
  return compare("not_equal", a, b, [](auto a, auto b) { return a != b; });
}

Tensor logical_and(const Arg& a, const Arg& b) {
  return compare("logical_and", a, b, [](auto a, auto b) { return kernel::all(a != 0, b != 0); });
}
Tensor logical_or(const Arg& a, const Arg& b) {
  return compare("logical_or", a, b, [](auto a, auto b) { return kernel::any(a != 0, b != 0); });
}
Tensor logical_xor(const Arg& a, const Arg& b) {
  return compare("logical_xor", a, b, [](auto a, auto b) { return (a != 0) != (b != 0); });
}
Tensor operator&(const Arg& a, const Arg& b) { return logical_and(a, b); }
Tensor operator|(const Arg& a, const Arg& b) { return logical_or(a, b); }
Tensor operator^(const Arg& a, const Arg& b) { return logical_xor(a, b); }
Tensor isclose(const Arg& a, const Arg& b, double rtol, double atol) {
  return compare("isclose", a, b, [rtol, atol](auto a, auto b) {
    if constexpr (std::is_integral_v<decltype(a.v)>) return is_close(a.v, b.v, rtol, atol);
    else return kernel::any(a == b, kernel::all(isfinite(b), abs(a - b) <= atol + rtol * abs(b)));
  });
}

bool allclose(const Arg& a, const Arg& b, double rtol, double atol) {
  auto integer = [](const Arg& x) { return x.is_scalar ? x.is_integer : x.array && !is_floating(x.array->dtype); };
  auto [p, q] = promote("allclose", a, b, false);
  if (!a.is_scalar && !b.is_scalar && p.shape() != q.shape())
    fail("allclose", "shapes " + to_string(p.shape()) + " and " + to_string(q.shape()) + " differ", a.site);
  auto all = [&](auto close, const auto& x, const auto& y) {
    for (std::size_t i = 0; i < std::max(x.size(), y.size()); ++i)
      if (!close(x[a.is_scalar ? 0 : i], y[b.is_scalar ? 0 : i])) return false;
    return true;
  };
  if (integer(a) && integer(b)) {
    auto whole = [](const Arg& x) {
      return x.is_scalar ? std::vector<std::int64_t>{x.integer} : x.tensor().to_vector<std::int64_t>();
    };
    return all([=](auto u, auto v) { return is_close(u, v, rtol, atol); }, whole(a), whole(b));
  }
  // Beside an infinity every tolerance would do.
  auto close = [=](double u, double v) {
    return u == v || (std::isfinite(v) && std::abs(u - v) <= atol + rtol * std::abs(v));
  };
  return all(close, p.to_vector<double>(), q.to_vector<double>());
}

Tensor detail::add(const Tensor& a, const Tensor& b) { return a + b; }
bool detail::add_in_place(Tensor& sum, const Tensor& g) {
  Array& s = sum.array();
  if (!s.exclusive() || s.dtype != g.dtype()) return false;
  visit_floating(s.dtype, [&](auto t) {
    using T = decltype(t);
    kernel::update(
        s.size, [](auto& s, auto& g) { s = s + g; }, s.at<T>(), g.array().at<T>());
  });
  return true;
}

}  // namespace xtape
