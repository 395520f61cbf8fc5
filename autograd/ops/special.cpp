#include "special.hpp"

#include "detail/apply.hpp"
#include "detail/slopes.hpp"

namespace xtape {

Tensor erf(const Arg& x) {
  return unary(
      "erf", x, [](auto x) { return erf(x); }, fused_rule<0>(detail::slope::Erf{}));
}
Tensor erfc(const Arg& x) {
  return unary(
      "erfc", x, [](auto x) { return erfc(x); }, fused_rule<0>(detail::slope::Erfc{}));
}
Tensor erfinv(const Arg& x) {
  return unary(
      "erfinv", x, [](auto x) { return erfinv(x); }, fused_rule<0>(detail::slope::Erfinv{}));
}
Tensor lgamma(const Arg& x) {
  return unary(
      "lgamma", x, [](auto x) { return lgamma(x); }, fused_rule<0>([](auto g, auto x) { return g * digamma(x); }));
}
Tensor digamma(const Arg& x) {
  return unary(
      "digamma", x, [](auto x) { return digamma(x); },
      fused_rule<0>([](auto g, auto x) { return g * polygamma(1, x); }));
}
Tensor polygamma(std::int64_t n, const Arg& x) {
  if (n < 0 || n > 100) fail("polygamma", "the order " + std::to_string(n) + " is not in [0, 100]", x.site);
  return unary(
      "polygamma", x, [n](auto x) { return polygamma(n, x); },
      fused_rule<0>([n](auto g, auto x) { return g * polygamma(n + 1, x); }));
}

}  // namespace xtape
