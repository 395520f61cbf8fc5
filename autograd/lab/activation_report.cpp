#include "activation_report.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "../tape.hpp"
#include "expectations.hpp"
#include "scan.hpp"
#include "text.hpp"
#include "warnings.hpp"

namespace xtape::lab {

/// One call of `check`.
class ActivationExamination {
 public:
  using Target = xtape::detail::checked::Target<xtape::detail::checked::OfTensor>;
  ActivationExamination(const Target& target, const ActivationOptions& options, Site site)
      : target_(target), of_tensor_(target.f), f_(target.f), options_(options), site_(site) {
    const Interval range = options.range_.value_or(Interval{-100, 100});
    if (!(range.low < range.high) || std::isinf(range.low) || std::isinf(range.high))
      fail("check", "the range is [" + figure(range.low) + ", " + figure(range.high) + "], expected finite low < high",
           site);
    r_.name = options.name_, r_.examined = range, r_.site = site;
    x_ = sample_points(range);
  }

  ActivationReport run() {
    refuse_what_is_no_activation();
    const Examined e = examine(f_, x_);
    r_.warnings = warnings_of(f_, e);
    r_.jumps = e.jumps, r_.kinks = e.kinks, r_.bends = e.bends;
    r_.straight_through = e.straight_through;
    r_.gradient_error = e.first.worst, r_.second_error = e.second.worst;
    r_.has_second = f_.is_recorded() && f_.second_refused().empty();
    describe_values(e.in_float64.value);
    r_.normal = normal_statistics(f_);
    if (options_.predict_ && std::isfinite(r_.normal.gain)) r_.prediction = predict(r_.name, of_tensor_);
    look_inside();
    draw();
    return std::move(r_);
  }

 private:
  void refuse_what_is_no_activation() const {
    const auto n = static_cast<std::int64_t>(x_.size());
    const NoGradGuard guard;
    const Tensor x = tensor(x_, Shape{n, 1}), y = of_tensor_(x);
    if (!is_floating(y.dtype()))
      fail("check",
           r_.name + " gives " + to_string(y.dtype()) + ", expected numbers with a derivative: convert it with to",
           site_);
    if (y.shape() != x.shape())
      fail("check",
           r_.name + " makes " + to_string(y.shape()) + " of " + to_string(x.shape()) +
               ", expected a number for each; of a cost, a function of (prediction, target), check knows more",
           site_);
    const Values whole = f_.value(x_), again = f_.value(x_);
    auto same = [](double a, double b) {
      return a == b || (std::isnan(a) && std::isnan(b)) || std::abs(a - b) <= 1e-12 * std::abs(a);
    };
    for (std::size_t i = 0; i < whole.size(); ++i)
      if (!same(whole[i], again[i]))
        fail("check",
             r_.name + " gave " + figure(whole[i]) + " and " + figure(again[i]) + " for the same input " +
                 figure(x_[i]) + "; seed what is random in it, or bring the module to eval()",
             site_);
    for (std::size_t i = x_.size() / 8; i < x_.size(); i += x_.size() / 4)
      if (const double alone = f_.value({x_[i]})[0]; !same(whole[i], alone))
        fail("check",
             r_.name + " gives " + figure(whole[i]) + " for " + figure(x_[i]) + " among others and " + figure(alone) +
                 " for it alone: expected a function of each element by itself",
             site_);
  }

  void describe_values(const Values& value) {
    const Extremes extremes = find_extremes(f_.derivative(0), x_, value);
    r_.range = {extremes.low, extremes.high};
    r_.lowest_at = extremes.low_at, r_.highest_at = extremes.high_at;
    if (!options_.range_) {
      for (const int sign : {-1, 1}) {
        const Growth growth = find_growth(f_.derivative(0), sign);
        (sign < 0 ? r_.far_left : r_.far_right) = to_string(growth);
        if (growth.kind == Growth::Kind::not_a_number) continue;
        const double there = sign * std::numeric_limits<double>::infinity();
        if (growth.limit <= r_.range.low) r_.range.low = growth.limit, r_.lowest_at = there;
        if (growth.limit >= r_.range.high) r_.range.high = growth.limit, r_.highest_at = there;
      }
    }
    r_.zeros = find_zeros(f_.derivative(0), x_, value);
    for (Interval& zero : r_.zeros)
      if (!options_.range_ && zero.low < zero.high) {
        if (zero.low == x_.front()) zero.low = -std::numeric_limits<double>::infinity();
        if (zero.high == x_.back()) zero.high = std::numeric_limits<double>::infinity();
      }
    r_.increasing = r_.decreasing = true;
    double before = std::numeric_limits<double>::quiet_NaN();
    for (double v : value) {
      if (std::isnan(v)) continue;
      const double size = std::abs(v) + std::abs(before), noise = std::isinf(size) ? 0 : 1e-12 * size + 1e-15;
      if (v < before - noise) r_.increasing = false;
      if (v > before + noise) r_.decreasing = false;
      before = v;
    }
    // A small jump may be lost among the points.
    for (const Break& jump : r_.jumps) {
      r_.increasing = r_.increasing && jump.after >= jump.before;
      r_.decreasing = r_.decreasing && jump.after <= jump.before;
    }
    r_.parity = parity(value);
  }

