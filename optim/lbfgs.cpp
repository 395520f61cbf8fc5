#include "lbfgs.hpp"

#include <algorithm>
#include <cmath>
#include <optim/line_search.hpp>
#include <optim/tensor_list.hpp>

namespace xtape::optim {
namespace {

// Places of cells: of the optimiser's, and of each parameter's, which go on with history_size changes of the gradient
// and as many steps.
enum { at_iterations, at_evaluations, at_kept, at_t };
enum { at_d, at_gradient, at_history };

}  // namespace

LBFGS::LBFGS(std::vector<Parameter> parameters, LBFGSOptions o, Site site)
    : ClosureOptimizer("LBFGS", std::move(parameters), o,
                       [&o](const Parameter& p) {
                         const Tensor none = zeros(p.shape(), float64);
                         std::vector<Cell> cells{{"d", none, true}, {"prev_grad", none, true}};
                         for (const char* name : {"old_dirs", "old_stps"})
                           for (std::int64_t i = 0; i < o.history_size_; ++i)
                             cells.push_back({name + ("." + std::to_string(i)), none, true});
                         return cells;
                       },
                       site,
                       {{"n_iter", zeros({}, float64)},
                        {"func_evals", zeros({}, float64)},
                        {"n_old", zeros({}, float64)},
                        {"t", zeros({}, float64)}}),
      options_(o) {
  const std::int64_t max_eval = o.max_eval_.value_or(o.max_iter_ * 5 / 4);
  option("max_iter", static_cast<double>(o.max_iter_), o.max_iter_ >= 1, "at least 1", site);
  option("max_eval", static_cast<double>(max_eval), max_eval >= 1, "at least 1", site);
  option("history_size", static_cast<double>(o.history_size_), o.history_size_ >= 1, "at least 1", site);
  option_from_0("tolerance_grad", o.tolerance_grad_, site);
  option_from_0("tolerance_change", o.tolerance_change_, site);
  option("strong_wolfe", o.strong_wolfe_);
  options_.max_eval(max_eval);
}

std::int64_t LBFGS::iterations() const { return shared(at_iterations).tensor().item<std::int64_t>(); }
std::int64_t LBFGS::evaluations() const { return shared(at_evaluations).tensor().item<std::int64_t>(); }

Tensors LBFGS::cell(std::size_t i) const {
  Tensors values;
  for (std::size_t p = 0; p < parameters().size(); ++p) values.push_back(cells(p)[i].tensor().detach());
  return values;
}

void LBFGS::set_cell(std::size_t i, const Tensors& values) {
  for (std::size_t p = 0; p < parameters().size(); ++p) cells(p)[i].assign(values[p]);
}

Tensors LBFGS::direction(const Tensors& gradient) {
  const std::size_t most = static_cast<std::size_t>(options_.history_size_), y0 = at_history, s0 = at_history + most;
  if (number(at_iterations) > 1) {
    const Tensors y = add_scaled(gradient, -1, cell(at_gradient)), s = scaled(number(at_t), cell(at_d));
    if (dot(y, s) > 1e-10) {
      std::size_t kept = static_cast<std::size_t>(number(at_kept));
      if (kept == most) {
        --kept;
        for (const std::size_t first : {y0, s0})
          for (std::size_t i = 0; i < kept; ++i) set_cell(first + i, cell(first + i + 1));
      }
      set_cell(y0 + kept, y), set_cell(s0 + kept, s);
      number(at_kept) = static_cast<double>(kept + 1);
    }
  }
  // Through the updates backwards, times the first H, and forwards.
  const std::size_t kept = static_cast<std::size_t>(number(at_kept));
  std::vector<double> a(kept), over(kept);
  Tensors d = scaled(-1, gradient);
  double first = 1;
  for (std::size_t i = kept; i-- > 0;) {
    const Tensors y = cell(y0 + i), s = cell(s0 + i);
    over[i] = 1 / dot(y, s);
    if (i + 1 == kept) first = 1 / over[i] / dot(y, y);
    a[i] = over[i] * dot(s, d);
    d = add_scaled(d, -a[i], y);
  }
  d = scaled(first, d);
  for (std::size_t i = 0; i < kept; ++i) {
    const double b = over[i] * dot(cell(y0 + i), d);
    d = add_scaled(d, a[i] - b, cell(s0 + i));
  }
  return without_frozen(std::move(d));
}

Tensor LBFGS::search(const Closure& closure, Site site) {
  const LBFGSOptions& o = options_;
  std::int64_t evaluations = 0;
  auto evaluate = [&] {
    ++evaluations, ++number(at_evaluations);
    return evaluate_here(closure, site);
  };
  Point now = evaluate();
  const Tensor loss = now.loss;
  if (!std::isfinite(now.value) || max_abs(now.gradient) <= o.tolerance_grad_) return loss;
  Tensors x = values();
  for (std::int64_t i = 1;; ++i) {
    ++number(at_iterations);
    const Tensors d = direction(now.gradient);
    const OnLine start{0, now.value, dot(now.gradient, d), now.gradient};
    double t = lr();
    if (number(at_iterations) == 1) t *= std::min(1., 1 / sum_abs(now.gradient));
    set_cell(at_d, d), set_cell(at_gradient, now.gradient), number(at_t) = t;
    if (!(start.slope <= -o.tolerance_change_)) break;
    if (o.strong_wolfe_) {
      const OnLine end = strong_wolfe(
          [&](double t) {
            assign(add_scaled(x, t, d));
            const Point p = evaluate();
            return OnLine{t, p.value, dot(p.gradient, d), p.gradient};
          },
          start, t, 1e-9 / max_abs(d));
      now = {end.value, end.gradient, {}};
      number(at_t) = t = end.t;
    }
    x = add_scaled(x, t, d);
    assign(x);
    if (i == o.max_iter_) break;
    if (!o.strong_wolfe_) now = evaluate();
    if (evaluations >= *o.max_eval_ || max_abs(now.gradient) <= o.tolerance_grad_) break;
    if (t * max_abs(d) <= o.tolerance_change_ || std::abs(now.value - start.value) < o.tolerance_change_) break;
  }
  return loss;
}

}  // namespace xtape::optim
