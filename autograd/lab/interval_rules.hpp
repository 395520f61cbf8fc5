// Private: what operations make of intervals.
#pragma once
#include <string>
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

}  // namespace xtape::detail
