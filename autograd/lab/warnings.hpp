// Private: what is wrong with a function of numbers, whatever it is used for.
#pragma once
#include "derivative_check.hpp"
#include "precision.hpp"
#include "scan.hpp"

namespace xtape::lab {

/// A function that was looked at: its values in both dtypes, and where they are not finite or jump.
struct Examined {
  Values x;
  Jet in_float64, in_float32;
  std::vector<Break> jumps, kinks, bends;
  std::vector<Loss> value_losses, slope_losses;
  std::vector<Gap> single_gaps;  ///< where f is not finite in float32 and is in float64
  DerivativeCheck first, second;
  bool straight_through = false;
};

/// Looks at f at these points. What float32 loses below `negligible` is not missed.
Examined examine(const ScalarFunction& f, const Values& x, double negligible = 1e-12);

/// What is wrong with it. Of a cost, `suffix` ends each text, as ", for target 1" does; of an activation the share of
/// inputs of N(0, 1) that are concerned does.
std::vector<Warning> warnings_of(const ScalarFunction& f, const Examined& e, const std::string& suffix = "");

}  // namespace xtape::lab
