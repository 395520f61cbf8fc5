// Activations with parameters or a mode.
#pragma once
#include <nn/module.hpp>

namespace xtape::nn {

/// x where x > 0, else w x: (batch, channels, ...) -> the same. `weight` (channels) starts at `init`, one for each
/// place of axis 1; a single one is for any shape. Throws when channels is below 1; at the call when axis 1 has another
/// size. Source: He et al., ICCV 2015.
class PReLU : public Module<PReLU> {
 public:
  explicit PReLU(std::int64_t channels = 1, double init = 0.25, Site site = Site::here());
  Tensor forward(const Tensor& x) const;

  Parameter weight;
};

/// x sigmoid(beta x): (batch, channels, ...) -> the same. `beta` (channels) starts at `init`, one for each place of
/// axis 1; a single one is for any shape. Throws as PReLU does. Source: Ramachandran et al., arXiv:1710.05941, 2017.
class Swish : public Module<Swish> {
 public:
  explicit Swish(std::int64_t channels = 1, double init = 1, Site site = Site::here());
  Tensor forward(const Tensor& x) const;

  Parameter beta;
};

/// x + sin(alpha x)^2 / alpha: (batch, channels, ...) -> the same. `alpha` (channels) starts at `init`, one for each
/// place of axis 1; a single one is for any shape. Throws as PReLU does, and when init is 0. Source: Ziyin et al.,
/// NeurIPS 2020.
class Snake : public Module<Snake> {
 public:
  explicit Snake(std::int64_t channels = 1, double init = 1, Site site = Site::here());
  Tensor forward(const Tensor& x) const;

  Parameter alpha;
};

/// x where x > 0, else a x, in training with a uniform in [lower, upper) for each element, in eval with their mean:
/// (...) -> the same. Throws unless lower <= upper and both are finite. Source: Xu et al., arXiv:1505.00853, 2015.
class RReLU : public Module<RReLU> {
 public:
  explicit RReLU(double lower = 1. / 8, double upper = 1. / 3, Site site = Site::here());
  Tensor forward(const Tensor& x) const;

 private:
  double lower_, upper_;
};

/// (a_0 + a_1 x + … + a_5 x^5) / (1 + |b_1 x + … + b_4 x^4|), which has no poles: (...) -> the same. `numerator` (6)
/// and `denominator` (4) start as the least squares fit of leaky ReLU, slope 0.01, in [-3, 3], within 0.04 of it there.
/// Source: Molina et al., ICLR 2020.
class Rational : public Module<Rational> {
 public:
  Rational();
  Tensor forward(const Tensor& x) const;

  Parameter numerator, denominator;
};

}  // namespace xtape::nn
