#include "cost_report.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "../gradcheck.hpp"
#include "../ops.hpp"
#include "minima.hpp"
#include "scan.hpp"
#include "text.hpp"
#include "warnings.hpp"

namespace xtape::lab {

namespace {
constexpr double infinity = std::numeric_limits<double>::infinity();
}

/// One call of `check`.
class CostExamination {
 public:
  using Target = xtape::detail::checked::Target<xtape::detail::checked::OfTwoTensors>;
  CostExamination(const Target& target, const CostOptions& options, Site site)
      : target_(target), f_(target.f), options_(options), site_(site) {
    const Interval range = options.range_.value_or(Interval{-100, 100});
    if (!(range.low < range.high) || std::isinf(range.low) || std::isinf(range.high))
      fail("check", "the range is [" + figure(range.low) + ", " + figure(range.high) + "], expected finite low < high",
           site);
    if (options.classes_ != 0 && options.classes_ < 2)
      fail("check", "classes is " + std::to_string(options.classes_) + ", expected at least 2", site);
    r_.name = options.name_, r_.examined = range, r_.site = site;
  }

  CostReport run() {
    find_reduction();
    if (!options_.range_ && !is_of_classes()) find_domain();
    x_ = sample_points(r_.examined, r_.reduction != Reduction::each);
    find_minima();
    look_at_targets();
    look_after_sigmoid();
    look_far();
    if (is_of_classes()) prove_rows();
    look_inside();
    draw();
    return std::move(r_);
  }

 private:
  bool is_of_classes() const { return options_.classes_ > 0; }
  bool is_of_probabilities() const { return r_.examined.low == 0 && r_.examined.high == 1; }

  // f at predictions in a column, for one target.
  Tensor at(const Tensor& column, double target) const {
    if (!is_of_classes()) {
      const Tensor inside = refuses_others_ ? clamp(column, r_.examined.low, r_.examined.high) : column;
      return f_(inside, full_like(column, target));
    }
    const std::int64_t n = column.size();
    const Tensor others = zeros({n, options_.classes_ - 1}, column.dtype());
    return f_(concat({column, others}, 1), zeros({n}, int64));
  }
  ScalarFunction along(double target) const {
    const auto result = r_.reduction == Reduction::each  ? ScalarFunction::Result::each
                        : r_.reduction == Reduction::sum ? ScalarFunction::Result::sum
                                                         : ScalarFunction::Result::mean;
    return ScalarFunction([this, target](const Tensor& x) { return at(x, target); }, result);
  }

  // A target that the cost takes: it neither throws nor is nowhere finite, as of a logarithm of the target.
  bool takes(double target) const {
    const NoGradGuard guard;
    try {
      const Values y = f_(full({1, 1}, 0.4, float64), full({1, 1}, target, float64)).to_vector<double>();
      return !y.empty() && std::isfinite(y[0]);
    } catch (const Error&) {
      return false;
    }
  }

  void find_reduction() {
    const NoGradGuard guard;
    if (!is_of_classes())
      for (double t : {0., 1., 0.5})
        if (takes(t)) some_target_ = t;
    const Values x{0.25, 0.4375, 0.625, 0.75};
    const Tensor batch = at(tensor(x, Shape{4, 1}), some_target_);
    if (!is_floating(batch.dtype()))
      fail("check", r_.name + " gives " + to_string(batch.dtype()) + ", expected numbers with a derivative", site_);
    if (batch.size() == 4) {
      r_.reduction = Reduction::each;
      return;
    }
    if (batch.size() != 1)
      fail("check",
           r_.name + " makes " + to_string(batch.shape()) + " of 4 predictions, expected a loss for each or one",
           site_);
    double sum = 0;
    for (double v : x) sum += at(tensor(Values{v}, Shape{1, 1}), some_target_).item();
    const double whole = batch.item(), tolerance = 1e-9 * std::abs(sum);
    if (std::abs(whole - sum / 4) <= tolerance) r_.reduction = Reduction::mean;
    else if (std::abs(whole - sum) <= tolerance) r_.reduction = Reduction::sum;
    else
      fail("check",
           r_.name + " of 4 samples is " + figure(whole) +
               ", which is neither the mean nor the sum of what each "
               "costs, " +
               figure(sum / 4) + " and " + figure(sum),
           site_);
  }

