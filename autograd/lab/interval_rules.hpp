// Private: what operations make of intervals.
#pragma once
#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "../core/operation.hpp"
#include "intervals.hpp"

namespace xtape::detail {

/// What is known of an operand: where its elements lie.
struct IntervalOperand {
  lab::Interval range;
  std::uint32_t value;              // operands of the same value are the same tensor
  const Array* constant = nullptr;  // its elements, where no input changes them
  Shape shape;
  Dtype dtype;
};

struct IntervalCall {
  const Operation& operation;
  std::vector<IntervalOperand> x;
  Dtype dtype;  // of the result
  Shape shape;

  /// The elementwise operation at points: of each operand a number for each point.
  std::vector<double> at(const std::vector<std::vector<double>>& points) const;
  /// The greatest finite number of the dtype, and its distance from 1 to the next.
  double most() const;
  double eps() const;
  /// The number of the dtype behind x on the way to another.
  double next(double x, double toward) const;
};

/// Where the results lie as long as they are finite, and what can keep them from that.
struct IntervalOutcome {
  lab::Interval result;
  std::string hazard{};         // "log of a number <= 0"; empty where nothing can
  std::size_t fault = 0;        // the operand that it lies in
  lab::Interval bad{1, 0};      // what the operand must not be; empty (1, 0) where the result is too large
  std::vector<double> steep{};  // where operand 0 may be and the slope is infinite
  bool known = true;            // there is a rule
};
IntervalOutcome send(const IntervalCall& call);

using IntervalRule = IntervalOutcome (*)(const IntervalCall&);
using IntervalRules = std::unordered_map<std::string, IntervalRule>;
/// Of an elementwise operation of one number, by what is known of its function; false where that is not known.
bool send_function(const IntervalCall& c, IntervalOutcome& y);
/// The rules of all else by the operations' names: of what works element by element, and of the rest.
const IntervalRules& elementwise_interval_rules();
const IntervalRules& other_interval_rules();

// What rules are written with.
namespace interval {

using lab::Interval;

inline bool is_empty(const Interval& x) { return !(x.low <= x.high); }
inline bool holds(const Interval& x, double v) { return x.low <= v && v <= x.high; }
inline double magnitude(const Interval& x) { return std::max(std::abs(x.low), std::abs(x.high)); }
inline Interval around(const Interval& a, const Interval& b) {
  return {std::min(a.low, b.low), std::max(a.high, b.high)};
}
/// Around all that are numbers.
Interval around(const std::vector<double>& values);
/// With room for an error of so many places; a bound that is 0 stays.
Interval widened(const IntervalCall& c, Interval x, double places);
/// The finite part, and a hazard where that is not all.
IntervalOutcome finite(const IntervalCall& c, Interval x, const std::string& hazard = {});
/// Any finite number.
inline IntervalOutcome anything(const IntervalCall& c) { return {{-c.most(), c.most()}}; }
template <int low, int high>
IntervalOutcome within(const IntervalCall&) {
  return {{low, high}};
}
/// A table of each rule's operations.
IntervalRules rules_of(std::initializer_list<std::pair<IntervalRule, std::vector<const char*>>> list);

}  // namespace interval

}  // namespace xtape::detail
