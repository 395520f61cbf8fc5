// Formulas for the tests of lab::formula and lab::intervals: each with the derivatives that `pointwise` computes.
#pragma once
#include <cmath>
#include <functional>
#include <string>
#include <vector>
#include <xtape.hpp>

namespace lab_test {

using xtape::detail::symbolic::Written;
using First = xtape::kernel::Dual<xtape::kernel::Real<double>>;
using Second = xtape::kernel::Dual<First>;

/// A formula of one number, and f, f' and f'' by dual numbers.
struct Case {
  std::string source;
  Written written;
  std::function<std::vector<double>(double)> numbers;
};

template <class F>
Case make(const std::string& source, const F& f) {
  const auto numbers = [f](double x) -> std::vector<double> {
    const Second y = f(Second(First(x, 1.), First(1., 0.)));
    return {y.v.v.v, y.d.v.v, y.d.d.v};
  };
  return {source, xtape::detail::symbolic::write("formula", f, {}), numbers};
}

/// A formula that is drawn: it reads the same draws on symbols and on dual numbers.
struct Drawn {
  std::uint64_t seed;

  template <class X>
  X operator()(X x) const {
    xtape::RandomStream random(seed);
    return term(x, random, 4);
  }

 private:
  template <class X>
  X term(X x, xtape::RandomStream& random, int depth) const {
    if (depth == 0) {
      const auto kind = random.integer(4);
      const double number = std::round(random.uniform() * 40 - 20) / 8;
      return kind == 0 ? X(number) : kind == 1 ? X(number * x) : x;
    }
    const auto kind = random.integer(24);
    const X a = term(x, random, depth - 1);
    switch (kind) {
      case 0: return sigmoid(a);
      case 1: return tanh(a);
      case 2: return exp(-square(a));
      case 3: return log1p(square(a));
      case 4: return sqrt(1 + a * a);
      case 5: return atan(a);
      case 6: return softplus(a);
      case 7: return sin(a);
      case 8: return erf(a);
      case 9: return silu(a);
      case 10: return log_sigmoid(a);
      case 11: return abs(a);
      case 12: return relu(a);
      case 13: return 1 / (1 + exp(-a));
      case 14: return pow(a, 3) / 8;
      default: break;
    }
    const X b = term(x, random, depth - 1);
    switch (kind) {
      case 15: return a - b;
      case 16: return max(a, b);
      case 17: return where(a > b, a, b * a);
      case 18: return a / (1 + b * b);
      case 19: return min(a, 1 - b);
      case 20: return a + 2 * b;
      case 21: return clamp(a, -1, 2) - b;
      default: return a * b;
    }
  }
};

}  // namespace lab_test
