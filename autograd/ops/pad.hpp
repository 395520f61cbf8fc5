// Operations that add a margin.
#pragma once
#include <vector>

#include "../tensor.hpp"

namespace xtape {

/// What `pad` puts around: a number; the elements mirrored at the edge, which is not repeated (c b | a b c | b a); the
/// edge again and again (a a | a b c | c c); or the elements from the other end (b c | a b c | a b).
enum class PadMode : std::uint8_t { constant, reflect, replicate, circular };

/// x with a margin. `pads` is as in PyTorch: how many elements before and after the last axis, then before and after
/// the one before it, and so on: `pad(x, {left, right, top, bottom})` for (..., height, width) ->
/// (..., top + height + bottom, left + width + right). Negative pads cut off, in `constant` mode only. Throws when
/// there are more pairs than axes or an odd number of pads, and when a margin is wider than the axis can fill: n - 1
/// for `reflect`, n for `circular`.
Tensor pad(const Arg& x, const std::vector<std::int64_t>& pads, PadMode mode = PadMode::constant, const Arg& value = 0);

}  // namespace xtape
