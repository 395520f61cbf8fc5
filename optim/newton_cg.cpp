#include "newton_cg.hpp"

#include <algorithm>
#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/reduction.hpp>
#include <autograd/tape.hpp>
#include <cmath>
#include <optim/line_search.hpp>
#include <optim/tensor_list.hpp>
#include <utility>

namespace xtape::optim {
namespace {

/// H v of a loss whose gradients are recorded.
Tensors product(const std::vector<Parameter>& parameters, const Tensors& gradients, const Tensors& v, Site site) {
  Tensor along;
  for (std::size_t i = 0; i < v.size(); ++i) {
    if (!gradients[i].defined() || !gradients[i].is_recorded()) continue;
    const Tensor term = sum(gradients[i] * v[i].to(gradients[i].dtype()));
    along = along.defined() ? along + term : term;
  }
  Tensors products(v.size());
  if (along.defined()) products = grad(along, parameters, retain_graph | allow_unused, site);
  for (std::size_t i = 0; i < v.size(); ++i)
    products[i] = products[i].defined() ? products[i].detach().to(float64) : zeros(v[i].shape(), float64);
  return products;
}

}  // namespace

NewtonCG::NewtonCG(std::vector<Parameter> parameters, NewtonCGOptions o, Site site)
    : ClosureOptimizer("NewtonCG", std::move(parameters), o, zeros_like({}), site, {}), options_(o) {
  option("max_cg", static_cast<double>(o.max_cg_), o.max_cg_ >= 1, "at least 1", site);
  option_from_0("tolerance_grad", o.tolerance_grad_, site);
}

Tensor NewtonCG::search(const Closure& closure, Site site) {
  zero_grad();
  const Tensor loss = closure();
  check_loss(loss, site);
  for (const Parameter& p : parameters())
    if (p.grad().defined())
      fail(name(), "the closure has called backward(), which releases the tape that the second derivatives need", site);
  const Tensors recorded = grad(loss, parameters(), create_graph | allow_unused, site);
  const Point now = complete(loss.detach(), recorded);
  const Tensors& g = now.gradient;
  if (!std::isfinite(now.value) || max_abs(g) <= options_.tolerance_grad_) return now.loss;

  const double size = std::sqrt(dot(g, g)), enough = std::min(0.5, std::sqrt(size)) * size;
  Tensors d = scaled(0, g), r = g, c = scaled(-1, g);  // the direction so far, H d + g, and the next one to go along
  double rr = dot(r, r);
  for (std::int64_t i = 0; i < options_.max_cg_ && std::sqrt(rr) >= enough; ++i) {
    Tensors hc = scaled(maximizes() ? -1 : 1, product(parameters(), recorded, c, site));
    for (std::size_t k = 0; k < c.size(); ++k) hc[k] = hc[k] + weight_decay_of(k) * c[k];
    hc = without_frozen(std::move(hc));
    const double curvature = dot(c, hc);
    if (!(curvature > 0)) {
      if (i == 0) d = c;
      break;
    }
    const double a = rr / curvature;
    d = add_scaled(d, a, c);
    r = add_scaled(r, a, hc);
    const double before = std::exchange(rr, dot(r, r));
    c = add_scaled(scaled(-1, r), rr / before, c);
  }

  const Tensors x = values();
  const OnLine end = strong_wolfe(
      [&](double t) {
        assign(add_scaled(x, t, d));
        const Point p = evaluate_here(closure, site);
        return OnLine{t, p.value, dot(p.gradient, d), p.gradient};
      },
      {0, now.value, dot(g, d), g}, lr(), 1e-9 / max_abs(d));
  assign(add_scaled(x, end.t, d));
  return now.loss;
}

}  // namespace xtape::optim