  Parity parity(const Values& value) const {
    Values mirrored;
    std::vector<std::size_t> at;
    for (std::size_t i = 0; i < x_.size(); ++i)
      if (x_[i] > 0 && -x_[i] >= x_.front()) mirrored.push_back(-x_[i]), at.push_back(i);
    const Values other = f_.value(mirrored);
    bool odd = !at.empty(), even = !at.empty();
    for (std::size_t k = 0; k < at.size(); ++k) {
      const double a = value[at[k]], b = other[k], tolerance = 1e-9 * (std::abs(a) + std::abs(b));
      if (std::isnan(a) != std::isnan(b)) return Parity::none;
      if (std::isnan(a) || (std::isinf(a) && std::isinf(b))) continue;
      odd = odd && std::abs(a + b) <= tolerance;
      even = even && std::abs(a - b) <= tolerance;
    }
    return odd ? Parity::odd : even ? Parity::even : Parity::none;
  }

  void look_inside() {
    if (target_.formula) r_.formula = target_.formula().text();
    r_.float64_only = f_.narrowest() == float64;
    try {
      r_.inside = target_.intervals ? target_.intervals({r_.examined}).found
                                    : intervals(of_tensor_, ones({4, 1}), r_.examined, {}, site_).found;
    } catch (const Error& e) {
      r_.inside_refused = e.what();
    }
  }

  void draw() {
    const double low = std::max(r_.examined.low, -5.), high = std::min(r_.examined.high, 5.);
    const Interval shown = low < high ? Interval{low, high} : r_.examined;
    const int n = 500;
    for (int i = 0; i <= n; ++i) r_.curves.x.push_back(shown.low + (shown.high - shown.low) * i / n);
    // On both sides of a break, and nothing at it, so that no line joins what is apart.
    for (const auto* breaks : {&r_.jumps, &r_.kinks, &r_.bends})
      for (const Break& b : *breaks)
        if (b.at > shown.low && b.at < shown.high)
          for (double d : {-1e-9, 0., 1e-9}) r_.curves.x.push_back(b.at + d);
    std::sort(r_.curves.x.begin(), r_.curves.x.end());
    Jet jet = f_.jet(r_.curves.x);
    const double nan = std::numeric_limits<double>::quiet_NaN();
    for (std::size_t i = 0; i < r_.curves.x.size(); ++i) {
      auto is_at = [&](const std::vector<Break>& breaks) {
        return std::any_of(breaks.begin(), breaks.end(), [&](const Break& b) { return b.at == r_.curves.x[i]; });
      };
      const bool jumps = is_at(r_.jumps), kinks = jumps || is_at(r_.kinks), bends = kinks || is_at(r_.bends);
      if (jumps) jet.value[i] = nan;
      if (kinks) jet.slope[i] = nan;
      if (bends) jet.curvature[i] = nan;
    }
    r_.curves.value = std::move(jet.value), r_.curves.slope = std::move(jet.slope);
    r_.curves.curvature = std::move(jet.curvature);
  }

  const Target& target_;
  const std::function<Tensor(const Tensor&)>& of_tensor_;
  ScalarFunction f_;
  const ActivationOptions& options_;
  Site site_;
  Values x_;
  ActivationReport r_{};
};

}  // namespace xtape::lab

xtape::lab::ActivationReport xtape::detail::check_activation(const checked::Target<checked::OfTensor>& f,
                                                             const lab::ActivationOptions& options, Site site) {
  const Scope scope(site);
  return lab::ActivationExamination(f, options, site).run();
}
