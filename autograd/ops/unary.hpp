// Operations on each element of one tensor: any shape -> the same. Integers and booleans are computed as float32,
// except where the result of an integer is one.
#pragma once
#include <limits>

#include "../tensor.hpp"

namespace xtape {

/// -x; of an integer an integer
Tensor operator-(const Arg& x);
/// -x, as `-x` is; of an integer an integer
Tensor neg(const Arg& x);
/// |x|; its derivative at 0 is 0; of an integer an integer
Tensor abs(const Arg& x);
/// -1, 0 or 1; NaN stays NaN; its derivative is 0; of an integer an integer
Tensor sign(const Arg& x);
/// The square root: NaN below 0; its derivative at 0 is inf.
Tensor sqrt(const Arg& x);
/// 1 / sqrt(x): inf at 0, NaN below
Tensor rsqrt(const Arg& x);
/// The cube root, negative for a negative x; its derivative at 0 is inf.
Tensor cbrt(const Arg& x);
/// x^2; of an integer an integer
Tensor square(const Arg& x);
/// 1 / x
Tensor reciprocal(const Arg& x);

/// The largest integer not above x; its derivative is 0.
Tensor floor(const Arg& x);
/// The smallest integer not below x; its derivative is 0.
Tensor ceil(const Arg& x);
/// The nearest integer, the even one of two; its derivative is 0.
Tensor round(const Arg& x);
/// x rounded toward 0; its derivative is 0.
Tensor trunc(const Arg& x);
/// x - trunc(x)
Tensor frac(const Arg& x);
/// min(max(x, low), high); the derivative is 1 at the bounds too, 0 beyond; NaN stays NaN; of an integer an integer.
/// Throws when a bound is NaN.
Tensor clamp(const Arg& x, const Arg& low, const Arg& high = std::numeric_limits<double>::infinity());
/// x with NaN, inf and -inf replaced, by 0 and the dtype's largest and lowest finite numbers unless told; the
/// derivative there is 0
Tensor nan_to_num(const Arg& x, double nan = 0, double positive_infinity = std::numeric_limits<double>::infinity(),
                  double negative_infinity = -std::numeric_limits<double>::infinity());

/// Whether an element is NaN: boolean.
Tensor isnan(const Arg& x);
/// Whether an element is inf or -inf: boolean.
Tensor isinf(const Arg& x);
/// Whether an element is neither: boolean.
Tensor isfinite(const Arg& x);
/// Whether an element is 0, or false: boolean.
Tensor logical_not(const Arg& x);
/// The same as logical_not(x).
Tensor operator!(const Arg& x);

}  // namespace xtape
