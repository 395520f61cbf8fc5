#include "histogram.hpp"

#include <algorithm>
#include <cmath>

namespace xtape::optim {

double Histogram::standard_deviation() const {
  if (number < 1) return 0;
  const double m = mean();
  return std::sqrt(std::max(0., sum_of_squares / static_cast<double>(number) - m * m));
}

Histogram histogram(const Tensor& x, std::int64_t bins, Site site) {
  if (bins < 1 || bins > 10'000)
    fail("histogram", "bins is " + std::to_string(bins) + ", expected a number from 1 to 10000", site);
  std::vector<double> values = x.to_vector<double>(site);
  Histogram h;
  const auto finite = std::remove_if(values.begin(), values.end(), [](double v) { return !std::isfinite(v); });
  h.not_finite = values.end() - finite;
  values.erase(finite, values.end());
  h.number = static_cast<std::int64_t>(values.size());
  if (values.empty()) return h;
  const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
  h.min = *least, h.max = *greatest;
  for (const double v : values) h.sum += v, h.sum_of_squares += v * v;

  const double spread = 4 * h.standard_deviation();
  double low = std::max(h.min, h.mean() - spread), high = std::min(h.max, h.mean() + spread);
  if (low > high) low = h.min, high = h.max;  // their mean is rounded past equal elements, or overflows
  const double width = (high - low) / static_cast<double>(bins);
  if (low > h.min) h.edges.push_back(h.min);
  h.edges.push_back(low);
  for (std::int64_t i = 1; i < bins; ++i) {
    const double edge = low + width * static_cast<double>(i);
    if (edge > h.edges.back() && edge < high) h.edges.push_back(edge);  // there may be few numbers between the two
  }
  for (const double edge : {high, h.max})
    if (edge > h.edges.back()) h.edges.push_back(edge);
  if (h.edges.size() == 1) h.edges.push_back(h.max);
  h.counts.resize(h.edges.size() - 1);
  for (const double v : values) {
    const auto above = std::upper_bound(h.edges.begin(), h.edges.end() - 1, v) - h.edges.begin();
    ++h.counts[static_cast<std::size_t>(std::max<std::ptrdiff_t>(above - 1, 0))];
  }
  return h;
}

}  // namespace xtape::optim
