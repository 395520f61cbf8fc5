// What `check` says of an activation.
#pragma once
#include <initializer_list>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "../tensor.hpp"
#include "check_target.hpp"
#include "claim.hpp"
#include "finding.hpp"
#include "normal_statistics.hpp"
#include "prediction.hpp"

namespace xtape::lab {

/// How `check` looks at an activation: `ActivationOptions().name("swish").range(-5, 5)`.
class ActivationOptions {
 public:
  /// What reports and errors call it.
  ActivationOptions& name(std::string v) { return name_ = std::move(v), *this; }
  /// The inputs that it will be given, [-100, 100] by default; nothing is asked beyond them.
  ActivationOptions& range(double low, double high) { return range_ = Interval{low, high}, *this; }
  /// Whether to predict what a network makes of it, as is done by default.
  ActivationOptions& predict(bool v) { return predict_ = v, *this; }

 private:
  friend class ActivationExamination;
  std::string name_ = "f";
  std::optional<Interval> range_;
  bool predict_ = true;
};

enum class Parity { none, odd, even };

/// Values of f, f' and f'' at points, in float64.
struct Curves {
  std::vector<double> x, value, slope, curvature;
};

/// What `check` found of an activation. Print it with <<; its fields are for programs.
struct ActivationReport {
  std::string name;
  Interval examined;              ///< the inputs that it was asked for
  std::vector<Warning> warnings;  ///< what is wrong; empty where nothing is

  std::vector<Break> jumps;  ///< of f
  std::vector<Break> kinks;  ///< of f', where f does not jump
  std::vector<Break> bends;  ///< of f'', where f' does not jump
  Interval range;            ///< of its values; limits at infinity count, unless a range was stated
  double lowest_at, highest_at;
  bool increasing, decreasing;  ///< it falls nowhere; it rises nowhere
  Parity parity;
  std::vector<Interval> zeros;          ///< points and stretches where it is 0
  std::string far_left, far_right;      ///< "→ 0", "~ 1 x"; empty where a range was stated
  double gradient_error, second_error;  ///< the largest relative distance between tape and differences where both agree
  bool has_second;                      ///< there is a second derivative on the tape
  bool straight_through;                ///< its gradient stands in for one that is 0
  NormalStatistics normal;
  std::optional<Prediction> prediction;  ///< none where f is not finite on N(0, 1), or always 0
  Curves curves;                         ///< for pictures
  std::string formula;                   ///< "x * sigmoid(x)"; empty of what is no formula
  std::vector<Hazard> inside;            ///< operations in it that some input makes NaN or infinite
  std::string inside_refused;            ///< why it cannot be recorded, so that `inside` is not known; else empty
  bool float64_only;                     ///< it refuses float32, and what that loses was not looked at
  Site site;                             ///< the line of the check

  /// What it comes to, in a sentence.
  std::string verdict() const;
  /// Throws an Error that names the first claim that does not hold, with what was found instead.
  template <class... Claims>
  const ActivationReport& expect(const Claims&... claims) const {
    return expect_all({claims...});
  }
  const ActivationReport& expect_all(std::initializer_list<Claim> claims) const;
  /// Writes a picture of f, f' and f''.
  const ActivationReport& svg(const std::string& path, Site site = Site::here()) const;
};
std::ostream& operator<<(std::ostream& out, const ActivationReport& report);

}  // namespace xtape::lab

namespace xtape::detail {
// What `check` of an activation compiles to.
lab::ActivationReport check_activation(const checked::Target<checked::OfTensor>& f,
                                       const lab::ActivationOptions& options, Site site);
}  // namespace xtape::detail
