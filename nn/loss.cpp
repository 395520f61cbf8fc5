#include "loss.hpp"

#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/reduction.hpp>

namespace xtape::nn {
namespace {
Tensor difference(const char* cost, const Arg& y, const Arg& target) {
  if (!y.array || !target.array || y.array->shape != target.array->shape)
    fail(cost,
         "the prediction is " + (y.array ? to_string(y.array->shape) : "no tensor") + ", the target " +
             (target.array ? to_string(target.array->shape) : "no tensor") +
             "; they must have one shape (for labels: one_hot(labels, classes))",
         y.site);
  return y - target;
}
}  // namespace

Tensor quadratic_cost(const Arg& y, const Arg& target) {
  const Tensor d = difference("quadratic_cost", y, target);
  if (d.rank() == 0) fail("quadratic_cost", "expected a batch, got a scalar", y.site);
  Scope scope(y.site);
  return sum(square(d)) * (0.5 / static_cast<double>(d.shape()[0]));
}

Tensor mse_loss(const Arg& y, const Arg& target) {
  const Tensor d = difference("mse_loss", y, target);
  Scope scope(y.site);
  return mean(square(d));
}

}  // namespace xtape::nn
