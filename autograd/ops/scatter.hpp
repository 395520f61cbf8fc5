// Operations that put or add elements at positions given by tensors of int64, which are checked as in gather.hpp.
// Repeated positions are served in order, so that sums are the same bits for any number of threads.
#pragma once
#include "../tensor.hpp"

namespace xtape {

/// x with `values` put at positions along `axis`: y[i][indices[i][j][k]][k] = values[i][j][k] for axis 1, and so on.
/// `indices` has the rank of x and in the other axes at most its sizes; `values` has its shape, or is a number. Of
/// several values for one element the last counts, and only it gets that element's gradient.
Tensor scatter(const Arg& x, int axis, const Arg& indices, const Arg& values);
/// The same, with the values added.
Tensor scatter_add(const Arg& x, int axis, const Arg& indices, const Arg& values);

/// x with the parts of `values` added to its parts at the positions `indices` along `axis`: (a, n, b), (m,),
/// (a, m, b) -> (a, n, b).
Tensor index_add(const Arg& x, int axis, const Arg& indices, const Arg& values);
/// The same, with the parts copied; of several for one position the last counts, and only it gets the gradient.
Tensor index_copy(const Arg& x, int axis, const Arg& indices, const Arg& values);

}  // namespace xtape
