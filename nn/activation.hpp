// Activations are functions: those of autograd, under the name that models use.
#pragma once
#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/softmax.hpp>

namespace xtape::nn {
using xtape::log_softmax;
using xtape::relu;
using xtape::sigmoid;
using xtape::softmax;
using xtape::tanh;
}  // namespace xtape::nn
