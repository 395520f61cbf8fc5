// Private: the tape's derivatives beside differences, everywhere.
#pragma once
#include "finding.hpp"
#include "scalar_function.hpp"

namespace xtape::lab {

/// Where the tape's derivative of order 1 or 2 is not that of the function, or of the tape's first.
struct Disagreement {
  Interval where;           ///< from the first point to the last
  double at;                ///< where it is worst
  double tape, difference;  ///< there
  double factor;            ///< tape / difference where that is the same at all points, else 0
  bool of_constant;         ///< differences are zero wherever it was looked
};
struct DerivativeCheck {
  double worst = 0;                         ///< the largest relative distance where both agree
  std::vector<Disagreement> disagreements;  ///< none or one
};
/// Compares at the points x, where f has `jet`, away from `breaks`, from what is not finite, and from `lost` stretches,
/// where f is made of rounding errors.
DerivativeCheck check_derivative(const ScalarFunction& f, int order, const Values& x, const Jet& jet,
                                 const std::vector<Break>& breaks, const std::vector<Interval>& lost);

}  // namespace xtape::lab
