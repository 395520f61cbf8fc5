// What the bench says of a function: where it breaks, and what is wrong with it.
#pragma once
#include <string>
#include <vector>

#include "intervals.hpp"

namespace xtape::lab {

/// A place where a function or a derivative of it jumps, with what it is just before and just after it.
struct Break {
  double at, before, after;
};

/// What can be wrong with a function.
enum class Trouble {
  not_finite,           ///< it is NaN or infinite
  gradient_not_finite,  ///< its gradient is, where the function is finite
  wrong_gradient,       ///< the tape's first or second derivative is not that of the function
  no_gradient,          ///< no gradient reaches its input, or zero everywhere
  jump,                 ///< it jumps, which its gradient does not see
  cancellation,         ///< float32 loses its digits, where float64 shows that they are there to be had
  minimum,              ///< a cost is least elsewhere than at the target, or has a second minimum
};

/// Something wrong: where, what was measured, and what usually helps.
struct Warning {
  Trouble trouble;
  Interval where;
  std::string text;    ///< what was measured
  std::string remedy;  ///< empty where none is known
};

}  // namespace xtape::lab
