#include "adafactor.hpp"

#include <algorithm>
#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/statistics.hpp>
#include <cmath>
#include <limits>
#include <optim/fused.hpp>
#include <optim/root_of_mean.hpp>

namespace xtape::optim {
namespace {

Shape with_one_at(Shape shape, int axis) {
  shape[shape.rank() + axis] = 1;
  return shape;
}

// The root of the mean square, and those along one axis, which stays with size 1.
double rms(const Tensor& x) { return norm(x).item() / std::sqrt(static_cast<double>(x.size())); }
Tensor rms_along(const Tensor& x, int axis) {
  return norm(x, 2, {axis}, true) / std::sqrt(static_cast<double>(x.size(axis)));
}

// root <- sqrt((1 - share) root² + share x²).
void mix(Parameter& root, const Tensor& x, double share) {
  std::vector<Parameter> none;
  fused<0>(root, none, x, [&](auto type) {
    const kernel::Real<decltype(type)> a = 1 - share, b = share;
    return [=](auto& root, auto& x) { root = root_of_mean(a, root, b, x); };
  });
}

}  // namespace

Adafactor::Adafactor(std::vector<Parameter> parameters, AdafactorOptions o, Site site)
    : Optimizer(
          "Adafactor", std::move(parameters), o,
          [](const Parameter& p) -> std::vector<Cell> {
            if (p.shape().rank() < 2) return {{"root_variance", zeros(p.shape(), p.dtype())}};
            return {{"root_row_var", zeros(with_one_at(p.shape(), -1), p.dtype())},
                    {"root_col_var", zeros(with_one_at(p.shape(), -2), p.dtype())}};
          },
          site),
      options_(o) {
  option("beta2_decay", o.beta2_decay_, o.beta2_decay_ <= 0 && o.beta2_decay_ > -1e300, "a finite number of at most 0",
         site);
  if (o.eps1_) option_from_0("eps1", *o.eps1_, site);
  option_from_0("eps2", o.eps2_, site);
  option("d", o.d_, o.d_ >= 1 && o.d_ < 1e300, "a finite number of at least 1", site);
}

void Adafactor::update(Update& u) const {
  const AdafactorOptions& o = options_;
  const double t = static_cast<double>(u.t), share = std::pow(t, o.beta2_decay_);
  const double epsilon =
      u.p.dtype() == float32 ? std::numeric_limits<float>::epsilon() : std::numeric_limits<double>::epsilon();
  const double eps1 = o.eps1_.value_or(epsilon);
  const double alpha = std::max(o.eps2_, rms(u.p)) * std::min(u.lr, 1 / std::sqrt(t));
  Tensor root;
  if (u.p.shape().rank() < 2) {
    mix(u.cells[0], u.g, share);
    root = u.cells[0];
  } else {
    mix(u.cells[0], rms_along(u.g, -1), share);
    mix(u.cells[1], rms_along(u.g, -2), share);
    const Tensor rows = u.cells[0];
    root = rows / maximum(rms_along(rows, -2), std::sqrt(eps1)) * u.cells[1];
  }
  const Tensor direction = u.g / maximum(root, eps1);
  const double cut = std::max(1., rms(direction) / o.d_);
  fused<0>(u.p, u.cells, direction, [&](auto type) {
    const kernel::Real<decltype(type)> shrink = 1 - u.lr * u.weight_decay, step = alpha / cut;
    return [=](auto& x, auto& d) { x = shrink * x - step * d; };
  });
}

}  // namespace xtape::optim
