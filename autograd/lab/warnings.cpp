#include "warnings.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "expectations.hpp"
#include "text.hpp"

namespace xtape::lab {

namespace {

// Breaks of a derivative where the function does not break itself.
std::vector<Break> without(std::vector<Break> breaks, const std::vector<Break>& of_function) {
  auto is_known = [&](const Break& b) {
    return std::any_of(of_function.begin(), of_function.end(),
                       [&](const Break& o) { return std::abs(o.at - b.at) < 1e-5 * std::max(1., std::abs(b.at)); });
  };
  breaks.erase(std::remove_if(breaks.begin(), breaks.end(), is_known), breaks.end());
  return breaks;
}

std::vector<Break> joined(std::vector<Break> a, const std::vector<Break>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

std::string value_text(double v) { return std::isnan(v) ? "NaN" : v > 0 ? "inf" : "-inf"; }

bool is_point(const Interval& i) { return i.high - i.low < 1e-6 * std::max(1., std::abs(i.low)); }

// Where the slope has no bounds: whether the function itself grows without an end there, as a root does not.
std::optional<Break> pole_sides(const ScalarFunction& f, const Break& slope) {
  if (!std::isinf(slope.before)) return {};
  const double near = 1e-12 * std::max(1., std::abs(slope.at)), far = 1e6 * near;
  const Values y = f.value({slope.at - near, slope.at + near, slope.at - far, slope.at + far});
  const double infinity = std::numeric_limits<double>::infinity();
  if (std::abs(y[0]) < 1.2 * std::abs(y[2]) + 1 || std::abs(y[1]) < 1.2 * std::abs(y[3]) + 1) return {};
  return Break{slope.at, std::copysign(infinity, y[0]), std::copysign(infinity, y[1])};
}

// The function's own values beside a place, in float64.
std::string neighbours(const ScalarFunction& f, const Interval& where) {
  const double apart = 1e-6 * std::max(1., std::abs(where.low));
  const Values y = f.value({where.low - apart, where.high + apart});
  if (!std::isfinite(y[0]) || !std::isfinite(y[1]) || std::abs(y[0] - y[1]) > 1e-3 * (1 + std::abs(y[0]))) return {};
  return figure(y[1]);
}

std::string share_text(const Interval& where) {
  const double share = normal_share(where.low, where.high);
  return share > 1e-6 ? ", for " + percent(share) + " of inputs of N(0, 1)" : "";
}

Warning value_gap(const ScalarFunction& f, const Gap& gap, const std::string& suffix) {
  Warning w{Trouble::not_finite, gap.where, "f is " + value_text(gap.value) + " " + place(gap.where), ""};
  w.text += suffix.empty() ? share_text(gap.where) : suffix;
  if (is_point(gap.where)) {
    const std::string limit = neighbours(f, gap.where);
    w.remedy =
        limit.empty()
            ? "keep the input away from there with clamp, or add a small number to what is divided by or "
              "taken the logarithm of"
            : "f tends to " + limit + " there: where(is there, " + limit + ", f of an argument that is elsewhere)";
  } else if (std::isnan(gap.value)) {
    w.remedy = "clamp what goes in, or state the inputs that it is for with range(low, high)";
  } else {
    w.remedy =
        "clamp what goes into the exponential or the logarithm, or state the inputs that it is for with "
        "range(low, high)";
  }
  return w;
}

// Of float32 alone. `exact` is what float64 has inside the gap.
Warning single_gap(const Gap& gap, double at, double exact, const std::string& suffix) {
  Warning w{Trouble::not_finite, gap.where,
            "f is " + value_text(gap.value) + " in float32 " + place(gap.where) + ", where float64 has " +
                figure(exact) + " (at " + figure(at) + ")" + suffix,
            ""};
  if (std::abs(exact) > 1e30) w.remedy = "clamp what goes into the exponential or the power";
  else if (gap.value < 0)
    w.remedy = "log_sigmoid, log_softmax or log1p for the logarithm of what rounds to 0; or clamp it";
  else if (std::isnan(gap.value)) w.remedy = "divide before exponentials overflow: sigmoid, tanh or softmax; or clamp";
  else
    w.remedy = "softplus or logsumexp for the logarithm of exponentials; sigmoid or log_sigmoid where it rounds to 0";
  return w;
}

Warning slope_gap(const Gap& gap, bool single, const std::string& suffix) {
  Warning w{Trouble::gradient_not_finite, gap.where,
            "the gradient is " + value_text(gap.value) + (single ? " in float32 " : " ") + place(gap.where) +
                ", where f is finite" + (suffix.empty() ? share_text(gap.where) : suffix),
            ""};
  if (is_point(gap.where))
    w.remedy =
        "add a small number below the root or the logarithm, or choose with where after making its argument safe";
  else if (single)
    w.remedy = "0 times infinity in a rule: clamp before the exponential, or use sigmoid, softplus or tanh";
  else
    w.remedy =
        "where passes gradients through both branches: make the argument of the one that is not taken safe, "
        "log(where(x > 0, x, 1))";
  return w;
}

Warning loss(const Loss& l, const std::string& what, const std::string& suffix) {
  Warning w{Trouble::cancellation, l.where,
            what + " loses its digits in float32 " + place(l.where) + ": " + figure(l.in_float32) + " at " +
                figure(l.at) + ", where float64 has " + figure(l.in_float64) + suffix,
            ""};
  if (std::max(std::abs(l.where.low), std::abs(l.where.high)) < 2)
    w.remedy =
        "expm1(x) for exp(x) - 1, log1p(x) for log(1 + x), x / (sqrt(1 + x) + 1) for sqrt(1 + x) - 1, or a "
        "series near there";
  else
    w.remedy =
        "a small number is added to 1 or taken from it: log1p(exp(x)), expm1, erfc, sigmoid(-x) for 1 - sigmoid(x), "
        "log_sigmoid, logsumexp";
  return w;
}

Warning disagreement(const DerivativeCheck& check, int order, const std::string& suffix) {
  const Disagreement& d = check.disagreements[0];
  Warning w{Trouble::wrong_gradient, d.where,
            std::string(order == 1 ? "the gradient" : "the second derivative") + " is wrong " + place(d.where) +
                ": at " + figure(d.at) + " the tape has " + figure(d.tape) + " and differences of " +
                (order == 1 ? "f" : "f'") + " give " + figure(d.difference) +
                (d.factor != 0 ? ", a factor " + figure(d.factor) + " throughout" : "") + suffix,
            ""};
  w.remedy = order == 1 ? "correct the vjp of the custom operation, or what was detached"
                        : "write the vjp with operations on tensors, of x and g and nothing detached";
  return w;
}

Warning jump(const std::vector<Break>& jumps, const std::string& suffix) {
  std::vector<std::string> places;
  for (const Break& b : jumps)
    places.push_back(figure(b.at) + " (from " + figure(b.before) + " to " + figure(b.after) + ")");
  return {Trouble::jump,
          {jumps.front().at, jumps.back().at},
          "f jumps at " + listed(places) + ", which its gradient does not see" + suffix,
          "join the branches, or give it a gradient of its own with custom"};
}

Warning pole(const std::vector<Break>& poles, const std::string& suffix) {
  std::vector<std::string> places;
  for (const Break& b : poles) places.push_back(figure(b.at));
  return {Trouble::not_finite,
          {poles.front().at, poles.back().at},
          "f has " + std::string(poles.size() > 1 ? "poles" : "a pole") + " at " + listed(places) + suffix,
          "keep what is divided by away from 0: add a small number or clamp it"};
}

}  // namespace

Examined examine(const ScalarFunction& f, const Values& x, double negligible) {
  Examined e;
  e.x = x;
  const Dtype narrowest = f.narrowest();
  e.in_float64 = f.jet(x, float64), e.in_float32 = f.jet(x, narrowest);
  const Jet &wide = e.in_float64, &narrow = e.in_float32;
  e.value_losses = find_losses(x, narrow.value, wide.value, wide.slope, negligible);
  e.slope_losses = find_losses(x, narrow.slope, wide.slope, wide.curvature, negligible);
  e.single_gaps =
      find_gaps([&](const Values& at) { return f.jet(at, narrowest, 0).value; }, x, narrow.value, wide.value);
  // Where float32 has lost everything, float64 will have lost much: its steps are no jumps.
  std::vector<Interval> lost;
  for (const auto* losses : {&e.value_losses, &e.slope_losses})
    for (const Loss& l : *losses) lost.push_back(l.where);
  for (const Gap& gap : e.single_gaps) lost.push_back(gap.where);
  auto outside = [&](std::vector<Break> breaks) {
    auto is_lost = [&](const Break& b) {
      auto has = [&](const Interval& i) { return b.at >= i.low && b.at <= i.high; };
      return b.at != 0 && std::any_of(lost.begin(), lost.end(), has);  // around 0 rounding errors are small
    };
    breaks.erase(std::remove_if(breaks.begin(), breaks.end(), is_lost), breaks.end());
    return breaks;
  };
  e.jumps = outside(find_breaks(f, 0, x, wide));
  e.kinks = without(outside(find_breaks(f, 1, x, wide)), e.jumps);
  // A pole with the same sign on both sides shows in the slope only.
  for (const Break& b : e.kinks)
    if (const auto sides = pole_sides(f, b)) e.jumps.push_back(*sides);
  std::sort(e.jumps.begin(), e.jumps.end(), [](const Break& p, const Break& q) { return p.at < q.at; });
  e.kinks = without(e.kinks, e.jumps);
  const std::vector<Break> at_slopes = joined(e.jumps, e.kinks);
  e.bends = without(outside(find_breaks(f, 2, x, wide)), at_slopes);
  if (!f.is_recorded()) return e;
  e.first = check_derivative(f, 1, x, wide, at_slopes, lost);
  if (f.second_refused().empty()) e.second = check_derivative(f, 2, x, wide, joined(at_slopes, e.bends), lost);
  e.straight_through = !e.first.disagreements.empty() && e.first.disagreements[0].of_constant;
  return e;
}

std::vector<Warning> warnings_of(const ScalarFunction& f, const Examined& e, const std::string& suffix) {
  std::vector<Warning> all;
  const Jet &wide = e.in_float64, &narrow = e.in_float32;
  const Numbers slope32 = [&](const Values& x) { return f.slope(x, f.narrowest()); };
  // What float64 cannot hold either begins where float32 ends: one stretch.
  std::vector<Gap> gaps = find_gaps(f.derivative(0), e.x, wide.value);
  for (Gap single : e.single_gaps) {
    std::size_t inside = 0;
    while (e.x[inside] < single.where.low || std::isfinite(narrow.value[inside])) ++inside;
    const double near = 0.05 * (1 + std::max(std::abs(single.where.low), std::abs(single.where.high)));
    auto goes_on = [&](const Gap& gap) {
      return gap.value == single.value &&
             (std::abs(gap.where.low - single.where.high) < near || std::abs(gap.where.high - single.where.low) < near);
    };
    if (const auto gap = std::find_if(gaps.begin(), gaps.end(), goes_on); gap != gaps.end()) {
      single.where = {std::min(single.where.low, gap->where.low), std::max(single.where.high, gap->where.high)};
      gaps.erase(gap);
    }
    all.push_back(single_gap(single, e.x[inside], wide.value[inside], suffix));
  }
  for (const Gap& gap : gaps) all.push_back(value_gap(f, gap, suffix));
  std::vector<Break> poles, jumps;
  for (const Break& b : e.jumps) (std::isinf(b.before) ? poles : jumps).push_back(b);
  if (!poles.empty()) all.push_back(pole(poles, suffix));
  if (!jumps.empty() && !e.straight_through) all.push_back(jump(jumps, suffix));
  for (const Gap& gap : find_gaps(f.derivative(1), e.x, wide.slope, wide.value))
    all.push_back(slope_gap(gap, false, suffix));
  Values known = narrow.value;  // finite where both the function in float32 and the gradient in float64 are
  for (std::size_t i = 0; i < known.size(); ++i)
    if (!std::isfinite(wide.slope[i])) known[i] = wide.slope[i];
  for (const Gap& gap : find_gaps(slope32, e.x, narrow.slope, known)) all.push_back(slope_gap(gap, true, suffix));

  if (!f.is_recorded())
    all.push_back({Trouble::no_gradient,
                   {e.x.front(), e.x.back()},
                   "no gradient reaches the input: the result is not on the tape" + suffix,
                   "compute it with differentiable operations, or give it a gradient with custom"});
  else if (e.first.disagreements.empty() &&
           std::all_of(wide.slope.begin(), wide.slope.end(), [](double s) { return s == 0; }))
    all.push_back({Trouble::no_gradient,
                   {e.x.front(), e.x.back()},
                   "the gradient is 0 everywhere: nothing before it learns" + suffix,
                   "a smooth function of this shape, or a gradient of its own with custom"});
  if (!e.first.disagreements.empty() && !e.straight_through) all.push_back(disagreement(e.first, 1, suffix));
  if (!e.second.disagreements.empty()) all.push_back(disagreement(e.second, 2, suffix));

  // What loses its digits on the way to an overflow has been told of.
  auto ends_in_gap = [&](const Loss& l) {
    return std::any_of(e.single_gaps.begin(), e.single_gaps.end(), [&](const Gap& gap) {
      const double near = 0.05 * std::max(std::abs(l.where.low), std::abs(l.where.high));
      return std::abs(gap.where.low - l.where.high) < near || std::abs(l.where.low - gap.where.high) < near;
    });
  };
  for (const auto& [losses, what] : {std::pair(&e.value_losses, "f"), {&e.slope_losses, "the gradient"}})
    for (const Loss& l : *losses)
      if (!ends_in_gap(l)) all.push_back(loss(l, what, suffix));
  return all;
}

}  // namespace xtape::lab
