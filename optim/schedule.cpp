#include "schedule.hpp"

#include <utility>

#include "named_state.hpp"

namespace xtape::optim {

Scheduler::Scheduler(Optimizer& optimizer, Schedule schedule, std::int64_t total, Site site)
    : optimizer_(&optimizer), schedule_(std::move(schedule)), total_(total), initial_{optimizer.lr(), std::nullopt} {
  if (optimizer.has_momentum()) initial_.momentum = optimizer.momentum();
  const std::string& name = schedule_.description();
  if (total < 0) fail("Scheduler", "the total is " + std::to_string(total) + ", expected at least 0", site);
  if (schedule_.needs_total() && total == 0)
    fail("Scheduler", name + " needs to know how many steps the training takes; give it the total", site);
  if (schedule_.length() > 0 && total > schedule_.length())
    fail("Scheduler",
         name + " ends after " + std::to_string(schedule_.length()) + " steps, the training takes " +
             std::to_string(total),
         site);
  apply(site);
}

std::int64_t Scheduler::end() const {
  return schedule_.length() > 0 ? schedule_.length() : schedule_.needs_total() ? total_ : 0;
}

void Scheduler::apply(Site site) {
  if (end() > 0 && steps_ >= end()) return;  // the last rates stay
  const Rates rates = schedule_(steps_, total_, initial_);
  optimizer_->set_lr(rates.lr, site);
  if (rates.momentum && optimizer_->has_momentum()) optimizer_->set_momentum(*rates.momentum, site);
}

void Scheduler::step(Site site) {
  if (end() > 0 && steps_ >= end())
    fail("Scheduler", schedule_.description() + " has ended after " + std::to_string(end()) + " steps", site);
  ++steps_;
  apply(site);
}

StateDict Scheduler::state_dict() const {
  return {{"step", tensor(steps_)},
          {"initial_lr", tensor(initial_.lr, float64)},
          {"initial_momentum", tensor(initial_.momentum.value_or(0), float64)}};
}

void Scheduler::load_state_dict(const StateDict& values, Site site) {
  StateTaker take(values);
  const std::int64_t steps = take.count("step", 0);
  const double lr = take.number("initial_lr", 0), momentum = take.number("initial_momentum", 0);
  take.done("Scheduler", site);
  steps_ = steps, initial_.lr = lr;
  if (initial_.momentum) initial_.momentum = momentum;
  apply(site);
}

}  // namespace xtape::optim
