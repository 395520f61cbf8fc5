// Schedules that go up and down: cosines, one cycle, cycles without end.
#pragma once
#include <optim/schedule.hpp>

namespace xtape::optim {

/// lr = eta_min + (lr_0 - eta_min) (1 + cos(π t / T_max)) / 2 for t < T_max, where it ends; without `T_max` that is the
/// whole training. Throws unless T_max is at least 1 and eta_min finite and at least 0.
/// Source: Loshchilov and Hutter, ICLR 2017; PyTorch's CosineAnnealingLR.
class Cosine : public Schedule {
 public:
  explicit Cosine(std::optional<std::int64_t> T_max = {}, double eta_min = 0, Site site = Site::here());
};

/// lr = eta_min + (lr_0 - eta_min) (1 + cos(π t' / T_i)) / 2, where t' steps were taken since the last restart; there
/// is one after T_0 steps, and each next one after T_i = T_mult T_i-1 more. Throws unless T_0 and T_mult are at least 1
/// and eta_min is finite and at least 0. Source: Loshchilov and Hutter, ICLR 2017; PyTorch's
/// CosineAnnealingWarmRestarts.
class CosineWarmRestarts : public Schedule {
 public:
  explicit CosineWarmRestarts(std::int64_t T_0, std::int64_t T_mult = 1, double eta_min = 0, Site site = Site::here());
};

/// How a OneCycle goes from one rate to the next: along half a cosine, or straight.
enum class Anneal { cos, linear };

/// What may be set beside the largest rate: `OneCycleOptions(0.01).three_phase()`.
class OneCycleOptions {
 public:
  OneCycleOptions(double max_lr) : max_lr_(max_lr) {}
  /// When the cycle ends; by default with the training.
  OneCycleOptions& total_steps(std::int64_t v) { return total_steps_ = v, *this; }
  /// The share of the steps in which the rate grows, in [0, 1]; 0.3 by default.
  OneCycleOptions& pct_start(double v) { return pct_start_ = v, *this; }
  OneCycleOptions& anneal_strategy(Anneal v) { return anneal_ = v, *this; }
  /// Whether momentum moves against the rate, where the optimiser has one; true by default.
  OneCycleOptions& cycle_momentum(bool v) { return cycle_momentum_ = v, *this; }
  /// The momentum at the largest rate, and that at both ends; 0.85 and 0.95 by default.
  OneCycleOptions& base_momentum(double v) { return base_momentum_ = v, *this; }
  OneCycleOptions& max_momentum(double v) { return max_momentum_ = v, *this; }
  /// The first rate is max_lr / div_factor, 25 by default, the last one that / final_div_factor, 1e4 by default.
  OneCycleOptions& div_factor(double v) { return div_factor_ = v, *this; }
  OneCycleOptions& final_div_factor(double v) { return final_div_factor_ = v, *this; }
  /// Goes down to the first rate as long as it went up, and only then to the last one.
  OneCycleOptions& three_phase(bool v = true) { return three_phase_ = v, *this; }

 private:
  friend class OneCycle;
  double max_lr_, pct_start_ = 0.3, base_momentum_ = 0.85, max_momentum_ = 0.95, div_factor_ = 25,
                  final_div_factor_ = 1e4;
  std::optional<std::int64_t> total_steps_;
  Anneal anneal_ = Anneal::cos;
  bool cycle_momentum_ = true, three_phase_ = false;
};

/// lr = b + (a - b) (1 + cos(π s)) / 2, or a + (b - a) s, where s goes from 0 to 1 while the rate goes from a to b: up
/// from max_lr / div_factor to max_lr at step pct_start N - 1 of N, then down to max_lr / div_factor / final_div_factor
/// at step N - 1; with three phases it is back at max_lr / div_factor at step 2 pct_start N - 2. lr_0 plays no part.
/// Throws when an option is out of its range; pct_start is at most 0.5 with three phases.
/// Source: Smith and Topin, arXiv 1708.07120; PyTorch's OneCycleLR.
class OneCycle : public Schedule {
 public:
  OneCycle(OneCycleOptions options, Site site = Site::here());
};

/// How the height of a Cyclic's cycles becomes less: not at all, by half from one to the next, or by gamma each step.
enum class CyclicMode { triangular, triangular2, exp_range };

/// What may be set beside both rates: `CyclicOptions(1e-3, 1e-2).step_size_up(500)`.
class CyclicOptions {
 public:
  CyclicOptions(double base_lr, double max_lr) : base_lr_(base_lr), max_lr_(max_lr) {}
  /// The steps of the way up, 2000 by default, and down, by default as many.
  CyclicOptions& step_size_up(std::int64_t v) { return step_size_up_ = v, *this; }
  CyclicOptions& step_size_down(std::int64_t v) { return step_size_down_ = v, *this; }
  CyclicOptions& mode(CyclicMode v) { return mode_ = v, *this; }
  /// For CyclicMode::exp_range, in (0, 1]; 1 by default.
  CyclicOptions& gamma(double v) { return gamma_ = v, *this; }
  /// Whether momentum moves against the rate, where the optimiser has one; true by default.
  CyclicOptions& cycle_momentum(bool v) { return cycle_momentum_ = v, *this; }
  /// The momentum at the largest rate, and that at the smallest; 0.8 and 0.9 by default.
  CyclicOptions& base_momentum(double v) { return base_momentum_ = v, *this; }
  CyclicOptions& max_momentum(double v) { return max_momentum_ = v, *this; }

 private:
  friend class Cyclic;
  double base_lr_, max_lr_, gamma_ = 1, base_momentum_ = 0.8, max_momentum_ = 0.9;
  std::int64_t step_size_up_ = 2000;
  std::optional<std::int64_t> step_size_down_;
  CyclicMode mode_ = CyclicMode::triangular;
  bool cycle_momentum_ = true;
};

/// lr = base_lr + (max_lr - base_lr) h s, where h goes from 0 to 1 in step_size_up steps and back in step_size_down,
/// and s is 1, 2^-(cycles that are over), or gamma^t; lr_0 plays no part. Throws when an option is out of its range.
/// Source: Smith, WACV 2017; PyTorch's CyclicLR.
class Cyclic : public Schedule {
 public:
  Cyclic(double base_lr, double max_lr, Site site = Site::here()) : Cyclic(CyclicOptions(base_lr, max_lr), site) {}
  Cyclic(CyclicOptions options, Site site = Site::here());
};

}  // namespace xtape::optim
