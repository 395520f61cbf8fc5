#include "sgd.hpp"

#include <autograd/kernel.hpp>

namespace xtape::optim {
namespace {

std::vector<const char*> momentum_cells(double momentum) {
  if (momentum == 0) return {};
  return {"momentum_buffer"};
}

}  // namespace

SGD::SGD(std::vector<Parameter> parameters, SGDOptions options, Site site)
    : Optimizer("SGD", std::move(parameters), options.lr_, momentum_cells(options.momentum_), site), options_(options) {
  check(options.momentum_ >= 0 && options.momentum_ < 1, "momentum", options.momentum_, "a number in [0, 1)", site);
  check(options.weight_decay_ >= 0 && options.weight_decay_ < 1e300, "weight_decay", options.weight_decay_,
        "a finite number of at least 0", site);
  check(!options.nesterov_ || options.momentum_ > 0, "momentum", options.momentum_, "more than 0 with nesterov", site);
}

void SGD::update(Parameter& p, const Tensor& g, std::vector<Parameter>& cells, std::int64_t) const {
  const double rate = lr(), momentum = options_.momentum_, decay = options_.weight_decay_;
  visit_floating(p.dtype(), [&](auto t) {
    using T = decltype(t);
    using R = kernel::Real<T>;
    const R lr = rate, mu = momentum, lambda = decay;
    T* x = p.mutable_data<T>();
    if (momentum == 0)
      return kernel::update(
          p.size(), [=](auto& x, auto& g) { x = x - lr * (g + lambda * x); }, x, g.data<T>());
    T* velocity = cells[0].mutable_data<T>();
    if (options_.nesterov_)
      return kernel::update(
          p.size(),
          [=](auto& x, auto& v, auto& g) {
            const R d = g + lambda * x;
            v = mu * v + d;
            x = x - lr * (d + mu * v);
          },
          x, velocity, g.data<T>());
    kernel::update(
        p.size(),
        [=](auto& x, auto& v, auto& g) {
          v = mu * v + (g + lambda * x);
          x = x - lr * v;
        },
        x, velocity, g.data<T>());
  });
}

}  // namespace xtape::optim
