#include "adadelta.hpp"

#include <cmath>
#include <optim/fused.hpp>
#include <optim/root_of_mean.hpp>

namespace xtape::optim {

Adadelta::Adadelta(std::vector<Parameter> parameters, AdadeltaOptions o, Site site)
    : Optimizer("Adadelta", std::move(parameters), o, zeros_like({"root_square_avg", "root_acc_delta"}), site),
      options_(o) {
  option_below_1("rho", o.rho_, site);
  option_from_0("eps", o.eps_, site);
}

void Adadelta::update(Update& u) const {
  fused<2>(u.p, u.cells, u.g, [&](auto type) {
    using T = decltype(type);
    using R = kernel::Real<T>;
    const R lr = u.lr, l2 = u.weight_decay, rho = options_.rho_, rest = 1 - options_.rho_, one = 1;
    const R eps = not_zero<T>(std::sqrt(options_.eps_));
    return [=](auto& x, auto& root, auto& deltas, auto& g) {
      const R d = g + l2 * x;
      root = root_of_mean(rho, root, rest, d);
      const R delta = d / root_of_mean(one, root, one, eps) * root_of_mean(one, deltas, one, eps);
      deltas = root_of_mean(rho, deltas, rest, delta);
      x = x - lr * delta;
    };
  });
}

}  // namespace xtape::optim
