// Private: what becomes of a function under N(0, 1), and in a network.
#pragma once
#include "normal_statistics.hpp"
#include "prediction.hpp"
#include "scalar_function.hpp"

namespace xtape::lab {

NormalStatistics normal_statistics(const ScalarFunction& f);

/// P(low < z < high).
double normal_share(double low, double high);

/// What the network of Prediction makes of f, which must be finite, and not 0, for inputs of N(0, 1).
Prediction predict(const std::string& name, const ScalarFunction::Function& f);

}  // namespace xtape::lab
