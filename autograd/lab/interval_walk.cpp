#include "interval_walk.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace xtape::detail {

using lab::Interval;

namespace {

std::string axes_of(const std::string& op, const std::string& attributes) {
  const auto at = attributes.find("axes=");
  if (at != std::string::npos) return attributes.substr(at + 5, attributes.find(')', at) - at - 4);
  const auto one = attributes.find("axis=");
  if (one != std::string::npos && (op == "max" || op == "min"))
    return "(" + std::to_string(std::stoi(attributes.substr(one + 5))) + ",)";
  return "all";
}

Interval range_of(const Array& x) {
  Interval r{HUGE_VAL, -HUGE_VAL};
  visit_dtype(x.dtype, [&](auto t) {
    for (std::int64_t i = 0; i < x.size; ++i) {
      const auto v = static_cast<double>(x.at<decltype(t)>()[i]);
      r.low = std::min(r.low, v), r.high = std::max(r.high, v);
    }
  });
  return r.low <= r.high ? r : Interval{0, 0};
}

}  // namespace

IntervalWalk::IntervalWalk(const Recorded& f)
    : f(f), ranges(f.program.values.size()), guessed_(f.program.values.size()) {
  for (std::size_t v = 0; v < ranges.size(); ++v)
    if (!f.varies[v] && f.fixed[v]) {
      Interval& r = ranges[v] = range_of(*f.fixed[v]);
      // A formula's loop rounds what is made of constants in its own way.
      const double e = f.fixed[v]->dtype == float32 ? 4 * std::numeric_limits<float>::epsilon() : 1e-15;
      if (f.program.values[v].source == Program::Source::computed)
        r = {r.low - e * std::abs(r.low), r.high + e * std::abs(r.high)};
    }
  for (std::size_t i = 0; i < f.examples.size(); ++i)
    if (is_floating(f.examples[i].dtype())) {
      const double most = f.examples[i].dtype() == float32 ? std::numeric_limits<float>::max() : HUGE_VAL;
      Interval& r = ranges[f.program.inputs[i]] = f.ranges[i];
      r = {std::max(r.low, -std::min(most, std::numeric_limits<double>::max())),
           std::min(r.high, std::min(most, std::numeric_limits<double>::max()))};
    }
  for (const Program::Step& step : f.program.steps) outcomes.push_back(walk(step));
}

IntervalOutcome IntervalWalk::walk(const Program::Step& step) {
  if (!f.varies[step.result]) return {ranges[step.result]};
  const auto operand = [&](std::uint32_t k) { return f.program.operands[step.first + k]; };
  const Program::Value& result = f.program.values[step.result];
  IntervalCall call{*step.operation, {}, result.dtype, result.shape};
  for (std::uint32_t k = 0; k < step.count; ++k) {
    const std::uint32_t v = operand(k);
    call.x.push_back(
        {ranges[v], v, f.varies[v] ? nullptr : f.fixed[v].get(), f.program.values[v].shape, f.program.values[v].dtype});
  }
  IntervalOutcome y = send(call);
  relate(step, y);
  bool guessed = !y.known || (y.hazard.empty() && y.result.low <= -call.most() && y.result.high >= call.most());
  for (const IntervalOperand& x : call.x) guessed = guessed || guessed_[x.value];
  guessed_[step.result] = guessed;
  // That what is taken for any number may overflow says nothing.
  if (guessed && y.bad.low > y.bad.high) y.hazard.clear();
  ranges[step.result] = y.result;
  return y;
}

void IntervalWalk::relate(const Program::Step& step, IntervalOutcome& y) {
  const std::string op = step.operation->op;
  const std::uint32_t a = f.program.operands[step.first], r = step.result;
  const auto greatest = greatest_.find(a);
  const auto attained = attained_.find(a);
  if (op == "max" || op == "amax") {
    const std::string axes = axes_of(op, step.operation->attributes());
    greatest_[r] = {a, axes};
    if (attained != attained_.end() && attained->second.axes == axes)
      y.result.low = std::max(y.result.low, attained->second.value);
  } else if ((op == "reshape" || op == "broadcast_to" || op == "unsqueeze") && greatest != greatest_.end()) {
    greatest_[r] = greatest->second;
  } else if (op == "sub") {
    const std::uint32_t b = f.program.operands[step.first + 1];
    if (const auto g = greatest_.find(b); g != greatest_.end() && g->second.of == a) {
      y.result.high = std::min(y.result.high, 0.);
      attained_[r] = {0, g->second.axes};
    }
  } else if ((op == "exp" || op == "exp2") && attained != attained_.end() && attained->second.value == 0) {
    attained_[r] = {1, attained->second.axes};
  } else if ((op == "sum" || op == "logsumexp") && attained != attained_.end() &&
             attained->second.axes == axes_of(op, step.operation->attributes())) {
    if (op == "logsumexp" || ranges[a].low >= 0) y.result.low = std::max(y.result.low, attained->second.value);
  }
}

}  // namespace xtape::detail
