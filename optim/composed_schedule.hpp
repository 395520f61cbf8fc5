// Schedules that are made of others.
#pragma once
#include <optim/factor_schedule.hpp>
#include <optim/schedule.hpp>
#include <vector>

namespace xtape::optim {

/// lr = (t + 1) / steps times the first rate of `then` for t < steps, and then `then`, whose steps and total count from
/// there: `WarmUp(500, Cosine())`. Throws unless steps is at least 1.
/// Source: Goyal et al., arXiv 1706.02677, section 2.2.
class WarmUp : public Schedule {
 public:
  explicit WarmUp(std::int64_t steps, Schedule then = Constant(), Site site = Site::here());
};

/// One schedule f_i after the other: lr = f_i(t - milestone_i-1, lr_0) from milestone_i-1 to milestone_i, always of the
/// rates at the beginning; its total counts from there, too. A momentum that one has moved stays where the next one
/// moves none. Throws unless there is one milestone less than schedules, they ascend, from at least 1, and no schedule
/// ends before its milestone. Source: PyTorch's SequentialLR.
class Sequential : public Schedule {
 public:
  Sequential(std::vector<Schedule> schedules, std::vector<std::int64_t> milestones, Site site = Site::here());
};

/// All at once: lr = f_n(t, … f_2(t, f_1(t, lr_0))), where each schedule takes the rates that the one before gives for
/// those at the beginning, so that factors multiply. It ends with the first that does. Throws when there is none.
/// Source: PyTorch's ChainedScheduler, which it equals where each is a factor of lr_0.
class Chained : public Schedule {
 public:
  explicit Chained(std::vector<Schedule> schedules, Site site = Site::here());
};

}  // namespace xtape::optim
