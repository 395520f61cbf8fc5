#include "radam.hpp"

#include <cmath>
#include <optim/fused.hpp>
#include <optim/root_of_mean.hpp>

namespace xtape::optim {

RAdam::RAdam(std::vector<Parameter> parameters, RAdamOptions o, Site site)
    : Optimizer("RAdam", std::move(parameters), o, zeros_like({"exp_avg", "root_exp_avg_sq"}), site), options_(o) {
  has_betas(o.beta1_, o.beta2_, site);
  option_from_0("eps", o.eps_, site);
  option("decoupled_weight_decay", o.decoupled_);
}

void RAdam::update(Update& u) const {
  const RAdamOptions& o = options_;
  const double t = static_cast<double>(u.t), beta1 = momentum(), power = std::pow(o.beta2_, t), c2 = 1 - power;
  const double full = 2 / (1 - o.beta2_) - 1, rho = full - 2 * t * power / c2;
  const bool rectified = rho > 5;
  const double r = std::sqrt((rho - 4) * (rho - 2) * full / ((full - 4) * (full - 2) * rho));
  const double rate = u.lr / (1 - std::pow(beta1, t)) * (rectified ? r * std::sqrt(c2) : 1);
  fused<2>(u.p, u.cells, u.g, [&](auto type) {
    using T = decltype(type);
    using R = kernel::Real<T>;
    const R b1 = beta1, d1 = 1 - beta1, b2 = o.beta2_, d2 = 1 - o.beta2_, eps = not_zero<T>(o.eps_), step = rate;
    const R l2 = o.decoupled_ ? 0 : u.weight_decay, shrink = o.decoupled_ ? 1 - u.lr * u.weight_decay : 1;
    return [=](auto& x, auto& m, auto& root, auto& g) {
      const R d = g + l2 * x;
      m = b1 * m + d1 * d;
      root = root_of_mean(b2, root, d2, d);
      x = shrink * x - step * m / where(rectified, root + eps, R(1));
    };
  });
}

}  // namespace xtape::optim
