// Private: what derivatives need beyond the operations (see scalar/slopes.hpp), on tensors, for rules that are
// recorded.
#pragma once
#include "../../scalar/slopes.hpp"
#include "../elementwise.hpp"

namespace xtape {

Tensor cbrt_slope(const Arg& x);
Tensor exp_square(const Arg& x, double k);
Tensor logistic_density(const Arg& x);
Tensor sec_squared(const Arg& x);
Tensor rsqrt_one_minus_square(const Arg& x);
Tensor rsqrt_one_plus_square(const Arg& x);
Tensor rsqrt_square_minus_one(const Arg& x);
Tensor reciprocal_one_plus_square(const Arg& x);
Tensor reciprocal_one_minus_square(const Arg& x);
Tensor normal_cdf(const Arg& x);
Tensor erfinv_slope(const Arg& x);
Tensor over_square_sum(const Arg& x, const Arg& y);
Tensor cosine(const Arg& x, const Arg& y);
Tensor share(const Arg& a, const Arg& b);
Tensor quotient(const Arg& a, const Arg& b);
Tensor quotient_below(const Arg& a, const Arg& b);

}  // namespace xtape
