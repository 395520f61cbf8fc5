// Costs of predicted numbers. Prediction y and target are of one shape, (...), and gradients flow to both. A cost is
// the mean of the losses of the elements, (), unless a Reduction says otherwise. Where there is a `weight`, of the same
// shape, each loss counts so many times, and the mean is divided by the sum of the weights; a mask of booleans is one.
// All throw when shapes differ, or the prediction is not floating.
#pragma once
#include <autograd/ops/loss.hpp>

namespace xtape::nn {

/// |y - target|: (...), (...) -> (), or (...) with Reduction::none. Throws when the shapes differ. Source: Laplace,
/// 1774.
Tensor l1_loss(const Arg& y, const Arg& target, Reduction reduction = Reduction::mean, const Arg& weight = Tensor());
/// (y - target)^2: (...), (...) -> (), or (...) with Reduction::none. Throws when the shapes differ. Source: Legendre,
/// 1805.
Tensor mse_loss(const Arg& y, const Arg& target, Reduction reduction = Reduction::mean, const Arg& weight = Tensor());
/// The book's quadratic cost, 1/(2n) sum ||y - target||^2 over the n rows of the batch: (n, ...), (n, ...) -> ().
/// Throws when the shapes differ. Source: Nielsen, chapter 1, equation 6.
Tensor quadratic_cost(const Arg& y, const Arg& target);
/// d^2/2 where |d| <= delta, else delta (|d| - delta/2), with d = y - target: (...), (...) -> (). Throws unless delta >
/// 0. Source: Huber, "Robust estimation of a location parameter", Annals of Mathematical Statistics 35, 1964.
Tensor huber_loss(const Arg& y, const Arg& target, double delta = 1, Reduction reduction = Reduction::mean,
                  const Arg& weight = Tensor());
/// d^2/(2 beta) where |d| < beta, else |d| - beta/2, with d = y - target; l1_loss for beta = 0: (...), (...) -> ().
/// Throws unless beta >= 0. Source: Girshick, "Fast R-CNN", ICCV 2015.
Tensor smooth_l1_loss(const Arg& y, const Arg& target, double beta = 1, Reduction reduction = Reduction::mean,
                      const Arg& weight = Tensor());
/// log cosh(y - target), also where cosh overflows: (...), (...) -> (). Source: Saleh and Saleh, "Statistical
/// properties of the log-cosh loss function used in machine learning", 2022.
Tensor log_cosh_loss(const Arg& y, const Arg& target, Reduction reduction = Reduction::mean,
                     const Arg& weight = Tensor());
/// q (target - y) where the target is above y, else (1 - q) (y - target), whose minimum is the q-quantile of the
/// targets: (...), (...) -> (). Throws unless 0 < q < 1. Source: Koenker and Bassett, "Regression quantiles",
/// Econometrica 46, 1978.
Tensor quantile_loss(const Arg& y, const Arg& target, double q, Reduction reduction = Reduction::mean,
                     const Arg& weight = Tensor());

/// What may be set of poisson_nll_loss: `PoissonNllOptions().log_input(false)`.
class PoissonNllOptions {
 public:
  /// Whether the prediction is the logarithm of the rate; true by default.
  PoissonNllOptions& log_input(bool v) { return log_input_ = v, *this; }
  /// Whether Stirling's approximation of log target! is added where the target is above 1; false by default.
  PoissonNllOptions& full(bool v) { return full_ = v, *this; }
  /// What is added to a rate before its logarithm is taken; 1e-8 by default.
  PoissonNllOptions& eps(double v) { return eps_ = v, *this; }
  PoissonNllOptions& reduction(Reduction v) { return reduction_ = v, *this; }

 private:
  friend Tensor poisson_nll_loss(const Arg&, const Arg&, const PoissonNllOptions&);
  bool log_input_ = true, full_ = false;
  double eps_ = 1e-8;
  Reduction reduction_ = Reduction::mean;
};
/// e^y - target y, the negative log-likelihood of a count under a Poisson distribution with the rate e^y; without
/// `log_input` y is the rate, y - target log(y + eps); with `full` target log target - target + log(2 pi target)/2 more
/// where the target is above 1: (...), (...) -> (). Throws unless eps >= 0. Source: McCullagh and Nelder, "Generalized
/// linear models", 1989.
Tensor poisson_nll_loss(const Arg& y, const Arg& target, const PoissonNllOptions& options = {});
/// (log v + (y - target)^2 / v) / 2, the negative log-likelihood under a normal distribution of the variance v =
/// max(var, eps), through whose bound the gradient passes; with `full` log(2 pi)/2 more: three of (...) -> (). `var` is
/// of y's shape, or has 1 as its last axis. Throws when a variance is negative, and unless eps > 0. Source: Nix and
/// Weigend, "Estimating the mean and variance of the target probability distribution", ICNN 1994.
Tensor gaussian_nll_loss(const Arg& y, const Arg& target, const Arg& var, bool full = false, double eps = 1e-6,
                         Reduction reduction = Reduction::mean);

}  // namespace xtape::nn
