// LBFGS.
#pragma once
#include <optim/closure_optimizer.hpp>
#include <optional>

namespace xtape::optim {

/// The learning rate, which is the length first tried, 1 unless set, and what may be set besides:
/// `LBFGSOptions().history_size(10)`. `weight_decay` is λ of an L2 penalty, 0 unless set.
class LBFGSOptions : public Options<LBFGSOptions> {
 public:
  LBFGSOptions(double lr = 1) : Options(lr) {}
  /// The largest number of iterations in a step, at least 1; 20 by default.
  LBFGSOptions& max_iter(std::int64_t v) { return max_iter_ = v, *this; }
  /// The number of calls of the closure after which a step ends; 5/4 max_iter by default.
  LBFGSOptions& max_eval(std::int64_t v) { return max_eval_ = v, *this; }
  /// A step ends where no number of the gradient is larger; 1e-7 by default.
  LBFGSOptions& tolerance_grad(double v) { return tolerance_grad_ = v, *this; }
  /// It ends where neither the loss nor any parameter changes by more; 1e-9 by default.
  LBFGSOptions& tolerance_change(double v) { return tolerance_change_ = v, *this; }
  /// How many steps and changes of the gradient are kept, at least 1; 100 by default.
  LBFGSOptions& history_size(std::int64_t v) { return history_size_ = v, *this; }
  /// Searches along the line for a step with the strong Wolfe conditions, the default, or goes lr.
  LBFGSOptions& strong_wolfe(bool v) { return strong_wolfe_ = v, *this; }

 private:
  friend class LBFGS;
  std::int64_t max_iter_ = 20, history_size_ = 100;
  std::optional<std::int64_t> max_eval_;
  double tolerance_grad_ = 1e-7, tolerance_change_ = 1e-9;
  bool strong_wolfe_ = true;
};

/// p <- p - t H g, up to `max_iter` times in a step, where H is the inverse Hessian of least change from s^T y / y^T y
/// that brings each of the last changes y of the gradient back to the step s behind it, and t fulfils the strong Wolfe
/// conditions. Source: Nocedal, Updating quasi-Newton matrices with limited storage, 1980; Liu and Nocedal, 1989; as
/// PyTorch's, whose line search is off unless asked for. Throws when an option is out of its range.
class LBFGS : public ClosureOptimizer {
 public:
  LBFGS(std::vector<Parameter> parameters, LBFGSOptions options = {}, Site site = Site::here());
  /// How many iterations, and calls of the closure, all steps have taken.
  std::int64_t iterations() const;
  std::int64_t evaluations() const;

 protected:
  Tensor search(const Closure& closure, Site site) override;

 private:
  Tensors direction(const Tensors& gradient);
  Tensors cell(std::size_t i) const;
  void set_cell(std::size_t i, const Tensors& values);
  LBFGSOptions options_;
};

}  // namespace xtape::optim
