// How parameters start.
#pragma once
#include <nn/module.hpp>

namespace xtape::nn::init {

/// All weights and biases from N(0, 1). Source: Nielsen, chapter 1; `large_weight_initializer` in network2.py.
void nielsen_large(const ModuleBase& model);
/// Weights (out, in) from N(0, 1/sqrt(in)), as a standard deviation, and biases from N(0, 1). Source: Nielsen, chapter
/// 3; `default_weight_initializer` in network2.py.
void nielsen_default(const ModuleBase& model);

}  // namespace xtape::nn::init
