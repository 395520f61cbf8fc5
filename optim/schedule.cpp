#include "schedule.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "named_state.hpp"
#include "value.hpp"

namespace xtape::optim {
namespace {

bool is_rate(double lr) { return std::isfinite(lr) && lr >= 0; }
bool is_momentum(double momentum) { return momentum >= 0 && momentum < 1; }

}  // namespace

Schedule::Schedule(std::string description, Function rates, std::int64_t length, std::int64_t least_total, Site site)
    : description_(std::move(description)), rates_(std::move(rates)), length_(length), least_total_(least_total) {
  if (!rates_) fail(description_, "there is no function, expected one that gives the rates", site);
  if (length < 0 || least_total < 0)
    fail(description_,
         "length and least_total are " + std::to_string(length) + " and " + std::to_string(least_total) +
             ", expected at least 0",
         site);
}

void Schedule::check(std::int64_t total, Site site) const {
  if (total < 0) fail(description_, "the total is " + std::to_string(total) + ", expected at least 0", site);
  if (needs_total() && total == 0)
    fail(description_, "it needs to know how many steps the training takes; give the total", site);
  const std::string takes = " steps, the training takes " + std::to_string(total);
  if (total < least_total_) fail(description_, "it needs at least " + std::to_string(least_total_) + takes, site);
  if (length_ > 0 && total > length_) fail(description_, "it ends after " + std::to_string(length_) + takes, site);
}

Rates Schedule::operator()(std::int64_t t, std::int64_t total, const Rates& initial, Site site) const {
  check(total, site);
  const std::int64_t last = end(total);
  if (t < 0 || (last > 0 && t >= last))
    fail(description_,
         "the step is " + std::to_string(t) + ", expected at least 0" +
             (last > 0 ? " and below " + std::to_string(last) : ""),
         site);
  const Rates rates = rates_(t, total, initial);
  const std::string at = " at step " + std::to_string(t) + ", expected a ";
  if (!is_rate(rates.lr))
    fail(description_, "the learning rate is " + to_string(rates.lr) + at + "finite number of at least 0", site);
  if (rates.momentum && !is_momentum(*rates.momentum))
    fail(description_, "the momentum is " + to_string(*rates.momentum) + at + "number in [0, 1)", site);
  return rates;
}

Scheduler::Scheduler(Optimizer& optimizer, Schedule schedule, std::int64_t total, Site site)
    : optimizer_(&optimizer), schedule_(std::move(schedule)), total_(total), initial_{optimizer.lr(), std::nullopt} {
  if (optimizer.has_momentum()) initial_.momentum = optimizer.momentum();
  go_to(0, 1, site);
}

void Scheduler::go_to(std::int64_t steps, double scale, Site site) {
  const std::int64_t end = schedule_.end(total_);
  const Rates rates = schedule_(end > 0 ? std::min(steps, end - 1) : steps, total_, initial_, site);
  optimizer_->set_lr(rates.lr * scale, site);
  if (rates.momentum && optimizer_->has_momentum()) optimizer_->set_momentum(*rates.momentum, site);
  steps_ = steps, scale_ = scale, lr_ = optimizer_->lr();
}

void Scheduler::step(Site site) {
  const std::int64_t end = schedule_.end(total_);
  if (end > 0 && steps_ >= end)
    fail("Scheduler", schedule_.description() + " has ended after " + std::to_string(end) + " steps", site);
  go_to(steps_ + 1, scale(), site);
}

StateDict Scheduler::state_dict() const {
  StateDict values{{schedule_.description(), tensor(steps_)},
                   {"initial_lr", tensor(initial_.lr, float64)},
                   {"lr", tensor(optimizer_->lr(), float64)},
                   {"lr_set", tensor(lr_, float64)},
                   {"scale", tensor(scale_, float64)}};
  if (initial_.momentum) {
    values["initial_momentum"] = tensor(*initial_.momentum, float64);
    values["momentum"] = tensor(optimizer_->momentum(), float64);
  }
  if (schedule_.needs_total()) values["total"] = tensor(total_);
  return values;
}

void Scheduler::load_state_dict(const StateDict& values, Site site) {
  StateTaker take(values);
  auto number = [&](const char* name, double now, bool is_right(double)) {
    const double value = take.number(name, now);
    if (!is_right(value)) take.note("'" + std::string(name) + "' is " + to_string(value));
    return value;
  };
  const std::int64_t steps = take.count(schedule_.description(), steps_), end = schedule_.end(total_);
  if (end > 0 && steps > end)
    take.note("its steps are " + std::to_string(steps) + ", the schedule ends after " + std::to_string(end));
  Rates initial{number("initial_lr", initial_.lr, is_rate), std::nullopt},
      now{number("lr", lr_, is_rate), std::nullopt};
  const double lr_set = number("lr_set", lr_, is_rate), scale = number("scale", scale_, is_rate);
  if (initial_.momentum) {
    initial.momentum = number("initial_momentum", *initial_.momentum, is_momentum);
    now.momentum = number("momentum", optimizer_->momentum(), is_momentum);
  }
  if (schedule_.needs_total()) {
    const std::int64_t total = take.count("total", total_);
    if (total != total_) take.note("'total' is " + std::to_string(total) + ", here " + std::to_string(total_));
  }
  take.done("Scheduler", site);
  optimizer_->set_lr(now.lr, site);
  if (now.momentum) optimizer_->set_momentum(*now.momentum, site);
  steps_ = steps, initial_ = initial, scale_ = scale, lr_ = lr_set;
}

}  // namespace xtape::optim
