// The embedding layer.
#pragma once
#include <nn/module.hpp>

namespace xtape::nn {

/// A row of numbers for each index: (...) of int64 in [0, num) -> (..., dim). `weight` (num, dim) starts from N(0, 1),
/// as PyTorch's does. Throws when a size is below 1; at the call when an index is out of range. Source: Bengio et al.,
/// "A neural probabilistic language model", JMLR 3, 2003.
class Embedding : public Module<Embedding> {
 public:
  Embedding(std::int64_t num, std::int64_t dim, Site site = Site::here());
  Tensor forward(const Tensor& indices) const;

  Parameter weight;
};

}  // namespace xtape::nn
