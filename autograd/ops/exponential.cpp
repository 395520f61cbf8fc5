#include "exponential.hpp"

#include "apply.hpp"
#include "elementwise.hpp"

namespace xtape {
namespace {
constexpr double ln2 = 0.69314718055994530942, ln10 = 2.30258509299404568402;
}  // namespace

Tensor exp(const Arg& x) {
  return unary(
      "exp", x, [](auto x) { return exp(x); }, fused_rule<output>([](auto g, auto y) { return g * y; }));
}
Tensor exp2(const Arg& x) {
  return unary(
      "exp2", x, [](auto x) { return exp2(x); }, fused_rule<output>([](auto g, auto y) { return g * (ln2 * y); }));
}
Tensor expm1(const Arg& x) {
  return unary(
      "expm1", x, [](auto x) { return expm1(x); }, fused_rule<output>([](auto g, auto y) { return g * (y + 1); }));
}
Tensor log(const Arg& x) {
  return unary(
      "log", x, [](auto x) { return log(x); }, fused_rule<0>([](auto g, auto x) { return g / x; }));
}
Tensor log2(const Arg& x) {
  return unary(
      "log2", x, [](auto x) { return log2(x); }, fused_rule<0>([](auto g, auto x) { return g / (ln2 * x); }));
}
Tensor log10(const Arg& x) {
  return unary(
      "log10", x, [](auto x) { return log10(x); }, fused_rule<0>([](auto g, auto x) { return g / (ln10 * x); }));
}
Tensor log1p(const Arg& x) {
  return unary(
      "log1p", x, [](auto x) { return log1p(x); }, fused_rule<0>([](auto g, auto x) { return g / (1 + x); }));
}

}  // namespace xtape
