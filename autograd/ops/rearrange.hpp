// Operations that repeat elements or change their order.
#pragma once
#include <vector>

#include "../tensor.hpp"
#include "reduction.hpp"

namespace xtape {

/// x laid side by side `repeats[i]` times along axis i: (2,), {3} -> (6,) as a b a b a b. As in NumPy, missing leading
/// repeats are 1 and missing leading axes have size 1. Throws when a number is negative.
Tensor tile(const Arg& x, const std::vector<std::int64_t>& repeats);
/// PyTorch's `x.repeat`: the same, with a number for each axis at least.
Tensor repeat(const Arg& x, const std::vector<std::int64_t>& repeats);
/// Every part along `axis` repeated on the spot: (2,), 3 -> (6,) as a a a b b b. Throws when `repeats` is negative.
Tensor repeat_interleave(const Arg& x, std::int64_t repeats, int axis);
/// The same for the elements in row-major order: (...) -> (size repeats,).
Tensor repeat_interleave(const Arg& x, std::int64_t repeats);
/// The order of the elements along `axes` reversed. Throws when an axis is named twice.
Tensor flip(const Arg& x, const Axes& axes);
/// The elements moved by `shift` places along `axis`; what leaves at one end comes back at the other.
Tensor roll(const Arg& x, std::int64_t shift, int axis);
/// The same for the elements in row-major order; the shape stays.
Tensor roll(const Arg& x, std::int64_t shift);

}  // namespace xtape
