// Adagrad.
#pragma once
#include <optim/optimizer.hpp>

namespace xtape::optim {

/// The learning rate, and what may be set besides: `AdagradOptions(0.01).lr_decay(1e-3)`. `weight_decay` is λ of an L2
/// penalty, 0 unless set.
class AdagradOptions : public Options<AdagradOptions> {
 public:
  AdagradOptions(double lr = 1e-2) : Options(lr) {}
  /// The rate of step t is lr / (1 + (t-1) lr_decay); 0 by default.
  AdagradOptions& lr_decay(double v) { return lr_decay_ = v, *this; }
  /// What the sum of squares begins with; 0 by default.
  AdagradOptions& initial_accumulator_value(double v) { return initial_ = v, *this; }
  /// What keeps the denominator from 0; 1e-10 by default.
  AdagradOptions& eps(double v) { return eps_ = v, *this; }

 private:
  friend class Adagrad;
  double lr_decay_ = 0, initial_ = 0, eps_ = 1e-10;
};

/// s <- s + g², p <- p - lr / (1 + (t-1) lr_decay) g / (sqrt(s) + eps); what is kept of s is its root.
/// Source: Duchi, Hazan and Singer, JMLR 2011. Throws when an option is out of its range.
class Adagrad : public Optimizer {
 public:
  Adagrad(std::vector<Parameter> parameters, AdagradOptions options = {}, Site site = Site::here());

 protected:
  void update(Update& u) const override;

 private:
  AdagradOptions options_;
};

}  // namespace xtape::optim
