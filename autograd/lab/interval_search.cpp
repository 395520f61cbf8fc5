#include "interval_search.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "../core/operation.hpp"

namespace xtape::detail {

using lab::Interval;

namespace {

bool is_finite(const Array& x) {
  if (!is_floating(x.dtype)) return true;
  return visit_floating(x.dtype, [&](auto t) {
    const auto* v = x.at<decltype(t)>();
    for (std::int64_t i = 0; i < x.size; ++i)
      if (!std::isfinite(v[i])) return false;
    return true;
  });
}

// The number with so many digits, rounded away from 0 where `up`.
double with_digits(double v, int digits, bool up) {
  if (v == 0 || !std::isfinite(v)) return v;
  const double scale = std::pow(10., digits - 1 - std::floor(std::log10(std::abs(v))));
  if (!std::isfinite(scale) || scale == 0) return v;
  const double n = std::abs(v) * scale, whole = up ? std::ceil(n) : std::floor(n);
  return std::copysign(whole / scale, v);
}

}  // namespace

Search::Search(const Recorded& f, const lab::IntervalOptions& options, Matters matters)
    : f_(f),
      options_(options),
      matters_(std::move(matters)),
      random_(options.seed),
      failing_(f.program.steps.size()),
      harmless_(f.program.steps.size()),
      steep_(f.program.steps.size()),
      limits_(f.program.steps.size(), HUGE_VAL) {}

SearchPoint Search::drawn(int k) {
  constexpr double marks[] = {0, 1, -1, 0.5, -0.5, 2, -2};
  constexpr int marked = 3 + static_cast<int>(std::size(marks));
  SearchPoint p(f_.bounds.size());
  const double common = random_.uniform(), sign = random_.uniform() < 0.5 ? -1 : 1, size = random_.uniform();
  const auto hot = p.empty() ? 0 : static_cast<std::size_t>(random_.integer(static_cast<std::int64_t>(p.size())));
  for (std::size_t i = 0; i < p.size(); ++i) {
    const auto [low, high] = f_.bounds[i];
    const auto part = [&, low = low, high = high](double u) { return low * (1 - u) + high * u; };
    const double largest = std::max({std::abs(low), std::abs(high), 1e-30});
    const auto scaled = [&](double s, double u) { return s * largest * std::pow(10., -12 * u); };
    if (k < 3) p[i] = k == 0 ? low : k == 1 ? high : part(0.5);
    else if (k < marked) p[i] = marks[k - 3];
    else switch (k % 6) {
        case 0: p[i] = part(common); break;
        case 1: p[i] = part(random_.uniform()); break;
        case 2: p[i] = random_.uniform() < 0.5 ? low : high; break;
        case 3: p[i] = scaled(sign, size); break;
        case 4: p[i] = scaled(random_.uniform() < 0.5 ? -1 : 1, random_.uniform()); break;
        default: p[i] = i == hot ? (sign < 0 ? low : high) : part(common);
      }
  }
  return f_.inside(std::move(p));
}

bool Search::fails(std::size_t s, const std::vector<Ref<Array>>& values) const {
  const Program::Step& step = f_.program.steps[s];
  for (std::uint32_t k = 0; k < step.count; ++k)
    if (!is_finite(*values[f_.program.operands[step.first + k]])) return false;
  if (!is_finite(*values[step.result])) return true;
  if (steep_[s].empty() && limits_[s] == HUGE_VAL) return false;
  const Array& x = *values[f_.program.operands[step.first]];
  return visit_floating(x.dtype, [&](auto t) {
    for (std::int64_t i = 0; i < x.size; ++i)
      if (std::abs(static_cast<double>(x.at<decltype(t)>()[i])) > limits_[s]) return true;
    for (const double at : steep_[s])
      for (std::int64_t i = 0; i < x.size; ++i)
        if (static_cast<double>(x.at<decltype(t)>()[i]) == at) return true;
    return false;
  });
}

bool Search::try_at(const SearchPoint& at) {
  const std::vector<Ref<Array>> values = f_.run(at);
  if (values.empty()) return false;
  bool fresh = false;
  int matters = -1;  // asked once
  for (std::size_t s = 0; s < f_.program.steps.size(); ++s) {
    if (!f_.varies[f_.program.steps[s].result] || !failing_[s].empty()) continue;
    if (!fails(s, values)) continue;
    if (matters < 0) matters = matters_(at);
    if (matters) failing_[s] = at, fresh = true;
    else harmless_[s] = true;
  }
  return fresh;
}

bool Search::fails_at(const SearchPoint& at, std::size_t step) const {
  const std::vector<Ref<Array>> values = f_.run(at);
  return !values.empty() && fails(step, values) && matters_(at);
}

void Search::sample() {
  for (int k = 0; k < options_.samples; ++k) {
    samples_.push_back(drawn(k));
    try_at(samples_.back());
  }
}

// How far the operand is from what it must not be, and on which side; for a result that is too large, how small it is.
double Search::distance(const SearchPoint& at, const SearchGoal& goal, double* side) const {
  const Program::Step& step = f_.program.steps[goal.step];
  const std::vector<Ref<Array>> values = f_.run(at);
  if (values.empty()) return HUGE_VAL;
  const bool large = goal.bad.low > goal.bad.high;
  for (std::uint32_t k = 0; k < step.count; ++k)
    if (!is_finite(*values[f_.program.operands[step.first + k]])) return HUGE_VAL;
  const Array& x = *values[large ? step.result : f_.program.operands[step.first + goal.fault]];
  double least = HUGE_VAL;
  if (is_floating(x.dtype))
    visit_floating(x.dtype, [&](auto t) {
      for (std::int64_t i = 0; i < x.size; ++i) {
        const auto v = static_cast<double>(x.at<decltype(t)>()[i]);
        if (std::isnan(v)) continue;
        const double d = large ? -std::abs(v) : v < goal.bad.low ? goal.bad.low - v : v - goal.bad.high;
        if (d >= least) continue;
        least = d;
        if (side) *side = v - goal.bad.low;
      }
    });
  return least;
}

void Search::pursue(const SearchGoal& goal) {
  if (!failing_[goal.step].empty() || samples_.empty()) return;
  std::vector<std::pair<double, std::size_t>> order;
  std::vector<double> sides(samples_.size());
  for (std::size_t i = 0; i < samples_.size(); ++i) order.emplace_back(distance(samples_[i], goal, &sides[i]), i);
  std::sort(order.begin(), order.end());
  const auto between = [&](const SearchPoint& a, const SearchPoint& b, double t) {
    SearchPoint p(a.size());
    for (std::size_t i = 0; i < p.size(); ++i) p[i] = a[i] * (1 - t) + b[i] * t;
    return f_.inside(std::move(p));
  };
  // Of a single bad number: between two samples on either side of it.
  if (goal.bad.low == goal.bad.high) {
    int pairs = 0;
    for (std::size_t i = 0; i < order.size() && pairs < 4; ++i)
      for (std::size_t j = i + 1; j < order.size() && pairs < 4; ++j) {
        SearchPoint a = samples_[order[i].second], b = samples_[order[j].second];
        if (!(sides[order[i].second] < 0) || !(sides[order[j].second] > 0)) std::swap(a, b);
        const double p = sides[order[i].second], q = sides[order[j].second];
        if (!(p < 0 && q > 0) && !(p > 0 && q < 0)) continue;
        ++pairs;
        for (int n = 0; n < 80; ++n) {
          const SearchPoint middle = between(a, b, 0.5);
          if (middle == a || middle == b || try_at(middle)) break;
          double side = 0;
          distance(middle, goal, &side);
          (side < 0 ? a : b) = middle;
        }
        if (!failing_[goal.step].empty()) return;
      }
  }
  // Else downhill from the nearest, in random steps that get shorter.
  for (std::size_t start = 0; start < std::min<std::size_t>(3, order.size()); ++start) {
    SearchPoint best = samples_[order[start].second];
    double least = order[start].first, width = 0.25;
    for (int n = 0; n < options_.samples / 4; ++n) {
      SearchPoint p = best;
      const bool one = p.size() > 1 && n % 2;
      const auto chosen = static_cast<std::size_t>(random_.integer(static_cast<std::int64_t>(p.size())));
      for (std::size_t i = 0; i < p.size(); ++i) {
        if (one && i != chosen) continue;
        p[i] += width * std::min(f_.bounds[i].high / 2 - f_.bounds[i].low / 2, 1e300) * random_.normal();
      }
      p = f_.inside(std::move(p));
      if (try_at(p) && !failing_[goal.step].empty()) return;
      const double d = distance(p, goal);
      if (d < least) least = d, best = p;
      else width *= 0.85;
    }
  }
}

std::vector<std::size_t> Search::failed() const {
  std::vector<std::size_t> list;
  for (std::size_t s = 0; s < failing_.size(); ++s)
    if (!failing_[s].empty()) list.push_back(s);
  return list;
}

SearchPoint Search::failing(std::size_t step) {
  SearchPoint bad = failing_[step];
  if (bad.empty()) return bad;
  // The smallest sample where all is well, and halves from there.
  const auto size = [](const SearchPoint& p) {
    double m = 0;
    for (const double v : p) m = std::max(m, std::abs(v));
    return m;
  };
  const SearchPoint* calm = nullptr;
  for (const SearchPoint& p : samples_)
    if ((!calm || size(p) < size(*calm)) && !fails_at(p, step)) calm = &p;
  if (calm) {
    const SearchPoint found = bad;
    SearchPoint good = *calm;
    for (int n = 0; n < 60; ++n) {
      SearchPoint middle(bad.size());
      for (std::size_t i = 0; i < bad.size(); ++i) middle[i] = good[i] / 2 + bad[i] / 2;
      middle = f_.inside(std::move(middle));
      if (middle == good || middle == bad) break;
      (fails_at(middle, step) ? bad : good) = middle;
    }
    // The border is at 0: what lies a hair behind it says less than the sample.
    if (size(bad) < 1e-6 * size(found) && size(bad) > 0) bad = found;
  }
  for (int digits = 1; digits < 7 && bad.size() <= 8; ++digits)
    for (const bool up : {true, false}) {
      SearchPoint p = bad;
      for (double& v : p) v = with_digits(v, digits, up);
      p = f_.inside(std::move(p));
      if (fails_at(p, step)) return p;
    }
  return bad;
}

}  // namespace xtape::detail
