#include "gated.hpp"

#include <autograd/ops/join.hpp>
#include <autograd/pointwise.hpp>

namespace xtape::nn {
namespace {

template <class Gate>
Tensor gated(const char* name, const Arg& x, int axis, const Gate& gate) {
  Scope scope(x.site);
  const Tensor whole = x.is_scalar ? tensor(x.scalar) : x.tensor();
  const Shape& shape = whole.shape();
  const int rank = shape.rank(), place = axis < 0 ? axis + rank : axis;
  if (place < 0 || place >= rank)
    fail(name, "there is no axis " + std::to_string(axis) + " in " + to_string(shape), x.site);
  if (shape[place] % 2 != 0)
    fail(name, "axis " + std::to_string(axis) + " of " + to_string(shape) + " has no halves: its size is odd", x.site);
  const std::int64_t half = shape[place] / 2;
  const Tensors parts = split(whole, {half, half}, place);
  return pointwise(gate, parts[0], parts[1]);
}

}  // namespace

Tensor GLU::forward(const Arg& x) const {
  return gated("GLU", x, axis, [](auto a, auto b) { return a * sigmoid(b); });
}
Tensor ReGLU::forward(const Arg& x) const {
  return gated("ReGLU", x, axis, [](auto a, auto b) { return a * relu(b); });
}
Tensor GEGLU::forward(const Arg& x) const {
  return gated("GEGLU", x, axis, [](auto a, auto b) { return a * (0.5 * b * erfc(b * -0.70710678118654752440)); });
}
Tensor SwiGLU::forward(const Arg& x) const {
  return gated("SwiGLU", x, axis, [](auto a, auto b) { return a * silu(b); });
}

}  // namespace xtape::nn
