#include "soap.hpp"

#include <algorithm>
#include <autograd/ops/decomposition.hpp>
#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/gather.hpp>
#include <autograd/ops/linalg.hpp>
#include <autograd/ops/rearrange.hpp>
#include <autograd/ops/reduction.hpp>
#include <autograd/ops/shape.hpp>
#include <autograd/ops/sort.hpp>
#include <autograd/ops/statistics.hpp>
#include <cmath>
#include <optim/fused.hpp>
#include <optim/root_of_mean.hpp>

namespace xtape::optim {
namespace {

enum { at_exp_avg, at_root_exp_avg_sq, at_axes };  // then products and basis of each axis, empty where it has none

// The first axis as rows, the others as columns.
Tensor unfolded(const Tensor& x) { return reshape(x, {x.size(0), x.size() / x.size(0)}); }

// x in the basis of each axis, or back.
Tensor in_basis(Tensor x, const std::vector<Parameter>& cells, bool back) {
  const Shape shape = x.shape();
  for (int axis = 0; axis < shape.rank(); ++axis) {  // each comes first in its turn and is put last
    const Parameter& q = cells[at_axes + 2 * axis + 1];
    x = q.size() == 0 ? transpose(unfolded(x)) : matmul(unfolded(x), q, true, back);
    x = reshape(x, {shape[(axis + 1) % shape.rank()], -1});
  }
  return reshape(x, shape);
}

}  // namespace

SOAP::SOAP(std::vector<Parameter> parameters, SOAPOptions o, Site site)
    : Optimizer(
          "SOAP", std::move(parameters), o.weight_decay_ ? o : o.weight_decay(0.01),
          [&o](const Parameter& p) {
            std::vector<Cell> cells = zeros_like({"exp_avg", "root_exp_avg_sq"})(p);
            const Shape& shape = p.shape();
            for (int axis = 0; axis < shape.rank(); ++axis) {
              const bool has = shape[axis] <= o.max_precond_dim_ && (shape.rank() > 1 || o.precondition_1d_);
              const Tensor empty = has ? zeros({shape[axis], shape[axis]}, p.dtype()) : zeros({0, 0}, p.dtype());
              cells.push_back({"GG" + std::to_string(axis), empty});
              cells.push_back({"Q" + std::to_string(axis), empty});
            }
            return cells;
          },
          site),
      options_(o) {
  has_betas(o.beta1_, o.beta2_, site);
  option_below_1("shampoo_beta", o.shampoo_beta_.value_or(o.beta2_), site);
  option_from_0("eps", o.eps_, site);
  option("precondition_frequency", static_cast<double>(o.frequency_), o.frequency_ >= 1, "at least 1", site);
  option("max_precond_dim", static_cast<double>(o.max_precond_dim_), o.max_precond_dim_ >= 0, "at least 0", site);
  option("precondition_1d", o.precondition_1d_);
  option("normalize_grads", o.normalize_grads_);
  option("correct_bias", o.correct_bias_);
}

void SOAP::update(Update& u) const {
  const SOAPOptions& o = options_;
  const double t = static_cast<double>(u.t - 1), beta1 = momentum();
  if (u.t > 1) {
    Parameter direction(in_basis(u.g, u.cells, false));
    std::vector<Parameter> means{u.cells[at_exp_avg], u.cells[at_root_exp_avg_sq]};
    const Tensor g = direction;
    fused<2>(direction, means, g, [&](auto type) {
      using T = decltype(type);
      using R = kernel::Real<T>;
      const R b1 = beta1, d1 = 1 - beta1, b2 = o.beta2_, d2 = 1 - o.beta2_, eps = not_zero<T>(o.eps_);
      return [=](auto& x, auto& m, auto& root, auto& g) {
        m = b1 * m + d1 * g;
        root = root_of_mean(b2, root, d2, g);
        x = m / (root + eps);
      };
    });
    double step = u.lr;
    if (o.correct_bias_) step *= std::sqrt(1 - std::pow(o.beta2_, t)) / (1 - std::pow(beta1, t));
    const Tensor back = in_basis(direction, u.cells, true);
    if (o.normalize_grads_) step /= 1e-30 + norm(back).item() / std::sqrt(static_cast<double>(back.size()));
    fused<0>(u.p, u.cells, back, [&](auto type) {
      using R = kernel::Real<decltype(type)>;
      const R size = step, shrink = 1 - u.lr * u.weight_decay;
      return [=](auto& x, auto& d) { x = shrink * (x - size * d); };
    });
  }
  change_basis(u);
}

void SOAP::change_basis(Update& u) const {
  const double share = 1 - options_.shampoo_beta_.value_or(options_.beta2_);
  const int rank = u.p.shape().rank();
  const bool first = u.t == 1, now = first || (u.t - 1) % options_.frequency_ == 0;
  const Tensor before = now && !first ? in_basis(u.cells[at_exp_avg], u.cells, true) : Tensor();
  Tensor g = u.g;
  for (int axis = 0; axis < rank; ++axis) {
    Parameter &products = u.cells[at_axes + 2 * axis], &q = u.cells[at_axes + 2 * axis + 1];
    g = unfolded(g);
    if (q.size() != 0) {
      products.assign(lerp(products, matmul(g, g, false, true), share));
      if (first) q.assign(flip(eigh(products).eigenvectors, {1}));
      else if (now) {
        // The largest first; the root goes along. Power iteration, then orthogonal again.
        const Tensor power = matmul(products, q), order = argsort(sum(q * power, {0}), 0, true);
        Parameter& root = u.cells[at_root_exp_avg_sq];
        root.assign(index_select(root, axis, order));
        q.assign(qr(index_select(power, 1, order)).q);
      }
    }
    g = reshape(transpose(g), {u.p.shape()[(axis + 1) % rank], -1});
  }
  if (before.defined()) u.cells[at_exp_avg].assign(in_basis(before, u.cells, false));
}

}  // namespace xtape::optim
