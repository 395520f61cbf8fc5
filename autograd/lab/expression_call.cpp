#include <algorithm>

#include "expression.hpp"

namespace xtape::detail::symbolic {

namespace {

// f(-x) = -f(x), or f(x).
bool is_odd(Op op) {
  switch (op) {
    case Op::asin:
    case Op::asinh:
    case Op::atan:
    case Op::atanh:
    case Op::cbrt:
    case Op::erf:
    case Op::sign:
    case Op::sin:
    case Op::sinh:
    case Op::tan:
    case Op::tanh: return true;
    default: return false;
  }
}
bool is_even(Op op) { return op == Op::abs || op == Op::cos || op == Op::cosh; }

}  // namespace

Id Algebra::call(Op op, const std::vector<Id>& x) {
  switch (op) {
    case Op::add: return sum(x);
    case Op::sub: return sum({x[0], negated(x[1])});
    case Op::neg: return negated(x[0]);
    case Op::mul: return product(x);
    case Op::div: return quotient(x[0], x[1]);
    case Op::pow: return power_of(x[0], x[1]);
    case Op::where: return where(x[0], x[1], x[2]);
    case Op::square: return power(x[0], 2);
    case Op::sqrt: return power(x[0], 0.5);
    case Op::rsqrt: return power(x[0], -0.5);
    case Op::reciprocal: return power(x[0], -1);
    case Op::silu: return product({x[0], call(Op::sigmoid, x)});
    case Op::tanhshrink: return sum({x[0], negated(call(Op::tanh, x))});
    case Op::logistic_density: {
      const Id s = call(Op::sigmoid, x);
      return product({s, sum({number(1), negated(s)})});
    }
    case Op::exp_square: return call(Op::exp, {product({x[1], power(x[0], 2)})});
    case Op::share: return call(Op::sigmoid, {sum({x[0], negated(x[1])})});
    case Op::cosine: return quotient(x[0], call(Op::hypot, x));
    case Op::over_square_sum: return quotient(x[0], sum({power(x[0], 2), power(x[1], 2)}));
    case Op::cbrt_slope: return quotient(number(1. / 3), power(call(Op::cbrt, x), 2));
    case Op::sec_squared: return sum({number(1), power(call(Op::tan, x), 2)});
    case Op::rsqrt_one_minus_square: return power(sum({number(1), negated(power(x[0], 2))}), -0.5);
    case Op::rsqrt_one_plus_square: return power(sum({number(1), power(x[0], 2)}), -0.5);
    case Op::rsqrt_square_minus_one: return power(sum({power(x[0], 2), number(-1)}), -0.5);
    case Op::reciprocal_one_plus_square: return power(sum({number(1), power(x[0], 2)}), -1);
    case Op::reciprocal_one_minus_square: return power(sum({number(1), negated(power(x[0], 2))}), -1);
    case Op::quotient: return call(Op::trunc, {quotient(x[0], x[1])});
    case Op::quotient_below: return call(Op::floor, {quotient(x[0], x[1])});
    case Op::max:
    case Op::min:
      if (x[0] == x[1]) return x[0];
      break;
    case Op::exp:
      if (graph_[x[0]].op == Op::log) return graph_[x[0]].of[0];
      break;
    case Op::log:
      if (graph_[x[0]].op == Op::exp) return graph_[x[0]].of[0];
      break;
    default: break;
  }
  if (std::all_of(x.begin(), x.end(), [&](Id i) { return is_number(i); })) {
    std::vector<double> v;
    for (const Id i : x) v.push_back(number_of(i));
    return number(value_of(op, v));
  }
  if (x.size() == 1 && is_negative(x[0])) {
    if (is_odd(op)) return negated(call(op, {negated(x[0])}));
    if (is_even(op)) return call(op, {negated(x[0])});
    if (op == Op::sigmoid) return sum({number(1), negated(call(op, {negated(x[0])}))});
  }
  return graph_.add(op, 0, x);
}

Id Algebra::of(const Written& formula) {
  const Graph& g = *formula.graph;
  std::vector<Id> ids(g.size());
  for (Id i = 0; i < g.size(); ++i) {
    const Node& n = g[i];
    if (n.op == Op::number) ids[i] = number(n.number);
    else if (n.op == Op::argument) ids[i] = argument(static_cast<std::size_t>(n.number));
    else {
      std::vector<Id> x;
      for (const Id below : n.of) x.push_back(ids[below]);
      ids[i] = call(n.op, x);
    }
  }
  return ids[formula.result];
}

}  // namespace xtape::detail::symbolic
