#include "minima.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "scan.hpp"

namespace xtape::lab {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// To what a minimum as flat as a fourth power can be told.
bool contains(const Interval& i, double v) {
  const double tolerance = std::isinf(v) ? 0 : 2e-3 * (1 + std::abs(v));
  return i.low - tolerance <= v && v <= i.high + tolerance;
}

}  // namespace

Section section(const ScalarFunction& f, const Values& x, double target) {
  const Jet jet = f.jet(x, float64, 1);
  const Values& y = jet.value;
  Section s{{target, {0, 0}, 0}, true, true, {}, {}, 0};
  const Extremes e = find_extremes(f.derivative(0), x, y);
  double low = e.low_at, high = e.low_at;
  const double level = 1e-12 * (std::abs(e.low) + std::min(std::abs(e.high), 1.));
  // As far as it is level around there.
  const auto right_of = static_cast<std::size_t>(std::lower_bound(x.begin(), x.end(), e.low_at) - x.begin());
  for (std::size_t i = right_of; i < x.size() && y[i] <= e.low + level; ++i) high = x[i];
  for (std::size_t i = right_of; i-- > 0 && y[i] <= e.low + level;) low = x[i];
  // Golden section ends in the rounding errors around a point.
  if (high - low < 1e-5) low = high = std::abs(e.low_at) < 1e-5 ? 0 : e.low_at;
  s.minimum = {target,
               {low <= x.front() ? -infinity : low, high >= x.back() ? infinity : high},
               std::abs(e.low) < level ? 0 : e.low};

  // Along the finite values: whether it only falls or rises, and where it has been uphill since the last valley.
  double before = infinity, valley = infinity, hill = -infinity, valley_at = 0;
  std::vector<double> valleys;
  const double noise = 1e-9 * std::min(1., e.high - e.low);
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!std::isfinite(y[i])) continue;
    if (std::isfinite(before)) {
      s.falls = s.falls && y[i] <= before + 1e-12 * (std::abs(before) + 1);
      s.rises = s.rises && y[i] >= before - 1e-12 * (std::abs(before) + 1);
    }
    before = y[i];
    if (y[i] < valley) valley = y[i], valley_at = x[i], hill = -infinity;
    hill = std::max(hill, y[i]);
    if (hill > valley + noise && y[i] < hill - noise) {  // over a hill and down again: the next valley
      valleys.push_back(valley_at);
      valley = y[i], valley_at = x[i], hill = -infinity;
    }
  }
  valleys.push_back(valley_at);
  const bool level_everywhere = s.falls && s.rises;
  s.falls = s.falls && !level_everywhere, s.rises = s.rises && !level_everywhere;
  for (double v : valleys)
    if (valleys.size() > 1 && !s.second_minimum && !contains({low, high}, v) && v > x.front() && v < x.back())
      s.second_minimum = v;

  double slope_before = -infinity, at_before = 0;
  const Values single = f.slope(x, f.narrowest());
  for (std::size_t i = 0; i < x.size(); ++i) {
    // What has ends may do as it likes there.
    if (!is_step(x[i]) || i == 0 || i + 1 == x.size()) continue;
    // Where float32 has lost the slope, that of float64 is no longer smooth.
    if (!(std::abs(single[i] - jet.slope[i]) <= 1e-3 * (1e-3 + std::abs(jet.slope[i])))) continue;
    if (jet.slope[i] < slope_before - 1e-8 * (std::abs(slope_before) + std::abs(jet.slope[i])) - 1e-12) {
      if (!s.not_convex.empty() && s.not_convex.back().high == at_before) s.not_convex.back().high = x[i];
      else s.not_convex.push_back({at_before, x[i]});
    }
    slope_before = jet.slope[i], at_before = x[i];
  }
  Values beside;
  for (double v : {0., e.low_at - 1, e.low_at - 0.5, e.low_at + 0.5, e.low_at + 1})
    beside.push_back(std::clamp(v, x.front(), x.back()));
  for (double v : f.value(beside))
    if (std::isfinite(v)) s.scale = std::max(s.scale, std::abs(v - e.low));
  s.scale = std::max(s.scale, 1e-30);
  return s;
}

Link find_link(const std::vector<Section>& sections, const Interval& domain) {
  auto all = [&](const std::function<bool(const Section&)>& holds, const std::function<bool(double)>& concerns) {
    std::size_t concerned = 0;
    for (const Section& s : sections)
      if (concerns(s.minimum.target)) {
        ++concerned;
        if (!holds(s)) return false;
      }
    return concerned >= std::min<std::size_t>(2, sections.size());  // one target alone would obey several
  };
  auto everywhere = [](double) { return true; };
  auto least_at = [](double (*where)(double)) {
    return [where](const Section& s) { return contains(s.minimum.at, where(s.minimum.target)); };
  };
  if (all(least_at([](double t) { return t; }), everywhere)) return Link::identity;
  if (domain.low == 0 && domain.high == 1 &&
      all(least_at([](double t) { return t; }), [](double t) { return t == 0 || t == 1; }))
    return Link::labels;
  if (domain.low > -10 || domain.high < 10) return Link::none;
  auto is_share = [](double t) { return t >= 0 && t <= 1; };
  if (all(least_at([](double t) { return std::log(t / (1 - t)); }), is_share)) return Link::logits;
  auto towards = [](double down) {
    return [down](const Section& s) { return s.minimum.target == down ? s.rises : s.falls; };
  };
  if (all(least_at([](double t) { return std::log(t); }), [](double t) { return t > 0; })) return Link::log;
  if (all(towards(0), [](double t) { return t == 0 || t == 1; })) return Link::logits;
  if (all(towards(-1), [](double t) { return t == -1 || t == 1; })) return Link::margin;
  return Link::none;
}

std::size_t worst_misplaced(const std::vector<Section>& sections) {
  std::size_t worst = 0;
  double most = -1;
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const Minimum& m = sections[i].minimum;
    const double off = std::max({m.at.low - m.target, m.target - m.at.high, 0.});
    if (off > most) most = off, worst = i;
  }
  return worst;
}

}  // namespace xtape::lab
