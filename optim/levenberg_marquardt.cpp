#include "levenberg_marquardt.hpp"

#include <algorithm>
#include <autograd/ops/creation.hpp>
#include <autograd/ops/decomposition.hpp>
#include <autograd/ops/diagonal.hpp>
#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/join.hpp>
#include <autograd/ops/linalg.hpp>
#include <autograd/ops/reduction.hpp>
#include <autograd/ops/shape.hpp>
#include <autograd/ops/slice.hpp>
#include <autograd/ops/solve.hpp>
#include <autograd/ops/statistics.hpp>
#include <autograd/tape.hpp>
#include <cmath>
#include <limits>
#include <optim/tensor_list.hpp>
#include <utility>

namespace xtape::optim {
namespace {

enum { at_mu, at_expected };  // the optimiser's cells

// How much less a scale may be than before, the part of a step at which its curvature is measured, and how bent it may
// be.
constexpr double fading = 0.7, shortest_probe = 0.1, most_bent = 0.75;
// Below, damping changes no digit.
constexpr double least_damping = 1e-40;

bool is_finite(const Tensor& x) { return all(isfinite(x)).item<bool>(); }
Tensor joined(const Tensors& parts) {
  Tensors flat;
  for (const Tensor& x : parts) flat.push_back(flatten(x));
  return concat(flat);
}
/// A = Q R, in blocks of rows of a size that LAPACK takes.
QR tall_qr(const Tensor& a) {
  constexpr std::int64_t most = 8192;
  if (a.size(0) <= most || 2 * a.size(1) > most) return qr(a);
  Tensors q, r;
  for (std::int64_t begin = 0; begin < a.size(0); begin += most) {
    QR block = qr(slice(a, 0, Slice(begin, std::min(begin + most, a.size(0)))));
    q.push_back(std::move(block.q)), r.push_back(std::move(block.r));
  }
  const QR of_blocks = tall_qr(concat(r));
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < q.size(); begin += r[i++].size(0))
    q[i] = matmul(q[i], slice(of_blocks.q, 0, Slice(begin, begin + r[i].size(0))));
  return {concat(q), of_blocks.r};
}
/// The k-th of n unit vectors.
Tensor unit(std::int64_t n, std::int64_t k, const Shape& shape, Dtype dtype) {
  std::vector<double> v(static_cast<std::size_t>(n));
  v[static_cast<std::size_t>(k)] = 1;
  return tensor(v, shape).to(dtype);
}

}  // namespace

LevenbergMarquardt::LevenbergMarquardt(std::vector<Parameter> parameters, LevenbergMarquardtOptions o, Site site)
    : ClosureOptimizer("LevenbergMarquardt", std::move(parameters), o,
                       [](const Parameter& p) {
                         return std::vector<Cell>{{"scale", zeros(p.shape(), float64), true}};
                       },
                       site,
                       {{"mu", full({}, o.damping_, float64)},
                        {"expected", full({}, std::numeric_limits<double>::infinity(), float64)}}),
      options_(o) {
  option("maximize", maximizes(), !maximizes(), "0: residuals are made small", site);
  option("damping", o.damping_, o.damping_ > 0 && o.damping_ < 1e300, "a finite number of more than 0", site);
  option("geodesic", o.geodesic_);
  option("max_tries", static_cast<double>(o.max_tries_), o.max_tries_ >= 1, "at least 1", site);
}

void LevenbergMarquardt::check_residuals(const Tensor& r, Site site) const {
  if (!r.defined() || !is_floating(r.dtype()) || r.size() == 0)
    fail(name(),
         "the closure gives " + (r.defined() ? to_string(r.dtype()) + to_string(r.shape()) : "undefined") +
             ", expected floating residuals",
         site);
}

Tensor LevenbergMarquardt::residuals(const Tensor& r) const {
  Tensors all{flatten(r.detach().to(float64))};
  for (std::size_t i = 0; i < parameters().size(); ++i)
    if (const double decay = weight_decay_of(i); decay != 0)
      all.push_back(std::sqrt(decay) * flatten(parameters()[i].tensor().detach().to(float64)));
  return concat(all);
}

Tensor LevenbergMarquardt::evaluate_at(const Tensors& x, const Closure& closure, Site site) {
  assign(x);
  const Tensor r = no_grad(closure);
  check_residuals(r, site);
  return residuals(r);
}

