#include "exponential.hpp"

#include "detail/apply.hpp"
#include "detail/slopes.hpp"

namespace xtape {
using namespace detail;

Tensor exp(const Arg& x) {
  return unary(
      "exp", x, [](auto x) { return exp(x); }, fused_rule<output>(detail::slope::Exp{}));
}
Tensor exp2(const Arg& x) {
  return unary(
      "exp2", x, [](auto x) { return exp2(x); }, fused_rule<output>(detail::slope::Exp2{}));
}
Tensor expm1(const Arg& x) {
  return unary(
      "expm1", x, [](auto x) { return expm1(x); }, fused_rule<0>(detail::slope::Expm1{}));
}
Tensor log(const Arg& x) {
  return unary(
      "log", x, [](auto x) { return log(x); }, fused_rule<0>(detail::slope::Log{}));
}
Tensor log2(const Arg& x) {
  return unary(
      "log2", x, [](auto x) { return log2(x); }, fused_rule<0>(detail::slope::Log2{}));
}
Tensor log10(const Arg& x) {
  return unary(
      "log10", x, [](auto x) { return log10(x); }, fused_rule<0>(detail::slope::Log10{}));
}
Tensor log1p(const Arg& x) {
  return unary(
      "log1p", x, [](auto x) { return log1p(x); }, fused_rule<0>(detail::slope::Log1p{}));
}

}  // namespace xtape
