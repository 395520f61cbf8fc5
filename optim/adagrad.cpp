#include "adagrad.hpp"

#include <cmath>
#include <optim/fused.hpp>
#include <optim/root_of_mean.hpp>

namespace xtape::optim {

Adagrad::Adagrad(std::vector<Parameter> parameters, AdagradOptions o, Site site)
    : Optimizer(
          "Adagrad", std::move(parameters), o,
          [&o](const Parameter& p) {
            return std::vector<Cell>{{"root_sum", full(p.shape(), std::sqrt(o.initial_), p.dtype())}};
          },
          site),
      options_(o) {
  option_from_0("lr_decay", o.lr_decay_, site);
  option_from_0("initial_accumulator_value", o.initial_, site);
  option_from_0("eps", o.eps_, site);
}

void Adagrad::update(Update& u) const {
  const double rate = u.lr / (1 + static_cast<double>(u.t - 1) * options_.lr_decay_);
  fused<1>(u.p, u.cells, u.g, [&](auto type) {
    using T = decltype(type);
    using R = kernel::Real<T>;
    const R step = rate, l2 = u.weight_decay, eps = not_zero<T>(options_.eps_);
    return [=](auto& x, auto& root, auto& g) {
      const R d = g + l2 * x;
      root = root_of_mean(R(1), root, R(1), d);
      x = x - step * d / (root + eps);
    };
  });
}

}  // namespace xtape::optim
