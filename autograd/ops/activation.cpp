#include "activation.hpp"

#include <cmath>

#include "detail/apply.hpp"
#include "detail/slopes.hpp"

namespace xtape {
using namespace detail;

namespace {

// gelu: where nothing of its bend is left, an infinite x is not to meet a 0.
constexpr double far = 100;
// By tanh it is x (1 + tanh(u)) / 2 = x sigmoid(2u), with 2u = 2 sqrt(2/pi) (x + 0.044715 x^3).
constexpr double scale = 1.59576912160573071176, bend = 0.044715;

}  // namespace

Tensor sigmoid(const Arg& x) {
  return unary(
      "sigmoid", x, [](auto x) { return sigmoid(x); }, fused_rule<0>(detail::slope::Sigmoid{}));
}
Tensor logit(const Arg& x, double eps) {
  if (!(eps < 0.5)) fail("logit", "eps is " + attribute_text(eps) + ", expected less than 0.5", x.site);
  const double low = eps < 0 ? -HUGE_VAL : eps, high = eps < 0 ? HUGE_VAL : 1 - eps;
  return unary(
      "logit", x,
      [low, high](auto x) {
        const auto p = clamp(x, low, high);
        // Above 1/4 2p - 1 is exact.
        return where(p < 0.28, log(p / (1 - p)), log1p((2 * p - 1) / (1 - p)));
      },
      fused_rule<0>([low, high](auto g, auto x) {
        const auto p = clamp(x, low, high);
        const auto slope = g * (1 / p + 1 / (1 - p));
        return where(x < low, 0, where(x > high, 0, slope));
      }));
}
Tensor log_sigmoid(const Arg& x) {
  return unary(
      "log_sigmoid", x, [](auto x) { return log_sigmoid(x); }, fused_rule<0>(detail::slope::LogSigmoid{}));
}
Tensor relu(const Arg& x) {
  return unary(
      "relu", x, [](auto x) { return relu(x); },
      fused_rule<output>([](auto g, auto y) { return where(y <= 0, 0, g); }));
}
Tensor detail::functions::softplus(const Arg& x, double beta, double threshold) {
  if (!std::isfinite(beta) || beta == 0)
    fail("softplus", "beta is " + attribute_text(beta) + ", expected a finite number other than 0", x.site);
  return unary(
      "softplus", x, [beta, threshold](auto x) { return where(x * beta > threshold, x, softplus(x * beta) / beta); },
      fused_rule<0>(
          [beta, threshold](auto g, auto x) { return where(x * beta > threshold, g, g * sigmoid(x * beta)); }));
}
Tensor softsign(const Arg& x) {
  return unary(
      "softsign", x,
      [](auto x) {
        const auto v = clamp(x, -1e30, 1e30);  // ±1 to the last place from there on
        return v / (1 + abs(v));
      },
      fused_rule<0>([](auto g, auto x) { return g * square(reciprocal(1 + abs(x))); }));
}
Tensor silu(const Arg& x) {
  return unary(
      "silu", x, [](auto x) { return silu(x); }, fused_rule<0>(detail::slope::Silu{}));
}
Tensor detail::functions::gelu(const Arg& x, Gelu form) {
  if (form == Gelu::erf)
    return unary(
        "gelu", x, [](auto x) { return clamp(x, -far, HUGE_VAL) * normal_cdf(x); }, fused_rule<0>([](auto g, auto x) {
          const auto v = clamp(x, -far, far);
          return g * (normal_cdf(v) + 0.39894228040143267794 * (v * exp_square(v, -0.5)));
        }));
  return unary(
      "gelu", x,
      [](auto x) {
        const auto above = max(x, -far), v = min(above, far);
        return above * sigmoid(scale * (v + bend * (v * v * v)));
      },
      fused_rule<0>([](auto g, auto x) {
        const auto v = clamp(x, -far, far);
        const auto u = scale * (v + bend * (v * v * v));
        return g * (sigmoid(u) + v * (logistic_density(u) * (scale * (1 + 3 * bend * (v * v)))));
      }));
}

}  // namespace xtape
