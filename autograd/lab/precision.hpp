// Private: what float32 loses that float64 has.
#pragma once
#include "finding.hpp"
#include "scalar_function.hpp"

namespace xtape::lab {

/// A stretch where float32 keeps fewer than three digits of a function, more than what rounding its argument costs.
struct Loss {
  Interval where;
  double at;                      ///< where it is worst
  double in_float32, in_float64;  ///< there
};
/// Of the values in both dtypes at the points x and the function's slope there. What lies below `negligible` may be
/// lost.
std::vector<Loss> find_losses(const Values& x, const Values& in_float32, const Values& in_float64, const Values& slope,
                              double negligible = 1e-12);

}  // namespace xtape::lab
