// Schedules that multiply the rate at the beginning, lr_0, by a factor: decays, ramps, and a function of one's own.
#pragma once
#include <optim/schedule.hpp>
#include <vector>

namespace xtape::optim {

/// lr = factor lr_0 for t < total_iters, then lr_0; without `total_iters` the whole training. Throws unless the factor
/// is finite and at least 0, and total_iters at least 1. Source: PyTorch's ConstantLR.
class Constant : public Schedule {
 public:
  explicit Constant(double factor = 1, std::optional<std::int64_t> total_iters = {}, Site site = Site::here());
};

/// lr = lr_0 gamma^⌊t / step_size⌋. Throws unless step_size is at least 1 and gamma finite and above 0.
/// Source: Goodfellow, Bengio and Courville, Deep Learning, section 8.3.1; PyTorch's StepLR.
class Step : public Schedule {
 public:
  explicit Step(std::int64_t step_size, double gamma = 0.1, Site site = Site::here());
};

/// lr = lr_0 gamma^n, where n of the milestones are at most t. Throws unless these ascend, from at least 1, and gamma
/// is finite and above 0. Source: He et al., CVPR 2016; PyTorch's MultiStepLR.
class MultiStep : public Schedule {
 public:
  explicit MultiStep(std::vector<std::int64_t> milestones, double gamma = 0.1, Site site = Site::here());
};

/// lr = lr_0 gamma^t. Throws unless gamma is finite and above 0. Source: PyTorch's ExponentialLR.
class Exponential : public Schedule {
 public:
  explicit Exponential(double gamma, Site site = Site::here());
};

/// lr = lr_0 (1 - t / total_iters)^power for t < total_iters, where it ends; without `total_iters` that is the whole
/// training. Throws unless total_iters is at least 1 and power finite and above 0.
/// Source: Liu, Rabinovich and Berg, arXiv 1506.04579; PyTorch's PolynomialLR.
class Polynomial : public Schedule {
 public:
  explicit Polynomial(std::optional<std::int64_t> total_iters = {}, double power = 1, Site site = Site::here());
};

/// lr = lr_0 (start_factor + (end_factor - start_factor) min(t / total_iters, 1)); without `total_iters` that is the
/// whole training. Throws unless both factors are finite and at least 0, and total_iters at least 1.
/// Source: PyTorch's LinearLR.
class Linear : public Schedule {
 public:
  explicit Linear(double start_factor = 1. / 3, double end_factor = 1, std::optional<std::int64_t> total_iters = {},
                  Site site = Site::here());
};

/// lr = lr_0 lr_lambda(t). Throws when there is no function. Source: PyTorch's LambdaLR.
class Lambda : public Schedule {
 public:
  explicit Lambda(std::function<double(std::int64_t t)> lr_lambda, Site site = Site::here());
};

}  // namespace xtape::optim