Tensor LevenbergMarquardt::jacobian(const Tensor& r, Site site) const {
  const std::vector<Parameter>& all = parameters();
  std::int64_t columns = 0;
  for (const Parameter& p : all) columns += p.size();
  const std::int64_t rows = r.size();
  auto flat = [&](const Tensors& gradients) {
    Tensors parts;
    for (std::size_t i = 0; i < all.size(); ++i)
      parts.push_back(gradients[i].defined() ? gradients[i].to(float64) : zeros(all[i].shape(), float64));
    return joined(parts);
  };
  Tensors lines;
  Tensor of_residuals;
  if (rows <= columns) {
    for (std::int64_t k = 0; k < rows; ++k)
      lines.push_back(flat(grad(r, all, unit(rows, k, r.shape(), r.dtype()), retain_graph | allow_unused, site)));
    of_residuals = stack(lines);
  } else {
    // v^T J is linear in v: its own derivative along a parameter is a column of J.
    const Tensor v = zeros(r.shape(), r.dtype()).requires_grad();
    const Tensors products = grad(r, all, v, create_graph | allow_unused, site);
    for (std::size_t i = 0; i < all.size(); ++i)
      for (std::int64_t k = 0; k < all[i].size(); ++k) {
        const bool moves = products[i].defined() && products[i].is_recorded();
        Tensor column;
        if (moves)
          column = grad(products[i], {v}, unit(all[i].size(), k, all[i].shape(), all[i].dtype()),
                        retain_graph | allow_unused, site)[0];
        lines.push_back(column.defined() ? flatten(column.to(float64)) : zeros({rows}, float64));
      }
    of_residuals = stack(lines, 1);
  }
  Tensors blocks{of_residuals};
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < all.size(); begin += all[i++].size()) {
    const double decay = all[i].is_frozen() ? 0 : std::sqrt(weight_decay_of(i));
    if (weight_decay_of(i) != 0)
      blocks.push_back(decay * slice(eye(columns, columns, float64), 0, Slice(begin, begin + all[i].size())));
  }
  return concat(blocks);
}

Tensors LevenbergMarquardt::parts(const Tensor& flat) const {
  Tensors parts;
  std::int64_t begin = 0;
  for (const Parameter& p : parameters()) {
    parts.push_back(reshape(slice(flat, 0, Slice(begin, begin + p.size())), p.shape()));
    begin += p.size();
  }
  return parts;
}

Tensor LevenbergMarquardt::scale(const Tensor& jacobian) {
  const Tensors now = parts(norm(jacobian, 2, {0}));
  Tensors used;
  for (std::size_t i = 0; i < now.size(); ++i) {
    Parameter& cell = cells(i)[0];
    cell.assign(maximum(now[i], fading * cell));
    used.push_back(where(cell == 0, 1, cell));
  }
  return joined(used);
}

Tensor LevenbergMarquardt::search(const Closure& closure, Site site) {
  const Tensor recorded = closure();
  check_residuals(recorded, site);
  const Tensor r = residuals(recorded), cost = 0.5 * sum(square(recorded.detach()));
  if (!is_finite(r)) return cost;
  const Tensor j = jacobian(recorded, site);
  if (!is_finite(j)) return cost;
  const Tensor d = scale(j), nothing = zeros(d.shape(), float64);
  const Tensors x = values();
  const double epsilon =
      recorded.dtype() == float32 ? std::numeric_limits<float>::epsilon() : std::numeric_limits<double>::epsilon();
  const double size = norm(matmul(j, joined(x))).item(), of_r = norm(r).item();
  // What rounding makes of changes of the model that are shorter, and of falls that are smaller.
  const double seen = std::cbrt(epsilon) * size, rounding = epsilon * of_r * (of_r + size);
  const QR undamped = tall_qr(j);
  double mu = number(at_mu), nu = 2;
  for (std::int64_t i = 0; i < options_.max_tries_; ++i, mu *= nu, nu *= 2) {
    const QR damped = qr(concat({undamped.r, diag(std::sqrt(mu) * d)}));
    const Tensor& triangle = damped.r;
    if (!is_finite(triangle) || any(diagonal(triangle) == 0).item<bool>()) continue;
    auto solved = [&](const Tensor& right) {
      const Tensor inside = concat({matmul(undamped.q, right, true), nothing});
      return triangular_solve(triangle, matmul(damped.q, inside, true), TriangularOptions().upper());
    };
    const Tensor v = lr() * solved(-r), along = matmul(j, v);
    const double length = norm(along).item(), expected = -sum(along * (r + 0.5 * along)).item();
    // Close to the minimum a fall is not seen any more: as long as those expected shrink, the linear model is trusted.
    const bool blind = expected <= rounding;
    if (length == 0 || (blind && !(expected < number(at_expected)))) break;
    Tensor step = v;
    if (options_.geodesic_ && !blind) {
      const double probe = std::clamp(seen / length, shortest_probe, 1.);
      const Tensor there = evaluate_at(add_scaled(x, probe, parts(v)), closure, site);
      const Tensor curved = 2 / probe * ((there - r) / probe - along);
      if (!is_finite(curved)) continue;
      const Tensor a = 0.5 * solved(-curved);
      if (2 * norm(d * a).item() > most_bent * norm(d * v).item()) continue;
      step = v + a;
    }
    const Tensor there = evaluate_at(add_scaled(x, 1, parts(step)), closure, site);
    // The difference of squares as a product: close to the minimum they have few digits.
    const double fall = 0.5 * sum((r - there) * (r + there)).item();
    if (!(expected > 0 && fall > (blind ? -4 * rounding : 0))) continue;
    const double ratio = blind ? 1 : fall / expected;
    number(at_mu) = std::max(least_damping, mu * std::max(1. / 3, 1 - std::pow(2 * ratio - 1, 3)));
    number(at_expected) = expected;
    return cost;
  }
  assign(x);
  return cost;
}

}  // namespace xtape::optim
