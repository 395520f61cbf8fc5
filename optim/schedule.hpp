// Schedules: the learning rate as a function of time.
#pragma once
#include <cstdint>
#include <functional>
#include <optim/optimizer.hpp>
#include <optional>
#include <string>

namespace xtape::optim {

/// What a schedule sets; without a momentum, that of the optimiser stays.
struct Rates {
  double lr;
  std::optional<double> momentum;
};

/// A learning rate as a function of time: of t, the steps (or epochs: what is counted is up to who calls `step`) that
/// were taken, of the total that the training will take, 0 where that is not known, and of the rates at the beginning,
/// whose momentum is there where the optimiser has one. Those of optim/schedules.hpp, such as `OneCycle(0.01)`, have
/// the names of PyTorch's less LR and Annealing, and its arguments. A Scheduler applies one to an optimiser.
class Schedule {
 public:
  using Function = std::function<Rates(std::int64_t t, std::int64_t total, const Rates& initial)>;
  /// `description` tells it from others, "Step(step_size 30, gamma 0.1)". It ends after `length` steps, 0 when it never
  /// does: no longer training takes it. It needs a training whose total is known and is at least `least_total`, or,
  /// with 0, any. Throws when there is no function or a number is negative.
  Schedule(std::string description, Function rates, std::int64_t length = 0, std::int64_t least_total = 0,
           Site site = Site::here());

  /// The rates of step t, counted from 0. Throws when t is negative or past the end, as `check` does, and when what
  /// comes out is no learning rate or no momentum.
  Rates operator()(std::int64_t t, std::int64_t total, const Rates& initial, Site site = Site::here()) const;
  /// Throws when the training's total is negative, or beyond what the schedule takes.
  void check(std::int64_t total, Site site = Site::here()) const;

  const std::string& description() const { return description_; }
  std::int64_t length() const { return length_; }
  std::int64_t least_total() const { return least_total_; }
  bool needs_total() const { return least_total_ > 0; }
  /// After how many steps of a training of that total it has ended; 0 when it never does.
  std::int64_t end(std::int64_t total) const { return needs_total() ? total : length_; }

 private:
  std::string description_;
  Function rates_;
  std::int64_t length_, least_total_;
};

/// Applies a schedule to an optimiser: the constructor sets the rates of the first step, `step()` those of the next, as
/// PyTorch's schedulers do; after the last step they stay. Where something else, such as a Reaction, has changed the
/// rate in between, all rates to come change in proportion, and so do those of groups. It refers to the optimiser.
///
///   optim::Scheduler scheduler(opt, optim::OneCycle(0.01), steps);
///   for (…) { opt.step(…); scheduler.step(); }
class Scheduler {
 public:
  /// Throws as `Schedule::check` does.
  Scheduler(Optimizer& optimizer, Schedule schedule, std::int64_t total = 0, Site site = Site::here());
  /// Throws past the end of the schedule, and changes nothing then.
  void step(Site site = Site::here());
  /// How often `step` was called.
  std::int64_t steps() const { return steps_; }
  const Schedule& schedule() const { return schedule_; }
  /// The steps, by the schedule's description, the rates at the beginning and now, and the total where it matters.
  StateDict state_dict() const;
  /// Takes such a state, and sets the optimiser's rates. Throws when it does not fit, such as one of another schedule,
  /// and changes nothing then.
  void load_state_dict(const StateDict& values, Site site = Site::here());

 private:
  // What others' changes of the rate come to.
  double scale() const { return lr_ > 0 && optimizer_->lr() != lr_ ? scale_ * (optimizer_->lr() / lr_) : scale_; }
  void go_to(std::int64_t steps, double scale, Site site);
  Optimizer* optimizer_;
  Schedule schedule_;
  std::int64_t total_, steps_ = 0;
  Rates initial_;
  double scale_ = 1, lr_ = 0;  // lr_: as this has set it
};

}  // namespace xtape::optim
