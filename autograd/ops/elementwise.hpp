// Operations on each element. Two operands broadcast as in NumPy: shapes are aligned at their innermost axes, and an
// axis of size 1 or a missing one is stretched; anything else throws. A number takes the tensor's dtype (a real one
// makes an integer tensor float32); different dtypes meet in the wider one; boolean and uint8 compute as int64.
#pragma once
#include "../tensor.hpp"

namespace xtape {

/// a + b
Tensor operator+(const Arg& a, const Arg& b);
/// a - b
Tensor operator-(const Arg& a, const Arg& b);
/// a b, elementwise
Tensor operator*(const Arg& a, const Arg& b);
/// a / b, elementwise; integers divide as float32
Tensor operator/(const Arg& a, const Arg& b);
/// -x
Tensor operator-(const Arg& x);

/// x = x + y and so on: `x` becomes another tensor; those that shared its elements keep them.
Tensor& operator+=(Tensor& x, const Arg& y);
Tensor& operator-=(Tensor& x, const Arg& y);
Tensor& operator*=(Tensor& x, const Arg& y);
Tensor& operator/=(Tensor& x, const Arg& y);

/// e^x
Tensor exp(const Arg& x);
/// The natural logarithm: -inf at 0, NaN below.
Tensor log(const Arg& x);
/// The square root; its derivative at 0 is inf.
Tensor sqrt(const Arg& x);
/// x^2
Tensor square(const Arg& x);
/// The hyperbolic tangent.
Tensor tanh(const Arg& x);
/// 1 / (1 + e^-x). Source: Nielsen, chapter 1.
Tensor sigmoid(const Arg& x);
/// max(0, x); its derivative at 0 is 0. Source: Nair and Hinton, ICML 2010.
Tensor relu(const Arg& x);

/// a where `condition` holds, else b; all three broadcast. Throws unless `condition` is boolean.
Tensor where(const Arg& condition, const Arg& a, const Arg& b);

/// Comparisons give a boolean tensor, to which no gradient flows.
Tensor operator<(const Arg& a, const Arg& b);
Tensor operator>(const Arg& a, const Arg& b);
Tensor operator<=(const Arg& a, const Arg& b);
Tensor operator>=(const Arg& a, const Arg& b);
Tensor operator==(const Arg& a, const Arg& b);
Tensor operator!=(const Arg& a, const Arg& b);

// For the engine: adds g to `sum` where nobody else can see its elements; false if somebody can.
bool add_in_place(Tensor& sum, const Tensor& g);

}  // namespace xtape
