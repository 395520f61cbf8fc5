// Operations that cut parts out of tensors by position, as Python's indexing does.
#pragma once
#include <initializer_list>
#include <optional>
#include <vector>

#include "../tensor.hpp"

namespace xtape {

/// Python's `start:stop:step`: `Slice(1, -1)` is `1:-1`, `Slice({}, {}, -1)` is `::-1`, `Slice()` is `:`. Negative ends
/// count from the end of the axis, a missing one is the end that the step comes from or goes to, and both are clipped
/// to the axis.
struct Slice {
  Slice(std::optional<std::int64_t> start = {}, std::optional<std::int64_t> stop = {}, std::int64_t step = 1)
      : start(start), stop(stop), step(step) {}
  std::optional<std::int64_t> start, stop;
  std::int64_t step;
};

/// One item of an index as in NumPy: a slice, a position (its axis disappears), `newaxis` or `ellipsis`.
struct SliceIndex {
  enum Kind : std::uint8_t { slice, position, newaxis, ellipsis };
  SliceIndex(const Slice& s) : kind(slice), range(s) {}
  SliceIndex(int i) : kind(position), range(i) {}
  SliceIndex(std::int64_t i) : kind(position), range(i) {}
  SliceIndex(Kind kind) : kind(kind) {}
  Kind kind;
  Slice range;
};
/// An axis of size 1 in an index: `slice(x, {Slice(), newaxis})`.
inline constexpr SliceIndex::Kind newaxis = SliceIndex::newaxis;
/// In an index: as many whole axes as are left over, `slice(x, {ellipsis, 0})`.
inline constexpr SliceIndex::Kind ellipsis = SliceIndex::ellipsis;

/// The part of `axis` that the slice names: (..., n, ...) -> (..., m, ...). A part of the first axis with step 1 shares
/// memory. Throws when there is no such axis or the step is 0.
Tensor slice(const Arg& x, int axis, const Slice& range);
/// NumPy's `x[1:, 3, None, ..., ::-1]`, written `slice(x, {Slice(1), 3, newaxis, ellipsis, Slice({}, {}, -1)})`; axes
/// that are not named stay whole. Throws when a position does not exist, there are more items than axes, a step is 0,
/// or there are two ellipses.
Tensor slice(const Arg& x, const std::vector<SliceIndex>& index);
Tensor slice(const Arg& x, std::initializer_list<SliceIndex> index);
/// The part at one position of an axis, which disappears: (..., n, ...) -> (..., ...). Negative positions count from
/// the end. On the first axis it shares memory. Throws for an index outside [-n, n).
Tensor select(const Arg& x, int axis, std::int64_t index);
/// Windows of `size` elements along `axis`, starting every `step`, as a new last axis: (..., n, ...) ->
/// (..., (n - size) / step + 1, ..., size). Throws unless 0 <= size <= n and step > 0.
Tensor unfold(const Arg& x, int axis, std::int64_t size, std::int64_t step);

}  // namespace xtape
