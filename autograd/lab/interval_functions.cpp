#include <limits>

#include "interval_rules.hpp"

namespace xtape::detail {

using namespace interval;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

/// Between its ends and its turning points the function goes one way.
struct One {
  const char* outside = nullptr;  // "a number <= 0", or null where the domain is everything
  Interval domain{};
  bool open_low = false, open_high = false;
  std::vector<double> turns{};
  Interval values{};            // what no result is outside of
  std::vector<double> steep{};  // where the slope is infinite, though the value is not
};

const std::unordered_map<std::string, One>& functions_of_one() {
  const Interval all, positive{0, inf}, unit{-1, 1}, share{0, 1};
  static const std::unordered_map<std::string, One> table{
      {"neg", {}},
      {"abs", {nullptr, all, false, false, {0}, positive}},
      {"sign", {nullptr, all, false, false, {0}, unit}},
      {"square", {nullptr, all, false, false, {0}, positive}},
      {"floor", {}},
      {"ceil", {}},
      {"round", {}},
      {"trunc", {}},
      {"clamp", {}},
      {"relu", {nullptr, all, false, false, {0}, positive}},
      {"sqrt", {"a number < 0", positive, false, false, {}, positive, {0}}},
      {"rsqrt", {"a number <= 0", positive, true, false, {}, positive}},
      {"cbrt", {nullptr, all, false, false, {}, all, {0}}},
      {"exp", {nullptr, all, false, false, {}, positive}},
      {"exp2", {nullptr, all, false, false, {}, positive}},
      {"expm1", {nullptr, all, false, false, {}, {-1, inf}}},
      {"log", {"a number <= 0", positive, true, false}},
      {"log2", {"a number <= 0", positive, true, false}},
      {"log10", {"a number <= 0", positive, true, false}},
      {"log1p", {"a number <= -1", {-1, inf}, true, false}},
      {"sinh", {}},
      {"cosh", {nullptr, all, false, false, {0}, {1, inf}}},
      {"tanh", {nullptr, all, false, false, {}, unit}},
      {"asinh", {}},
      {"acosh", {"a number < 1", {1, inf}, false, false, {}, positive, {1}}},
      {"atanh", {"a number outside (-1, 1)", unit, true, true}},
      {"asin", {"a number outside [-1, 1]", unit, false, false, {}, all, {-1, 1}}},
      {"acos", {"a number outside [-1, 1]", unit, false, false, {}, positive, {-1, 1}}},
      {"atan", {}},
      {"erf", {nullptr, all, false, false, {}, unit}},
      {"erfc", {nullptr, all, false, false, {}, {0, 2}}},
      {"erfinv", {"a number outside (-1, 1)", unit, true, true}},
      {"sigmoid", {nullptr, all, false, false, {}, share}},
      {"logit", {"a number outside (0, 1)", share, true, true}},
      {"log_sigmoid", {nullptr, all, false, false, {}, {-inf, 0}}},
      {"softplus", {nullptr, all, false, false, {}, positive}},
      {"softsign", {nullptr, all, false, false, {}, unit}},
      {"silu", {nullptr, all, false, false, {-1.2784645427610738}}},
      {"gelu", {nullptr, all, false, false, {-0.75179162, -0.7524614}}},
      {"normal_cdf", {nullptr, all, false, false, {}, share}},
      {"logistic_density", {nullptr, all, false, false, {0}, {0, 0.25}}},
      {"reciprocal_one_plus_square", {nullptr, all, false, false, {0}, share}},
      {"rsqrt_one_plus_square", {nullptr, all, false, false, {0}, share}},
      {"rsqrt_one_minus_square", {"a number outside (-1, 1)", unit, true, true, {0}, positive}},
      {"rsqrt_square_minus_one", {"a number <= 1", {1, inf}, true, false, {}, positive}},
      {"to", {}},
  };
  return table;
}

IntervalOutcome send_one(const IntervalCall& c, const One& f) {
  Interval x = c.x[0].range;
  std::string hazard;
  Interval bad{1, 0};
  if (f.outside) {
    const bool below = f.open_low ? x.low <= f.domain.low : x.low < f.domain.low;
    const bool above = f.open_high ? x.high >= f.domain.high : x.high > f.domain.high;
    if (below || above) hazard = std::string(c.operation.op) + " of " + f.outside;
    if (below) bad = {-inf, f.domain.low}, x.low = f.open_low ? c.next(f.domain.low, inf) : f.domain.low;
    if (above) bad = {f.domain.high, inf}, x.high = f.open_high ? c.next(f.domain.high, -inf) : f.domain.high;
    if (is_empty(x)) return {{-c.most(), c.most()}, hazard, 0, bad};
  }
  std::vector<double> points{x.low, x.high};
  for (const double t : f.turns)
    if (holds(x, t)) points.push_back(t);
  Interval y = widened(c, around(c.at({points})), 4);
  y = {std::max(y.low, f.values.low), std::min(y.high, f.values.high)};
  IntervalOutcome z = finite(c, y);
  if (!hazard.empty()) z.hazard = hazard, z.bad = bad;
  for (const double at : f.steep)
    if (holds(c.x[0].range, at)) z.steep.push_back(at);
  return z;
}

}  // namespace

bool send_function(const IntervalCall& c, IntervalOutcome& y) {
  const auto f = functions_of_one().find(c.operation.op);
  if (f == functions_of_one().end() || c.x.size() != 1) return false;
  y = send_one(c, f->second);
  return true;
}

}  // namespace xtape::detail
