// Operations with masks, and those that make indices into vectors.
#pragma once
#include "../tensor.hpp"

namespace xtape {

/// Row k holds 1 at `labels[k]` and 0 elsewhere: (...) -> (..., classes), to be a target or a factor, and so of float32
/// as JAX's, where PyTorch gives int64. Throws unless the labels are integers in [0, classes).
Tensor one_hot(const Arg& labels, std::int64_t classes, Dtype dtype = float32);
/// The elements of x where `mask` holds, in row-major order, as a vector; both broadcast. The number of elements
/// depends on the values of the mask. Throws unless the mask is boolean.
Tensor masked_select(const Arg& x, const Arg& mask);
/// x with `value`, a number or a scalar, where `mask` holds; x and the mask broadcast. Throws unless the mask is
/// boolean, and for a real number in an integer x.
Tensor masked_fill(const Arg& x, const Arg& mask, const Arg& value);
/// The positions of the elements that are not zero, in row-major order, as int64: (...) -> (count, rank).
Tensor nonzero(const Arg& x);

}  // namespace xtape
