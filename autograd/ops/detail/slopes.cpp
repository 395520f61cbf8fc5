#include "slopes.hpp"

#include "far_angles.hpp"

namespace xtape {
using namespace detail;

namespace {

// The rule of what is constant between its steps.
constexpr auto zero_rule = [] { return rule<>([](const Tensor& g) { return zeros(g.shape(), g.dtype()); }); };

}  // namespace

Tensor exp_square(const Arg& x, double k) {
  return unary(
      "exp_square", x, [k](auto x) { return exp_square(x, k); }, fused_rule<0, output>(detail::slope::ExpSquare{k}));
}
Tensor cbrt_slope(const Arg& x) {
  return unary(
      "cbrt_slope", x, [](auto x) { return cbrt_slope(x); }, fused_rule<0, output>(detail::slope::CbrtSlope{}));
}
Tensor logistic_density(const Arg& x) {
  return unary(
      "logistic_density", x, [](auto x) { return logistic_density(x); },
      fused_rule<0, output>(detail::slope::LogisticDensity{}));
}
Tensor sec_squared(const Arg& x) {
  return circular(
      "sec_squared", x, [](auto x) { return sec_squared(x); }, far_sec_squared,
      circular_rule(detail::slope::SecSquared{}, [](double x) { return 2 * std::tan(x) * far_sec_squared(x); }));
}
Tensor rsqrt_one_minus_square(const Arg& x) {
  return unary(
      "rsqrt_one_minus_square", x, [](auto x) { return rsqrt_one_minus_square(x); },
      fused_rule<0, output>(detail::slope::RsqrtOneMinusSquare{}));
}
Tensor rsqrt_one_plus_square(const Arg& x) {
  return unary(
      "rsqrt_one_plus_square", x, [](auto x) { return rsqrt_one_plus_square(x); },
      fused_rule<0>(detail::slope::RsqrtOnePlusSquare{}));
}
Tensor rsqrt_square_minus_one(const Arg& x) {
  return unary(
      "rsqrt_square_minus_one", x, [](auto x) { return rsqrt_square_minus_one(x); },
      fused_rule<0, output>(detail::slope::RsqrtSquareMinusOne{}));
}
Tensor reciprocal_one_plus_square(const Arg& x) {
  return unary(
      "reciprocal_one_plus_square", x, [](auto x) { return reciprocal_one_plus_square(x); },
      fused_rule<0, output>(detail::slope::ReciprocalOnePlusSquare{}));
}
Tensor reciprocal_one_minus_square(const Arg& x) {
  return unary(
      "reciprocal_one_minus_square", x, [](auto x) { return reciprocal_one_minus_square(x); },
      fused_rule<0, output>(detail::slope::ReciprocalOneMinusSquare{}));
}
Tensor normal_cdf(const Arg& x) {
  return unary(
      "normal_cdf", x, [](auto x) { return normal_cdf(x); }, fused_rule<0>(detail::slope::NormalCdf{}));
}
Tensor erfinv_slope(const Arg& x) {
  return unary(
      "erfinv_slope", x, [](auto x) { return erfinv_slope(x); }, fused_rule<0, output>(detail::slope::ErfinvSlope{}));
}
Tensor over_square_sum(const Arg& a, const Arg& b) {
  return binary<Result::floating>(
      "over_square_sum", a, b, [](auto a, auto b) { return over_square_sum(a, b); },
      fused_rule<0, 1>(detail::slope::OverSquareSumFirst{}), fused_rule<0, 1>(detail::slope::OverSquareSumSecond{}));
}
Tensor cosine(const Arg& a, const Arg& b) {
  return binary<Result::floating>(
      "cosine", a, b, [](auto a, auto b) { return cosine(a, b); }, fused_rule<0, 1>(detail::slope::CosineFirst{}),
      fused_rule<0, 1>(detail::slope::CosineSecond{}));
}
Tensor share(const Arg& a, const Arg& b) {
  return binary<Result::floating>(
      "share", a, b, [](auto a, auto b) { return share(a, b); }, fused_rule<0, 1>(detail::slope::ShareFirst{}),
      fused_rule<0, 1>(detail::slope::ShareSecond{}));
}
Tensor quotient(const Arg& a, const Arg& b) {
  return binary<Result::floating>(
      "quotient", a, b, [](auto a, auto b) { return quotient(a, b); }, zero_rule(), zero_rule());
}
Tensor quotient_below(const Arg& a, const Arg& b) {
  return binary<Result::floating>(
      "quotient_below", a, b, [](auto a, auto b) { return quotient_below(a, b); }, zero_rule(), zero_rule());
}

}  // namespace xtape
