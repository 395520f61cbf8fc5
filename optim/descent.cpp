#include "descent.hpp"

#include <algorithm>
#include <cmath>

namespace xtape::optim {

double probability_of_descent(const std::vector<double>& y) {
  // From the middle of the places and from the first value: equal values are exactly flat.
  const auto n = static_cast<double>(y.size());
  const double middle = (n - 1) / 2, squares = (n * n * n - n) / 12;
  double sum = 0, moment = 0, i = 0;
  for (const double v : y) sum += v - y[0], moment += (i++ - middle) * (v - y[0]);
  const double slope = moment / squares, mean = sum / n;
  double residuals = 0;
  i = 0;
  for (const double v : y) {
    const double r = v - y[0] - mean - slope * (i++ - middle);
    residuals += r * r;
  }
  if (residuals == 0) return slope < 0 ? 1 : slope > 0 ? 0 : 0.5;
  const double error = std::sqrt(residuals / ((n - 2) * squares));
  return std::erfc(slope / error / std::sqrt(2)) / 2;
}

std::vector<double> without_largest(const std::vector<double>& y) {
  std::vector<double> sorted = y, kept;
  const auto quantile = sorted.begin() + std::lround(0.9 * static_cast<double>(y.size() - 1));
  std::nth_element(sorted.begin(), quantile, sorted.end());
  std::copy_if(y.begin(), y.end(), std::back_inserter(kept), [&](double v) { return v <= *quantile; });
  return kept;
}

}  // namespace xtape::optim
