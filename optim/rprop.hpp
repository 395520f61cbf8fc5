// Rprop.
#pragma once
#include <optim/optimizer.hpp>

namespace xtape::optim {

/// The learning rate, which is the size of the first step, and what may be set besides: `RpropOptions(0.01).etas(0.5,
/// 1.2)`. `weight_decay` is λ of an L2 penalty, 0 unless set.
class RpropOptions : public Options<RpropOptions> {
 public:
  RpropOptions(double lr = 1e-2) : Options(lr) {}
  /// The factors by which a step shrinks where the gradient has changed its sign, in (0, 1), and grows where it has
  /// kept it, more than 1; 0.5 and 1.2 by default.
  RpropOptions& etas(double minus, double plus) { return minus_ = minus, plus_ = plus, *this; }
  /// The bounds of a step's size; 1e-6 and 50 by default.
  RpropOptions& step_sizes(double min, double max) { return min_ = min, max_ = max, *this; }

 private:
  friend class Rprop;
  double minus_ = 0.5, plus_ = 1.2, min_ = 1e-6, max_ = 50;
};

/// p <- p - sgn(g) s, where s, lr at first, is multiplied by η+ where g has the sign of the last gradient, and by η-
/// where it has the other one, where there is no step then and the next one is as the first; s stays within its bounds.
/// Later changes of lr have no effect. For gradients of all data, not of batches. Source: Riedmiller and Braun, ICNN
/// 1993, as Rprop- in PyTorch. Throws when an option is out of its range.
class Rprop : public Optimizer {
 public:
  Rprop(std::vector<Parameter> parameters, RpropOptions options = {}, Site site = Site::here());

 protected:
  void update(Update& u) const override;

 private:
  RpropOptions options_;
};

}  // namespace xtape::optim
