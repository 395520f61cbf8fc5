#include "intervals.hpp"

#include <algorithm>
#include <cmath>
#include <ostream>
#include <sstream>

#include "../ops/reduction.hpp"
#include "interval_walk.hpp"

namespace xtape::detail {

using lab::Hazard;
using lab::Interval;
using lab::Intervals;

namespace {

std::string text(double v) {
  std::ostringstream s;
  s.precision(6);
  s << v;
  return s.str();
}

// --- the report -----------------------------------------------------------------------------------------------------

std::string input_text(const Tensors& inputs, const std::vector<std::string>& names) {
  std::string s;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!is_floating(inputs[i].dtype())) continue;
    const std::vector<double> v = inputs[i].to_vector<double>();
    s += (s.empty() ? "" : ", ") + names[i] + " = ";
    if (v.size() == 1 || std::all_of(v.begin(), v.end(), [&](double e) { return e == v[0]; })) {
      s += v.empty() ? "()" : text(v[0]);
      if (v.size() > 1) s += " everywhere";
      continue;
    }
    s += "(";
    for (std::size_t k = 0; k < std::min<std::size_t>(v.size(), 8); ++k) s += (k ? ", " : "") + text(v[k]);
    s += v.size() > 8 ? ", …)" : ")";
  }
  return s;
}

std::string effect_of(const std::vector<double>& value, const std::vector<double>& slopes) {
  const auto bad = [](const std::vector<double>& v) {
    const auto at = std::find_if(v.begin(), v.end(), [](double x) { return !std::isfinite(x); });
    return at == v.end() ? std::string() : std::isnan(*at) ? "NaN" : *at < 0 ? "-inf" : "inf";
  };
  if (const std::string v = bad(value); !v.empty()) return "the result is " + v;
  if (const std::string d = bad(slopes); !d.empty()) return "the derivative is " + d;
  return {};
}

/// The value and the gradients of a function at a point.
using Effect = std::function<std::string(const SearchPoint&)>;

Intervals report(const functional::Function& f, const Tensors& examples, const std::vector<Interval>& ranges,
                 const std::vector<std::string>& names, const Effect* effect_of_formula,
                 const lab::IntervalOptions& options, Site site) {
  const Recorded recorded(f, examples, ranges, site);
  IntervalWalk walk(recorded);
  const Program& program = recorded.program;

  Effect effect;
  if (effect_of_formula) {
    effect = *effect_of_formula;
  } else {
    // Value and gradients, as one program.
    Tensors x;
    for (const Tensor& t : examples) x.emplace_back(make_view(t.array(), t.shape()));
    const Scope scope(site);
    const Recording on(true);
    const auto both = std::make_shared<Program>(traced(x, [&] {
      Tensors leaves;
      for (const Tensor& t : x) leaves.push_back(is_floating(t.dtype()) ? t.requires_grad() : t);
      const Tensor y = f(leaves);
      Tensors results{y};
      if (y.is_recorded()) {
        Tensors wanted;
        for (const Tensor& t : leaves)
          if (is_floating(t.dtype())) wanted.push_back(t);
        for (const Tensor& g : grad(sum(y), wanted, allow_unused))
          if (g.defined()) results.push_back(g);
      }
      return results;
    }));
    effect = [both, &recorded](const SearchPoint& at) {
      std::vector<Ref<Array>> out;
      try {
        both->run(recorded.inputs(at), out);
      } catch (const Error&) {
        return std::string();  // no number at all
      }
      std::vector<double> slopes;
      for (std::size_t i = 1; i < out.size(); ++i) {
        const std::vector<double> part = Tensor(out[i]).to_vector<double>();
        slopes.insert(slopes.end(), part.begin(), part.end());
      }
      return effect_of(Tensor(out[0]).to_vector<double>(), slopes);
    };
  }

  Search search(recorded, options, [&](const SearchPoint& at) { return !effect(at).empty(); });
  Intervals y;
  bool suspect = false;
  for (std::size_t s = 0; s < program.steps.size(); ++s) {
    IntervalOutcome& o = walk.outcomes[s];
    // Where the angles of pointwise end.
    const std::string op = program.steps[s].operation->op;
    if (effect_of_formula && (op == "sin" || op == "cos" || op == "tan")) {
      constexpr double limit = 3e15;
      const Interval x = walk.ranges[program.operands[program.steps[s].first]];
      if (std::max(-x.low, x.high) > limit) {
        o.hazard = op + " of a number beyond 3e15";
        o.bad = x.high > limit ? Interval{limit, HUGE_VAL} : Interval{-HUGE_VAL, -limit};
        search.set_limit(s, limit);
      }
    }
    if (!o.steep.empty()) search.set_steep(s, o.steep);
    suspect |= !o.hazard.empty() || !o.known || !o.steep.empty();
    if (!o.known && std::find(y.unknown.begin(), y.unknown.end(), program.steps[s].operation->op) == y.unknown.end())
      y.unknown.push_back(program.steps[s].operation->op);
  }
  if (suspect && !recorded.bounds.empty()) {
    search.sample();
    for (std::size_t s = 0; s < program.steps.size(); ++s) {
      const IntervalOutcome& o = walk.outcomes[s];
      if (!o.hazard.empty()) search.pursue({s, o.fault, o.bad});
      for (const double at : o.steep) search.pursue({s, 0, {at, at}});
    }
  }

  const auto listed = [](const std::vector<Hazard>& list, const Hazard& h) {
    return std::any_of(list.begin(), list.end(), [&](const Hazard& o) {
      return o.what == h.what && o.module == h.module && o.site.line == h.site.line && o.site.file == h.site.file;
    });
  };
  const std::vector<std::size_t> failed = search.failed();
  for (std::size_t s = 0; s < program.steps.size(); ++s) {
    const IntervalOutcome& o = walk.outcomes[s];
    const Program::Step& step = program.steps[s];
    Hazard h;
    h.op = step.operation->op;
    h.module = step.operation->details ? step.operation->details->module : "";
    h.site = step.operation->site;
    if (step.count)
      h.operand = walk.ranges[program.operands[step.first + std::min<std::size_t>(o.fault, step.count - 1)]];
    h.what = !o.hazard.empty() ? o.hazard : !o.steep.empty() ? "slope of " + h.op + " at " + text(o.steep[0]) : h.op;
    if (std::find(failed.begin(), failed.end(), s) != failed.end()) {
      if (listed(y.found, h)) continue;
      const SearchPoint at = search.failing(s);
      h.inputs = recorded.inputs(at);
      h.input = input_text(h.inputs, names);
      h.effect = effect(at);
      y.found.push_back(std::move(h));
    } else if (!o.hazard.empty() && !listed(y.possible, h)) {
      h.effect = search.harmless(s) ? "it happens, but neither the result nor its derivative shows it"
                                    : "no failing input found";
      y.possible.push_back(std::move(h));
    }
  }
  y.result = walk.ranges[program.results[0]];
  for (std::size_t i = 0; i < examples.size(); ++i)
    if (is_floating(examples[i].dtype())) y.over += names[i] + " in " + to_string(ranges[i]) + ", ";
  y.over += to_string(examples.empty() ? options.dtype : examples[0].dtype());
  return y;
}

