// Private: whether losses fall.
#pragma once
#include <vector>

namespace xtape::optim {

/// How probable it is that the slope of y is negative: Φ(-b / σ), where b is the slope of the least-squares line
/// through (i, y_i) and σ its standard error, sqrt(12 r / ((n - 2) (n³ - n))) of the sum r of squared residuals. For at
/// least three values.
double probability_of_descent(const std::vector<double>& y);
/// y without its values above the 90 % quantile, in their order.
std::vector<double> without_largest(const std::vector<double>& y);

}  // namespace xtape::optim
