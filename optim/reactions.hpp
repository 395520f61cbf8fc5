// All reactions.
#pragma once
#include <deque>
#include <limits>
#include <optim/reaction.hpp>

namespace xtape::optim {

/// How much better than the best a value must be: by a share of the best, or by so much.
enum class ThresholdMode { rel, abs };

/// What may be set of a ReduceOnPlateau: `ReduceOnPlateauOptions().patience(3).maximize()`.
class ReduceOnPlateauOptions {
 public:
  /// Whether the figure is to become large, such as an accuracy; else small.
  ReduceOnPlateauOptions& maximize(bool v = true) { return maximize_ = v, *this; }
  /// What the rate is multiplied by, in (0, 1); 0.1 by default.
  ReduceOnPlateauOptions& factor(double v) { return factor_ = v, *this; }
  /// How many values that are no better are let pass; 10 by default.
  ReduceOnPlateauOptions& patience(std::int64_t v) { return patience_ = v, *this; }
  /// How much better a value must be than the best; 1e-4 by default.
  ReduceOnPlateauOptions& threshold(double v) { return threshold_ = v, *this; }
  ReduceOnPlateauOptions& threshold_mode(ThresholdMode v) { return threshold_mode_ = v, *this; }
  /// How many values after a reduction do not count; 0 by default.
  ReduceOnPlateauOptions& cooldown(std::int64_t v) { return cooldown_ = v, *this; }
  /// The rate does not go below; 0 by default.
  ReduceOnPlateauOptions& min_lr(double v) { return min_lr_ = v, *this; }
  /// A reduction by no more than this is left out; 1e-8 by default.
  ReduceOnPlateauOptions& eps(double v) { return eps_ = v, *this; }

 private:
  friend class ReduceOnPlateau;
  double factor_ = 0.1, threshold_ = 1e-4, min_lr_ = 0, eps_ = 1e-8;
  std::int64_t patience_ = 10, cooldown_ = 0;
  bool maximize_ = false;
  ThresholdMode threshold_mode_ = ThresholdMode::rel;
};

/// lr <- max(factor lr, min_lr) when more than `patience` values in a row were not better than the best: below
/// best - threshold |best|, or best - threshold (of a figure to maximise above, and +). Throws when an option is out of
/// its range. Source: PyTorch's ReduceLROnPlateau, which has best in the place of |best|.
class ReduceOnPlateau : public Reaction {
 public:
  ReduceOnPlateau(ReduceOnPlateauOptions options = {}, Site site = Site::here());
  bool observe(double value, Optimizer& optimizer) override;
  std::optional<bool> maximizes() const override { return options_.maximize_; }
  std::string description() const override { return description_; }
  StateDict state_dict() const override;
  void load_state_dict(const StateDict& values, Site site = Site::here()) override;
  std::shared_ptr<Reaction> clone() const override { return std::make_shared<ReduceOnPlateau>(*this); }

 private:
  bool is_better(double value) const;
  ReduceOnPlateauOptions options_;
  std::string description_;
  double best_;
  std::int64_t bad_ = 0, cooldown_ = 0;
};

/// For how many epochs a HalveWhenStuck waits, and what may be set besides: `HalveWhenStuckOptions(10).maximize()`.
class HalveWhenStuckOptions {
 public:
  HalveWhenStuckOptions(std::int64_t epochs = 10) : epochs_(epochs) {}
  /// Whether the figure is to become large, such as an accuracy; else small.
  HalveWhenStuckOptions& maximize(bool v = true) { return maximize_ = v, *this; }
  /// At which share of the first rate there is nothing to be hoped for any more, in (0, 1); 1/1024 by default.
  HalveWhenStuckOptions& least(double v) { return least_ = v, *this; }

 private:
  friend class HalveWhenStuck;
  std::int64_t epochs_;
  bool maximize_ = false;
  double least_ = 1. / 1024;
};

/// lr <- lr / 2 when so many values in a row, 10 by default, were not better than the best; `done` when it has fallen
/// to 1/1024 of what it was at the first value. Throws when an option is out of its range.
/// Source: Nielsen, chapter 3.
class HalveWhenStuck : public Reaction {
 public:
  HalveWhenStuck(HalveWhenStuckOptions options = {}, Site site = Site::here());
  bool observe(double value, Optimizer& optimizer) override;
  std::optional<bool> maximizes() const override { return options_.maximize_; }
  bool done() const override { return lr_ <= options_.least_ * first_lr_; }
  std::string description() const override { return description_; }
  StateDict state_dict() const override;
  void load_state_dict(const StateDict& values, Site site = Site::here()) override;
  std::shared_ptr<Reaction> clone() const override { return std::make_shared<HalveWhenStuck>(*this); }

 private:
  HalveWhenStuckOptions options_;
  std::string description_;
  double best_, first_lr_ = 0, lr_ = std::numeric_limits<double>::infinity();  // lr_: after the last halving
  std::int64_t stuck_ = 0;
};

/// Of how many steps a ShrinkWhenFlat looks at the losses, and what may be set besides.
class ShrinkWhenFlatOptions {
 public:
  ShrinkWhenFlatOptions(std::int64_t steps = 2000) : steps_(steps) {}
  /// What the rate is multiplied by, in (0, 1); 0.1 by default.
  ShrinkWhenFlatOptions& factor(double v) { return factor_ = v, *this; }
  /// How probable it must be that the losses fall, in (0.5, 1); 0.51 by default.
  ShrinkWhenFlatOptions& probability(double v) { return probability_ = v, *this; }
  /// Below which rate there is nothing to be hoped for any more; 1e-5 by default.
  ShrinkWhenFlatOptions& min_lr(double v) { return min_lr_ = v, *this; }

 private:
  friend class ShrinkWhenFlat;
  std::int64_t steps_;
  double factor_ = 0.1, probability_ = 0.51, min_lr_ = 1e-5;
};

/// lr <- factor lr, and the optimiser forgets its momenta and means, when the line through the losses of the last n
/// steps, 2000 by default, falls with a probability below 0.51, also without the largest tenth of them; the first 3/10
/// of the losses are then forgotten. It looks every n / 200 + 1 steps. `done` when it has shrunk the rate below min_lr.
/// Losses that are not finite are left out. Throws when an option is out of its range.
/// Source: dlib's dnn_trainer and running_gradient.
///
/// The optimiser begins anew (`Optimizer::reset`), since its momenta are of the old rate's noise, and running means
/// without their counts would be biased; its first step is then no longer than the new rate has it.
class ShrinkWhenFlat : public Reaction {
 public:
  ShrinkWhenFlat(ShrinkWhenFlatOptions options = {}, Site site = Site::here());
  bool observe(double value, Optimizer& optimizer) override;
  bool of_steps() const override { return true; }
  bool done() const override { return lr_ < options_.min_lr_; }
  std::string description() const override { return description_; }
  StateDict state_dict() const override;
  void load_state_dict(const StateDict& values, Site site = Site::here()) override;
  std::shared_ptr<Reaction> clone() const override { return std::make_shared<ShrinkWhenFlat>(*this); }

 private:
  ShrinkWhenFlatOptions options_;
  std::string description_;
  std::deque<double> losses_;
  std::int64_t since_check_ = 0;
  double lr_ = std::numeric_limits<double>::infinity();  // after the last shrinking
};

}  // namespace xtape::optim
