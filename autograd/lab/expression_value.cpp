#include "expression.hpp"

namespace xtape::detail::symbolic {

namespace {
kernel::Real<double> exp_square(kernel::Real<double> x, kernel::Real<double> k) { return kernel::exp_square(x, k.v); }
}  // namespace

double value_of(Op op, const std::vector<double>& x) {
  using Number = kernel::Real<double>;
  const auto at = [&](std::size_t i) { return Number(x[i]); };
  switch (op) {
    case Op::number:
    case Op::argument: break;
    case Op::add: {
      double y = 0;
      for (const double v : x) y += v;
      return y;
    }
    case Op::mul: {
      double y = 1;
      for (const double v : x) y *= v;
      return y;
    }
    case Op::sub: return x[0] - x[1];
    case Op::div: return x[0] / x[1];
    case Op::neg: return -x[0];
    case Op::less: return x[0] < x[1];
    case Op::greater: return x[0] > x[1];
    case Op::less_equal: return x[0] <= x[1];
    case Op::greater_equal: return x[0] >= x[1];
    case Op::equal: return x[0] == x[1];
    case Op::not_equal: return x[0] != x[1];
    case Op::logical_and: return x[0] != 0 && x[1] != 0;
    case Op::logical_or: return x[0] != 0 || x[1] != 0;
    case Op::logical_not: return x[0] == 0;
    case Op::isnan: return isnan(at(0));
    case Op::isinf: return isinf(at(0));
    case Op::isfinite: return isfinite(at(0));
    case Op::where: return x[0] != 0 ? x[1] : x[2];
    case Op::clamp: return clamp(at(0), at(1), at(2)).v;
    default: break;
  }
#define XTAPE_OF_ONE(f) \
  if (op == Op::f) return f(at(0)).v;
#define XTAPE_OF_TWO(f) \
  if (op == Op::f) return f(at(0), at(1)).v;
  XTAPE_FUNCTIONS_OF_ONE(XTAPE_OF_ONE)
  XTAPE_FUNCTIONS_OF_TWO(XTAPE_OF_TWO)
#undef XTAPE_OF_ONE
#undef XTAPE_OF_TWO
  return x.empty() ? 0 : x[0];
}

double Algebra::value(Id x, const std::vector<double>& arguments) const {
  std::vector<double> values(x + 1), operands;
  for (const Id i : below(x)) {
    const Node& n = graph_[i];
    if (n.op == Op::number) values[i] = n.number;
    else if (n.op == Op::argument) values[i] = arguments[static_cast<std::size_t>(n.number)];
    else {
      operands.clear();
      for (const Id k : n.of) operands.push_back(values[k]);
      values[i] = value_of(n.op, operands);
    }
  }
  return values[x];
}

}  // namespace xtape::detail::symbolic
