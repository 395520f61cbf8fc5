// intervals: where a function can become NaN or infinite, found by sending intervals through its operations.
#pragma once
#include <functional>
#include <iosfwd>
#include <limits>
#include <string>
#include <vector>

#include "../functional.hpp"
#include "symbol.hpp"

namespace xtape::lab {

/// The numbers from low to high, both included.
struct Interval {
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
};
/// "[-1, 88.7]".
std::string to_string(const Interval& x);

/// A place where finite numbers can give NaN or an infinity.
struct Hazard {
  std::string what;    ///< "log of a number <= 0"
  std::string op;      ///< the operation, "log"
  std::string module;  ///< the path of the module whose forward calls it, or empty
  Site site;           ///< the user's line
  Interval operand;    ///< what the operand at fault can be
  std::string input;   ///< a failing input in words, "x = 88.73"; empty where none was found
  std::string effect;  ///< what comes of it, "the result is inf"; or why it is only possible
  Tensors inputs;      ///< the failing input itself; of a formula one scalar for each argument
};

/// What `intervals` found.
struct Intervals {
  std::vector<Hazard> found;         ///< each with an input that fails
  std::vector<Hazard> possible;      ///< what the intervals do not exclude, and no input was found for
  std::vector<std::string> unknown;  ///< operations without a rule: their results were taken for any number
  Interval result;                   ///< where the function's value lies as long as nothing fails
  std::string over;                  ///< what was asked, "x in [-200, 200], float32"
  /// Whether no input in the range can fail: nothing was found, and nothing was left open.
  bool safe() const { return found.empty() && possible.empty(); }
};
/// A table of what was found; "safe" in one line where nothing was.
std::ostream& operator<<(std::ostream& out, const Intervals& report);

/// How `intervals` searches.
struct IntervalOptions {
  Dtype dtype = float32;  ///< of a formula; a function of tensors computes with that of its inputs
  int samples = 256;      ///< inputs that are tried in the search for failing ones
  std::uint64_t seed = 0;
};

}  // namespace xtape::lab

namespace xtape::detail {
// What `intervals` below calls.
lab::Intervals intervals_of_formula(const symbolic::Written& f, const std::vector<lab::Interval>& ranges,
                                    const lab::IntervalOptions& options, Site site);
lab::Intervals intervals_of_function(const functional::Function& f, const Tensors& examples,
                                     const std::vector<lab::Interval>& ranges, const lab::IntervalOptions& options,
                                     Site site);
}  // namespace xtape::detail

namespace xtape::lab {

/// Sends the range through a pointwise formula, argument by argument, and says where it can become NaN or infinite:
/// log of a number <= 0, exp of one too large, a division by 0, the square root of a negative number and the like, or
/// of 0, where its slope is infinite. A failure counts where the result or its derivative becomes NaN or infinite.
///
///   std::cout << lab::intervals([](auto x) { return log(1 + exp(x)); }, {-200, 200});
///
/// What the intervals do not exclude is searched for, by samples and by bisection between them: what is found comes
/// with an input that fails, the rest is listed apart as possible. Throws when the number of ranges is not that of the
/// arguments or a range has no numbers.
template <class F>
Intervals intervals(const F& f, const std::vector<Interval>& ranges, const IntervalOptions& options = {},
                    Site site = Site::here()) {
  return detail::intervals_of_formula(detail::symbolic::write("intervals", f, site), ranges, options, site);
}
template <class F>
Intervals intervals(const F& f, Interval range, const IntervalOptions& options = {}, Site site = Site::here()) {
  return intervals(f, std::vector<Interval>{range}, options, site);
}
/// The same of a function of tensors or a module, recorded at an example: all elements of an input lie in its range,
/// parameters and integer inputs are what they are. `intervals(f, x, …)` takes an f of a Tensor, `intervals(f, {x, t},
/// …)` one of Tensors, with a range for each or one for all.
template <class F, class In = Tensors>
Intervals intervals(const F& f, const In& examples, const std::vector<Interval>& ranges,
                    const IntervalOptions& options = {}, Site site = Site::here()) {
  return detail::intervals_of_function(detail::functional::of_inputs<In>(f),
                                       detail::functional::Point(examples).tensors, ranges, options, site);
}
template <class F, class In = Tensors>
Intervals intervals(const F& f, const In& examples, Interval range, const IntervalOptions& options = {},
                    Site site = Site::here()) {
  const std::size_t count = detail::functional::Point(examples).tensors.size();
  return intervals(f, examples, std::vector<Interval>(count, range), options, site);
}

}  // namespace xtape::lab
