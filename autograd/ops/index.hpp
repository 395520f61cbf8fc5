// Operations that pick elements, or make indices into vectors.
#pragma once
#include "../tensor.hpp"

namespace xtape {

/// Row k holds 1 at `labels[k]` and 0 elsewhere: (...) -> (..., classes). Throws unless the labels are integers in
/// [0, classes).
Tensor one_hot(const Arg& labels, std::int64_t classes, Dtype dtype = float32);

}  // namespace xtape
