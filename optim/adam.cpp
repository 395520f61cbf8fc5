#include "adam.hpp"

#include <cmath>
#include <optim/fused.hpp>
#include <optim/root_of_mean.hpp>

namespace xtape::optim {
namespace {

std::vector<std::string> names(bool amsgrad) {
  if (amsgrad) return {"exp_avg", "root_exp_avg_sq", "root_max_exp_avg_sq"};
  return {"exp_avg", "root_exp_avg_sq"};
}

}  // namespace

Adam::Adam(const char* name, std::vector<Parameter> parameters, AdamOptions o, bool decoupled, Site site)
    : Optimizer(name, std::move(parameters), o, zeros_like(names(o.amsgrad_)), site),
      options_(o),
      decoupled_(decoupled) {
  option_below_1("beta1", o.beta1_, site);
  option_below_1("beta2", o.beta2_, site);
  option_from_0("eps", o.eps_, site);
  option("cautious", o.cautious_, decoupled || !o.cautious_, "0: only AdamW's decay can be cautious", site);
  option("amsgrad", o.amsgrad_);
  has_momentum(o.beta1_);
}

Adam::Adam(std::vector<Parameter> parameters, AdamOptions options, Site site)
    : Adam("Adam", std::move(parameters), options, false, site) {}
AdamW::AdamW(std::vector<Parameter> parameters, AdamOptions o, Site site)
    : Adam("AdamW", std::move(parameters), o.weight_decay_ ? o : o.weight_decay(0.01), true, site) {}

void Adam::update(Update& u) const {
  const AdamOptions& o = options_;
  const double t = static_cast<double>(u.t), beta1 = momentum();
  const double c1 = 1 - std::pow(beta1, t), c2 = 1 - std::pow(o.beta2_, t);
  auto formula = [&](auto type) {
    using T = decltype(type);
    using R = kernel::Real<T>;
    const R b1 = beta1, d1 = 1 - beta1, b2 = o.beta2_, d2 = 1 - o.beta2_, eps = not_zero<T>(o.eps_);
    const R step = u.lr / c1, unbias = 1 / std::sqrt(c2), l2 = decoupled_ ? 0 : u.weight_decay;
    const R shrink = decoupled_ ? 1 - u.lr * u.weight_decay : 1, against = o.cautious_ ? R(1) : shrink;
    // `largest` is what the step is divided by.
    return [=](auto& x, auto& m, auto& root, auto& largest, auto& g) {
      const R d = g + l2 * x;
      m = b1 * m + d1 * d;
      root = root_of_mean(b2, root, d2, d);
      largest = max(largest, root);
      x = where(m * x < 0, against, shrink) * x - step * m / (largest * unbias + eps);
    };
  };
  if (o.amsgrad_) return fused<3>(u.p, u.cells, u.g, formula);
  fused<2>(u.p, u.cells, u.g, [&](auto type) {
    return [one = formula(type)](auto& x, auto& m, auto& root, auto& g) {
      kernel::Real<decltype(type)> largest = 0;  // the root, which is at least 0
      one(x, m, root, largest, g);
    };
  });
}

}  // namespace xtape::optim
