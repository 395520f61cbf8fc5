// Stochastic gradient descent with the penalties of Nielsen's book.
#pragma once
#include <cstdint>
#include <optim/optimizer.hpp>
#include <optional>

namespace xtape::optim {

/// The learning rate η, and what may be set besides:
/// `RegularizedSGDOptions(0.5).weight_decay(5).training_size(50'000)`. `weight_decay` is λ of the penalty, which is
/// divided by the size of the training set; 0 unless set.
class RegularizedSGDOptions : public Options<RegularizedSGDOptions> {
 public:
  RegularizedSGDOptions(double lr) : Options(lr) {}
  /// The number n of examples trained on, at least 1, its default.
  RegularizedSGDOptions& training_size(std::int64_t v) { return training_size_ = v, *this; }
  /// The penalty λ/n Σ |w| instead of λ/2n Σ w².
  RegularizedSGDOptions& l1(bool v = true) { return l1_ = v, *this; }
  /// Which parameters have no penalty, instead of biases: vectors and scalars.
  RegularizedSGDOptions& without_penalty(Optimizer::Selection v) { return without_ = std::move(v), *this; }

 private:
  friend class RegularizedSGD;
  std::int64_t training_size_ = 1;
  bool l1_ = false;
  std::optional<Optimizer::Selection> without_;
};

/// w <- (1 - η λ/n) w - η g, or w <- w - η λ/n sgn(w) - η g with the L1 penalty; b <- b - η g of biases. g is the mean
/// gradient of a batch without the penalty. A group's `weight_decay` is its λ. Source: Nielsen, Neural networks and
/// deep learning, chapter 3, and its program network2.py. Throws when an option is out of its range.
class RegularizedSGD : public Optimizer {
 public:
  RegularizedSGD(std::vector<Parameter> parameters, RegularizedSGDOptions options, Site site = Site::here());

 protected:
  void update(Update& u) const override;

 private:
  double training_size_;
  bool l1_;
};

}  // namespace xtape::optim
