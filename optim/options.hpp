// What the options of all optimisers have in common.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace xtape::optim {

/// The learning rate and what every optimiser knows besides.
class CommonOptions {
 public:
  explicit CommonOptions(double lr) : lr_(lr) {}

 protected:
  friend class Optimizer;
  double lr_;
  std::optional<double> weight_decay_;  // the optimiser's default unless set
  bool maximize_ = false;
};

/// The base of the options of one optimiser, `Self`, whose setters can be chained.
template <class Self>
class Options : public CommonOptions {
 public:
  using CommonOptions::CommonOptions;
  /// How strongly parameters are drawn to 0: the optimiser's formula says in which way.
  Self& weight_decay(double v) { return weight_decay_ = v, self(); }
  /// Goes up the gradient instead of down.
  Self& maximize(bool v = true) { return maximize_ = v, self(); }

 private:
  Self& self() { return static_cast<Self&>(*this); }
};

/// What a group of parameters has of its own; what is not said is the optimiser's:
/// `opt.group("*.bias", GroupOptions().weight_decay(0))`.
class GroupOptions {
 public:
  /// Its learning rate; `set_lr` and schedules change all rates of an optimiser in proportion.
  GroupOptions& lr(double v) { return lr_ = v, *this; }
  /// Its weight decay.
  GroupOptions& weight_decay(double v) { return weight_decay_ = v, *this; }
  /// Freezes its parameters, as `Parameter::freeze` does, or lets them thaw.
  GroupOptions& frozen(bool v = true) { return frozen_ = v, *this; }

 private:
  friend class Optimizer;
  std::optional<double> lr_, weight_decay_;
  std::optional<bool> frozen_;
};

}  // namespace xtape::optim
