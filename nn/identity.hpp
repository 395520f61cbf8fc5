// The layer that does nothing.
#pragma once
#include <nn/module.hpp>

namespace xtape::nn {

/// x itself, for a place where a layer may be and none is wanted: (...) -> the same.
class Identity : public Module<Identity> {
 public:
  Tensor forward(const Tensor& x) const { return x; }
};

}  // namespace xtape::nn
