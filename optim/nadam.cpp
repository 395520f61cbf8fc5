#include "nadam.hpp"

#include <cmath>
#include <optim/fused.hpp>
#include <optim/root_of_mean.hpp>

namespace xtape::optim {

NAdam::NAdam(std::vector<Parameter> parameters, NAdamOptions o, Site site)
    : Optimizer(
          "NAdam", std::move(parameters), o,
          [](const Parameter& p) {
            std::vector<Cell> cells = zeros_like({"exp_avg", "root_exp_avg_sq"})(p);
            cells.push_back({"mu_product", ones({}, float64), true});
            return cells;
          },
          site),
      options_(o) {
  has_betas(o.beta1_, o.beta2_, site);
  option_from_0("eps", o.eps_, site);
  option_from_0("momentum_decay", o.momentum_decay_, site);
  option("decoupled_weight_decay", o.decoupled_);
}

void NAdam::update(Update& u) const {
  const NAdamOptions& o = options_;
  const double t = static_cast<double>(u.t), beta1 = momentum();
  auto mu_at = [&](double t) { return beta1 * (1 - 0.5 * std::pow(0.96, t * o.momentum_decay_)); };
  double& product = u.cells[2].mutable_data<double>()[0];
  const double mu = mu_at(t), next = mu_at(t + 1);
  product *= mu;
  const double by_gradient = u.lr * (1 - mu) / (1 - product), by_mean = u.lr * next / (1 - product * next);
  fused<2>(u.p, u.cells, u.g, [&](auto type) {
    using T = decltype(type);
    using R = kernel::Real<T>;
    const R b1 = beta1, d1 = 1 - beta1, b2 = o.beta2_, d2 = 1 - o.beta2_, eps = not_zero<T>(o.eps_);
    const R unbias = 1 / std::sqrt(1 - std::pow(o.beta2_, t)), step_g = by_gradient, step_m = by_mean;
    const R l2 = o.decoupled_ ? 0 : u.weight_decay, shrink = o.decoupled_ ? 1 - u.lr * u.weight_decay : 1;
    return [=](auto& x, auto& m, auto& root, auto& g) {
      const R d = g + l2 * x;
      m = b1 * m + d1 * d;
      root = root_of_mean(b2, root, d2, d);
      x = shrink * x - (step_g * d + step_m * m) / (root * unbias + eps);
    };
  });
}

}  // namespace xtape::optim
