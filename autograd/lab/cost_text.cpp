// What a CostReport says in words, and of what is claimed.
#include <cmath>
#include <ostream>

#include "cost_report.hpp"
#include "curves_svg.hpp"
#include "text.hpp"

namespace xtape::lab {

namespace {

std::string link_text(const CostReport& r) {
  switch (r.link) {
    case Link::identity: return "at the target";
    case Link::labels: return "at the target where that is 0 or 1: it takes probabilities, of labels";
    case Link::logits: return "where sigmoid(prediction) is the target: it takes logits";
    case Link::log: return "where exp(prediction) is the target";
    case Link::margin: return "far on the target's side of 0: it takes margins, of targets -1 and 1";
    case Link::classes: return "at a large score of the label";
    case Link::none: break;
  }
  std::vector<std::string> all;
  for (const Minimum& m : r.minima) all.push_back(span(m.at) + " for target " + figure(m.target));
  return listed(all, 6);
}

std::string reduction_text(Reduction reduction) {
  return reduction == Reduction::each  ? "a loss for each element"
         : reduction == Reduction::sum ? "their sum, so that gradients grow with the batch"
                                       : "their mean";
}

std::string shape_text(const CostReport& r) {
  std::string s = "convex in the prediction";
  if (!r.convex) {
    std::vector<std::string> all;
    for (const Interval& i : r.not_convex) all.push_back(span(i));
    s = "not convex on " + listed(all, 2);
  }
  if (r.kinks.empty()) return s + "; its slope is continuous";
  std::vector<std::string> all;
  for (const Break& b : r.kinks) all.push_back(figure(b.at) + " (" + figure(b.before) + " to " + figure(b.after) + ")");
  return s + "; its slope jumps at " + listed(all);
}

std::string outlier_text(const CostReport& r) {
  std::string s;
  for (const auto& [distance, slope] : {std::pair("1", r.pull_1), {"10", r.pull_10}, {"99", r.pull_99}})
    if (slope) s += (s.empty() ? "|slope| " : ", ") + figure(*slope) + " at a distance of " + distance;
  if (!r.pull_10 || !r.pull_99) return s;
  const double growth = *r.pull_99 / *r.pull_10;
  return s + (growth > 5     ? ": one far off pulls hardest, and outliers rule"
              : growth > 0.5 ? ": one far off pulls no harder than one near by"
                             : ": one far off hardly pulls, and outliers are let go of");
}

std::string sigmoid_text(double slope) {
  return "after a sigmoid that is wrong by z = 10 the gradient is " + figure(slope) +
         (slope > 0.1 ? ": the sigmoid's slope cancels"
                      : ": the sigmoid's slope stays, and learning is slow where it is most wrong");
}

// Why a claim does not hold; empty where it does.
std::string refuted(const CostReport& r, const Claim& claim) {
  using Kind = Claim::Kind;
  auto first = [&](std::initializer_list<Trouble> troubles) -> std::string {
    for (const Warning& w : r.warnings)
      for (Trouble t : troubles)
        if (w.trouble == t) return w.text;
    return {};
  };
  switch (claim.kind) {
    case Kind::sound: return r.warnings.empty() ? "" : r.warnings[0].text;
    case Kind::finite: return first({Trouble::not_finite, Trouble::gradient_not_finite});
    case Kind::continuous: return first({Trouble::jump});
    case Kind::differentiable: return r.kinks.empty() ? first({Trouble::jump}) : shape_text(r);
    case Kind::convex: return r.convex ? "" : shape_text(r);
    case Kind::least_at_target: return r.link == Link::none ? first({Trouble::minimum}) : "";
    default: return "that is a claim of an activation, and it is a cost";
  }
}

}  // namespace

std::string CostReport::verdict() const {
  std::string s = verdict_of(warnings);
  if (link != Link::none) s += " It is least " + link_text(*this) + ", and " + (convex ? "convex." : "not convex.");
  return s;
}

const CostReport& CostReport::expect_all(std::initializer_list<Claim> claims) const {
  for (const Claim& claim : claims)
    if (const std::string why = refuted(*this, claim); !why.empty())
      fail("check", name + " is not as claimed, " + to_string(claim) + ": " + why, site);
  return *this;
}

const CostReport& CostReport::svg(const std::string& path, Site where) const {
  write_curves(
      path, name + " of predictions, for target " + figure(shown_target),
      {{"cost", curves.x, curves.value}, {"slope", curves.x, curves.slope}, {"curvature", curves.x, curves.curvature}},
      where);
  return *this;
}

std::ostream& operator<<(std::ostream& out, const CostReport& r) {
  out << r.name << " of predictions in " << span(r.examined) << '\n' << row("verdict", r.verdict());
  out << rows(r.warnings) << inside_rows(r.formula, r.inside, r.inside_refused, r.float64_only)
      << row("gives", reduction_text(r.reduction)) << row("least", link_text(r));
  out << row("shape", shape_text(r));
  if (const std::string text = outlier_text(r); !text.empty()) out << row("outliers", text);
  if (r.after_sigmoid) out << row("sigmoid", sigmoid_text(*r.after_sigmoid));
  return out << row("gradient", "the tape agrees with differences to " + figure(r.gradient_error) +
                                    ", of second order to " + figure(r.second_error));
}

}  // namespace xtape::lab
