#include "derivative_check.hpp"

#include <algorithm>
#include <cmath>

#include "scan.hpp"

namespace xtape::lab {

namespace {

constexpr double shrink[] = {1, 1. / 8, 1. / 64};  // of the step, where the first does not agree
constexpr int tries = 3, noise_points = 5;

double first_step(double x) { return 1e-3 * std::max(1., std::abs(x) / 10); }

}  // namespace

DerivativeCheck check_derivative(const ScalarFunction& f, int order, const Values& x, const Jet& jet,
                                 const std::vector<Break>& breaks, const std::vector<Interval>& lost) {
  const Numbers below = f.derivative(order - 1);
  const Values &tape = order == 1 ? jet.slope : jet.curvature, &at_point = order == 1 ? jet.value : jet.slope;
  std::vector<std::size_t> looked;
  for (std::size_t k = 0; k < x.size(); ++k) {
    const double margin = 2.5 * first_step(x[k]);
    const bool near =
        std::any_of(breaks.begin(), breaks.end(), [&](const Break& b) { return std::abs(b.at - x[k]) <= margin; });
    const bool is_lost =
        std::any_of(lost.begin(), lost.end(), [&](const Interval& i) { return x[k] >= i.low && x[k] <= i.high; });
    // At an end of what was asked for, differences would look beyond it.
    const bool inside = x[k] - margin >= x.front() && x[k] + margin <= x.back();
    if (is_step(x[k]) && !near && !is_lost && inside && std::isfinite(tape[k])) looked.push_back(k);
  }
  Values all;
  for (std::size_t i : looked) {
    const double h = first_step(x[i]);
    for (double s : shrink)
      for (int k : {-2, -1, 1, 2}) all.push_back(x[i] + k * s * h);
    for (int k = 0; k < noise_points; ++k) all.push_back(x[i] + (k - 2) * 1e-6 * h);
  }
  const Values y = below(all);

  // Of what is a billionth of the usual derivative, differences say nothing.
  double usual = 0;
  for (std::size_t i : looked) usual += std::abs(tape[i]) / static_cast<double>(looked.size());
  DerivativeCheck check;
  Disagreement worst{};
  double worst_distance = 0;
  bool constant = true, same_factor = true;
  std::size_t in_a_row = 0, most_in_a_row = 0;
  for (std::size_t k = 0; k < looked.size(); ++k) {
    const std::size_t i = looked[k];
    const double* at = y.data() + k * (4 * tries + noise_points);
    const double* tiny = at + 4 * tries;
    if (!std::all_of(at, tiny + noise_points, [](double v) { return std::isfinite(v); })) continue;
    // Second differences over a distance at which a function is a line are its rounding errors.
    double noise = 1e-16 * (std::abs(at_point[i]) + std::abs(x[i] * tape[i]));
    for (int j = 1; j + 1 < noise_points; ++j)
      noise = std::max(noise, std::abs(tiny[j - 1] - 2 * tiny[j] + tiny[j + 1]));
    double differences[tries];
    for (int t = 0; t < tries; ++t) {
      const double* v = at + 4 * t;
      differences[t] = (8 * (v[2] - v[1]) - (v[3] - v[0])) / (12 * first_step(x[i]) * shrink[t]);
    }
    // Nor do they agree among themselves where there is noise.
    noise = std::max(noise, std::abs(differences[2] - differences[1]) * first_step(x[i]) * shrink[2]);
    double nearest = 0, distance = -1;
    bool agree = false, quiet = false;
    for (int t = 0; t < tries; ++t) {
      const double h = first_step(x[i]) * shrink[t], off = std::abs(tape[i] - differences[t]);
      const double size = std::abs(tape[i]) + std::abs(differences[t]);
      agree = agree || off <= 1e-6 * size + 16 * noise / h + 1e-9 * std::min(usual, 1.);
      if (distance >= 0 && off >= distance) continue;
      distance = off, nearest = differences[t];
      quiet = noise / h < 1e-9 * size && size > 1e-3 * std::min(usual, 1.);
    }
    if (agree && quiet) check.worst = std::max(check.worst, distance / (std::abs(tape[i]) + std::abs(nearest)));
    constant = constant && std::abs(nearest) <= 32 * noise / first_step(x[i]);
    in_a_row = agree ? 0 : in_a_row + 1;
    most_in_a_row = std::max(most_in_a_row, in_a_row);
    if (agree) continue;
    const double factor = nearest == 0 ? 0 : tape[i] / nearest;
    if (worst_distance == 0) worst.where = {x[i], x[i]}, worst.factor = factor;
    worst.where.high = x[i];
    same_factor = same_factor && std::abs(factor - worst.factor) < 1e-4 * std::abs(factor);
    if (distance > worst_distance)
      worst_distance = distance, worst.at = x[i], worst.tape = tape[i], worst.difference = nearest;
  }
  // A point by itself may stand on a kink that nobody has seen.
  if (most_in_a_row < 2) return check;
  if (!same_factor) worst.factor = 0;
  worst.of_constant = constant;
  check.disagreements.push_back(worst);
  return check;
}

}  // namespace xtape::lab
