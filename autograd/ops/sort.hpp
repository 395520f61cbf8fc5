// Operations that put elements in order, or look for places in an order. NaN counts as greatest; equal elements stay in
// the order in which they stand.
#pragma once
#include "../tensor.hpp"
#include "reduction.hpp"

namespace xtape {

/// The elements along `axis` in ascending or descending order, and where they stood; stable:
/// (..., n, ...) -> (..., n, ...) twice.
Selection sort(const Arg& x, Axis axis = -1, bool descending = false);
/// The indices that sort x along `axis`, as int64; stable.
Tensor argsort(const Arg& x, Axis axis = -1, bool descending = false);
/// The k greatest or least elements along `axis`, the most extreme first, and where they stood:
/// (..., n, ...) -> (..., k, ...) twice. Throws unless 0 <= k <= n.
Selection topk(const Arg& x, std::int64_t k, Axis axis = -1, bool largest = true);
/// The k-th least element along `axis`, counted from 1, and where it stood: (..., n, ...) -> (..., ...) twice, the axis
/// with size 1 under `keepdims`. Throws unless 1 <= k <= n.
Selection kthvalue(const Arg& x, std::int64_t k, Axis axis = -1, Keepdims keepdims = false);
/// The lower median of all elements, NaN if there is one or there are none: (...) -> (). Elements that are equal to it
/// share the gradient evenly.
Tensor median(const Arg& x);
/// The lower median along `axis` and where it stood, or the first NaN if there is one: (..., n, ...) -> (..., ...)
/// twice, the axis with size 1 under `keepdims`. Throws when the axis is empty.
Selection median(const Arg& x, Axis axis, Keepdims keepdims = false);
/// The q-quantile along `axis`, interpolated linearly between its neighbours: y = a + w (b - a), where a and b are the
/// elements at the two ranks around q (n - 1). NaN if there is one. (..., n, ...) -> (..., ...). Throws unless
/// 0 <= q <= 1, or when the axis is empty.
Tensor quantile(const Arg& x, double q, Axis axis, Keepdims keepdims = false);
/// The q-quantile of all elements: (...) -> ().
Tensor quantile(const Arg& x, double q);

/// What `unique` finds: the distinct values in ascending order (m,); for each element of x the place of its value, of
/// x's shape; and how often each value occurs (m,).
struct Distinct {
  Tensor values, inverse, counts;
};
/// The distinct elements of x. Each NaN is one of its own. No gradient flows.
Distinct unique(const Arg& x);
/// For each value the place at which it can be put into a sorted row so that the row stays in order: before equal
/// elements, or after them with `right`. Rows (n,) and any values, or rows (..., n) and values (..., m) with equal
/// leading axes -> int64 of the values' shape. Throws when the shapes do not fit.
Tensor searchsorted(const Arg& sorted, const Arg& values, bool right = false);

}  // namespace xtape
