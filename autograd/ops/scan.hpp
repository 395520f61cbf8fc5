// Operations that go along an axis and give what they have so far: (..., n, ...) -> (..., n, ...).
#pragma once
#include "../tensor.hpp"
#include "reduction.hpp"

// logcumsumexp is in logcumsumexp.cpp, all else in scan.cpp.
namespace xtape {

/// y_i = x_0 + ... + x_i along `axis`. Booleans and uint8 are summed as int64.
Tensor cumsum(const Arg& x, int axis);
/// y_i = x_0 ... x_i along `axis`; its derivatives are right at zeros too. Booleans and uint8 are multiplied as int64.
Tensor cumprod(const Arg& x, int axis);
/// y_i = log(e^x_0 + ... + e^x_i) along `axis`, without overflow.
Tensor logcumsumexp(const Arg& x, int axis);
/// The greatest of x_0 ... x_i and where the last of them stands, which gets the gradient. NaN counts as greatest.
Selection cummax(const Arg& x, int axis);
/// The least of x_0 ... x_i and where the last of them stands, which gets the gradient. NaN counts as least.
Selection cummin(const Arg& x, int axis);

}  // namespace xtape
