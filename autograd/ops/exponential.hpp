// Powers of e, 2 and 10, and logarithms, of each element: any shape -> the same. Integers and booleans are computed as
// float32.
#pragma once
#include "../tensor.hpp"

namespace xtape {

/// e^x
Tensor exp(const Arg& x);
/// 2^x
Tensor exp2(const Arg& x);
/// e^x - 1, exact near 0
Tensor expm1(const Arg& x);
/// The natural logarithm: -inf at 0, NaN below.
Tensor log(const Arg& x);
/// The logarithm to base 2.
Tensor log2(const Arg& x);
/// The logarithm to base 10.
Tensor log10(const Arg& x);
/// log(1 + x), exact near 0
Tensor log1p(const Arg& x);

}  // namespace xtape
