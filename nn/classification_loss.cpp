#include "classification_loss.hpp"

#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/reduction.hpp>
#include <autograd/ops/shape.hpp>

#include "cost.hpp"

namespace xtape::nn {

Tensor binary_cross_entropy(const Arg& p, const Arg& target, Reduction reduction, const Arg& weight) {
  const char* cost = "binary_cross_entropy";
  check_pair(cost, p, target);
  if (is_given(weight)) check_pair(cost, p, weight, "the prediction", "the weight");
  check_probabilities(cost, p, "a probability in [0, 1]; of logits take binary_cross_entropy_with_logits");
  Scope scope(p.site);
  auto f = [](auto p, auto t) { return -(t * max(log(p), -100) + (1 - t) * max(log1p(-p), -100)); };
  if (!is_given(weight)) return pointwise_cost(reduction, f, p, target);
  return reduced(weight.tensor() * pointwise(f, p, target.tensor()), reduction);
}

Tensor kl_div(const Arg& log_probabilities, const Arg& target, bool log_target, Reduction reduction) {
  check_pair("kl_div", log_probabilities, target);
  Scope scope(log_probabilities.site);
  auto of_log = [](auto x, auto t) { return where(exp(t) == 0, 0, exp(t) * (t - x)); };
  auto of_probability = [](auto x, auto t) { return where(t == 0, 0, t * (log(t) - x)); };
  return log_target ? pointwise_cost(reduction, of_log, log_probabilities, target)
                    : pointwise_cost(reduction, of_probability, log_probabilities, target);
}

Tensor focal_loss(const Arg& logits, const Arg& target, double alpha, double gamma, Reduction reduction) {
  check_option("focal_loss", alpha <= 1, "alpha", alpha, "a share in [0, 1], or a negative number for no balance",
               logits.site);
  check_option("focal_loss", gamma >= 0, "gamma", gamma, "at least 0", logits.site);
  const double positive = alpha < 0 ? 1 : alpha, negative = alpha < 0 ? 1 : 1 - alpha;
  auto f = [=](auto x, auto t) {
    const auto missed = t * sigmoid(-x) + (1 - t) * sigmoid(x);
    const auto entropy = part_of(t, softplus(-x)) + part_of(1 - t, softplus(x));
    return (t * positive + (1 - t) * negative) * entropy * pow(missed, gamma);
  };
  check_pair("focal_loss", logits, target);
  Scope scope(logits.site);
  return pointwise_cost(reduction, f, logits, target);
}

namespace {
Tensor overlap_cost(const char* cost, const Arg& p, const Arg& target, double alpha, double beta, double smooth,
                    Reduction reduction) {
  check_pair(cost, p, target);
  if (p.array->shape.rank() < 2)
    fail(cost, "expected (batch, ...) with an axis to sum over, got " + to_string(p.array->shape), p.site);
  check_probabilities(cost, p, "a probability in [0, 1]; of logits write sigmoid(logits)");
  Scope scope(p.site);
  const Tensor x = flatten(p, 1), t = flatten(made_floating(p.array->dtype, target), 1);
  // What is missing, not 1 less what is there, so that a small cost has all its digits.
  auto lacks = [alpha, beta](auto x, auto t) { return x * (1 - t) * alpha + (1 - x) * t * beta; };
  const Tensor both = sum(x * t, 1), missing = sum(pointwise(lacks, x, t), 1);
  return reduced(missing / (both + missing + smooth), reduction);
}
}  // namespace

Tensor dice_loss(const Arg& p, const Arg& target, double smooth, Reduction reduction) {
  check_option("dice_loss", smooth >= 0, "smooth", smooth, "at least 0", p.site);
  return overlap_cost("dice_loss", p, target, 0.5, 0.5, smooth / 2, reduction);
}

Tensor tversky_loss(const Arg& p, const Arg& target, double alpha, double beta, double smooth, Reduction reduction) {
  const char* cost = "tversky_loss";
  check_option(cost, alpha >= 0, "alpha", alpha, "at least 0", p.site);
  check_option(cost, beta >= 0, "beta", beta, "at least 0", p.site);
  check_option(cost, smooth >= 0, "smooth", smooth, "at least 0", p.site);
  return overlap_cost(cost, p, target, alpha, beta, smooth, reduction);
}

}  // namespace xtape::nn
