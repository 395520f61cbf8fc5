// Private: intervals on their way through a recorded function.
#pragma once
#include <string>
#include <unordered_map>
#include <vector>

#include "interval_rules.hpp"
#include "interval_search.hpp"

namespace xtape::detail {

/// A formula of scalars as operations on tensors, each at the user's line.
Tensor formula_of_tensors(const symbolic::Written& f, const Tensors& arguments);

/// Where all values of a function lie, and what can fail.
struct IntervalWalk {
  explicit IntervalWalk(const Recorded& f);

  const Recorded& f;
  std::vector<lab::Interval> ranges;      // of each value
  std::vector<IntervalOutcome> outcomes;  // of each step

 private:
  // What is known of values beside their intervals, so that x - max(x) and what is made of it raise no alarm.
  struct Greatest {  // it is the greatest of another value along these axes
    std::uint32_t of;
    std::string axes;
  };
  struct Attained {  // along these axes an element is this
    double value;
    std::string axes;
  };
  IntervalOutcome walk(const Program::Step& step);
  void relate(const Program::Step& step, IntervalOutcome& y);
  std::vector<char> guessed_;  // of each value: it was taken for any number, or is made of such
  std::unordered_map<std::uint32_t, Greatest> greatest_;
  std::unordered_map<std::uint32_t, Attained> attained_;
};

}  // namespace xtape::detail
