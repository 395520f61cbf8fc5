#include "statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace xtape::lab {
namespace {

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

// The regularised incomplete beta function, by its continued fraction. Source: Lentz, "Generating Bessel functions",
// 1976; DLMF 8.17.22.
double incomplete_beta(double a, double b, double x) {
  if (x > (a + 1) / (a + b + 2)) return 1 - incomplete_beta(b, a, 1 - x);  // where it converges fast
  const auto apart = [](double v) { return std::abs(v) < 1e-300 ? 1e-300 : v; };
  double c = 1, d = 1 / apart(1 - (a + b) * x / (a + 1)), f = d;
  for (int m = 1; m < 10000; ++m) {
    double last = 1;
    for (const double term : {m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
                              -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))}) {
      d = 1 / apart(1 + term * d), c = apart(1 + term / c);
      f *= last = c * d;
    }
    if (std::abs(last - 1) < 1e-15) break;
  }
  return f * std::exp(a * std::log(x) + b * std::log1p(-x) + std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b)) / a;
}

// Where a function that falls from x = 0 on comes down to y.
template <class F>
double where_falls_to(double y, F f) {
  double low = 0, high = 1;
  while (f(high) > y && high < 1e300) low = high, high *= 2;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (f(middle) > y ? low : high) = middle;
  }
  return high;
}

}  // namespace

Sample::Sample(const std::vector<double>& values)
    : count(static_cast<std::int64_t>(values.size())), mean(nan_value), stddev(nan_value) {
  if (count < 1) return;
  const auto n = static_cast<double>(count);
  mean = std::accumulate(values.begin(), values.end(), 0.) / n;
  if (count < 2) return;
  double squares = 0;
  for (const double v : values) squares += (v - mean) * (v - mean);
  stddev = std::sqrt(squares / (n - 1));
}

double student_p(double t, double degrees) {
  if (std::isinf(t)) return 0;
  return incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t));
}
double student_t(double p, double degrees) {
  return where_falls_to(p, [degrees](double t) { return student_p(t, degrees); });
}

double paired_p(const std::vector<double>& differences) {
  const Sample d(differences);
  if (d.count < 2) return 1;
  const auto n = static_cast<double>(d.count);
  // What is left of rounding is no spread.
  if (d.stddev <= 1e-12 * std::abs(d.mean)) return d.mean == 0 ? 1 : std::exp2(1 - n);
  return student_p(d.mean / d.stddev * std::sqrt(n), n - 1);
}

std::vector<double> holm(const std::vector<double>& p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  std::vector<double> adjusted(p.size());
  double largest = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    largest = std::max(largest, std::min(1., static_cast<double>(p.size() - i) * p[order[i]]));
    adjusted[order[i]] = largest;
  }
  return adjusted;
}

std::vector<std::int64_t> looks(std::int64_t least, std::int64_t most) {
  const double growth = std::log(static_cast<double>(most) / static_cast<double>(least));
  const auto steps = static_cast<int>(std::ceil(growth / std::log(1.5) - 0.5));
  std::vector<std::int64_t> after{least};
  for (int k = 1; k < steps; ++k) {
    const auto n = std::llround(static_cast<double>(least) * std::exp(growth * k / steps));
    if (n > after.back()) after.push_back(n);
  }
  if (most > after.back()) after.push_back(most);
  return after;
}

double share_of_look(std::int64_t seeds, const std::vector<std::int64_t>& looks) {
  return static_cast<double>(seeds) / static_cast<double>(std::accumulate(looks.begin(), looks.end(), std::int64_t{0}));
}

}  // namespace xtape::lab
