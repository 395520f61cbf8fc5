#include "interval_rules.hpp"

#include <limits>

namespace xtape::detail {

using namespace interval;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double pi = 3.14159265358979323846;

// --- elementwise operations of several numbers ----------------------------------------------------------------------

// All corners of the operands' intervals, and 0 where `zero` and it is inside.
Interval at_corners(const IntervalCall& c, const std::vector<Interval>& x, bool zero = false) {
  std::vector<std::vector<double>> points(x.size(), std::vector<double>{});
  std::vector<std::vector<double>> ends;
  for (const Interval& i : x) {
    ends.push_back({i.low, i.high});
    if (zero && holds(i, 0)) ends.back().push_back(0);
  }
  std::size_t count = 1;
  for (const auto& e : ends) count *= e.size();
  for (std::size_t k = 0; k < count; ++k)
    for (std::size_t i = 0, rest = k; i < ends.size(); rest /= ends[i].size(), ++i)
      points[i].push_back(ends[i][rest % ends[i].size()]);
  return around(c.at(points));
}
std::vector<Interval> ranges(const IntervalCall& c) {
  std::vector<Interval> list;
  for (const IntervalOperand& x : c.x) list.push_back(x.range);
  return list;
}
bool same(const IntervalCall& c) { return c.x.size() == 2 && c.x[0].value == c.x[1].value; }

// Monotone or linear in each operand, however the others stand.
IntervalOutcome corners(const IntervalCall& c) { return finite(c, widened(c, at_corners(c, ranges(c)), 4)); }
IntervalOutcome add(const IntervalCall& c) { return finite(c, at_corners(c, ranges(c))); }
IntervalOutcome sub(const IntervalCall& c) {
  if (same(c)) return {{0, 0}};
  return finite(c, at_corners(c, ranges(c)));
}
IntervalOutcome mul(const IntervalCall& c) {
  Interval y = at_corners(c, ranges(c));
  if (same(c)) {
    const Interval x = c.x[0].range;
    const double least = holds(x, 0) ? 0 : std::min(std::abs(x.low), std::abs(x.high));
    const std::vector<double> ends{least, magnitude(x)};
    y = around(c.at({ends, ends}));
  }
  // A formula's loop may keep all digits of a product that is added to something.
  return finite(c, widened(c, y, 1));
}

IntervalOutcome quotient(const IntervalCall& c, const char* hazard) {
  const Interval a = c.x[0].range, b = c.x[1].range;
  const double least = c.next(0, 1);
  std::vector<double> values;
  for (const Interval part : {Interval{b.low, std::min(b.high, -least)}, Interval{std::max(b.low, least), b.high}})
    if (!is_empty(part)) {
      const Interval y = at_corners(c, {a, part});
      values.insert(values.end(), {y.low, y.high});
    }
  const bool zero = holds(b, 0);
  IntervalOutcome y = values.empty() ? IntervalOutcome{{-c.most(), c.most()}} : finite(c, around(values));
  if (same(c) && !holds(b, 0)) y = IntervalOutcome{{1, 1}};
  if (zero) y.hazard = hazard, y.fault = 1, y.bad = {0, 0};
  return y;
}
IntervalOutcome div(const IntervalCall& c) { return quotient(c, "division by 0"); }
// One way on each side of 0, where it has a pole.
IntervalOutcome reciprocal(const IntervalCall& c) {
  const Interval b = c.x[0].range;
  const double least = c.next(0, 1);
  std::vector<double> points;
  for (const Interval part : {Interval{b.low, std::min(b.high, -least)}, Interval{std::max(b.low, least), b.high}})
    if (!is_empty(part)) points.insert(points.end(), {part.low, part.high});
  IntervalOutcome y = points.empty() ? IntervalOutcome{{-c.most(), c.most()}} : finite(c, around(c.at({points})));
  if (holds(b, 0)) y.hazard = std::string(c.operation.op) + " of 0", y.bad = {0, 0};
  return y;
}

IntervalOutcome pow(const IntervalCall& c) {
  Interval a = c.x[0].range, b = c.x[1].range;
  const bool whole = b.low == b.high && b.low == std::floor(b.low);
  IntervalOutcome y;
  if (whole) {
    if (b.low < 0 && holds(a, 0)) y.hazard = "pow of 0 with an exponent < 0", y.bad = {0, 0};
    std::vector<double> points{a.low, a.high};
    if (holds(a, 0)) {
      if (b.low >= 0) points.push_back(0);
      for (const double v : {c.next(0, -1), c.next(0, 1)})
        if (holds(a, v)) points.push_back(v);
      points.erase(std::remove_if(points.begin(), points.end(), [&](double v) { return v == 0 && b.low < 0; }),
                   points.end());
    }
    const Interval v = points.empty() ? Interval{} : around(c.at({points, std::vector<double>(points.size(), b.low)}));
    const std::string hazard = y.hazard;
    const Interval bad = y.bad;
    y = finite(c, widened(c, v, 4));
    if (!hazard.empty()) y.hazard = hazard, y.bad = bad;
    return y;
  }
  if (a.low < 0) y.hazard = "pow of a number < 0 with an exponent that is no integer", y.bad = {-inf, 0}, a.low = 0;
  if (a.low == 0 && b.low < 0) {
    if (y.hazard.empty()) y.hazard = "pow of 0 with an exponent < 0", y.bad = {0, 0};
    a.low = c.next(0, 1);
  }
  if (is_empty(a)) return {{-c.most(), c.most()}, y.hazard, 0, y.bad};
  IntervalOutcome z = finite(c, widened(c, at_corners(c, {a, b}), 4));
  z.result.low = std::max(z.result.low, 0.);
  if (holds(c.x[0].range, 0) && b.low < 1 && b.high > 0) z.steep = {0};
  if (!y.hazard.empty()) z.hazard = y.hazard, z.bad = y.bad;
  return z;
}
IntervalOutcome xlogy(const IntervalCall& c) {
  Interval x = c.x[0].range, y = c.x[1].range;
  const bool low = y.low <= 0 && !(x.low == 0 && x.high == 0);
  if (low) y.low = c.next(0, 1);
  IntervalOutcome z =
      is_empty(y) ? IntervalOutcome{{-c.most(), c.most()}} : finite(c, widened(c, at_corners(c, {x, y}), 4));
  if (low) z.hazard = "logarithm of a number <= 0", z.fault = 1, z.bad = {-inf, 0};
  return z;
}
IntervalOutcome hypot(const IntervalCall& c) {
  const double a = magnitude(c.x[0].range), b = magnitude(c.x[1].range);
  Interval y = around(c.at({{a}, {b}}));
  return finite(c, widened(c, {0, y.high}, 4));
}
IntervalOutcome fmod(const IntervalCall& c) {
  const Interval a = c.x[0].range, b = c.x[1].range;
  const double m = std::min(magnitude(a), magnitude(b));
  const bool rounds_down = std::string(c.operation.op) == "remainder";
  IntervalOutcome y{rounds_down ? Interval{b.low < 0 ? b.low : 0, b.high > 0 ? b.high : 0}
                                : Interval{a.low < 0 ? -m : 0, a.high > 0 ? m : 0}};
  if (holds(b, 0)) y.hazard = std::string(c.operation.op) + " by 0", y.fault = 1, y.bad = {0, 0};
  return y;
}
IntervalOutcome where(const IntervalCall& c) {
  const Interval condition = c.x[0].range;
  if (condition.low == condition.high) return {condition.low != 0 ? c.x[1].range : c.x[2].range};
  return {around(c.x[1].range, c.x[2].range)};
}
// 1 where a comparison must hold, 0 where it cannot.
IntervalOutcome comparison(const IntervalCall& c) {
  if (c.x.size() == 1) return {{0, 1}};
  const std::string op = c.operation.op;
  const Interval a = c.x[0].range, b = c.x[1].range;
  const bool swapped = op == "greater" || op == "greater_equal";
  const Interval p = swapped ? b : a, q = swapped ? a : b;
  if (op == "less" || op == "greater") {
    if (p.high < q.low) return {{1, 1}};
    if (p.low >= q.high) return {{0, 0}};
  } else if (op == "less_equal" || op == "greater_equal") {
    if (p.high <= q.low) return {{1, 1}};
    if (p.low > q.high) return {{0, 0}};
  }
  return {{0, 1}};
}

IntervalOutcome angle(const IntervalCall&) { return {{-pi * (1 + 1e-7), pi * (1 + 1e-7)}}; }
IntervalOutcome fraction(const IntervalCall& c) {
  return {{c.x[0].range.low < 0 ? -1. : 0., c.x[0].range.high > 0 ? 1. : 0.}};
}
IntervalOutcome nan_to_num(const IntervalCall& c) { return {around(c.x[0].range, {0, 0})}; }
IntervalOutcome exp_square(const IntervalCall& c) {
  const double a = magnitude(c.x[0].range);
  const double least = holds(c.x[0].range, 0) ? 0 : std::min(std::abs(c.x[0].range.low), std::abs(c.x[0].range.high));
  return finite(c, widened(c, around(c.at({{least, a}})), 8));
}
IntervalOutcome copysign(const IntervalCall& c) {
  const double m = magnitude(c.x[0].range);
  return {{-m, m}};
}
IntervalOutcome over_square_sum(const IntervalCall& c) {
  IntervalOutcome y = anything(c);
  if (holds(c.x[0].range, 0) && holds(c.x[1].range, 0)) y.hazard = "over_square_sum of 0 and 0", y.bad = {0, 0};
  return y;
}
// 1 / (1 - x^2)
IntervalOutcome inverse_of_share(const IntervalCall& c) {
  const Interval x = c.x[0].range;
  if (x.low <= -1 || x.high >= 1)
    return {{-c.most(), c.most()},
            std::string(c.operation.op) + " of 1 or -1",
            0,
            holds(x, 1) ? Interval{1, 1} : Interval{-1, -1}};
  return finite(c, widened(c, around(c.at({{x.low, x.high, std::clamp(0., x.low, x.high)}})), 4));
}
// Between the poles at 0, -1, -2, ... anything.
IntervalOutcome gamma(const IntervalCall& c) {
  const Interval x = c.x[0].range;
  if (x.low <= 0)
    return {{-c.most(), c.most()}, std::string(c.operation.op) + " of 0 or a negative integer", 0, {0, 0}};
  std::vector<double> points{x.low, x.high};
  if (holds(x, 1.4616321449683623)) points.push_back(1.4616321449683623);
  return finite(c, widened(c, around(c.at({points})), 8));
}

}  // namespace

