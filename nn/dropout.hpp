// The dropout layer.
#pragma once
#include <nn/module.hpp>

namespace xtape::nn {

/// In training each element is 0 with the probability p, else x / (1 - p); in eval x: (...) -> the same. Throws unless
/// 0 <= p <= 1. Source: Srivastava et al., JMLR 15, 2014.
class Dropout : public Module<Dropout> {
 public:
  explicit Dropout(double p = 0.5, Site site = Site::here());
  Tensor forward(const Tensor& x) const;

 private:
  double p_;
};

}  // namespace xtape::nn
