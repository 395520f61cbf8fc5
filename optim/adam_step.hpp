// The formula of Adam and AdamW, for optimisers that take it for some of their parameters.
#pragma once
#include <optim/optimizer.hpp>

namespace xtape::optim {

/// 1 - β1^t and 1 - β2^t, which the tensors of a step share.
struct AdamBias {
  AdamBias() = default;
  AdamBias(double beta1, double beta2, std::int64_t t);
  std::int64_t t = 0;
  double of_mean = 1, of_square = 1;
};
/// A step by its numbers.
struct AdamStep {
  double lr, beta1, beta2, eps;
  double l2 = 0;          ///< λ of a penalty
  double shrink = 1;      ///< what the parameter is multiplied by first
  bool cautious = false;  ///< only where the step makes it smaller, too
};
/// A step of p along g. The cells are m, the root of v, and for AMSGrad that of the largest v.
void adam_step(Parameter& p, std::vector<Parameter>& cells, const Tensor& g, const AdamBias& bias,
               const AdamStep& step);

}  // namespace xtape::optim
