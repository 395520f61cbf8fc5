// Operations on the elements of two tensors and more. Operands broadcast as in NumPy: shapes are aligned at their
// innermost axes, and an axis of size 1 or a missing one is stretched; anything else throws. A number takes the
// tensor's dtype (a real one makes an integer tensor float32); different dtypes meet in the wider one; boolean and
// uint8 compute as int64.
#pragma once
#include "../tensor.hpp"
#include "activation.hpp"
#include "exponential.hpp"
#include "special.hpp"
#include "trigonometric.hpp"
#include "unary.hpp"

namespace xtape {

/// a + b
Tensor operator+(const Arg& a, const Arg& b);
/// a - b
Tensor operator-(const Arg& a, const Arg& b);
/// a b, elementwise
Tensor operator*(const Arg& a, const Arg& b);
/// a / b, elementwise; integers divide as float32
Tensor operator/(const Arg& a, const Arg& b);
/// x = x + y and so on: `x` becomes another tensor; those that shared its elements keep them.
Tensor& operator+=(Tensor& x, const Arg& y);
Tensor& operator-=(Tensor& x, const Arg& y);
Tensor& operator*=(Tensor& x, const Arg& y);
Tensor& operator/=(Tensor& x, const Arg& y);

/// a^b; integers as float32; NaN for a negative a and a b that is no integer. The derivative for a is 0 where b is 0,
/// that for b is 0 where a is 0 and b is not negative.
Tensor pow(const Arg& a, const Arg& b);
/// The larger of both; NaN where one is; where they are equal each has half the derivative.
Tensor maximum(const Arg& a, const Arg& b);
/// The smaller of both; NaN where one is; where they are equal each has half the derivative.
Tensor minimum(const Arg& a, const Arg& b);
/// The angle of the point (x, y) in (-pi, pi]; the derivatives at (0, 0), of any order, are 0.
Tensor atan2(const Arg& y, const Arg& x);
/// sqrt(a^2 + b^2), without overflow; the derivatives at (0, 0), of any order, are 0.
Tensor hypot(const Arg& a, const Arg& b);
/// a - b trunc(a / b): the remainder with the sign of a. Throws when an integer is divided by 0.
Tensor fmod(const Arg& a, const Arg& b);
/// a - b floor(a / b): the remainder with the sign of b. Throws when an integer is divided by 0.
Tensor remainder(const Arg& a, const Arg& b);
/// x log(y), and 0 where x is 0 unless y is NaN; the derivative for x is 0 where x is 0 and y is not positive, that for
/// y is 0 where both are 0
Tensor xlogy(const Arg& x, const Arg& y);
/// log(e^a + e^b), without overflow; of two equal infinities each has half the derivative
Tensor logaddexp(const Arg& a, const Arg& b);
/// |a| with the sign of b, -0 included; the derivative for a is 0 where a is 0, that for b is 0
Tensor copysign(const Arg& a, const Arg& b);
/// a + weight (b - a); all three broadcast
Tensor lerp(const Arg& a, const Arg& b, const Arg& weight);
/// x + value a b; all three broadcast; integers as float32
Tensor addcmul(const Arg& x, const Arg& a, const Arg& b, double value = 1);
/// x + value a / b; all three broadcast; integers as float32
Tensor addcdiv(const Arg& x, const Arg& a, const Arg& b, double value = 1);

/// a where `condition` holds, else b; all three broadcast. Throws unless `condition` is boolean.
Tensor where(const Arg& condition, const Arg& a, const Arg& b);

/// Comparisons give a boolean tensor, to which no gradient flows.
Tensor operator<(const Arg& a, const Arg& b);
Tensor operator>(const Arg& a, const Arg& b);
Tensor operator<=(const Arg& a, const Arg& b);
Tensor operator>=(const Arg& a, const Arg& b);
Tensor operator==(const Arg& a, const Arg& b);
Tensor operator!=(const Arg& a, const Arg& b);

/// Whether both are not 0, or true: boolean.
Tensor logical_and(const Arg& a, const Arg& b);
/// Whether one is not 0, or both: boolean.
Tensor logical_or(const Arg& a, const Arg& b);
/// Whether one is not 0 and the other is: boolean.
Tensor logical_xor(const Arg& a, const Arg& b);
/// logical_and(a, b), logical_or(a, b) and logical_xor(a, b), as `(x > 0) & (x < 1)`.
Tensor operator&(const Arg& a, const Arg& b);
Tensor operator|(const Arg& a, const Arg& b);
Tensor operator^(const Arg& a, const Arg& b);
/// Whether |a - b| <= atol + rtol |b|, element by element: boolean; infinities are close to themselves, NaN to nothing.
Tensor isclose(const Arg& a, const Arg& b, double rtol = 1e-5, double atol = 1e-8);
/// Whether |a - b| <= atol + rtol |b| for every element, exactly so of integers; NaN equals nothing. Throws when the
/// shapes differ.
bool allclose(const Arg& a, const Arg& b, double rtol = 1e-5, double atol = 1e-8);

}  // namespace xtape
