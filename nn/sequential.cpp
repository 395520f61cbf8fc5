#include "sequential.hpp"

namespace xtape::nn {

Tensor Sequential::forward(const Tensor& x) const {
  Tensor y = x;
  for (const auto& layer : layers_) y = layer(y);
  return y;
}

}  // namespace xtape::nn
