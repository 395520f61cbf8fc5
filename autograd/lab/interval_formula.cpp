#include "../ops/activation.hpp"
#include "../ops/detail/slopes.hpp"
#include "../ops/elementwise.hpp"
#include "../ops/exponential.hpp"
#include "../ops/special.hpp"
#include "../ops/trigonometric.hpp"
#include "../ops/unary.hpp"
#include "interval_walk.hpp"

namespace xtape::detail {

namespace {

// What formulas have and tensors have not, or under another name.
Tensor tanhshrink(const Arg& x) { return x - tanh(x); }
Tensor max(const Arg& a, const Arg& b) { return maximum(a, b); }
Tensor min(const Arg& a, const Arg& b) { return minimum(a, b); }
Tensor exp_square(const Arg& x, const Arg& k) { return xtape::exp_square(x, k.tensor().item()); }

Tensor formula_node(const symbolic::Node& node, const std::vector<Arg>& x, const Tensors& arguments) {
  using symbolic::Op;
  switch (node.op) {
    case Op::number: return tensor(node.number, arguments[0].dtype());
    case Op::argument: return arguments[static_cast<std::size_t>(node.number)];
    case Op::add: return x[0] + x[1];
    case Op::sub: return x[0] - x[1];
    case Op::mul: return x[0] * x[1];
    case Op::div: return x[0] / x[1];
    case Op::neg: return -x[0];
    case Op::less: return x[0] < x[1];
    case Op::greater: return x[0] > x[1];
    case Op::less_equal: return x[0] <= x[1];
    case Op::greater_equal: return x[0] >= x[1];
    case Op::equal: return x[0] == x[1];
    case Op::not_equal: return x[0] != x[1];
    case Op::logical_and: return logical_and(x[0], x[1]);
    case Op::logical_or: return logical_or(x[0], x[1]);
    case Op::logical_not: return logical_not(x[0]);
    case Op::isnan: return isnan(x[0]);
    case Op::isinf: return isinf(x[0]);
    case Op::isfinite: return isfinite(x[0]);
    case Op::where: return where(x[0], x[1], x[2]);
    case Op::clamp: return minimum(maximum(x[0], x[1]), x[2]);
    default: break;
  }
#define XTAPE_OF_ONE(f) \
  if (node.op == Op::f) return f(x[0]);
#define XTAPE_OF_TWO(f) \
  if (node.op == Op::f) return f(x[0], x[1]);
  XTAPE_FUNCTIONS_OF_ONE(XTAPE_OF_ONE)
  XTAPE_FUNCTIONS_OF_TWO(XTAPE_OF_TWO)
#undef XTAPE_OF_ONE
#undef XTAPE_OF_TWO
  return {};
}

}  // namespace

Tensor formula_of_tensors(const symbolic::Written& f, const Tensors& arguments) {
  std::vector<char> needed(f.graph->size());
  needed[f.result] = true;
  for (std::uint32_t i = f.graph->size(); i-- > 0;)
    if (needed[i])
      for (const std::uint32_t below : (*f.graph)[i].of) needed[below] = true;
  Tensors values(f.graph->size());
  for (std::uint32_t i = 0; i < f.graph->size(); ++i) {
    if (!needed[i]) continue;
    const symbolic::Node& node = (*f.graph)[i];
    const Scope scope(node.site);
    std::vector<Arg> operands;
    for (const std::uint32_t below : node.of) operands.emplace_back(values[below], node.site);
    values[i] = formula_node(node, operands, arguments);
  }
  return values[f.result];
}

}  // namespace xtape::detail