std::vector<double> IntervalCall::at(const std::vector<std::vector<double>>& points) const {
  std::vector<Ref<Array>> arrays;
  std::vector<const Array*> pointers;
  for (std::size_t i = 0; i < points.size(); ++i) {
    arrays.push_back(tensor(points[i]).to(x[i].dtype).array_ref());
    pointers.push_back(arrays.back().get());
  }
  return Tensor(operation.run(pointers.data())).to_vector<double>();
}
double IntervalCall::most() const {
  return dtype == float32 ? std::numeric_limits<float>::max() : std::numeric_limits<double>::max();
}
double IntervalCall::eps() const {
  return dtype == float32 ? std::numeric_limits<float>::epsilon() : std::numeric_limits<double>::epsilon();
}

Interval interval::around(const std::vector<double>& values) {
  Interval y{inf, -inf};
  for (const double v : values)
    if (!std::isnan(v)) y = around(y, {v, v});
  return is_empty(y) ? Interval{} : y;
}
Interval interval::widened(const IntervalCall& c, Interval x, double places) {
  const double e = places * c.eps();
  return {x.low - e * std::abs(x.low), x.high + e * std::abs(x.high)};
}
IntervalOutcome interval::finite(const IntervalCall& c, Interval x, const std::string& hazard) {
  const double most = c.most();
  const bool overflows = !(x.low >= -most && x.high <= most);
  IntervalOutcome y{{std::clamp(x.low, -most, most), std::clamp(x.high, -most, most)}};
  if (overflows) y.hazard = hazard.empty() ? std::string(c.operation.op) + " overflows" : hazard;
  return y;
}
IntervalRules interval::rules_of(std::initializer_list<std::pair<IntervalRule, std::vector<const char*>>> list) {
  IntervalRules table;
  for (const auto& [rule, ops] : list)
    for (const char* op : ops) table[op] = rule;
  return table;
}

