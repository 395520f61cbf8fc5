#include "scan.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "text.hpp"

namespace xtape::lab {

namespace {

constexpr double step = 1. / 32, even_up_to = 10;
constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

bool is_step(double x) { return x == 0 || std::abs(x) >= step / 2; }

Values sample_points(const Interval& range, bool coarse) {
  Values all{range.low, range.high, 0};
  const double even = coarse ? 5 * step : step;
  auto both = [&](double x) { all.push_back(x), all.push_back(-x); };
  for (int i = 1; i * even <= even_up_to; ++i) both(i * even);
  for (double x = even_up_to; x < 1e6 && x < std::max(std::abs(range.low), range.high); x *= coarse ? 1.2 : 1.04)
    both(x);
  for (int i = 6; i <= 40; i += coarse ? 4 : 1) both(std::ldexp(1.37, -i));
  const double width = range.high - range.low;
  for (int i = 1; i < 512; i += coarse ? 5 : 1) all.push_back(range.low + width * i / 512);
  for (double& x : all) {
    const auto nearest = static_cast<float>(x);
    // The ends of a range are rounded inwards: what is beyond them was not asked for.
    x = x == range.low && nearest < x    ? std::nextafter(nearest, INFINITY)
        : x == range.high && nearest > x ? std::nextafter(nearest, -INFINITY)
                                         : nearest;
  }
  auto inside = [&](double x) { return x >= range.low && x <= range.high; };
  all.erase(std::remove_if(all.begin(), all.end(), [&](double x) { return !inside(x); }), all.end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

std::vector<Break> find_breaks(const ScalarFunction& f, int order, const Values& x, const Jet& jet) {
  // A break is what remains of a difference when its interval is halved until no number is between. What the slope
  // accounts for is taken off, where there is one, so that a small break is not lost beside a steep stretch.
  struct Cell {
    double a, b, at_a, at_b, slope_a, slope_b;
    double unexplained() const {
      const double difference = at_b - at_a, explained = (b - a) * (slope_a + slope_b) / 2;
      return std::abs(std::isfinite(explained) ? difference - explained : difference);
    }
  };
  const auto of = [order](const Jet& j, int k) -> const Values& {
    return order + k == 0 ? j.value : order + k == 1 ? j.slope : j.curvature;
  };
  const Values& values = of(jet, 0);
  const Values none(x.size());
  const Values& slopes = order < 2 ? of(jet, 1) : none;
  // The usual size of v: its median, or, where that is small for being 0 here and there, its mean.
  Values sizes;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (std::abs(x[i]) <= even_up_to && std::isfinite(values[i])) sizes.push_back(std::abs(values[i]));
  std::sort(sizes.begin(), sizes.end());
  double mean = 0;
  for (double size : sizes) mean += size / static_cast<double>(sizes.size());
  const double typical = sizes.empty() ? 1 : std::max(sizes[sizes.size() / 2], std::min(mean, 1.));
  auto stands_out = [&](const Cell& c) {
    return c.unexplained() > 1e-6 * (std::abs(c.at_a) + std::abs(c.at_b) + typical);
  };
  auto is_narrow = [](const Cell& c) { return c.b - c.a <= std::max(1e-14 * std::abs(c.a + c.b), 1e-24); };
  std::vector<Cell> open, found;
  std::vector<std::size_t> steps;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (is_step(x[i])) steps.push_back(i);
  for (std::size_t k = 1; k < steps.size(); ++k)
    open.push_back(
        {x[steps[k - 1]], x[steps[k]], values[steps[k - 1]], values[steps[k]], slopes[steps[k - 1]], slopes[steps[k]]});
  while (!open.empty()) {
    std::vector<Cell> kept;
    Values middles;
    for (const Cell& c : open) {
      if (!std::isfinite(c.at_a) || !std::isfinite(c.at_b) || !stands_out(c)) continue;
      if (is_narrow(c)) found.push_back(c);
      else kept.push_back(c), middles.push_back(c.a + (c.b - c.a) / 2);
    }
    const Jet middle = f.jet(middles, float64, std::min(order + 1, 2));
    open.clear();
    for (std::size_t i = 0; i < kept.size(); ++i) {
      const Cell& c = kept[i];
      const double at = of(middle, 0)[i], slope = order < 2 ? of(middle, 1)[i] : 0;
      if (!std::isfinite(at)) continue;  // find_gaps has it
      const Cell left{c.a, middles[i], c.at_a, at, c.slope_a, slope},
          right{middles[i], c.b, at, c.at_b, slope, c.slope_b};
      open.push_back(left.unexplained() >= right.unexplained() ? left : right);
    }
  }
  std::sort(found.begin(), found.end(), [](const Cell& p, const Cell& q) { return p.a < q.a; });
  // What lies near to each other is one place. What is not level on both sides is noise of the last digits.
  std::vector<Break> breaks;
  for (const Cell& c : found) {
    const double at = std::abs(c.b) < 1e-15 ? 0 : c.a + (c.b - c.a) / 2, apart = 1e-6 * std::max(1., std::abs(at));
    if ((at != 0 && std::abs(at) < 1e-6) || (!breaks.empty() && at - breaks.back().at < apart)) continue;
    if (at - apart < x.front() || at + apart > x.back()) continue;  // there is nothing on the other side
    Values near;
    for (int i = 1; i <= 4; ++i) near.insert(near.end(), {at - i * apart / 4, at + i * apart / 4});
    const Values side = f.derivative(order)(near);
    const double jump = std::abs(side[1] - side[0]);
    double unrest = 0;
    for (std::size_t i = 2; i < side.size(); ++i) unrest = std::max(unrest, std::abs(side[i] - side[i - 2]));
    auto limit = [&](double near_it, double farther) {
      const double v = 2 * near_it - farther;
      return std::abs(v) < 1e-9 * jump ? 0 : v;
    };
    auto endless = [](double v) { return std::copysign(infinity, v); };
    if (std::abs(c.at_b - c.at_a) > 1e6 * (mean + 1)) breaks.push_back({at + 0., endless(side[0]), endless(side[1])});
    else if (jump > 1e-6 * (std::abs(side[0]) + std::abs(side[1]) + typical) && unrest < 0.1 * jump)
      breaks.push_back({at + 0., limit(side[0], side[2]), limit(side[1], side[3])});
  }
  return breaks;
}

std::vector<Gap> find_gaps(const Numbers& v, const Values& x, const Values& values, const Values& except) {
  auto is_gap = [&](std::size_t i) {
    return !std::isfinite(values[i]) && (except.empty() || std::isfinite(except[i]));
  };
  // Between a finite point and one that is not, to the last digits; the result is the last that is not.
  auto edge = [&](double finite, double not_finite) {
    for (int i = 0; i < 60; ++i) {
      const double middle = finite + (not_finite - finite) / 2;
      (std::isfinite(v({middle})[0]) ? finite : not_finite) = middle;
    }
    return std::abs(not_finite) < 1e-15 ? 0. : not_finite;
  };
  std::vector<Gap> gaps;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!is_gap(i)) continue;
    std::size_t last = i;
    auto same = [&](std::size_t k) { return is_gap(k) && std::isnan(values[k]) == std::isnan(values[i]); };
    while (last + 1 < x.size() && same(last + 1)) ++last;
    Gap gap{{x[i], x[last]}, values[i]};
    // At a neighbour that is no gap for being excepted there is no edge to find.
    if (i > 0 && std::isfinite(values[i - 1])) gap.where.low = edge(x[i - 1], x[i]);
    if (last + 1 < x.size() && std::isfinite(values[last + 1])) gap.where.high = edge(x[last + 1], x[last]);
    gaps.push_back(gap);
    i = last;
  }
  return gaps;
}

Extremes find_extremes(const Numbers& v, const Values& x, const Values& values) {
  Extremes e{infinity, 0, -infinity, 0};
  auto look = [&](double at, double value) {
    if (value < e.low) e.low = value, e.low_at = at;
    if (value > e.high) e.high = value, e.high_at = at;
  };
  for (std::size_t i = 0; i < x.size(); ++i)
    if (std::isfinite(values[i])) look(x[i], values[i]);
  // Around the best points, by golden section.
  for (const int sign : {1, -1}) {
    const double at = sign > 0 ? e.low_at : e.high_at;
    const auto i = static_cast<std::size_t>(std::find(x.begin(), x.end(), at) - x.begin());
    if (i == 0 || i + 1 >= x.size()) continue;
    double a = x[i - 1], b = x[i + 1];
    const double ratio = (std::sqrt(5.) - 1) / 2;
    for (int k = 0; k < 60; ++k) {
      const double low = b - ratio * (b - a), high = a + ratio * (b - a);
      const Values y = v({low, high});
      if (!std::isfinite(y[0]) || !std::isfinite(y[1])) break;
      look(low, y[0]), look(high, y[1]);
      (sign * y[0] < sign * y[1] ? b : a) = sign * y[0] < sign * y[1] ? high : low;
    }
  }
  return e;
}

std::vector<Interval> find_zeros(const Numbers& v, const Values& x, const Values& values) {
  std::vector<Interval> zeros;
  auto add = [&](double from, double to) {
    if (!zeros.empty() && from - zeros.back().high < 1e-9) zeros.back().high = std::max(to, zeros.back().high);
    else zeros.push_back({from, to});
  };
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (values[i] == 0) {
      std::size_t last = i;
      while (last + 1 < x.size() && values[last + 1] == 0) ++last;
      // What fades until it rounds to 0 is not 0.
      auto fades = [&](std::size_t end, std::size_t beside) {
        const double apart = std::abs(x[beside] - x[end]);
        return std::abs(values[beside]) < 1e-12 * apart * apart * apart;
      };
      if (!(i > 0 && fades(i, i - 1)) && !(last + 1 < x.size() && fades(last, last + 1))) add(x[i], x[last]);
      i = last;
    } else if (i + 1 < x.size() && values[i] * values[i + 1] < 0) {
      double a = x[i], b = x[i + 1];
      const bool rises = values[i] < 0;
      for (int k = 0; k < 60; ++k) {
        const double middle = a + (b - a) / 2;
        ((v({middle})[0] < 0) == rises ? a : b) = middle;
      }
      const double left = v({a})[0], right = v({b})[0];
      if (std::abs(left) + std::abs(right) < 1e-6 * (std::abs(values[i]) + std::abs(values[i + 1]))) add(b, b);
    }
  }
  return zeros;
}

Growth find_growth(const Numbers& v, int sign) {
  Values at;
  for (int k = 2; k <= 8; ++k) at.push_back(sign * std::pow(10, k));
  const Values y = v(at);  // of 1e2 … 1e8
  if (std::any_of(y.begin(), y.end(), [](double s) { return std::isnan(s); }))
    return {Growth::Kind::not_a_number, 0, 0};
  if (std::any_of(y.begin(), y.end(), [](double s) { return std::isinf(s); }))
    return {Growth::Kind::exponential, 0, y.back()};
  const double last = y[6], scale = std::max(1e-3, std::abs(last));
  if (std::abs(y[6] - y[5]) < 1e-6 * scale && std::abs(y[5] - y[4]) < 1e-5 * scale)
    return {Growth::Kind::constant, std::abs(last) < 1e-6 ? 0 : last, std::abs(last) < 1e-6 ? 0 : last};
  const double limit = last > 0 ? infinity : -infinity;
  if (y[0] != 0 && y[2] != 0 && y[4] != 0 && last != 0) {
    const double early = std::log10(std::abs(y[4] / y[2])) / 2, late = std::log10(std::abs(y[6] / y[4])) / 2;
    if (std::abs(early - late) < 0.02 && late > 0.05) {
      if (std::abs(late - 1) < 0.005) return {Growth::Kind::linear, last / at[6], limit};
      return {Growth::Kind::power, std::round(late * 100) / 100, limit};
    }
    if (std::abs(early - late) < 0.02 && late < -0.05) return {Growth::Kind::constant, 0, 0};
  }
  const double first = y[2] - y[0], second = y[6] - y[4];
  if (std::abs(first - second) < 0.02 * std::abs(second) && second != 0)
    return {Growth::Kind::logarithm, second / std::log(100), limit};
  return {Growth::Kind::irregular, 0, last};
}

std::string to_string(const Growth& growth) {
  const std::string sign = growth.limit < 0 ? "-" : "";
  switch (growth.kind) {
    case Growth::Kind::constant: return "→ " + figure(growth.value);
    case Growth::Kind::linear: return "~ " + figure(growth.value) + " x";
    case Growth::Kind::power: return "~ " + sign + "|x|^" + figure(growth.value);
    case Growth::Kind::logarithm: return "~ " + figure(growth.value) + " log |x|";
    case Growth::Kind::exponential: return "overflows to " + figure(growth.limit);
    case Growth::Kind::not_a_number: return "NaN";
    case Growth::Kind::irregular: break;
  }
  return "has no limit that was seen";
}

}  // namespace xtape::lab
