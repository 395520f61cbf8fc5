#include "unary.hpp"

#include <cmath>

#include "detail/apply.hpp"
#include "detail/slopes.hpp"

namespace xtape {
using namespace detail;

namespace {

// The rule of what is constant between its steps.
constexpr auto zero_rule = [] { return rule<>([](const Tensor& g) { return zeros(g.shape(), g.dtype()); }); };

template <class F>
Tensor test(const char* op, const Arg& x, F f) {
  return elementwise_op<Result::boolean>(op, {&x}, f, no_gradient);
}

}  // namespace

Tensor operator-(const Arg& x) {
  return unary<Result::arithmetic>(
      "neg", x, [](auto x) { return -x; }, rule<>([](const Tensor& g) { return -g; }));
}
Tensor neg(const Arg& x) { return -x; }
Tensor abs(const Arg& x) {
  return unary<Result::arithmetic>(
      "abs", x, [](auto x) { return abs(x); }, fused_rule<0>(detail::slope::Abs{}));
}
Tensor sign(const Arg& x) {
  return unary<Result::arithmetic>(
      "sign", x, [](auto x) { return sign(x); }, zero_rule());
}
Tensor sqrt(const Arg& x) {
  return unary(
      "sqrt", x, [](auto x) { return sqrt(x); }, fused_rule<output>(detail::slope::Sqrt{}));
}
Tensor rsqrt(const Arg& x) {
  return unary(
      "rsqrt", x, [](auto x) { return rsqrt(x); }, fused_rule<0, output>(detail::slope::Rsqrt{}));
}
Tensor cbrt(const Arg& x) {
  return unary(
      "cbrt", x, [](auto x) { return cbrt(x); }, fused_rule<0>(detail::slope::Cbrt{}));
}
Tensor square(const Arg& x) {
  return unary<Result::arithmetic>(
      "square", x, [](auto x) { return x * x; }, fused_rule<0>(detail::slope::Square{}));
}
Tensor reciprocal(const Arg& x) {
  return unary(
      "reciprocal", x, [](auto x) { return 1 / x; }, fused_rule<output>(detail::slope::Reciprocal{}));
}

Tensor floor(const Arg& x) {
  return unary<Result::arithmetic>(
      "floor", x, [](auto x) { return floor(x); }, zero_rule());
}
Tensor ceil(const Arg& x) {
  return unary<Result::arithmetic>(
      "ceil", x, [](auto x) { return ceil(x); }, zero_rule());
}
Tensor round(const Arg& x) {
  return unary<Result::arithmetic>(
      "round", x, [](auto x) { return round(x); }, zero_rule());
}
Tensor trunc(const Arg& x) {
  return unary<Result::arithmetic>(
      "trunc", x, [](auto x) { return trunc(x); }, zero_rule());
}
Tensor frac(const Arg& x) {
  return unary(
      "frac", x, [](auto x) { return frac(x); }, rule<>([](const Tensor& g) { return g; }));
}
namespace {
// A bound of integers. One that is no integer, or beyond every integer, is never met by one.
std::int64_t bound(const Arg& number, double rounded) {
  constexpr auto least = std::numeric_limits<std::int64_t>::min(), most = std::numeric_limits<std::int64_t>::max();
  if (number.is_integer) return number.integer;
  return rounded >= 0x1p63 ? most : rounded <= -0x1p63 ? least : static_cast<std::int64_t>(rounded);
}
}  // namespace

Tensor clamp(const Arg& x, const Arg& lower, const Arg& upper) {
  if (!lower.is_scalar || !upper.is_scalar) fail("clamp", "the bounds must be numbers, not tensors", x.site);
  const double low = lower.scalar, high = upper.scalar;
  if (std::isnan(low) || std::isnan(high))
    fail("clamp", "the bounds are " + attribute_text(low) + " and " + attribute_text(high), x.site);
  return unary<Result::arithmetic>(
      "clamp", x,
      [low, high, from = bound(lower, std::ceil(low)), to = bound(upper, std::floor(high))](auto x) {
        using X = decltype(x);
        if constexpr (std::is_integral_v<decltype(x.v)>) return min(max(x, X(from)), X(to));
        else return clamp(x, X(low), X(high));
      },
      fused_rule<0>([low, high](auto g, auto x) { return where(x < low, 0, where(x > high, 0, g)); }));
}
Tensor nan_to_num(const Arg& x, double nan, double positive_infinity, double negative_infinity) {
  return unary(
      "nan_to_num", x,
      [=](auto x) {
        using T = decltype(x.v);
        constexpr double most = static_cast<double>(std::numeric_limits<T>::max());
        const double p = positive_infinity == HUGE_VAL ? most : positive_infinity;
        const double q = negative_infinity == -HUGE_VAL ? -most : negative_infinity;
        return where(x != x, nan, where(x == HUGE_VAL, p, where(x == -HUGE_VAL, q, x)));
      },
      fused_rule<0>([](auto g, auto x) { return where(x - x == 0, g, 0); }));
}

Tensor isnan(const Arg& x) {
  return test("isnan", x, [](auto x) { return x != x; });
}
Tensor isinf(const Arg& x) {
  return test("isinf", x, [](auto x) { return isinf(x); });
}
Tensor isfinite(const Arg& x) {
  return test("isfinite", x, [](auto x) { return isfinite(x); });
}
Tensor logical_not(const Arg& x) {
  return test("logical_not", x, [](auto x) { return x == 0; });
}
Tensor operator!(const Arg& x) { return logical_not(x); }

}  // namespace xtape