  // A cost of probabilities is finite between 0 and 1 only.
  void find_domain() {
    const ScalarFunction f = along(some_target_);
    auto refuses = [&](const Interval& i) {
      try {
        return f_(tensor(Values{i.low, i.high}, Shape{2, 1}), full({2, 1}, some_target_, float64)), false;
      } catch (const Error&) {
        return true;
      }
    };
    // What throws outside of them says so at their ends.
    for (const Interval& likely : {Interval{0, 100}, Interval{0, 1}})
      if (refuses(r_.examined)) r_.examined = likely, refuses_others_ = true;
    const Values x = sample_points(r_.examined, true), y = f.value(x);
    for (const Gap& gap : find_gaps(f.derivative(0), x, y)) {
      auto exact = [](double v) { return std::abs(v - std::round(v)) < 1e-9 ? std::round(v) : v; };
      if (gap.where.low == r_.examined.low && gap.where.high < r_.examined.high)
        r_.examined.low = exact(gap.where.high);
      else if (gap.where.high == r_.examined.high && gap.where.low > r_.examined.low)
        r_.examined.high = exact(gap.where.low);
    }
  }

  void find_minima() {
    if (is_of_classes()) targets_ = {0};
    else if (!options_.targets_.empty()) targets_ = options_.targets_;
    else
      for (double t : {-1., 0., 0.25, 0.5, 1., 2.})
        if (t >= r_.examined.low && t <= r_.examined.high && takes(t)) targets_.push_back(t);
    if (targets_.empty())
      fail("check",
           r_.name +
               " is finite for none of the targets -1, 0, 0.25, 0.5, 1 and 2: state which targets({...}) "
               "there are",
           site_);
    for (double t : targets_) sections_.push_back(section(along(t), x_, t));
    r_.link = is_of_classes() ? (sections_[0].minimum.at.low > 0 ? Link::classes : Link::none)
                              : find_link(sections_, r_.examined);
    for (const Section& s : sections_)
      if (has_meaning(s.minimum.target)) r_.minima.push_back(s.minimum);
    if (r_.link == Link::none) r_.warnings.push_back(misplaced(sections_[worst_misplaced(sections_)].minimum));
    for (const Section& s : sections_)
      if (has_meaning(s.minimum.target) && s.second_minimum) {
        r_.warnings.push_back({Trouble::minimum,
                               {*s.second_minimum, *s.second_minimum},
                               "for target " + figure(s.minimum.target) + " there is a second minimum at " +
                                   figure(*s.second_minimum) + ", where a training can stop",
                               "a cost that is convex, or that falls towards the target from all sides"});
        break;
      }
  }
  // Of a cost that takes logits or margins, targets between the classes mean nothing.
  bool has_meaning(double target) const {
    if (r_.link == Link::logits || r_.link == Link::labels) return target == 0 || target == 1;
    if (r_.link == Link::margin) return std::abs(target) == 1;
    return r_.link != Link::log || target > 0;
  }
  static Warning misplaced(const Minimum& m) {
    const std::string there = std::isinf(m.at.low)    ? "towards -inf"
                              : std::isinf(m.at.high) ? "towards inf"
                                                      : place(m.at);
    return {
        Trouble::minimum, m.at,
        "for target " + figure(m.target) + " it is least " + there + " (" + figure(m.value) + "), not at the target",
        "a function of prediction - target, or state which targets(...) there are"};
  }

  // Those of the two ends will do for what costs calls, or the first two that were given.
  Values ends() const {
    Values chosen, others;
    for (const Minimum& m : r_.minima) {
      const bool is_end = m.target == 1 || m.target == (r_.link == Link::margin ? -1 : 0);
      (is_end || !options_.targets_.empty() ? chosen : others).push_back(m.target);
    }
    if (chosen.empty()) chosen = others;
    chosen.resize(std::min<std::size_t>(chosen.size(), 2));
    return chosen;
  }

  void look_at_targets() {
    r_.convex = true;
    looked_at_ = ends();
    for (const Section& s : sections_) {
      const double t = s.minimum.target;
      if (!has_meaning(t)) continue;
      if (!s.not_convex.empty() && r_.convex) r_.convex = false, r_.not_convex = s.not_convex;
      if (std::find(looked_at_.begin(), looked_at_.end(), t) == looked_at_.end()) continue;
      const ScalarFunction f = along(t);
      const Examined e = examine(f, x_, 1e-5 * s.scale);
      const std::string suffix = is_of_classes() ? "" : ", for target " + figure(t);
      for (Warning& w : warnings_of(f, e, suffix)) {
        // Of probabilities, which end at 0 and 1.
        if (w.trouble == Trouble::not_finite && w.where.low == w.where.high && is_of_probabilities())
          w.remedy = "clamp predictions into [1e-7, 1 - 1e-7], or take logits: softplus(z) - t z";
        auto is_like = [&](const Warning& o) { return o.trouble == w.trouble && o.remedy == w.remedy; };
        if (std::none_of(r_.warnings.begin(), r_.warnings.end(), is_like)) r_.warnings.push_back(w);
      }
      r_.kinks = e.kinks;
      r_.gradient_error = std::max(r_.gradient_error, e.first.worst);
      r_.second_error = std::max(r_.second_error, e.second.worst);
      r_.shown_target = t;
    }
  }

