#include "known_formulas.hpp"

#include <cmath>
#include <unordered_map>

#include "../pointwise_kernel.hpp"
#include "../random.hpp"

namespace xtape::lab {

using namespace detail;

namespace {

struct Known {
  std::vector<const char*> ops;  // whose names say which it is
  Formula formula;
};

template <class F>
Known known(std::vector<const char*> ops, const F& f) {
  const symbolic::Written w = symbolic::write("formula", f, {});
  std::vector<std::string> names{"z"};
  if (w.arguments == 2) names = {"a", "y"};
  return {std::move(ops), Formula(w, names, {})};
}

std::vector<Known> list() {
  std::vector<Known> all{
      known({"sigmoid"}, [](auto z) { return sigmoid(z); }),
      known({"tanh"}, [](auto z) { return tanh(z); }),
      known({"relu"}, [](auto z) { return relu(z); }),
      known({"silu"}, [](auto z) { return z * sigmoid(z); }),
      known({"softplus"}, [](auto z) { return softplus(z); }),
      known({"softsign"}, [](auto z) { return z / (1 + abs(z)); }),
      known({"gelu"}, [](auto z) { return z * normal_cdf(z); }),
      known({"log_sigmoid"}, [](auto z) { return log_sigmoid(z); }),
      known({"exp"}, [](auto z) { return exp(z); }),
      known({"log"}, [](auto z) { return log(z); }),
      known({"sqrt"}, [](auto z) { return sqrt(z); }),
      known({"sin"}, [](auto z) { return sin(z); }),
      known({"cos"}, [](auto z) { return cos(z); }),
      known({"atan"}, [](auto z) { return atan(z); }),
      known({"erf"}, [](auto z) { return erf(z); }),
      known({"square"}, [](auto z) { return square(z); }),
      known({"abs"}, [](auto z) { return abs(z); }),
      known({}, [](auto z) { return where(z > 0, z, exp(z) - 1); }),
      known({}, [](auto z) { return z * tanh(softplus(z)); }),
      known({}, [](auto z) { return z - tanh(z); }),
      known({}, [](auto z) { return exp(-z * z); }),
      known({}, [](auto a, auto y) { return square(a - y); }),
      known({}, [](auto a, auto y) { return square(a - y) / 2; }),
      known({}, [](auto a, auto y) { return abs(a - y); }),
      known({}, [](auto a, auto y) { return log(cosh(a - y)); }),
      known({}, [](auto a, auto y) { return -y * log(a) - (1 - y) * log(1 - a); }),
  };
  for (const double slope : {0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.3})
    all.push_back(known({}, [slope](auto z) { return where(z > 0, z, slope * z); }));
  return all;
}

// Whether the operation has the formula's values, at numbers drawn from (0, 1) and, of one argument, from (-4, 4).
bool agrees(const Operation& node, const Formula& f, const std::vector<Shape>& shapes, Dtype dtype, bool sums) {
  RandomStream random(1);
  for (int k = 0; k < 24; ++k) {
    std::vector<double> at;
    std::vector<Ref<Array>> arrays;
    std::vector<const Array*> pointers;
    for (const Shape& shape : shapes) {
      const double u = random.uniform();
      at.push_back(static_cast<float>(shapes.size() == 1 ? 8 * u - 4 : 0.02 + 0.96 * u));
      arrays.push_back(full(shape, at.back(), dtype).array_ref());
      pointers.push_back(arrays.back().get());
    }
    const Tensor y(node.run(pointers.data()));
    const double n = sums ? static_cast<double>(shapes[0].size()) : 1;
    const double got = y.to_vector<double>()[0] / n, expected = f.value(at);
    if (!(std::abs(got - expected) <= 2e-5 * (std::abs(expected) + 1e-2))) return false;
  }
  return true;
}

}  // namespace

std::optional<Formula> known_formula(const Operation& node, const std::vector<Shape>& operands, Dtype dtype) {
  const std::string op = node.op;
  const bool pointwise = op == "pointwise" || op == "pointwise_sum";
  if (!pointwise && operands.size() != 1) return {};
  static thread_local const std::vector<Known> all = list();
  if (!pointwise) {
    for (const Known& k : all)
      for (const char* name : k.ops)
        if (op == name) return k.formula;
    return {};
  }
  if (!dynamic_cast<const Pointwise*>(&node)) return {};
  for (const Known& k : all)
    if (k.formula.names().size() == operands.size() && agrees(node, k.formula, operands, dtype, op == "pointwise_sum"))
      return k.formula;
  return {};
}

}  // namespace xtape::lab
