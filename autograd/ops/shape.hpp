// Operations that give the same elements another shape or order.
#pragma once
#include <initializer_list>
#include <vector>

#include "../tensor.hpp"

namespace xtape {

/// The elements in row-major order under another shape, sharing memory; one size may be -1 and is then computed.
/// Throws when the number of elements differs.
Tensor reshape(const Arg& x, const std::vector<std::int64_t>& sizes);
Tensor reshape(const Arg& x, std::initializer_list<std::int64_t> sizes);
Tensor reshape(const Arg& x, const Shape& shape);
/// The axes in another order: result axis i is axis `axes[i]` of x. Throws unless `axes` names each axis once.
Tensor permute(const Arg& x, const std::vector<int>& axes);
/// Two axes swapped, the last two by default: (..., m, n) -> (..., n, m).
Tensor transpose(const Arg& x, int axis0 = -2, int axis1 = -1);
/// x stretched to `shape` by the rules of broadcasting. Throws when they do not allow it.
Tensor broadcast_to(const Arg& x, const Shape& shape);

}  // namespace xtape
