#include "schedule_free.hpp"

#include <algorithm>
#include <autograd/ops/elementwise.hpp>
#include <cmath>
#include <optim/fused.hpp>
#include <optim/root_of_mean.hpp>

namespace xtape::optim {
namespace {

enum { at_k, at_weight_sum, at_lr_max };  // the optimiser's cells

}  // namespace

ScheduleFree::ScheduleFree(const char* name, std::vector<Parameter> parameters, const CommonOptions& o,
                           std::vector<std::string> cells, StepWeights weights, double beta, double beta2, Site site)
    : Optimizer(name, std::move(parameters), o, zeros_like(std::move(cells)), site,
                {{"k", zeros({}, float64)}, {"weight_sum", zeros({}, float64)}, {"lr_max", zeros({}, float64)}}),
      beta2_(beta2),
      weights_(weights),
      beta_(beta) {
  option("warmup_steps", static_cast<double>(weights.warmup_steps), weights.warmup_steps >= 0, "at least 0", site);
  option("r", weights.r, std::isfinite(weights.r), "a finite number", site);
  option("weight_lr_power", weights.weight_lr_power, std::isfinite(weights.weight_lr_power), "a finite number", site);
}

void ScheduleFree::prepare(std::vector<Update>&) {
  auto number = [&](std::size_t i) -> double& { return shared(i).mutable_data<double>()[0]; };
  const double k = number(at_k) += 1, warmup = static_cast<double>(weights_.warmup_steps);
  rate_ = std::min(1., k / warmup) * std::sqrt(1 - std::pow(beta2_, k));
  const double largest = number(at_lr_max) = std::max(number(at_lr_max), lr() * rate_);
  const double weight = std::pow(k, weights_.r) * std::pow(largest, weights_.weight_lr_power);
  const double sum = number(at_weight_sum) += weight;
  share_ = sum > 0 ? weight / sum : 0;
}

ScheduleFree::Move ScheduleFree::move_of(Update& u) const {
  if (u.t == 1) u.cells[0].assign(u.p.tensor());
  const double lr = u.lr * rate_;
  return {lr, share_, lr * (1 - beta_ * (1 - share_))};
}

Tensors ScheduleFree::averaged_values() const {
  const NoGradGuard guard;
  Tensors values;
  for (std::size_t i = 0; i < parameters().size(); ++i) {
    const Tensor y = parameters()[i].tensor().detach();
    values.push_back(steps_of(i) == 0 ? y : lerp(y, cells(i)[0].tensor().to(y.dtype()), 1 - 1 / beta_));
  }
  return values;
}

SGDScheduleFree::SGDScheduleFree(std::vector<Parameter> parameters, SGDScheduleFreeOptions o, Site site)
    : ScheduleFree("SGDScheduleFree", std::move(parameters), o, {"z"}, o.weights_, o.momentum_, 0, site) {
  option("momentum", o.momentum_, o.momentum_ > 0 && o.momentum_ < 1, "a number in (0, 1)", site);
}

void SGDScheduleFree::update(Update& u) const {
  const Move m = move_of(u);
  fused<1>(u.p, u.cells, u.g, [&](auto type) {
    using R = kernel::Real<decltype(type)>;
    const R lr = m.lr, c = m.share, back = m.back, l2 = u.weight_decay;
    return [=](auto& y, auto& z, auto& g) {
      const R d = g + l2 * y;
      y = y + c * (z - y) - back * d;
      z = z - lr * d;
    };
  });
}

AdamWScheduleFree::AdamWScheduleFree(std::vector<Parameter> parameters, AdamWScheduleFreeOptions o, Site site)
    : ScheduleFree("AdamWScheduleFree", std::move(parameters), o, {"z", "root_exp_avg_sq"}, o.weights_, o.beta1_,
                   o.beta2_, site),
      eps_(o.eps_) {
  option("beta1", o.beta1_, o.beta1_ > 0 && o.beta1_ < 1, "a number in (0, 1)", site);
  option_below_1("beta2", o.beta2_, site);
  option_from_0("eps", o.eps_, site);
}

void AdamWScheduleFree::update(Update& u) const {
  const Move m = move_of(u);
  fused<2>(u.p, u.cells, u.g, [&](auto type) {
    using T = decltype(type);
    using R = kernel::Real<T>;
    const R lr = m.lr, c = m.share, back = m.back, decay = u.weight_decay, eps = not_zero<T>(eps_);
    const R b2 = beta2_, d2 = 1 - beta2_;
    return [=](auto& y, auto& z, auto& root, auto& g) {
      root = root_of_mean(b2, root, d2, g);
      const R d = g / (root + eps) + decay * y;
      y = y + c * (z - y) - back * d;
      z = z - lr * d;
    };
  });
}

}  // namespace xtape::optim