void check_ranges(std::size_t count, const std::vector<Interval>& ranges, Site site) {
  if (ranges.size() != count)
    fail("intervals", std::to_string(ranges.size()) + " ranges for a function of " + std::to_string(count), site);
  for (const Interval& r : ranges)
    if (!(r.low <= r.high)) fail("intervals", "the range " + to_string(r) + " has no numbers", site);
}

}  // namespace

Intervals intervals_of_formula(const symbolic::Written& f, const std::vector<Interval>& ranges,
                               const lab::IntervalOptions& options, Site site) {
  check_ranges(f.arguments, ranges, site);
  if (!is_floating(options.dtype))
    fail("intervals", std::string("a formula computes in float32 or float64, not in ") + to_string(options.dtype),
         site);
  std::vector<std::string> names;
  Tensors examples;
  for (std::size_t i = 0; i < f.arguments; ++i) {
    names.push_back(f.arguments > 3 ? "x" + std::to_string(i + 1) : std::string(1, "xyz"[i]));
    const double v = std::clamp(0., ranges[i].low, ranges[i].high);
    examples.push_back(tensor(v, options.dtype));
  }
  const Effect effect = [&](const SearchPoint& at) {
    const std::vector<double> numbers = f.numbers(at, options.dtype);
    return effect_of({numbers[0]}, {numbers.begin() + 1, numbers.end()});
  };
  return report([&](const Tensors& x) { return formula_of_tensors(f, x); }, examples, ranges, names, &effect, options,
                site);
}

Intervals intervals_of_function(const functional::Function& f, const Tensors& examples,
                                const std::vector<Interval>& ranges, const lab::IntervalOptions& options, Site site) {
  check_ranges(examples.size(), ranges, site);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    if (!examples[i].defined()) fail("intervals", "input " + std::to_string(i) + " is undefined", site);
    names.push_back(examples.size() == 1 ? "x" : "x[" + std::to_string(i) + "]");
  }
  return report(f, examples, ranges, names, nullptr, options, site);
}

}  // namespace xtape::detail

namespace xtape::lab {

std::string to_string(const Interval& x) { return "[" + detail::text(x.low) + ", " + detail::text(x.high) + "]"; }

std::ostream& operator<<(std::ostream& out, const Intervals& r) {
  const auto list = [&](const std::vector<Hazard>& hazards) {
    for (const Hazard& h : hazards) {
      out << "  " << h.what << ": operand in " << to_string(h.operand);
      if (h.site.file || !h.module.empty()) out << detail::describe_place(h.module, h.site);
      out << "\n    " << (h.input.empty() ? "" : h.input + ": ") << h.effect << "\n";
    }
  };
  if (r.safe() && r.unknown.empty())
    return out << "safe for " << r.over << ": no operation can fail; the result is in " << to_string(r.result) << "\n";
  out << r.over << ": " << r.found.size() << (r.found.size() == 1 ? " place fails" : " places fail") << "\n";
  list(r.found);
  if (!r.possible.empty()) out << "not excluded by the intervals:\n";
  list(r.possible);
  if (!r.unknown.empty()) {
    out << "no rule, results taken for any number:";
    for (const std::string& op : r.unknown) out << " " << op;
    out << "\n";
  }
  return out;
}

}  // namespace xtape::lab
