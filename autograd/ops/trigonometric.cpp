#include "trigonometric.hpp"

#include "apply.hpp"
#include "elementwise.hpp"

namespace xtape {

Tensor sin(const Arg& x) {
  return unary(
      "sin", x, [](auto x) { return sin(x); }, fused_rule<0>([](auto g, auto x) { return g * cos(x); }));
}
Tensor cos(const Arg& x) {
  return unary(
      "cos", x, [](auto x) { return cos(x); }, fused_rule<0>([](auto g, auto x) { return -g * sin(x); }));
}
Tensor tan(const Arg& x) {
  return unary(
      "tan", x, [](auto x) { return tan(x); }, fused_rule<output>([](auto g, auto y) { return g * (1 + y * y); }));
}
Tensor asin(const Arg& x) {
  return unary(
      "asin", x, [](auto x) { return asin(x); }, fused_rule<0>([](auto g, auto x) { return g * rsqrt(1 - x * x); }));
}
Tensor acos(const Arg& x) {
  return unary(
      "acos", x, [](auto x) { return acos(x); }, fused_rule<0>([](auto g, auto x) { return -g * rsqrt(1 - x * x); }));
}
Tensor atan(const Arg& x) {
  return unary(
      "atan", x, [](auto x) { return atan(x); }, fused_rule<0>([](auto g, auto x) { return g / (1 + x * x); }));
}
Tensor sinh(const Arg& x) {
  return unary(
      "sinh", x, [](auto x) { return sinh(x); }, fused_rule<0>([](auto g, auto x) { return g * cosh(x); }));
}
Tensor cosh(const Arg& x) {
  return unary(
      "cosh", x, [](auto x) { return cosh(x); }, fused_rule<0>([](auto g, auto x) { return g * sinh(x); }));
}
Tensor tanh(const Arg& x) {
  return unary(
      "tanh", x, [](auto x) { return tanh(x); }, fused_rule<output>([](auto g, auto y) { return g * (1 - y * y); }));
}
Tensor asinh(const Arg& x) {
  return unary(
      "asinh", x, [](auto x) { return asinh(x); }, fused_rule<0>([](auto g, auto x) { return g * rsqrt(x * x + 1); }));
}
Tensor acosh(const Arg& x) {
  return unary(
      "acosh", x, [](auto x) { return acosh(x); }, fused_rule<0>([](auto g, auto x) { return g * rsqrt(x * x - 1); }));
}
Tensor atanh(const Arg& x) {
  return unary(
      "atanh", x, [](auto x) { return atanh(x); }, fused_rule<0>([](auto g, auto x) { return g / (1 - x * x); }));
}

}  // namespace xtape
