#include "lamb.hpp"

#include <autograd/ops/statistics.hpp>
#include <cmath>
#include <optim/fused.hpp>
#include <optim/root_of_mean.hpp>

namespace xtape::optim {

LAMB::LAMB(std::vector<Parameter> parameters, LAMBOptions o, Site site)
    : Optimizer("LAMB", std::move(parameters), o.weight_decay_ ? o : o.weight_decay(0.01),
                zeros_like({"exp_avg", "root_exp_avg_sq"}), site),
      options_(o) {
  has_betas(o.beta1_, o.beta2_, site);
  option_from_0("eps", o.eps_, site);
}

void LAMB::update(Update& u) const {
  const LAMBOptions& o = options_;
  const double t = static_cast<double>(u.t), beta1 = momentum();
  Parameter direction(u.g);
  std::vector<Parameter> cells{u.cells[0], u.cells[1], direction};
  fused<3>(u.p, cells, u.g, [&](auto type) {
    using T = decltype(type);
    using R = kernel::Real<T>;
    const R b1 = beta1, d1 = 1 - beta1, b2 = o.beta2_, d2 = 1 - o.beta2_, eps = not_zero<T>(o.eps_);
    const R unbias1 = 1 / (1 - std::pow(beta1, t)), unbias2 = 1 / std::sqrt(1 - std::pow(o.beta2_, t));
    const R decay = u.weight_decay;
    return [=](auto& x, auto& m, auto& root, auto& r, auto& g) {
      m = b1 * m + d1 * g;
      root = root_of_mean(b2, root, d2, g);
      r = m * unbias1 / (root * unbias2 + eps) + decay * x;
    };
  });
  const double of_p = norm(u.p).item(), of_r = norm(direction).item();
  const double ratio = of_p == 0 || of_r == 0 ? 1 : of_p / of_r;
  fused<0>(u.p, u.cells, direction, [&](auto type) {
    const kernel::Real<decltype(type)> step = u.lr * ratio;
    return [=](auto& x, auto& r) { x = x - step * r; };
  });
}

}  // namespace xtape::optim
