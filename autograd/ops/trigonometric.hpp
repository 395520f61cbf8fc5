// Trigonometric and hyperbolic functions of each element: any shape -> the same. Integers and booleans are computed as
// float32.
#pragma once
#include "../tensor.hpp"

namespace xtape {

/// The sine of x in radians, of any size; NaN for an infinite one.
Tensor sin(const Arg& x);
/// The cosine of x in radians, of any size; NaN for an infinite one.
Tensor cos(const Arg& x);
/// The tangent of x in radians, of any size; NaN for an infinite one.
Tensor tan(const Arg& x);
/// The angle in [-pi/2, pi/2] whose sine is x; NaN outside [-1, 1].
Tensor asin(const Arg& x);
/// The angle in [0, pi] whose cosine is x; NaN outside [-1, 1].
Tensor acos(const Arg& x);
/// The angle in (-pi/2, pi/2) whose tangent is x.
Tensor atan(const Arg& x);
/// (e^x - e^-x) / 2
Tensor sinh(const Arg& x);
/// (e^x + e^-x) / 2
Tensor cosh(const Arg& x);
/// The hyperbolic tangent, sinh(x) / cosh(x).
Tensor tanh(const Arg& x);
/// The inverse of sinh.
Tensor asinh(const Arg& x);
/// The inverse of cosh for x >= 1; NaN below.
Tensor acosh(const Arg& x);
/// The inverse of tanh: ±inf at ±1, NaN beyond.
Tensor atanh(const Arg& x);

}  // namespace xtape