const IntervalRules& elementwise_interval_rules() {
  static const IntervalRules table = rules_of({
      {add, {"add", "maximum", "minimum"}},
      {sub, {"sub"}},
      {mul, {"mul"}},
      {div, {"div", "quotient", "quotient_below"}},
      {reciprocal, {"reciprocal", "cbrt_slope"}},
      {over_square_sum, {"over_square_sum"}},
      {inverse_of_share, {"reciprocal_one_minus_square"}},
      {pow, {"pow"}},
      {hypot, {"hypot"}},
      {fmod, {"fmod", "remainder"}},
      {xlogy, {"xlogy"}},
      {corners, {"logaddexp", "lerp", "tanhshrink"}},
      {where, {"where"}},
      {angle, {"atan2"}},
      {within<-1, 1>, {"sin", "cos", "cosine"}},
      {within<0, 1>, {"share", "logical_and", "logical_or", "logical_xor"}},
      {anything, {"tan", "sec_squared"}},
      {fraction, {"frac"}},
      {copysign, {"copysign"}},
      {exp_square, {"exp_square"}},
      {nan_to_num, {"nan_to_num"}},
      {gamma, {"lgamma", "digamma"}},
      {comparison,
       {"less", "greater", "less_equal", "greater_equal", "equal", "not_equal", "isnan", "isinf", "isfinite",
        "logical_not"}},
  });
  return table;
}

double IntervalCall::next(double x, double toward) const {
  return dtype == float32 ? std::nextafter(static_cast<float>(x), static_cast<float>(toward))
                          : std::nextafter(x, toward);
}

IntervalOutcome send(const IntervalCall& call) {
  const std::string op = call.operation.op;
  if (IntervalOutcome y; send_function(call, y)) return y;
  for (const IntervalRules* rules : {&elementwise_interval_rules(), &other_interval_rules()})
    if (const auto r = rules->find(op); r != rules->end()) return r->second(call);
  IntervalOutcome unknown = anything(call);
  unknown.known = !is_floating(call.dtype);
  return unknown;
}

}  // namespace xtape::detail
