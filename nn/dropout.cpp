#include "dropout.hpp"

#include <autograd/ops/dropout.hpp>

namespace xtape::nn {

Dropout::Dropout(double p, Site site) : p_(p) {
  if (!(p >= 0 && p <= 1)) fail("Dropout", "p is " + std::to_string(p) + ", expected a probability in [0, 1]", site);
}

Tensor Dropout::forward(const Tensor& x) const { return dropout(x, p_, is_training()); }

}  // namespace xtape::nn
