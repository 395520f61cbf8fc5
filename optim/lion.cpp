#include "lion.hpp"

#include <optim/fused.hpp>

namespace xtape::optim {

Lion::Lion(std::vector<Parameter> parameters, LionOptions o, Site site)
    : Optimizer("Lion", std::move(parameters), o, zeros_like({"exp_avg"}), site), options_(o) {
  has_betas(o.beta1_, o.beta2_, site);
}

void Lion::update(Update& u) const {
  fused<1>(u.p, u.cells, u.g, [&](auto type) {
    using R = kernel::Real<decltype(type)>;
    const R b1 = momentum(), d1 = 1 - momentum(), b2 = options_.beta2_, d2 = 1 - options_.beta2_;
    const R lr = u.lr, shrink = 1 - u.lr * u.weight_decay;
    return [=](auto& x, auto& m, auto& g) {
      x = shrink * x - lr * sign(b1 * m + d1 * g);
      m = b2 * m + d2 * g;
    };
  });
}

}  // namespace xtape::optim
