#include "gates.hpp"

#include <autograd/ops/join.hpp>
#include <autograd/ops/linalg.hpp>
#include <autograd/pointwise.hpp>
#include <autograd/random.hpp>
#include <cmath>

namespace xtape::detail {

Tensor recurrent_start(const Shape& shape, std::int64_t hidden, Site site) {
  const double bound = 1 / std::sqrt(static_cast<double>(hidden));
  return uniform(shape, -bound, bound, float32, default_generator(), site);
}

Tensor project(const Tensor& x, const Parameter& weight, const std::optional<Parameter>& bias) {
  return bias ? linear(x, weight, *bias) : linear(x, weight);
}

std::string describe(const Tensor& x) { return to_string(x.dtype()) + to_string(x.shape()); }

Tensors states(const char* layer, const char* suffix, Tensors given, const std::vector<Shape>& shapes, Dtype dtype) {
  for (std::size_t i = 0; i < given.size(); ++i) {
    Tensor& s = given[i];
    const Shape& shape = shapes[i];
    if (!s.defined()) s = zeros(shape, dtype);
    if (s.shape() != shape || s.dtype() != dtype)
      fail(layer, std::string("expected ") + "hc"[i] + suffix + " " + to_string(dtype) + to_string(shape) + ", got " +
                      describe(s));
  }
  return given;
}

Tensors tanh_step(const Tensor& x, const Tensor& g, const Tensors&) {
  return {pointwise([](auto x, auto g) { return tanh(x + g); }, x, g)};
}

Tensors relu_step(const Tensor& x, const Tensor& g, const Tensors&) { return {relu(x + g)}; }

Tensors lstm_step(const Tensor& x, const Tensor& g, const Tensors& state) {
  const Tensors gates = chunk(x + g, 4, -1);  // i, f, g, o
  const Tensor c = pointwise([](auto i, auto f, auto g, auto c) { return sigmoid(f) * c + sigmoid(i) * tanh(g); },
                             gates[0], gates[1], gates[2], state[1]);
  return {pointwise([](auto o, auto c) { return sigmoid(o) * tanh(c); }, gates[3], c), c};
}

Tensors gru_step(const Tensor& x, const Tensor& g, const Tensors& state) {
  const Tensors a = chunk(x, 3, -1), b = chunk(g, 3, -1);  // r, z, n
  return {pointwise(
      [](auto xr, auto hr, auto xz, auto hz, auto xn, auto hn, auto h) {
        const auto z = sigmoid(xz + hz), n = tanh(xn + sigmoid(xr + hr) * hn);
        return n + z * (h - n);
      },
      a[0], b[0], a[1], b[1], a[2], b[2], state[0])};
}

}  // namespace xtape::detail
