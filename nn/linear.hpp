// The fully connected layer.
#pragma once
#include <nn/module.hpp>

namespace xtape::nn {

/// y = x W^T + b: (..., in) -> (..., out). `weight` (out, in) and `bias` (out) start uniform in ±1/sqrt(in), as
/// PyTorch's do. Throws when a size is below 1. Source: Nielsen, chapter 1.
class Linear : public Module<Linear> {
 public:
  Linear(std::int64_t in, std::int64_t out, Site site = Site::here());
  Tensor forward(const Tensor& x) const;

  Parameter weight, bias;
};

}  // namespace xtape::nn
