// Operations that join tensors, and that split one.
#pragma once
#include <vector>

#include "../tensor.hpp"

namespace xtape {

/// The tensors one after the other along `axis`: (..., n, ...), (..., m, ...) -> (..., n + m, ...). Different dtypes
/// meet in the widest. Throws when there are none, or they differ in rank or in another axis.
Tensor concat(const Tensors& tensors, int axis = 0, Site site = Site::here());
/// The tensors along a new axis: k of (...) -> (..., k, ...), where `axis` is that of the result. Throws when there are
/// none, or their shapes differ.
Tensor stack(const Tensors& tensors, int axis = 0, Site site = Site::here());
/// Along the second axis, or the first of vectors and scalars.
Tensor hstack(const Tensors& tensors, Site site = Site::here());
/// Along the first axis; vectors and scalars become rows first.
Tensor vstack(const Tensors& tensors, Site site = Site::here());

/// Parts of `size` along `axis`; the last may be smaller. Throws when `size` is less than 1.
Tensors split(const Arg& x, std::int64_t size, int axis = 0);
/// Parts of these sizes along `axis`. Throws unless they add up to its size.
Tensors split(const Arg& x, const std::vector<std::int64_t>& sizes, int axis = 0);
/// `chunks` parts along `axis`, of ceil(n / chunks) but the last; fewer when that is enough. Throws when `chunks` is
/// less than 1.
Tensors chunk(const Arg& x, std::int64_t chunks, int axis = 0);
/// The parts at every position of `axis`, without it.
Tensors unbind(const Arg& x, int axis = 0);
/// Vectors (n_i,) as k grids (n_0, n_1, ...): grid i varies along axis i, or, with `xy`, the first two axes are swapped
/// (as in a plot). Throws unless all are vectors or scalars.
Tensors meshgrid(const Tensors& tensors, bool xy = false, Site site = Site::here());

}  // namespace xtape
