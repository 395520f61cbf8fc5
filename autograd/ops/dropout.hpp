// Dropout.
#pragma once
#include "../random.hpp"

namespace xtape {

/// Each element 0 with the probability p, else x / (1 - p), so that the mean stays; x itself when not in training. The
/// elements are drawn from the generator's next stream and drawn again for the gradient: no mask is kept. Throws unless
/// 0 <= p <= 1. Source: Srivastava et al., JMLR 15, 2014.
Tensor dropout(const Arg& x, double p = 0.5, bool training = true, RandomGenerator& generator = default_generator());

}  // namespace xtape
