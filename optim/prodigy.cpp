#include "prodigy.hpp"

#include <algorithm>
#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/reduction.hpp>
#include <cmath>
#include <optim/fused.hpp>
#include <optim/root_of_mean.hpp>

namespace xtape::optim {
namespace {

// Places of cells: of the optimiser's and of each parameter's.
enum { at_d, at_d_max, at_d_numerator, at_k };
enum { at_s = 2, at_p0 };

}  // namespace

Prodigy::Prodigy(std::vector<Parameter> parameters, ProdigyOptions o, Site site)
    : Optimizer("Prodigy", std::move(parameters), o, zeros_like({"exp_avg", "root_exp_avg_sq", "s", "p0"}), site,
                {{"d", full({}, o.d0_, float64)},
                 {"d_max", full({}, o.d0_, float64)},
                 {"d_numerator", zeros({}, float64)},
                 {"k", zeros({}, float64)}}),
      options_(o) {
  option_below_1("beta1", o.beta1_, site);
  option_below_1("beta2", o.beta2_, site);
  option_below_1("beta3", beta3(), site);
  option_from_0("eps", o.eps_, site);
  option("d0", o.d0_, o.d0_ > 0 && o.d0_ < 1e300, "a finite number of more than 0", site);
  option("d_coef", o.d_coef_, o.d_coef_ > 0 && o.d_coef_ < 1e300, "a finite number of more than 0", site);
  option("growth_rate", o.growth_rate_, o.growth_rate_ >= 1, "at least 1", site);
  option("decouple", o.decouple_);
  option("use_bias_correction", o.use_bias_correction_);
  option("safeguard_warmup", o.safeguard_warmup_);
}

double Prodigy::beta3() const { return options_.beta3_.value_or(std::sqrt(options_.beta2_)); }

void Prodigy::prepare(std::vector<Update>& updates) {
  const ProdigyOptions& o = options_;
  auto number = [&](std::size_t i) -> double& { return shared(i).mutable_data<double>()[0]; };
  const double now = number(at_d), k = number(at_k) + 1, by_d0 = now / o.d0_;
  const double unbias = o.use_bias_correction_ ? std::sqrt(1 - std::pow(o.beta2_, k)) / (1 - std::pow(o.beta1_, k)) : 1;
  double numerator = number(at_d_numerator) * beta3(), denominator = 0;
  rate_ = now * unbias;
  for (Update& u : updates) {
    if (u.t == 1) u.cells[at_p0].assign(u.p.tensor().detach());
    if (u.lr == 0) continue;
    if (!o.decouple_ && u.weight_decay != 0) u.g = u.g + u.weight_decay * u.p;
    numerator += by_d0 * rate_ * u.lr * sum(u.g * (u.cells[at_p0] - u.p)).item();
    fused<3>(u.p, u.cells, u.g, [&](auto type) {
      using R = kernel::Real<decltype(type)>;
      const R b1 = o.beta1_, d1 = now * (1 - o.beta1_), b2 = o.beta2_, d2 = 1 - o.beta2_, size = now;
      const R b3 = beta3(), d3 = by_d0 * (o.safeguard_warmup_ ? now : rate_ * u.lr);
      return [=](auto&, auto& m, auto& root, auto& s, auto& g) {
        m = b1 * m + d1 * g;
        root = root_of_mean(b2, root, d2, size * g);
        s = b3 * s + d3 * g;
      };
    });
    denominator += sum(abs(u.cells[at_s])).item();
  }
  if (denominator == 0) {  // no gradient: nothing is learnt, nothing moves
    rate_ = 0;
    return;
  }
  const double estimate = o.d_coef_ * numerator / denominator;
  const double first = now == o.d0_ ? std::max(now, estimate) : now;
  number(at_d_numerator) = numerator;
  number(at_d_max) = std::max(number(at_d_max), estimate);
  number(at_d) = std::min(number(at_d_max), first * o.growth_rate_);
  number(at_k) = k;
}

void Prodigy::update(Update& u) const {
  if (rate_ == 0 || u.lr == 0) return;
  fused<2>(u.p, u.cells, u.g, [&](auto type) {
    using T = decltype(type);
    using R = kernel::Real<T>;
    const R step = u.lr * rate_, eps = not_zero<T>(d() * options_.eps_);
    const R shrink = options_.decouple_ ? 1 - u.lr * rate_ * u.weight_decay : 1;
    return [=](auto& x, auto& m, auto& root, auto&) { x = shrink * x - step * m / (root + eps); };
  });
}

}  // namespace xtape::optim
