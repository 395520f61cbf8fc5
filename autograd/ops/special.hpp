// Special functions of each element: any shape -> the same. Integers and booleans are computed as
// float32.
#pragma once
#include "../tensor.hpp"

namespace xtape {

/// The error function, 2/sqrt(pi) times the integral of e^-t^2 from 0 to x.
Tensor erf(const Arg& x);
/// 1 - erf(x), exact where erf(x) is near 1
Tensor erfc(const Arg& x);
/// The inverse of erf: ±inf at ±1, NaN beyond.
Tensor erfinv(const Arg& x);
/// log |Gamma(x)|; its derivative is digamma(x).
Tensor lgamma(const Arg& x);
/// The derivative of log Gamma(x).
Tensor digamma(const Arg& x);
/// The n-th derivative of digamma(x). Throws when n is negative or above 100.
Tensor polygamma(std::int64_t n, const Arg& x);

}  // namespace xtape
