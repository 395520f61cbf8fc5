// Private: what a function of numbers does, found at sampled points and by bisection between them.
#pragma once
#include "finding.hpp"
#include "scalar_function.hpp"

namespace xtape::lab {

/// The points at which a function is looked at, in order, each a number of float32: steps of 1/32 up to 10, growing
/// ones beyond, smaller and smaller ones towards 0, and, in a range other than the usual, 512 steps of it. `coarse`: a
/// fifth of them.
Values sample_points(const Interval& range, bool coarse = false);
/// Whether x is 0 or no nearer to it than the even steps of `sample_points` are: nearer ones are there for float32.
bool is_step(double x);

/// Where the derivative of that order (0: f itself) jumps, f having this jet at the points x: the place to the last
/// digits, and both sides, which are infinite at a pole.
std::vector<Break> find_breaks(const ScalarFunction& f, int order, const Values& x, const Jet& jet);

/// A stretch where a function is not finite, and what it is there.
struct Gap {
  Interval where;
  double value;
};
/// Where v is NaN or infinite, with ends found by bisection. Points that `except` gives as not finite do not count.
std::vector<Gap> find_gaps(const Numbers& v, const Values& x, const Values& values, const Values& except = {});

/// The least and the greatest value, and where; extrema between points are found by golden section.
struct Extremes {
  double low, low_at, high, high_at;
};
Extremes find_extremes(const Numbers& v, const Values& x, const Values& values);

/// Where v is 0: points, and stretches of points.
std::vector<Interval> find_zeros(const Numbers& v, const Values& x, const Values& values);

/// What a function does as its argument grows.
struct Growth {
  enum class Kind { constant, linear, power, logarithm, exponential, irregular, not_a_number };
  Kind kind = Kind::irregular;
  double value = 0;  ///< the limit, the slope, the exponent or the factor of the logarithm
  double limit = 0;  ///< of the function: finite, or an infinity
};
/// As x goes to sign * infinity.
Growth find_growth(const Numbers& v, int sign);
/// "→ 1", "~ 0.5 x", "~ x^2".
std::string to_string(const Growth& growth);

}  // namespace xtape::lab
