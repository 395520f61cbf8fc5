// Metrics of numbers. Each has two spellings, of one batch and over many. Outputs are floating, targets of any dtype
// and of the outputs' shape, and nothing is stretched; all is computed in float64.
#pragma once
#include <autograd/tensor.hpp>
#include <optim/metric.hpp>

namespace xtape::optim {

/// The mean of (y - t)²: (batch, ...), (batch, ...).
Metric mse();
double mse(const Tensor& output, const Tensor& target, Site site = Site::here());

/// The mean of |y - t|: (batch, ...), (batch, ...).
Metric mae();
double mae(const Tensor& output, const Tensor& target, Site site = Site::here());

/// 1 - sum (t - y)² / sum (t - mean t)², the share of the targets' variance that outputs explain; of (batch, ...) the
/// mean over the columns behind the batch. A column of equal targets counts as 1 where outputs are equal to it, else as
/// 0, as scikit-learn has it. `update` throws where a square would be infinite, `value` when there are less than 2
/// samples.
Metric r2();
double r2(const Tensor& output, const Tensor& target, Site site = Site::here());

}  // namespace xtape::optim
