#include "reactions.hpp"

#include <algorithm>
#include <cmath>

#include "descent.hpp"
#include "named_options.hpp"
#include "named_state.hpp"

namespace xtape::optim {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double none = std::numeric_limits<double>::quiet_NaN();  // in the place of a loss that is still to come

double worst(bool maximize) { return maximize ? -infinity : infinity; }

// A number of a state that may be infinite, but not NaN.
double number_in(StateTaker& take, const char* name, double now) {
  const double value = take.number(name, now);
  if (std::isnan(value)) take.note("'" + std::string(name) + "' is nan");
  return value;
}

}  // namespace

ReduceOnPlateau::ReduceOnPlateau(ReduceOnPlateauOptions o, Site site)
    : options_(o),
      description_(NamedOptions("ReduceOnPlateau", site)
                       .note("mode", o.maximize_ ? "max" : "min")
                       .number("factor", o.factor_, o.factor_ > 0 && o.factor_ < 1, "a number in (0, 1)")
                       .count("patience", o.patience_, 0)
                       .from_0("threshold", o.threshold_)
                       .note("threshold_mode", o.threshold_mode_ == ThresholdMode::rel ? "rel" : "abs")
                       .count("cooldown", o.cooldown_, 0)
                       .from_0("min_lr", o.min_lr_)
                       .from_0("eps", o.eps_)),
      best_(worst(o.maximize_)) {}

bool ReduceOnPlateau::is_better(double value) const {
  const bool relative = options_.threshold_mode_ == ThresholdMode::rel && std::isfinite(best_);
  const double margin = relative ? options_.threshold_ * std::abs(best_) : options_.threshold_;
  return options_.maximize_ ? value > best_ + margin : value < best_ - margin;
}

bool ReduceOnPlateau::observe(double value, Optimizer& optimizer) {
  if (is_better(value)) best_ = value, bad_ = 0;
  else ++bad_;
  if (cooldown_ > 0) --cooldown_, bad_ = 0;
  if (bad_ <= options_.patience_) return false;
  cooldown_ = options_.cooldown_, bad_ = 0;
  const double before = optimizer.lr(), lr = std::max(options_.factor_ * before, options_.min_lr_);
  if (before - lr <= options_.eps_) return false;
  optimizer.set_lr(lr);
  return true;
}

StateDict ReduceOnPlateau::state_dict() const {
  return {{"best", tensor(best_, float64)}, {"bad", tensor(bad_)}, {"cooldown", tensor(cooldown_)}};
}

void ReduceOnPlateau::load_state_dict(const StateDict& values, Site site) {
  StateTaker take(values);
  const double best = number_in(take, "best", best_);
  const std::int64_t bad = take.count("bad", bad_), cooldown = take.count("cooldown", cooldown_);
  take.done("ReduceOnPlateau", site);
  best_ = best, bad_ = bad, cooldown_ = cooldown;
}

HalveWhenStuck::HalveWhenStuck(HalveWhenStuckOptions o, Site site)
    : options_(o),
      description_(NamedOptions("HalveWhenStuck", site)
                       .count("epochs", o.epochs_, 1)
                       .note("mode", o.maximize_ ? "max" : "min")
                       .number("least", o.least_, o.least_ > 0 && o.least_ < 1, "a number in (0, 1)")),
      best_(worst(o.maximize_)) {}

bool HalveWhenStuck::observe(double value, Optimizer& optimizer) {
  if (first_lr_ == 0) first_lr_ = optimizer.lr();
  if (options_.maximize_ ? value > best_ : value < best_) best_ = value, stuck_ = 0;
  else ++stuck_;
  if (stuck_ < options_.epochs_) return false;
  stuck_ = 0;
  optimizer.set_lr(lr_ = optimizer.lr() / 2);
  return true;
}

StateDict HalveWhenStuck::state_dict() const {
  return {{"best", tensor(best_, float64)},
          {"stuck", tensor(stuck_)},
          {"first_lr", tensor(first_lr_, float64)},
          {"lr", tensor(lr_, float64)}};
}

void HalveWhenStuck::load_state_dict(const StateDict& values, Site site) {
  StateTaker take(values);
  const double best = number_in(take, "best", best_), first_lr = number_in(take, "first_lr", first_lr_),
               lr = number_in(take, "lr", lr_);
  const std::int64_t stuck = take.count("stuck", stuck_);
  take.done("HalveWhenStuck", site);
  best_ = best, stuck_ = stuck, first_lr_ = first_lr, lr_ = lr;
}

ShrinkWhenFlat::ShrinkWhenFlat(ShrinkWhenFlatOptions o, Site site)
    : options_(o),
      description_(
          NamedOptions("ShrinkWhenFlat", site)
              .count("steps", o.steps_, 3)
              .number("factor", o.factor_, o.factor_ > 0 && o.factor_ < 1, "a number in (0, 1)")
              .number("probability", o.probability_, o.probability_ > 0.5 && o.probability_ < 1, "a number in (0.5, 1)")
              .from_0("min_lr", o.min_lr_)) {}

bool ShrinkWhenFlat::observe(double value, Optimizer& optimizer) {
  if (!std::isfinite(value)) return false;
  losses_.push_back(value);
  const auto steps = static_cast<std::size_t>(options_.steps_);
  if (losses_.size() > steps) losses_.pop_front();
  // A look takes as long as there are losses: this makes it the same for each step whatever their number.
  if (++since_check_ <= options_.steps_ / 200) return false;
  since_check_ = 0;
  if (losses_.size() < steps) return false;
  const std::vector<double> losses(losses_.begin(), losses_.end());
  if (probability_of_descent(losses) >= options_.probability_ ||
      probability_of_descent(without_largest(losses)) >= options_.probability_)
    return false;
  losses_.erase(losses_.begin(), losses_.begin() + options_.steps_ * 3 / 10);
  optimizer.set_lr(lr_ = options_.factor_ * optimizer.lr());
  optimizer.reset();
  return true;
}

StateDict ShrinkWhenFlat::state_dict() const {
  std::vector<double> losses(static_cast<std::size_t>(options_.steps_), none);
  std::copy(losses_.begin(), losses_.end(), losses.begin());
  return {{"losses", tensor(losses)}, {"since_check", tensor(since_check_)}, {"lr", tensor(lr_, float64)}};
}

void ShrinkWhenFlat::load_state_dict(const StateDict& values, Site site) {
  StateTaker take(values);
  const Tensor losses = take("losses", float64, {options_.steps_});
  const std::int64_t since_check = take.count("since_check", since_check_);
  const double lr = number_in(take, "lr", lr_);
  take.done("ShrinkWhenFlat", site);
  losses_.clear();
  for (const double v : losses.to_vector<double>())
    if (std::isfinite(v)) losses_.push_back(v);
  since_check_ = since_check, lr_ = lr;
}

}  // namespace xtape::optim
