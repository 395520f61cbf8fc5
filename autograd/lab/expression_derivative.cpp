#include <cmath>

#include "expression.hpp"

namespace xtape::detail::symbolic {

// Textbook derivatives, written apart from those that `pointwise` computes with, so that each checks the other. At a
// kink one of the two sides is written.
Id Algebra::derivative(Id f, std::size_t argument) {
  // Operands first, so that a deep expression needs no deep stack.
  for (const Id x : below(f))
    if (derivatives_.find({x, argument}) == derivatives_.end()) {
      const Id d = derivative_of(x, argument);
      derivatives_[{x, argument}] = d;
    }
  return derivatives_.at({f, argument});
}

Id Algebra::derivative_of(Id f, std::size_t argument) {
  const Node n = graph_[f];
  const auto d = [&](std::size_t i) { return derivatives_.at({n.of[i], argument}); };
  const Id u = n.of.empty() ? f : n.of[0], v = n.of.size() > 1 ? n.of[1] : f, one = number(1), zero = number(0);
  const auto plus = [&](Id a, Id b) { return sum({a, b}); };
  const auto minus = [&](Id a, Id b) { return sum({a, negated(b)}); };
  const auto chain = [&](Id slope) { return product({slope, d(0)}); };
  const auto f_of = [&](Op op, Id x) { return call(op, {x}); };
  const auto square = [&](Id x) { return power(x, 2); };

  switch (n.op) {
    case Op::number: return zero;
    case Op::argument: return argument == static_cast<std::size_t>(n.number) ? one : zero;
    case Op::add: {
      std::vector<Id> terms;
      for (std::size_t i = 0; i < n.of.size(); ++i) terms.push_back(d(i));
      return sum(terms);
    }
    case Op::mul: {
      std::vector<Id> terms;
      for (std::size_t i = 0; i < n.of.size(); ++i) {
        if (is_number(d(i), 0)) continue;
        std::vector<Id> factors = n.of;
        factors[i] = d(i);
        terms.push_back(product(factors));
      }
      return sum(terms);
    }
    case Op::pow: {
      std::vector<Id> terms;
      if (!is_number(d(0), 0)) terms.push_back(product({v, power_of(u, minus(v, one)), d(0)}));
      if (!is_number(d(1), 0)) terms.push_back(product({f, f_of(Op::log, u), d(1)}));
      return sum(terms);
    }
    case Op::where: return where(u, d(1), d(2));
    case Op::clamp: {
      const Id low = n.of[1], high = n.of[2];
      if (is_number(d(1), 0) && is_number(d(2), 0))
        return where(call(Op::logical_and, {call(Op::less_equal, {low, u}), call(Op::less_equal, {u, high})}), d(0),
                     zero);
      return where(call(Op::less, {u, low}), d(1), where(call(Op::greater, {u, high}), d(2), d(0)));
    }
    case Op::max: return where(call(Op::greater, {u, v}), d(0), d(1));
    case Op::min: return where(call(Op::less, {u, v}), d(0), d(1));
    case Op::relu: return where(call(Op::greater, {u, zero}), d(0), zero);
    case Op::abs: return chain(f_of(Op::sign, u));
    case Op::cbrt: return chain(quotient(number(1. / 3), square(f)));
    case Op::frac: return d(0);
    case Op::exp: return chain(f);
    case Op::exp2: return chain(product({number(std::log(2.)), f}));
    case Op::expm1: return chain(f_of(Op::exp, u));
    case Op::log: return chain(power(u, -1));
    case Op::log1p: return chain(power(plus(one, u), -1));
    case Op::log2: return chain(product({number(1 / std::log(2.)), power(u, -1)}));
    case Op::log10: return chain(product({number(1 / std::log(10.)), power(u, -1)}));
    case Op::sinh: return chain(f_of(Op::cosh, u));
    case Op::cosh: return chain(f_of(Op::sinh, u));
    case Op::tanh: return chain(minus(one, square(f)));
    case Op::sigmoid: return chain(product({f, minus(one, f)}));
    case Op::log_sigmoid: return chain(minus(one, f_of(Op::sigmoid, u)));
    case Op::softplus: return chain(f_of(Op::sigmoid, u));
    case Op::sin: return chain(f_of(Op::cos, u));
    case Op::cos: return chain(negated(f_of(Op::sin, u)));
    case Op::tan: return chain(plus(one, square(f)));
    case Op::asin: return chain(power(minus(one, square(u)), -0.5));
    case Op::acos: return chain(negated(power(minus(one, square(u)), -0.5)));
    case Op::atan: return chain(power(plus(one, square(u)), -1));
    case Op::asinh: return chain(power(plus(square(u), one), -0.5));
    case Op::acosh: return chain(power(minus(square(u), one), -0.5));
    case Op::atanh: return chain(power(minus(one, square(u)), -1));
    case Op::erf: return chain(product({number(2 / std::sqrt(std::acos(-1.))), f_of(Op::exp, negated(square(u)))}));
    case Op::erfc: return chain(product({number(-2 / std::sqrt(std::acos(-1.))), f_of(Op::exp, negated(square(u)))}));
    case Op::normal_cdf:
      return chain(
          product({number(1 / std::sqrt(2 * std::acos(-1.))), f_of(Op::exp, product({number(-0.5), square(u)}))}));
    case Op::hypot: return plus(product({quotient(u, f), d(0)}), product({quotient(v, f), d(1)}));
    case Op::atan2: return quotient(minus(product({v, d(0)}), product({u, d(1)})), plus(square(u), square(v)));
    case Op::fmod: return minus(d(0), product({f_of(Op::trunc, quotient(u, v)), d(1)}));
    case Op::remainder: return minus(d(0), product({f_of(Op::floor, quotient(u, v)), d(1)}));
    case Op::copysign: return chain(product({call(Op::copysign, {one, v}), f_of(Op::sign, u)}));
    // Steps, and what `call` has written out.
    default: return zero;
  }
}

}  // namespace xtape::detail::symbolic
