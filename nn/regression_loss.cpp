#include "regression_loss.hpp"

#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/reduction.hpp>
#include <cmath>
#include <limits>

#include "cost.hpp"

namespace xtape::nn {

Tensor l1_loss(const Arg& y, const Arg& target, Reduction reduction, const Arg& weight) {
  return pair_cost(
      "l1_loss", reduction, [](auto y, auto t) { return abs(y - t); }, y, target, weight);
}

Tensor mse_loss(const Arg& y, const Arg& target, Reduction reduction, const Arg& weight) {
  return pair_cost(
      "mse_loss", reduction, [](auto y, auto t) { return square(y - t); }, y, target, weight);
}

Tensor quadratic_cost(const Arg& y, const Arg& target) {
  check_pair("quadratic_cost", y, target);
  if (y.array->shape.rank() == 0) fail("quadratic_cost", "expected a batch, got a scalar", y.site);
  const Tensor d = y - target;
  Scope scope(y.site);
  return sum(square(d)) * (0.5 / static_cast<double>(d.shape()[0]));
}

Tensor huber_loss(const Arg& y, const Arg& target, double delta, Reduction reduction, const Arg& weight) {
  check_option("huber_loss", delta > 0, "delta", delta, "more than 0", y.site);
  auto f = [delta](auto y, auto t) {
    const auto d = y - t, size = abs(d);
    return where(size <= delta, d * d * 0.5, (size - delta / 2) * delta);
  };
  return pair_cost("huber_loss", reduction, f, y, target, weight);
}

Tensor smooth_l1_loss(const Arg& y, const Arg& target, double beta, Reduction reduction, const Arg& weight) {
  check_option("smooth_l1_loss", beta >= 0, "beta", beta, "at least 0", y.site);
  auto f = [beta](auto y, auto t) {
    const auto d = y - t, size = abs(d);
    return where(size < beta, d * d * 0.5 / beta, size - beta / 2);
  };
  return pair_cost("smooth_l1_loss", reduction, f, y, target, weight);
}

Tensor log_cosh_loss(const Arg& y, const Arg& target, Reduction reduction, const Arg& weight) {
  // The first form is exact near 0, where the second one takes nearly all of itself away.
  auto f = [](auto y, auto t) {
    const auto d = y - t, size = abs(d);
    return where(size < 1, log1p(square(sinh(d))) * 0.5, size + log1p(exp(size * -2)) - 0.69314718055994530942);
  };
  return pair_cost("log_cosh_loss", reduction, f, y, target, weight);
}

Tensor quantile_loss(const Arg& y, const Arg& target, double q, Reduction reduction, const Arg& weight) {
  check_option("quantile_loss", q > 0 && q < 1, "q", q, "a share between 0 and 1", y.site);
  auto f = [q](auto y, auto t) {
    const auto d = t - y;
    return max(d * q, d * (q - 1));
  };
  return pair_cost("quantile_loss", reduction, f, y, target, weight);
}

Tensor poisson_nll_loss(const Arg& y, const Arg& target, const PoissonNllOptions& options) {
  check_option("poisson_nll_loss", options.eps_ >= 0, "eps", options.eps_, "at least 0", y.site);
  auto stirling = [from = options.full_ ? 1 : std::numeric_limits<double>::infinity()](auto t) {
    return where(t > from, t * log(t) - t + log(t * 6.28318530717958647692) * 0.5, 0);
  };
  auto of_log_rate = [stirling](auto y, auto t) { return exp(y) - t * y + stirling(t); };
  auto of_rate = [stirling, eps = options.eps_](auto y, auto t) { return y - t * log(y + eps) + stirling(t); };
  check_pair("poisson_nll_loss", y, target);
  Scope scope(y.site);
  return options.log_input_ ? pointwise_cost(options.reduction_, of_log_rate, y, target)
                            : pointwise_cost(options.reduction_, of_rate, y, target);
}

Tensor gaussian_nll_loss(const Arg& y, const Arg& target, const Arg& var, bool full, double eps, Reduction reduction) {
  const char* cost = "gaussian_nll_loss";
  check_option(cost, eps > 0, "eps", eps, "more than 0", y.site);
  check_pair(cost, y, target);
  Shape one = y.array->shape;
  if (one.rank()) one[one.rank() - 1] = 1;
  if (!var.array || var.array->shape != one) check_pair(cost, y, var, "the prediction", "the variance");
  check_values(
      cost, "variance", var, [](double v) { return !(v < 0); }, "at least 0; write softplus(v) or exp(v) of a free v");
  Scope scope(y.site);
  const Tensor v = made_floating(y.array->dtype, var);
  const Tensor held = v + (maximum(v, eps) - v).detach();
  auto f = [constant = full ? 0.91893853320467274178 : 0](auto y, auto t, auto v) {
    return (log(v) + square(y - t) / v) * 0.5 + constant;
  };
  return pointwise_cost(reduction, f, y, target, Arg(held, var.site));
}

}  // namespace xtape::nn
