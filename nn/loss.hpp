// Costs. None broadcasts a prediction against a target of another shape.
#pragma once
#include <autograd/ops/loss.hpp>

namespace xtape::nn {

/// The book's quadratic cost, 1/(2n) sum ||y - target||^2 over the n rows of the batch: (n, ...), (n, ...) -> ().
/// Throws when the shapes differ. Source: Nielsen, chapter 1, equation 6.
Tensor quadratic_cost(const Arg& y, const Arg& target);
/// The mean of (y - target)^2 over all elements -> (). Throws when the shapes differ.
Tensor mse_loss(const Arg& y, const Arg& target);
using xtape::cross_entropy;

}  // namespace xtape::nn
