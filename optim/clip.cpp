#include "clip.hpp"

#include <algorithm>
#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/reduction.hpp>
#include <cmath>

namespace xtape::optim {
namespace {

// The norm of all gradients, in float64 and with the largest taken out, so that no square leaves its range.
double norm_of(const Tensors& gradients, double p) {
  double largest = 0;
  for (const Tensor& g : gradients)
    if (g.defined() && g.size() > 0) {
      const double m = max(abs(g)).item();
      largest = m > largest || std::isnan(m) ? m : largest;
      if (std::isnan(m)) break;
    }
  if (std::isinf(p) || largest == 0 || !std::isfinite(largest)) return largest;
  double total = 0;
  for (const Tensor& g : gradients)
    if (g.defined() && g.size() > 0) {
      const Tensor share = abs(g.to(float64)) / largest;
      total += sum(p == 2 ? square(share) : pow(share, p)).item();
    }
  return largest * std::pow(total, 1 / p);
}

Tensors gradients_of(const std::vector<Parameter>& parameters) {
  Tensors gradients;
  for (const Parameter& p : parameters) gradients.push_back(p.grad());
  return gradients;
}
void set_gradients(const std::vector<Parameter>& parameters, const Tensors& gradients) {
  for (std::size_t i = 0; i < parameters.size(); ++i)
    if (gradients[i].defined()) {
      parameters[i].leaf()->forget_gradient();
      parameters[i].leaf()->add_gradient(gradients[i]);
    }
}

}  // namespace

double clip_grad_norm(Tensors& gradients, double max_norm, double p, Site site) {
  if (!(max_norm > 0))
    fail("clip_grad_norm", "max_norm is " + std::to_string(max_norm) + ", expected more than 0", site);
  if (!(p > 0)) fail("clip_grad_norm", "p is " + std::to_string(p) + ", expected more than 0", site);
  const NoGradGuard guard;
  const double norm = norm_of(gradients, p);
  if (!std::isfinite(norm))
    fail("clip_grad_norm", "the norm of the gradients is " + std::to_string(norm) + ", expected a finite one", site);
  if (norm > max_norm)
    for (Tensor& g : gradients)
      if (g.defined()) g = g * (max_norm / norm);
  return norm;
}

double clip_grad_norm(const std::vector<Parameter>& parameters, double max_norm, double p, Site site) {
  Tensors gradients = gradients_of(parameters);
  const double norm = clip_grad_norm(gradients, max_norm, p, site);
  if (norm > max_norm) set_gradients(parameters, gradients);
  return norm;
}

void clip_grad_value(Tensors& gradients, double max_value, Site site) {
  if (!(max_value > 0))
    fail("clip_grad_value", "max_value is " + std::to_string(max_value) + ", expected more than 0", site);
  const NoGradGuard guard;
  for (Tensor& g : gradients)
    if (g.defined()) g = clamp(g, -max_value, max_value);
}

void clip_grad_value(const std::vector<Parameter>& parameters, double max_value, Site site) {
  Tensors gradients = gradients_of(parameters);
  clip_grad_value(gradients, max_value, site);
  set_gradients(parameters, gradients);
}

}  // namespace xtape::optim
