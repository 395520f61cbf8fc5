// Private: which formula an elementwise operation of the tape computes.
#pragma once
#include <optional>

#include "../core/operation.hpp"
#include "formula.hpp"

namespace xtape::lab {

/// The formula of an elementwise operation on operands of these shapes, with the arguments z, or a and y. A formula
/// that `pointwise` or `pointwise_sum` computes is known by its values: where it agrees with one of a list at many
/// points. Empty for what is not known.
std::optional<Formula> known_formula(const detail::Operation& operation, const std::vector<Shape>& operands,
                                     Dtype dtype);

}  // namespace xtape::lab
