// Private: a recorded function and the search for inputs at which one of its operations fails.
#pragma once
#include <functional>
#include <vector>

#include "../core/program.hpp"
#include "../random.hpp"
#include "intervals.hpp"

namespace xtape::detail {

/// The elements of all floating inputs, one after the other.
using SearchPoint = std::vector<double>;

/// A function as the list of its operations, that runs at points and keeps every value.
class Recorded {
 public:
  Recorded(const functional::Function& f, const Tensors& examples, const std::vector<lab::Interval>& ranges, Site site);

  /// All values of the program at a point, by their numbers; none where an operation throws, as of a singular matrix.
  std::vector<Ref<Array>> run(const SearchPoint& at) const;
  /// The point as inputs.
  Tensors inputs(const SearchPoint& at) const;
  /// The point, each number in its range and one of the dtype.
  SearchPoint inside(SearchPoint at) const;

  Program program;
  Tensors examples;
  std::vector<lab::Interval> ranges;  // of each input
  std::vector<lab::Interval> bounds;  // of each number of a point, finite
  std::vector<Dtype> dtypes;          // of each number of a point
  std::vector<char> varies;           // of each value: inputs change it
  std::vector<Ref<Array>> fixed;      // what the others are

 private:
  std::vector<Ref<Array>> values_at(const SearchPoint& at) const;
};

/// What an operation must do for the search to end: the step's operand `fault` in `bad`, or a result that is too large.
struct SearchGoal {
  std::size_t step;
  std::size_t fault;
  lab::Interval bad;
};

/// Points at which operations give NaN or an infinity of finite operands.
class Search {
 public:
  /// Says whether a failure at a point matters.
  using Matters = std::function<bool(const SearchPoint&)>;

  Search(const Recorded& f, const lab::IntervalOptions& options, Matters matters);
  /// From now on a step also fails where its first operand is one of these numbers.
  void set_steep(std::size_t step, std::vector<double> at) { steep_[step] = std::move(at); }
  /// From now on a step also fails where its first operand is larger than that.
  void set_limit(std::size_t step, double limit) { limits_[step] = limit; }
  /// Samples the ranges.
  void sample();
  /// Goes for one goal, from the samples that came nearest.
  void pursue(const SearchGoal& goal);
  /// The failing point of a step nearest to where it does not fail, in few digits; empty where there is none.
  SearchPoint failing(std::size_t step);
  /// Whether a failure of the step was met that did not matter.
  bool harmless(std::size_t step) const { return harmless_[step]; }
  /// The steps that fail at a point that matters.
  std::vector<std::size_t> failed() const;

 private:
  bool try_at(const SearchPoint& at);  // whether something new fails there
  bool fails(std::size_t step, const std::vector<Ref<Array>>& values) const;
  bool fails_at(const SearchPoint& at, std::size_t step) const;
  double distance(const SearchPoint& at, const SearchGoal& goal, double* signed_distance = nullptr) const;
  SearchPoint drawn(int k);

  const Recorded& f_;
  lab::IntervalOptions options_;
  Matters matters_;
  RandomStream random_;
  std::vector<SearchPoint> samples_;
  std::vector<SearchPoint> failing_;  // of each step
  std::vector<char> harmless_;
  std::vector<std::vector<double>> steep_;
  std::vector<double> limits_;
};

}  // namespace xtape::detail
