// What `check` says of a cost.
#pragma once
#include <initializer_list>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "../tensor.hpp"
#include "activation_report.hpp"
#include "check_target.hpp"
#include "claim.hpp"
#include "finding.hpp"

namespace xtape::lab {

/// How `check` looks at a cost: `CostOptions().name("huber").targets({0, 1})`.
class CostOptions {
 public:
  /// What reports and errors call it.
  CostOptions& name(std::string v) { return name_ = std::move(v), *this; }
  /// The predictions that it will be given; by default those of [-100, 100] that it is finite for.
  CostOptions& range(double low, double high) { return range_ = Interval{low, high}, *this; }
  /// The targets that it will be given; by default those of -1, 0, 0.25, 0.5, 1 and 2 that fit its predictions.
  CostOptions& targets(std::vector<double> v) { return targets_ = std::move(v), *this; }
  /// It takes rows of n scores and int64 labels: it is looked at along the score of the label, the others being 0.
  CostOptions& classes(std::int64_t n) { return classes_ = n, *this; }

 private:
  friend class CostExamination;
  std::string name_ = "cost";
  std::optional<Interval> range_;
  std::vector<double> targets_;
  std::int64_t classes_ = 0;
};

/// Where a cost is least, as a function of the prediction, for a target t.
enum class Link {
  none,      ///< nowhere that the target tells
  identity,  ///< at t
  labels,    ///< at t where that is 0 or 1, of probabilities
  logits,    ///< where sigmoid(prediction) = t, so at infinity for 0 and 1
  log,       ///< where exp(prediction) = t
  margin,    ///< towards infinity with the sign of t, -1 or 1
  classes    ///< at a large score of the label
};
/// What a cost gives for a batch.
enum class Reduction { each, sum, mean };

/// Where a cost is least for one target: a point, or a stretch where it is flat.
struct Minimum {
  double target;
  Interval at;  ///< infinite where it falls to the end of what was looked at
  double value;
};

/// What `check` found of a cost. Print it with <<; its fields are for programs.
struct CostReport {
  std::string name;
  Interval examined;              ///< the predictions that it was looked at for
  std::vector<Warning> warnings;  ///< what is wrong; empty where nothing is

  Reduction reduction;
  Link link;
  std::vector<Minimum> minima;                     ///< for each target
  bool convex;                                     ///< along the prediction, for each target
  std::vector<Interval> not_convex;                ///< where it is not, for the first such target
  std::vector<Break> kinks;                        ///< of its slope, for the last of `minima`
  std::optional<double> pull_1, pull_10, pull_99;  ///< |slope| that far from the first target, where that is in range
  /// |slope| by the input of a sigmoid before it, target 1 and input -10; of an identity link between 0 and 1.
  std::optional<double> after_sigmoid;
  double gradient_error, second_error;  ///< the largest relative distance between tape and differences where both agree
  double shown_target;                  ///< of `curves`
  Curves curves;                        ///< over predictions
  std::string formula;                  ///< "(y - t)^2"; empty of what is no formula
  std::vector<Hazard> inside;           ///< operations in it that some input makes NaN or infinite
  std::string inside_refused;           ///< why it cannot be recorded, so that `inside` is not known; else empty
  bool float64_only;                    ///< it refuses float32, and what that loses was not looked at
  Site site;                            ///< the line of the check

  /// What it comes to, in a sentence.
  std::string verdict() const;
  /// Throws an Error that names the first claim that does not hold, with what was found instead.
  template <class... Claims>
  const CostReport& expect(const Claims&... claims) const {
    return expect_all({claims...});
  }
  const CostReport& expect_all(std::initializer_list<Claim> claims) const;
  /// Writes a picture of the cost over predictions, and of its derivatives.
  const CostReport& svg(const std::string& path, Site site = Site::here()) const;
};
std::ostream& operator<<(std::ostream& out, const CostReport& report);

}  // namespace xtape::lab

namespace xtape::detail {
// What `check` of a cost compiles to.
lab::CostReport check_cost(const checked::Target<checked::OfTwoTensors>& f, const lab::CostOptions& options, Site site);
}  // namespace xtape::detail
