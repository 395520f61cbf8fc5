// What recurrent cells and layers compute at one step.
#pragma once
#include <nn/module.hpp>
#include <optional>

namespace xtape::detail {

// How a parameter starts: uniform in ±1/sqrt(hidden).
Tensor recurrent_start(const Shape& shape, std::int64_t hidden, Site site);

// x W^T + b, or without b.
Tensor project(const Tensor& x, const Parameter& weight, const std::optional<Parameter>& bias);

// "float32(2, 3)"
std::string describe(const Tensor& x);

// The states h (and c), whose names end in `suffix`, with zeros in the place of those that are not given. Throws unless
// the others have these shapes, that of h and that of c, and this dtype.
Tensors states(const char* layer, const char* suffix, Tensors given, const std::vector<Shape>& shapes, Dtype dtype);

// The next state, h or h and c, from the state and from what the input `x` and the state's h, `g`, give to the gates.
using Step = Tensors (*)(const Tensor& x, const Tensor& g, const Tensors& state);
Tensors tanh_step(const Tensor& x, const Tensor& g, const Tensors& state);
Tensors relu_step(const Tensor& x, const Tensor& g, const Tensors& state);
Tensors lstm_step(const Tensor& x, const Tensor& g, const Tensors& state);
Tensors gru_step(const Tensor& x, const Tensor& g, const Tensors& state);

}  // namespace xtape::detail
