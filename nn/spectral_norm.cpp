#include "spectral_norm.hpp"

#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/linalg.hpp>
#include <autograd/ops/shape.hpp>
#include <autograd/ops/statistics.hpp>
#include <autograd/tape.hpp>

namespace xtape::detail {

Shape matrix_shape(const Tensor& weight, int axis, Site site) {
  if (axis < 0 || axis >= weight.rank())
    fail("SpectralNorm", "a weight " + to_string(weight.shape()) + " has no axis " + std::to_string(axis), site);
  return {weight.shape()[axis], weight.size() / weight.shape()[axis]};
}

Tensor divided_by_spectral_norm(const Tensor& weight, int axis, const nn::Buffer& u, const nn::Buffer& v, int steps,
                                double eps) {
  const Tensor matrix = reshape(moveaxis(weight, axis, 0), matrix_shape(weight, axis, {}));
  no_grad([&] {
    auto unit = [eps](const Tensor& x) { return x / maximum(norm(x), eps); };
    for (int i = 0; i < steps; ++i) {
      v.assign(unit(matmul(u.tensor(), matrix)));
      u.assign(unit(matmul(matrix, v.tensor())));
    }
  });
  return weight / dot(u.tensor(), matmul(matrix, v.tensor()));
}

}  // namespace xtape::detail
