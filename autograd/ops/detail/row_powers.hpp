// Private: the powers of e along a row of logits, which softmax, its logarithm and the costs of logits have in common.
#pragma once
#include "../../kernels/softmax.hpp"
#include "axes.hpp"

// In ../softmax.cpp.
namespace xtape {

/// Of each row of x, seen as (outer, n, inner), what is subtracted before e^x is taken and the sum of the powers but
/// for a largest one, which is 1: (outer, inner, 2). What is computed from both keeps them for its gradient.
Tensor row_powers(const Arg& x, const Split& s);

}  // namespace xtape
