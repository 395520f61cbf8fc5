#include "residual.hpp"

#include <autograd/ops/elementwise.hpp>

namespace xtape::nn {

Tensor Residual::forward(const Tensor& x) const {
  const Tensor y = body_(x), shortcut = shortcut_.size() ? shortcut_(x) : x;
  if (y.shape() != shortcut.shape())
    fail("Residual", "the body gives " + to_string(y.shape()) + ", the shortcut " + to_string(shortcut.shape()) +
                         "; give it a second argument that makes " + to_string(y.shape()) + " of x");
  return y + shortcut;
}

}  // namespace xtape::nn
