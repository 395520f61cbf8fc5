#include "gradcheck.hpp"

#include <cmath>
#include <sstream>

#include "ops/elementwise.hpp"
#include "ops/reduction.hpp"
#include "random.hpp"

namespace xtape {
namespace {

using Function = std::function<Tensor(const Tensors&)>;

Tensors leaves(const Tensors& inputs) {
  Tensors x;
  for (const Tensor& t : inputs) x.push_back(t.requires_grad());
  return x;
}

// Gradients of a scalar, with zeros where it does not depend on an input.
Tensors gradients(const Tensor& y, const Tensors& x, GradFlags flags) {
  Tensors g = y.is_recorded() ? grad(y, x, flags | allow_unused) : Tensors(x.size());
  for (std::size_t i = 0; i < g.size(); ++i)
    if (!g[i].defined()) g[i] = zeros(x[i].shape(), float64);
  return g;
}

double value(const Function& f, const Tensors& inputs, std::size_t input, std::int64_t element, double delta) {
  Tensors x = inputs;
  std::vector<double> v = x[input].to_vector<double>();
  v[static_cast<std::size_t>(element)] += delta;
  x[input] = tensor(v, x[input].shape());
  return f(leaves(x)).item();
}

void check(const Function& f, const Tensors& inputs, int order, const GradcheckOptions& options, Site site) {
  const Tensors x = leaves(inputs);
  const Tensors analytic = gradients(f(x), x, grad_defaults);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::vector<double> a = analytic[i].to_vector<double>();
    for (std::size_t k = 0; k < a.size(); ++k) {
      const auto element = static_cast<std::int64_t>(k);
      const double numeric =
          (value(f, inputs, i, element, options.step) - value(f, inputs, i, element, -options.step)) /
          (2 * options.step);
      if (std::abs(a[k] - numeric) <= options.tolerance * (1 + std::abs(numeric))) continue;
      std::ostringstream text;
      text.precision(10);
      text << "order " << order << ": the derivative with respect to element " << k << " of input " << i << " of shape "
           << inputs[i].shape() << " is " << a[k] << " by the tape and " << numeric << " by central differences";
      fail("gradcheck", text.str(), site);
    }
  }
}

}  // namespace

void gradcheck(const Function& f, const Tensors& inputs, const GradcheckOptions& options, Site site) {
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i].dtype() != float64)
      fail("gradcheck",
           "input " + std::to_string(i) + " is " + to_string(inputs[i].dtype()) +
               "; differences need float64: tensor(values, float64)",
           site);
  Generator generator(1);
  const Tensor y = f(leaves(inputs));
  if (y.dtype() != float64)
    fail("gradcheck", std::string("the result is ") + to_string(y.dtype()) + ", not float64", site);
  const Tensor weights = uniform(y.shape(), 0.5, 1.5, float64, generator);
  const Function first = [&](const Tensors& x) { return sum(f(x) * weights); };
  check(first, inputs, 1, options, site);
  if (options.order < 2) return;

  Tensors directions;
  for (const Tensor& t : inputs) directions.push_back(uniform(t.shape(), 0.5, 1.5, float64, generator));
  const Function second = [&](const Tensors& x) {
    const Tensors g = gradients(first(x), x, create_graph);
    Tensor s = zeros({}, float64);
    for (std::size_t i = 0; i < g.size(); ++i) s += sum(g[i] * directions[i]);
    return s;
  };
  check(second, inputs, 2, options, site);
}

}  // namespace xtape
