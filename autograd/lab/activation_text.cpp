// What an ActivationReport says in words, and of what is claimed.
#include <cmath>
#include <ostream>

#include "activation_report.hpp"
#include "curves_svg.hpp"
#include "text.hpp"

namespace xtape::lab {

namespace {

std::vector<std::string> places(const std::vector<Break>& breaks) {
  std::vector<std::string> all;
  for (const Break& b : breaks) all.push_back(figure(b.at) + " (" + figure(b.before) + " to " + figure(b.after) + ")");
  return all;
}

std::string range_text(const ActivationReport& r) {
  auto at = [](double x) {
    return std::isinf(x) ? std::string("towards ") + (x < 0 ? "-inf" : "inf") : "at " + figure(x);
  };
  if (r.range.low > r.range.high) return "nowhere finite";
  return span(r.range) + ", least " + at(r.lowest_at) + ", greatest " + at(r.highest_at);
}

std::string shape_text(const ActivationReport& r) {
  std::string s = r.increasing && r.decreasing ? "constant"
                  : r.increasing               ? "rises"
                  : r.decreasing               ? "falls"
                                               : "not monotone";
  s += r.parity == Parity::odd ? "; odd" : r.parity == Parity::even ? "; even" : "; neither odd nor even";
  if (!r.zeros.empty()) {
    std::vector<std::string> all;
    for (const Interval& zero : r.zeros) all.push_back(span(zero));
    s += "; 0 at " + listed(all);
  }
  return s;
}

std::string smoothness_text(const ActivationReport& r) {
  std::string s;
  auto add = [&](const std::string& more) { s += (s.empty() ? "" : "; ") + more; };
  if (!r.jumps.empty()) add("f jumps at " + listed(places(r.jumps)));
  if (!r.kinks.empty()) add("f' jumps at " + listed(places(r.kinks)));
  if (!r.bends.empty()) add("f'' jumps at " + listed(places(r.bends)));
  return s.empty() ? "f, f' and f'' are continuous" : s;
}

std::string gradient_text(const ActivationReport& r) {
  for (const Warning& w : r.warnings)
    if (w.trouble == Trouble::no_gradient || w.trouble == Trouble::wrong_gradient) return "see the warnings";
  if (r.straight_through) return "straight-through: the tape's gradient stands in for one that is 0";
  std::string s = "the tape agrees with differences to " + figure(r.gradient_error);
  return s + (r.has_second ? ", of second order to " + figure(r.second_error) : "; there is no second derivative");
}

// What becomes of gradients in a deep network.
std::string depth_text(double chi1) {
  if (std::isinf(chi1)) return "E[f'^2] has no limit";
  const std::string after = figure(std::pow(std::sqrt(chi1), 20));
  if (chi1 < 0.8) return "gradients shrink with depth, to " + after + " after 20 layers";
  if (chi1 > 1.2) return "gradients grow with depth, to " + after + " times after 20 layers";
  return "gradients keep their size (times " + after + " after 20 layers)";
}

std::string spectrum_columns(const Expectation& e) {
  const std::vector<double>& s = e.spectrum;
  const double spread = s[s.size() / 10] - s[s.size() * 9 / 10];
  std::string line;
  for (double v : {e.gain, e.chi1, std::pow(10, s.front()), std::pow(10, s[s.size() / 2]), spread}) {
    const std::string text = figure(v);
    line += std::string(text.size() < 10 ? 10 - text.size() : 1, ' ') + text;
  }
  return line;
}

std::string prediction_rows(const Prediction& p) {
  std::string s = row("prediction",
                      "untrained, 16-32-32-32-4 with weights N(0, gain²/fan_in): Fisher eigenvalues, and how far "
                      "outputs and log10 eigenvalues are from this one's");
  auto name = [](std::string text) {
    if (text.size() > 14) text = text.substr(0, 13) + "~";
    return "    " + text + std::string(15 - text.size(), ' ');
  };
  s += name("") + "      gain      chi1   largest    median   decades   outputs  spectrum\n";
  s += name(p.own.name) + spectrum_columns(p.own) + "\n";
  for (const Expectation& e : p.known) {
    std::string line = name(e.name) + spectrum_columns(e);
    for (double v : {e.outputs_off, e.spectrum_off}) {
      const std::string text = figure(v);
      line += std::string(text.size() < 10 ? 10 - text.size() : 1, ' ') + text;
    }
    s += line + (&e == &p.nearest() ? "  nearest" : "") + "\n";
  }
  return s;
}

// Why a claim does not hold; empty where it does.
std::string refuted(const ActivationReport& r, const Claim& claim) {
  using Kind = Claim::Kind;
  auto first = [&](std::initializer_list<Trouble> troubles) -> std::string {
    for (const Warning& w : r.warnings)
      for (Trouble t : troubles)
        if (w.trouble == t) return w.text;
    return {};
  };
  auto within = [&](const char* what, double v) {
    return v >= claim.low && v <= claim.high ? "" : std::string(what) + " is " + figure(v);
  };
  switch (claim.kind) {
    case Kind::sound: return r.warnings.empty() ? "" : r.warnings[0].text;
    case Kind::finite: return first({Trouble::not_finite, Trouble::gradient_not_finite});
    case Kind::smooth:
      if (!r.bends.empty()) return "f'' jumps at " + listed(places(r.bends));
      [[fallthrough]];
    case Kind::differentiable:
      if (!r.kinks.empty()) return "f' jumps at " + listed(places(r.kinks));
      [[fallthrough]];
    case Kind::continuous: return r.jumps.empty() ? "" : "f jumps at " + listed(places(r.jumps));
    case Kind::increasing: return r.increasing ? "" : shape_text(r) + ", " + range_text(r);
    case Kind::decreasing: return r.decreasing ? "" : shape_text(r) + ", " + range_text(r);
    case Kind::monotone: return r.increasing || r.decreasing ? "" : shape_text(r) + ", " + range_text(r);
    case Kind::odd: return r.parity == Parity::odd ? "" : shape_text(r);
    case Kind::even: return r.parity == Parity::even ? "" : shape_text(r);
    case Kind::bounded: {
      const bool holds = r.range.low >= claim.low - 1e-6 * (1 + std::abs(claim.low)) &&
                         r.range.high <= claim.high + (std::isinf(claim.high) ? 0 : 1e-6 * (1 + std::abs(claim.high)));
      return holds ? first({Trouble::not_finite}) : "its range is " + range_text(r);
    }
    case Kind::chi1: return within("chi1", r.normal.chi1);
    case Kind::gain: return within("the gain", r.normal.gain);
    case Kind::convex:
    case Kind::least_at_target: break;
  }
  return "that is a claim of a cost, and it is an activation";
}

}  // namespace

std::string ActivationReport::verdict() const {
  std::string s = verdict_of(warnings);
  if (std::isnan(normal.chi1)) return s;
  s += " In a deep network " + depth_text(normal.chi1) + ".";
  if (normal.saturated > 0.01) s += " It is flat for " + percent(normal.saturated) + " of inputs of N(0, 1).";
  if (prediction) s += " At the start it is most like " + prediction->nearest().name + ".";
  return s;
}

const ActivationReport& ActivationReport::expect_all(std::initializer_list<Claim> claims) const {
  for (const Claim& claim : claims)
    if (const std::string why = refuted(*this, claim); !why.empty())
      fail("check", name + " is not as claimed, " + to_string(claim) + ": " + why, site);
  return *this;
}

const ActivationReport& ActivationReport::svg(const std::string& path, Site where) const {
  write_curves(path, name + " and its derivatives",
               {{"f", curves.x, curves.value}, {"f'", curves.x, curves.slope}, {"f''", curves.x, curves.curvature}},
               where);
  return *this;
}

std::ostream& operator<<(std::ostream& out, const ActivationReport& r) {
  out << r.name << " on " << span(r.examined) << '\n'
      << row("verdict", r.verdict()) << rows(r.warnings)
      << inside_rows(r.formula, r.inside, r.inside_refused, r.float64_only);
  out << row("range", range_text(r)) << row("shape", shape_text(r)) << row("smoothness", smoothness_text(r));
  if (!r.far_left.empty()) out << row("far out", "x → -inf: f " + r.far_left + "; x → inf: f " + r.far_right);
  out << row("gradient", gradient_text(r));
  const NormalStatistics& n = r.normal;
  if (n.not_finite > 1e-9) {
    out << row("under N(0,1)", "not finite for " + percent(n.not_finite) + " of inputs");
  } else {
    out << row("under N(0,1)", "mean " + figure(std::abs(n.mean) < 1e-12 ? 0 : n.mean) + ", variance " +
                                   figure(n.variance) + ", mean slope " + figure(n.mean_slope) +
                                   "; flat (|f'| < 1e-4) for " + percent(n.saturated) + "; odd part " + percent(n.odd) +
                                   " of E[f^2]");
    out << row("depth", "gain " + figure(n.gain) + ", chi1 " + figure(n.chi1) + ": " + depth_text(n.chi1));
  }
  if (r.prediction) out << prediction_rows(*r.prediction);
  return out;
}

}  // namespace xtape::lab
