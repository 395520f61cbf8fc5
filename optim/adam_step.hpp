// Private: the formula of Adam and AdamW, for optimisers that take it for some of their parameters.
#pragma once
#include <optim/optimizer.hpp>

namespace xtape::optim {

struct AdamStep {
  double lr, beta1, beta2, eps;
  double l2 = 0;        ///< λ of a penalty
  double shrink = 1;    ///< what the parameter is multiplied by first
  bool cautious = false;  ///< only where the step makes it smaller, too
};
/// The t-th step of p along g. The cells are m, the root of v, and for AMSGrad that of the largest v.
void adam_step(Parameter& p, std::vector<Parameter>& cells, const Tensor& g, std::int64_t t, const AdamStep& step);

}  // namespace xtape::optim
