// Private: where a cost is least.
#pragma once
#include <optional>

#include "cost_report.hpp"
#include "scalar_function.hpp"

namespace xtape::lab {

/// A cost along the prediction, for one target.
struct Section {
  Minimum minimum;
  bool falls, rises;                     ///< all the way, and not everywhere level
  std::optional<double> second_minimum;  ///< another, with a hill between
  std::vector<Interval> not_convex;      ///< where its slope falls
  double scale;                          ///< what predictions cost that are up to 1 off the minimum, or 0
};
Section section(const ScalarFunction& f, const Values& x, double target);

/// The link that all sections obey, in this order: identity, labels, logits, log, margin. Costs that are finite in a
/// part of the numbers only have no scores.
Link find_link(const std::vector<Section>& sections, const Interval& domain);
/// The section whose minimum is farthest from its target.
std::size_t worst_misplaced(const std::vector<Section>& sections);

}  // namespace xtape::lab
