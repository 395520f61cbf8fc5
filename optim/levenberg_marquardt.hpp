// Levenberg-Marquardt, for sums of squares.
#pragma once
#include <optim/closure_optimizer.hpp>

namespace xtape::optim {

/// The learning rate, which is the share of a step that is taken, 1 unless set, and what may be set besides:
/// `LevenbergMarquardtOptions().damping(1)`. `weight_decay` is λ of an L2 penalty, 0 unless set.
class LevenbergMarquardtOptions : public Options<LevenbergMarquardtOptions> {
 public:
  LevenbergMarquardtOptions(double lr = 1) : Options(lr) {}
  /// The damping μ that it begins with, more than 0; 1e-3 by default.
  LevenbergMarquardtOptions& damping(double v) { return damping_ = v, *this; }
  /// Bends steps by the second derivative along them, the default: fewer steps through curved valleys, at the price of
  /// one call of the closure more for each.
  LevenbergMarquardtOptions& geodesic(bool v) { return geodesic_ = v, *this; }
  /// How often a step is tried with more damping before the point is taken for the minimum, at least 1; 50 by default.
  LevenbergMarquardtOptions& max_tries(std::int64_t v) { return max_tries_ = v, *this; }

 private:
  friend class LevenbergMarquardt;
  double damping_ = 1e-3;
  bool geodesic_ = true;
  std::int64_t max_tries_ = 50;
};

/// p <- p + v + a for the cost ½ ||r||², where the closure gives the residuals r, of any shape: (J^T J + μ D²) v =
/// -J^T r, and a is half the solution with the second derivative of r along v in the place of r. Where the cost does
/// not fall, or 2 ||D a|| > ¾ ||D v||, it tries again with more damping, μ <- ν μ and ν <- 2 ν; else it goes on with
/// μ <- max(1/3, 1 - (2ρ-1)³) μ and ν = 2, where ρ is the fall over that of the linear model. D has the norms of J's
/// columns, or 0.7 times what it had where that is more. One such iteration is a step, and none where no try lets the
/// cost fall; falls that rounding hides are expected of the linear model, as long as it expects less each time. The
/// equations are solved by QR of J, and of its R and sqrt(μ) D together, without J^T J; J takes a backward pass for
/// each residual or each number of the parameters, whichever are fewer, and has as many elements as both multiplied.
/// Source: Marquardt 1963; Nielsen, Damping parameter in Marquardt's method, 1999; Transtrum and Sethna, Improvements
/// to the Levenberg-Marquardt algorithm, arXiv 1201.5885. Throws when an option is out of its range, or asked to
/// maximise.
class LevenbergMarquardt : public ClosureOptimizer {
 public:
  LevenbergMarquardt(std::vector<Parameter> parameters, LevenbergMarquardtOptions options = {},
                     Site site = Site::here());
  By steps_by() const override { return By::residuals; }

 protected:
  Tensor search(const Closure& closure, Site site) override;

 private:
  /// The residuals as one float64 vector, with those of the penalty.
  Tensor residuals(const Tensor& r) const;
  Tensor evaluate_at(const Tensors& x, const Closure& closure, Site site);
  void check_residuals(const Tensor& r, Site site) const;
  Tensor jacobian(const Tensor& r, Site site) const;
  Tensor scale(const Tensor& jacobian);
  Tensors parts(const Tensor& flat) const;
  LevenbergMarquardtOptions options_;
};

}  // namespace xtape::optim
