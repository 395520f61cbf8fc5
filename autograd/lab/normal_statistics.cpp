#include "expectations.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace xtape::lab {

namespace {

// Gauss and Legendre's nodes and weights on [-1, 1], for polynomials of degree 15.
constexpr std::array<double, 4> nodes{0.1834346424956498, 0.5255324099163290, 0.7966664774136267, 0.9602898564975363};
constexpr std::array<double, 4> weights{0.3626837833783620, 0.3137066458778873, 0.2223810344533745, 0.1012285362903763};
constexpr double reach = 12;  // beyond which N(0, 1) has 1e-33
constexpr int deepest = 40;
constexpr std::size_t most_panels = 4000;  // what needs more has no integral

enum { f1, f2, slope1, slope2, odd2, gap, count };
using Integrals = std::array<double, count>;

struct Panel {
  double a, b;
  Integrals whole;
};

// The integrals over each of the panels.
void integrate(const ScalarFunction& f, std::vector<Panel>& panels) {
  Values x;
  for (const Panel& p : panels)
    for (double node : nodes)
      for (double sign : {-1., 1.}) {
        const double at = (p.a + p.b) / 2 + sign * node * (p.b - p.a) / 2;
        x.push_back(at), x.push_back(-at);
      }
  const Jet jet = f.jet(x, float64, 1);
  std::size_t i = 0;
  for (Panel& p : panels) {
    p.whole = {};
    for (double weight : weights)
      for (int sign = 0; sign < 2; ++sign, i += 2) {
        const double w = weight * (p.b - p.a) / 2 * std::exp(-x[i] * x[i] / 2) / std::sqrt(2 * std::acos(-1.));
        const double y = jet.value[i], slope = jet.slope[i], odd = (y - jet.value[i + 1]) / 2;
        if (!std::isfinite(y) || !std::isfinite(slope)) {
          p.whole[gap] += w;
          continue;
        }
        const Integrals each{y, y * y, slope, slope * slope, odd * odd, 0};
        for (int k = 0; k < count; ++k) p.whole[k] += w * each[k];
      }
  }
}

// The share of inputs with |f'| < 1e-4: where that begins and ends, by bisection.
double flat_share(const ScalarFunction& f) {
  constexpr double level = 1e-4, step = 1. / 64;
  Values x;
  for (double a = -reach; a <= reach; a += step) x.push_back(a);
  const Values slope = f.slope(x);
  std::vector<std::pair<double, double>> cells;  // (a point that is below, one that is above) a level
  std::vector<double> levels, edges{-reach, reach};
  for (std::size_t i = 0; i + 1 < x.size(); ++i)
    for (double l : {-level, level})
      if ((slope[i] < l) != (slope[i + 1] < l)) {
        cells.push_back(slope[i] < l ? std::pair(x[i], x[i + 1]) : std::pair(x[i + 1], x[i]));
        levels.push_back(l);
      }
  Values middles(cells.size());
  for (int halving = 0; halving < 45; ++halving) {
    for (std::size_t i = 0; i < cells.size(); ++i) middles[i] = (cells[i].first + cells[i].second) / 2;
    const Values at = f.slope(middles);
    for (std::size_t i = 0; i < cells.size(); ++i) (at[i] < levels[i] ? cells[i].first : cells[i].second) = middles[i];
  }
  edges.insert(edges.end(), middles.begin(), middles.end());
  std::sort(edges.begin(), edges.end());
  Values inside;
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) inside.push_back((edges[i] + edges[i + 1]) / 2);
  const Values at = f.slope(inside);
  double share = 0;
  for (std::size_t i = 0; i < inside.size(); ++i)
    if (std::abs(at[i]) < level) share += normal_share(edges[i], edges[i + 1]);
  return share;
}

}  // namespace

NormalStatistics normal_statistics(const ScalarFunction& f) {
  std::vector<Panel> panels;
  for (double a = -reach; a < reach; a += 0.5) panels.push_back({a, a + 0.5, {}});
  integrate(f, panels);
  Integrals total{};
  bool endless = false;
  for (int depth = 0; !panels.empty(); ++depth) {
    std::vector<Panel> halves;
    for (const Panel& p : panels) {
      const double middle = (p.a + p.b) / 2;
      halves.push_back({p.a, middle, {}}), halves.push_back({middle, p.b, {}});
    }
    integrate(f, halves);
    std::vector<Panel> open;
    const bool is_last = depth == deepest || panels.size() > most_panels;
    for (std::size_t i = 0; i < panels.size(); ++i) {
      const Panel &left = halves[2 * i], &right = halves[2 * i + 1];
      bool agree = true;
      for (int k = 0; k < count; ++k) {
        const double sum = left.whole[k] + right.whole[k];
        agree = agree && std::abs(sum - panels[i].whole[k]) <= 1e-12 * (1 + std::abs(sum));
      }
      endless = endless || (!agree && is_last && std::abs(left.whole[slope2] + right.whole[slope2]) > 1e-3);
      if (agree || is_last)
        for (int k = 0; k < count; ++k) total[k] += left.whole[k] + right.whole[k];
      else open.push_back(left), open.push_back(right);
    }
    panels = std::move(open);
  }
  NormalStatistics s{};
  s.not_finite = total[gap];
  s.mean = total[f1], s.second_moment = total[f2], s.variance = total[f2] - total[f1] * total[f1];
  s.mean_slope = total[slope1], s.saturated = flat_share(f);
  s.gain = 1 / std::sqrt(total[f2]);
  s.chi1 = endless ? std::numeric_limits<double>::infinity() : total[slope2] / total[f2];
  s.odd = total[odd2] / total[f2];
  if (s.not_finite > 1e-9) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    s.mean = s.second_moment = s.variance = s.mean_slope = s.saturated = s.gain = s.chi1 = s.odd = nan;
  }
  return s;
}

double normal_share(double low, double high) {
  const double root = std::sqrt(0.5);
  return (std::erfc(low * root) - std::erfc(high * root)) / 2;
}

}  // namespace xtape::lab
