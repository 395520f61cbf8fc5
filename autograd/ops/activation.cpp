#include "activation.hpp"

#include <cmath>

#include "../special.hpp"
#include "apply.hpp"
#include "elementwise.hpp"

namespace xtape {
namespace {

constexpr double sqrt_2_pi = 0.79788456080286535588, sqrt_1_2 = 0.70710678118654752440;

// The standard normal density.
template <class X>
X normal_density(const X& x) {
  return 0.39894228040143267794 * exp(-0.5 * (x * x));
}

}  // namespace

Tensor sigmoid(const Arg& x) {
  return unary(
      "sigmoid", x, [](auto x) { return sigmoid(x); },
      fused_rule<output>([](auto g, auto y) { return g * y * (1 - y); }));
}
Tensor logit(const Arg& x, double eps) {
  if (!(eps < 0.5)) fail("logit", "eps is " + attribute_text(eps) + ", expected less than 0.5", x.site);
  const double low = eps < 0 ? -HUGE_VAL : eps, high = eps < 0 ? HUGE_VAL : 1 - eps;
  return unary(
      "logit", x,
      [low, high](auto x) {
        const auto p = clamp(x, low, high);
        return log(p / (1 - p));
      },
      fused_rule<0>([low, high](auto g, auto x) {
        const auto slope = g / (x * (1 - x));
        return where(x < low, 0, where(x > high, 0, slope));
      }));
}
Tensor log_sigmoid(const Arg& x) {
  return unary(
      "log_sigmoid", x, [](auto x) { return log_sigmoid(x); },
      fused_rule<0>([](auto g, auto x) { return g * sigmoid(-x); }));
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
      "softsign", x, [](auto x) { return x / (1 + abs(x)); }, fused_rule<0>([](auto g, auto x) {
        const auto d = 1 + abs(x);
        return g / (d * d);
      }));
}
Tensor silu(const Arg& x) {
  return unary(
      "silu", x, [](auto x) { return silu(x); }, fused_rule<0>([](auto g, auto x) {
        const auto s = sigmoid(x);
        return g * (s * (1 + x * (1 - s)));
      }));
}
Tensor detail::functions::gelu(const Arg& x, Gelu form) {
  if (form == Gelu::erf)
    return unary(
        "gelu", x, [](auto x) { return x * (0.5 * erfc(-sqrt_1_2 * x)); },
        fused_rule<0>([](auto g, auto x) { return g * (0.5 * erfc(-sqrt_1_2 * x) + x * normal_density(x)); }));
  return unary(
      "gelu", x, [](auto x) { return 0.5 * x * (1 + tanh(sqrt_2_pi * (x + 0.044715 * (x * x * x)))); },
      fused_rule<0>([](auto g, auto x) {
        const auto t = tanh(sqrt_2_pi * (x + 0.044715 * (x * x * x)));
        const auto slope = sqrt_2_pi * (1 + 3 * 0.044715 * (x * x));
        return g * (0.5 * (1 + t) + 0.5 * x * ((1 - t * t) * slope));
      }));
}

}  // namespace xtape
