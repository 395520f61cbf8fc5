#include "closure_optimizer.hpp"

#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/reduction.hpp>
#include <optim/tensor_list.hpp>

namespace xtape::optim {

ClosureOptimizer::ClosureOptimizer(const char* name, std::vector<Parameter> parameters, const CommonOptions& options,
                                   const Cells& cells, Site site, std::vector<Cell> shared)
    : Optimizer(name, std::move(parameters), options, cells, site, std::move(shared)) {
  one_rate();
}

void ClosureOptimizer::step(const Tensors&, Site site) {
  fail(name(), "it computes the loss several times in a step: give it as a closure, step(closure)", site);
}

Tensor ClosureOptimizer::step(const Closure& closure, Site site) {
  check_held(site);
  const Tensors before = values();
  try {
    Tensor result = search(closure, site);
    count_step();
    return result;
  } catch (...) {
    assign(before);
    reset();
    throw;
  }
}

Tensors ClosureOptimizer::values() const {
  Tensors x;
  for (const Parameter& p : parameters()) x.push_back(p.tensor().detach().to(float64));
  return x;
}

void ClosureOptimizer::assign(const Tensors& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    Parameter p = parameters()[i];
    if (!p.is_frozen()) p.assign(values[i].to(p.dtype()));
  }
}

Tensors ClosureOptimizer::without_frozen(Tensors x) const {
  for (std::size_t i = 0; i < x.size(); ++i)
    if (parameters()[i].is_frozen()) x[i] = zeros(x[i].shape(), float64);
  return x;
}

ClosureOptimizer::Point ClosureOptimizer::evaluate_here(const Closure& closure, Site site) {
  const auto [loss, gradients] = evaluate(closure, site);
  return complete(loss, gradients);
}

ClosureOptimizer::Point ClosureOptimizer::complete(const Tensor& loss, const Tensors& gradients) const {
  const double sign = maximizes() ? -1 : 1;
  Point point{sign * loss.item(), {}, loss};
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    const Parameter& p = parameters()[i];
    if (p.is_frozen()) {
      point.gradient.push_back(zeros(p.shape(), float64));
      continue;
    }
    const Tensor& g = gradients[i];
    Tensor total = g.defined() ? sign * g.detach().to(float64) : zeros(p.shape(), float64);
    if (const double decay = weight_decay_of(i); decay != 0) {
      const Tensor x = p.tensor().detach().to(float64);
      total = total + decay * x;
      point.value += decay / 2 * sum(x * x).item();
    }
    point.gradient.push_back(total);
  }
  return point;
}

}  // namespace xtape::optim
