// Private: how much of its targets a model has learnt, whatever its cost function is.
#pragma once
#include <autograd/tensor.hpp>
#include <optional>
#include <utility>

namespace xtape::lab {

/// What targets are, by their values and the shape of the outputs.
enum class Task { classes, one_hot, yes_or_no, numbers };

/// (batch, …) targets and outputs of one task as what is compared: labels (n,) and scores (n, classes), or two of one
/// shape. None where they do not fit together.
struct Compared {
  Task task;
  Tensor output, target;
};
std::optional<Compared> compared(const Tensor& output, const Tensor& target);

/// The share of the targets that is learnt of what the best constant prediction leaves: of classes and of yes or no, 1
/// - (share of mistakes) / (share of those outside the largest class); of numbers, 1 - (mean square of errors) /
/// (variance), as R². At most 1; 0 of a constant, below 0 of worse. None where a constant leaves nothing.
std::optional<double> learnt(const Compared& c);

/// The cost that fits the task, of scores that no last activation has bounded.
Tensor fitting_cost(Task task, const Tensor& scores, const Tensor& target);

}  // namespace xtape::lab
