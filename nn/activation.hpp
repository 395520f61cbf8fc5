// Activations are functions: those of autograd, under the name that models use. Where one takes an axis it is a
// function object, so that `nn::Sequential{..., nn::softmax}` finds the default.
#pragma once
#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/softmax.hpp>

namespace xtape::nn {

using xtape::relu;
using xtape::sigmoid;
using xtape::tanh;

/// The type of `softmax`: any shape -> the same.
struct Softmax {
  Tensor operator()(const Arg& x, int axis = -1) const { return xtape::softmax(x, axis); }
};
/// The type of `log_softmax`: any shape -> the same.
struct LogSoftmax {
  Tensor operator()(const Arg& x, int axis = -1) const { return xtape::log_softmax(x, axis); }
};
/// xtape::softmax, as an element of a Sequential too.
inline constexpr Softmax softmax;
/// xtape::log_softmax, as an element of a Sequential too.
inline constexpr LogSoftmax log_softmax;

}  // namespace xtape::nn
