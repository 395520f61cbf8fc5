// Schedules: the learning rate as a function of time.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
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
/// were taken, of the total that the training will take, 0 where that is not known, and of the rates at the beginning.
/// Those below, such as `OneCycle`, are made with numbers; a Scheduler applies one to an optimiser.
class Schedule {
 public:
  using Function = std::function<Rates(std::int64_t t, std::int64_t total, const Rates& initial)>;
  /// `description` tells it from others, "OneCycle(max_lr 0.01)". `length` is after how many steps it has ended, 0 when
  /// it never does: no longer training takes it. `needs_total` has it refuse a training whose length is not known.
  Schedule(std::string description, Function rates, std::int64_t length = 0, bool needs_total = false)
      : description_(std::move(description)), rates_(std::move(rates)), length_(length), needs_total_(needs_total) {}

  Rates operator()(std::int64_t t, std::int64_t total, const Rates& initial) const { return rates_(t, total, initial); }
  const std::string& description() const { return description_; }
  std::int64_t length() const { return length_; }
  bool needs_total() const { return needs_total_; }

 private:
  std::string description_;
  Function rates_;
  std::int64_t length_;
  bool needs_total_;
};

/// Applies a schedule to an optimiser: the constructor sets the rates of the first step, `step()` those of the next, as
/// PyTorch's schedulers do. It refers to the optimiser.
///
///   optim::Scheduler scheduler(opt, optim::OneCycle(0.01), steps);
///   for (…) { opt.step(…); scheduler.step(); }
class Scheduler {
 public:
  /// Throws when the schedule needs to know the total and does not, or ends before it.
  Scheduler(Optimizer& optimizer, Schedule schedule, std::int64_t total = 0, Site site = Site::here());
  /// Throws past the end of the schedule.
  void step(Site site = Site::here());
  /// How often `step` was called.
  std::int64_t steps() const { return steps_; }
  const Schedule& schedule() const { return schedule_; }
  /// "step", and the rates at the beginning.
  StateDict state_dict() const;
  /// Takes such a state, and sets the optimiser's rates. Throws when it does not fit, and changes nothing then.
  void load_state_dict(const StateDict& values, Site site = Site::here());

 private:
  void apply(Site site);
  std::int64_t end() const;  // after how many steps the schedule has ended; 0: never
  Optimizer* optimizer_;
  Schedule schedule_;
  std::int64_t total_, steps_ = 0;
  Rates initial_;
};

}  // namespace xtape::optim
