// What a function makes of inputs of N(0, 1).
#pragma once

namespace xtape::lab {

/// Expectations over z of N(0, 1), by integrals that halve their steps until they agree to 1e-12 of 1 or of themselves.
struct NormalStatistics {
  double mean;           ///< E[f(z)]
  double variance;       ///< E[f²] - E[f]²
  double second_moment;  ///< E[f²]
  double mean_slope;     ///< E[f'(z)]
  double gain;           ///< g = E[f²]^-1/2: weights N(0, g²/fan_in) keep the variance of sums at 1
  double chi1;           ///< g² E[f'²]: what a layer multiplies the square of a gradient by
  double saturated;      ///< the share of inputs with |f'| < 1e-4
  double odd;            ///< the share of E[f²] that is in the odd part (f(z) - f(-z)) / 2
  double not_finite;  ///< the share of inputs that f or f' is NaN or infinite for; if there are any, the others are NaN
};

}  // namespace xtape::lab
