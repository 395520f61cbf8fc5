// Private: what norms and distances of index p have in common.
#pragma once
#include "loops.hpp"

namespace xtape::kernel {

/// The root of index p of a sum of powers. Newton's step puts right what rounding 1 / p has done: many units of the
/// last place where the sum is large or small. NaN where the sum is 0 or infinite.
template <class T>
XTAPE_INLINE Real<T> index_root(Real<T> total, double p) {
  const Real<T> y = pow(total, Real<T>(1 / p));
  return y - y / p * (pow(y, Real<T>(p)) / total - 1);
}

}  // namespace xtape::kernel
