// Proving a gradient.
#pragma once
#include <functional>

#include "tape.hpp"

namespace xtape {

/// How `gradcheck` compares.
struct GradcheckOptions {
  int order = 2;            ///< 1: gradients; 2: gradients of gradients too
  double step = 1e-5;       ///< of the central differences
  double tolerance = 1e-6;  ///< allowed |analytic - numeric| / (1 + |numeric|)
};

/// Compares the gradients of f, and theirs, with central differences in every element of every input, for a random
/// weighting of the result. Throws an Error that names the order, the input, the element and both numbers when they
/// differ. The inputs must be float64 and must not stand at a kink of f.
void gradcheck(const std::function<Tensor(const Tensors&)>& f, const Tensors& inputs,
               const GradcheckOptions& options = {}, Site site = Site::here());

}  // namespace xtape
