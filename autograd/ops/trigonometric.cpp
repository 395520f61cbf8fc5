#include "trigonometric.hpp"

#include "detail/far_angles.hpp"
#include "detail/slopes.hpp"

namespace xtape {

Tensor sin(const Arg& x) {
  return circular(
      "sin", x, [](auto x) { return sin(x); }, [](double x) { return std::sin(x); },
      circular_rule(detail::slope::Sin{}, [](double x) { return std::cos(x); }));
}
Tensor cos(const Arg& x) {
  return circular(
      "cos", x, [](auto x) { return cos(x); }, [](double x) { return std::cos(x); },
      circular_rule(detail::slope::Cos{}, [](double x) { return -std::sin(x); }));
}
Tensor tan(const Arg& x) {
  return circular(
      "tan", x, [](auto x) { return tan(x); }, [](double x) { return std::tan(x); },
      circular_rule(detail::slope::Tan{}, far_sec_squared));
}
Tensor asin(const Arg& x) {
  return unary(
      "asin", x, [](auto x) { return asin(x); }, fused_rule<0>(detail::slope::Asin{}));
}
Tensor acos(const Arg& x) {
  return unary(
      "acos", x, [](auto x) { return acos(x); }, fused_rule<0>(detail::slope::Acos{}));
}
Tensor atan(const Arg& x) {
  return unary(
      "atan", x, [](auto x) { return atan(x); }, fused_rule<0>(detail::slope::Atan{}));
}
Tensor sinh(const Arg& x) {
  return unary(
      "sinh", x, [](auto x) { return sinh(x); }, fused_rule<0>(detail::slope::Sinh{}));
}
Tensor cosh(const Arg& x) {
  return unary(
      "cosh", x, [](auto x) { return cosh(x); }, fused_rule<0>(detail::slope::Cosh{}));
}
Tensor tanh(const Arg& x) {
  return unary(
      "tanh", x, [](auto x) { return tanh(x); }, fused_rule<0>(detail::slope::Tanh{}));
}
Tensor asinh(const Arg& x) {
  return unary(
      "asinh", x, [](auto x) { return asinh(x); }, fused_rule<0>(detail::slope::Asinh{}));
}
Tensor acosh(const Arg& x) {
  return unary(
      "acosh", x, [](auto x) { return acosh(x); }, fused_rule<0>(detail::slope::Acosh{}));
}
Tensor atanh(const Arg& x) {
  return unary(
      "atanh", x, [](auto x) { return atanh(x); }, fused_rule<0>(detail::slope::Atanh{}));
}

}  // namespace xtape
