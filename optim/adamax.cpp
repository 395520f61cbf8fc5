#include "adamax.hpp"

#include <cmath>
#include <optim/fused.hpp>
#include <optim/root_of_mean.hpp>

namespace xtape::optim {

Adamax::Adamax(std::vector<Parameter> parameters, AdamaxOptions o, Site site)
    : Optimizer("Adamax", std::move(parameters), o, zeros_like({"exp_avg", "exp_inf"}), site), options_(o) {
  has_betas(o.beta1_, o.beta2_, site);
  option_from_0("eps", o.eps_, site);
}

void Adamax::update(Update& u) const {
  const AdamaxOptions& o = options_;
  const double beta1 = momentum(), rate = u.lr / (1 - std::pow(beta1, static_cast<double>(u.t)));
  fused<2>(u.p, u.cells, u.g, [&](auto type) {
    using T = decltype(type);
    using R = kernel::Real<T>;
    const R b1 = beta1, d1 = 1 - beta1, b2 = o.beta2_, eps = not_zero<T>(o.eps_), step = rate, l2 = u.weight_decay;
    return [=](auto& x, auto& m, auto& largest, auto& g) {
      const R d = g + l2 * x;
      m = b1 * m + d1 * d;
      largest = max(b2 * largest, abs(d) + eps);
      x = x - step * m / largest;
    };
  });
}

}  // namespace xtape::optim