  void look_after_sigmoid() {
    if ((r_.link != Link::identity && r_.link != Link::labels) || r_.examined.low > 0 || r_.examined.high < 1) return;
    const ScalarFunction f([this](const Tensor& z) { return at(sigmoid(z), 1); },
                           r_.reduction == Reduction::each  ? ScalarFunction::Result::each
                           : r_.reduction == Reduction::sum ? ScalarFunction::Result::sum
                                                            : ScalarFunction::Result::mean);
    r_.after_sigmoid = std::abs(f.slope({-10})[0]);
  }

  // How hard a prediction pulls that is far off.
  void look_far() {
    const double t = r_.minima.empty() ? targets_[0] : r_.minima[0].target;
    const ScalarFunction f = along(t);
    const bool falls = std::any_of(sections_.begin(), sections_.end(),
                                   [&](const Section& s) { return s.minimum.target == t && s.falls; });
    auto pull = [&](double distance) -> std::optional<double> {
      const double x = t + (falls ? -distance : distance);  // on the side where it costs
      if (x >= r_.examined.high || x <= r_.examined.low) return {};
      const double slope = f.slope({x})[0];
      return std::isfinite(slope) ? std::optional(std::abs(slope)) : std::nullopt;
    };
    r_.pull_1 = pull(1), r_.pull_10 = pull(10), r_.pull_99 = pull(99);
  }

  // All scores at once, where `along` moves one.
  void prove_rows() {
    const std::int64_t k = options_.classes_;
    RandomGenerator generator(1);
    const Tensor rows = normal({3, k}, 0, 1, float64, generator), labels = remainder(arange(3), k);
    try {
      gradcheck([&](const Tensor& z) { return f_(z, labels); }, rows);
    } catch (const Error& e) {
      r_.warnings.push_back(
          {Trouble::wrong_gradient, {-infinity, infinity}, e.what(), "correct the vjp of the operation"});
    }
  }

  // Each operation once, though several targets come by it.
  void look_inside() {
    if (target_.formula) r_.formula = target_.formula().text();
    r_.float64_only = along(some_target_).narrowest() == float64;
    auto of = [&](double t) {
      if (target_.intervals) return target_.intervals({r_.examined, {t, t}});
      const auto one = [&](const Tensor& y) { return f_(y, is_of_classes() ? zeros({4}, int64) : full_like(y, t)); };
      return intervals(one, full({4, is_of_classes() ? options_.classes_ : 1}, 0.5), r_.examined, {}, site_);
    };
    try {
      for (double t : looked_at_)
        for (const Hazard& h : of(t).found) {
          auto is_like = [&](const Hazard& o) { return o.what == h.what && o.site.line == h.site.line; };
          if (std::none_of(r_.inside.begin(), r_.inside.end(), is_like)) r_.inside.push_back(h);
        }
    } catch (const Error& e) {
      r_.inside_refused = e.what();
    }
  }

  void draw() {
    const double low = std::max(r_.examined.low, -4.), high = std::min(r_.examined.high, 4.);
    const Interval shown = low < high ? Interval{low, high} : r_.examined;
    const int n = r_.reduction == Reduction::each ? 400 : 100;
    for (int i = 0; i <= n; ++i) r_.curves.x.push_back(shown.low + (shown.high - shown.low) * i / n);
    Jet jet = along(r_.shown_target).jet(r_.curves.x);
    r_.curves.value = std::move(jet.value), r_.curves.slope = std::move(jet.slope);
    r_.curves.curvature = std::move(jet.curvature);
  }

  const Target& target_;
  const std::function<Tensor(const Tensor&, const Tensor&)>& f_;
  const CostOptions& options_;
  Site site_;
  Values x_, targets_;
  std::vector<Section> sections_;
  Values looked_at_;  // targets
  double some_target_ = 0.5;
  bool refuses_others_ = false;  // it throws for predictions outside of those that are examined
  CostReport r_{};
};

}  // namespace xtape::lab

xtape::lab::CostReport xtape::detail::check_cost(const checked::Target<checked::OfTwoTensors>& f,
                                                 const lab::CostOptions& options, Site site) {
  const Scope scope(site);
  return lab::CostExamination(f, options, site).run();
}
