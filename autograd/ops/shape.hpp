// Operations that give the same elements another shape or order.
#pragma once
#include <initializer_list>
#include <vector>

#include "../tensor.hpp"
#include "reduction.hpp"

namespace xtape {

/// The elements in row-major order under another shape, sharing memory; one size may be -1 and is then computed.
/// Throws when the number of elements differs.
Tensor reshape(const Arg& x, const std::vector<std::int64_t>& sizes);
Tensor reshape(const Arg& x, std::initializer_list<std::int64_t> sizes);
Tensor reshape(const Arg& x, const Shape& shape);
/// The axes from `start` to `end`, both included, as one: (a, b, c) -> (a b c,); a scalar becomes (1,). Shares memory.
/// Throws when `end` lies before `start`.
Tensor flatten(const Arg& x, int start = 0, int end = -1);
/// One axis as several: (..., n, ...) -> (..., sizes..., ...), sharing memory; one size may be -1. Throws unless their
/// product is n.
Tensor unflatten(const Arg& x, int axis, const std::vector<std::int64_t>& sizes);
/// Without its axes of size 1, or without `axes` of these; sharing memory. As in PyTorch, an axis of another size that
/// is named stays.
Tensor squeeze(const Arg& x);
Tensor squeeze(const Arg& x, const Axes& axes);
/// A new axis of size 1, which is axis `axis` of the result; shares memory.
Tensor unsqueeze(const Arg& x, int axis);
/// The axes in another order: result axis i is axis `axes[i]` of x. Throws unless `axes` names each axis once.
Tensor permute(const Arg& x, const std::vector<int>& axes);
/// Two axes swapped, the last two by default: (..., m, n) -> (..., n, m).
Tensor transpose(const Arg& x, int axis0 = -2, int axis1 = -1);
/// The same under its NumPy name: axes `axis0` and `axis1` swapped.
Tensor swapaxes(const Arg& x, int axis0, int axis1);
/// Axes `source` put at places `destination`; the others keep their order. Throws unless both name the same number of
/// axes, each once.
Tensor moveaxis(const Arg& x, const Axes& source, const Axes& destination);
/// x stretched to `shape` by the rules of broadcasting. Throws when they do not allow it.
Tensor broadcast_to(const Arg& x, const Shape& shape);
/// The same, where -1 keeps the size of an axis that x has.
Tensor expand(const Arg& x, const std::vector<std::int64_t>& sizes);

}  // namespace xtape
