// Newton's method with directions by conjugate gradients.
#pragma once
#include <optim/closure_optimizer.hpp>

namespace xtape::optim {

/// The learning rate, which is the length first tried, 1 unless set, and what may be set besides:
/// `NewtonCGOptions().max_cg(50)`. `weight_decay` is λ of an L2 penalty, 0 unless set.
class NewtonCGOptions : public Options<NewtonCGOptions> {
 public:
  NewtonCGOptions(double lr = 1) : Options(lr) {}
  /// The largest number of conjugate-gradient iterations in a step, at least 1; 200 by default.
  NewtonCGOptions& max_cg(std::int64_t v) { return max_cg_ = v, *this; }
  /// There is no step where no number of the gradient is larger; 1e-10 by default.
  NewtonCGOptions& tolerance_grad(double v) { return tolerance_grad_ = v, *this; }

 private:
  friend class NewtonCG;
  std::int64_t max_cg_ = 200;
  double tolerance_grad_ = 1e-10;
};

/// p <- p + t d with H d = -g up to ||H d + g|| < min(1/2, sqrt(||g||)) ||g||, by conjugate gradients, which end where
/// they meet a direction along which the curvature is not positive: d is what they have by then, -g if nothing. H is
/// the Hessian, of which they take products by a second backward pass, and t fulfils the strong Wolfe conditions. One
/// such iteration is a step. The closure does not call `backward`. Source: Nocedal and Wright, Numerical optimization,
/// 2006, algorithm 7.1; Pearlmutter, Fast exact multiplication by the Hessian, 1994. Throws when an option is out of
/// its range.
class NewtonCG : public ClosureOptimizer {
 public:
  NewtonCG(std::vector<Parameter> parameters, NewtonCGOptions options = {}, Site site = Site::here());

 protected:
  Tensor search(const Closure& closure, Site site) override;

 private:
  NewtonCGOptions options_;
};

}  // namespace xtape::optim
