#include "muon.hpp"

#include <algorithm>
#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/linalg.hpp>
#include <autograd/ops/shape.hpp>
#include <autograd/ops/statistics.hpp>
#include <cmath>
#include <optim/adam_step.hpp>
#include <optim/fused.hpp>

namespace xtape::optim {
namespace {

bool is_embedding(const Parameter& p) { return p.name().find("embed") != std::string::npos; }

}  // namespace

Muon::Muon(std::vector<Parameter> parameters, MuonOptions o, Site site)
    : Optimizer(
          "Muon", std::move(parameters), o,
          [&](const Parameter& p) -> std::vector<Cell> {
            const std::vector<Parameter>& all = this->parameters();
            const auto last =
                std::find_if(all.rbegin(), all.rend(), [](const Parameter& p) { return p.shape().rank() >= 2; });
            const bool by_adamw =
                p.shape().rank() < 2 || (o.adamw_for_ ? (*o.adamw_for_)(p) : is_embedding(p) || p.is(*last));
            return zeros_like(by_adamw ? std::vector<std::string>{"exp_avg", "root_exp_avg_sq"}
                                       : std::vector<std::string>{"momentum_buffer"})(p);
          },
          site),
      options_(o) {
  option_below_1("momentum", o.momentum_, site);
  option("nesterov", o.nesterov_);
  option("ns_steps", o.ns_steps_, o.ns_steps_ >= 1, "at least 1", site);
  option("match_rms_adamw", o.match_rms_adamw_);
  const double adamw_lr = o.adamw_lr_.value_or(o.match_rms_adamw_ ? lr() : 3e-4);
  option_from_0("adamw_lr", adamw_lr, site);
  option_below_1("adamw_beta1", o.beta1_, site);
  option_below_1("adamw_beta2", o.beta2_, site);
  option_from_0("adamw_eps", o.eps_, site);
  for (std::size_t i = 0; i < this->parameters().size(); ++i)
    if (cells(i).size() == 2) begin_with(i, adamw_lr, weight_decay_of(i), site);
  has_momentum(o.momentum_);
}

void Muon::update(Update& u) const {
  const double shrink = 1 - u.lr * u.weight_decay, mu = momentum();
  if (u.cells.size() == 2)  // AdamW's
    return adam_step(u.p, u.cells, u.g, {options_.beta1_, options_.beta2_, u.t},
                     {u.lr, options_.beta1_, options_.beta2_, options_.eps_, 0, shrink});
  const Tensor m = lerp(u.cells[0], u.g, 1 - mu);
  u.cells[0].assign(m);
  const Tensor x = reshape(options_.nesterov_ ? lerp(u.g, m, mu) : m, {u.p.shape()[0], -1});
  const double rows = static_cast<double>(x.size(0)), columns = static_cast<double>(x.size(1));
  const double scale =
      std::sqrt(options_.match_rms_adamw_ ? 0.04 * std::max(rows, columns) : std::max(1., rows / columns));
  fused<0>(u.p, u.cells, newton_schulz(x, options_.ns_steps_), [&](auto type) {
    const kernel::Real<decltype(type)> less = shrink, step = u.lr * scale;
    return [=](auto& x, auto& d) { x = less * x - step * d; };
  });
}

Tensor newton_schulz(const Tensor& x, int steps, Site site) {
  if (!x.defined() || x.rank() != 2 || !is_floating(x.dtype()))
    fail("newton_schulz",
         "x is " + (x.defined() ? to_string(x.dtype()) + to_string(x.shape()) : "undefined") +
             ", expected a floating matrix",
         site);
  const NoGradGuard guard;
  const bool tall = x.size(0) > x.size(1);  // x^T x is then the smaller product
  Tensor y = x / (norm(x) + 1e-7);
  for (int i = 0; i < steps; ++i) {
    const Tensor a = matmul(y, y, tall, !tall), b = addmm(a, a, a, -4.7750, 2.0315);
    y = tall ? addmm(y, y, b, 3.4445) : addmm(y, b, y, 3.4445);
  }
  return y;
}

}  // namespace xtape::optim
