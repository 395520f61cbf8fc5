// What a user of Keras brings along: its costs, initialisers and defaults, written with xtape's operations.
#pragma once
#include <functional>
#include <memory>
#include <nn/sequential.hpp>
#include <optim/optimizer.hpp>
#include <optim/run.hpp>

namespace keras {

/// A cost of outputs (batch, n) and targets: floats (batch, n), or labels (batch,) for those that say so.
using Cost = std::function<xtape::Tensor(const xtape::Tensor& y, const xtape::Tensor& t)>;
/// The cost of this name; the list is in keras.cpp. Throws std::runtime_error for another one.
Cost cost(const std::string& name);

/// A model of inputs of this shape, without the batch: "C6,5 relu M2 F D10 softmax". Dense and convolutional layers
/// start with Glorot's uniform weights and biases of 0. Throws std::runtime_error for what is no layer.
xtape::nn::Sequential model(const std::string& layers, xtape::Shape input);

/// "sgd .01 decay 1e-6 momentum .9 nesterov", "adam .001 eps 1e-16 l2 1e-5 ascend".
std::shared_ptr<xtape::optim::Optimizer> optimizer(const std::string& text, const xtape::nn::Sequential& model);
/// What of that is a Run's: the decay of the rate, and clipping.
void set_options(xtape::optim::Run& run, const std::string& text);

}  // namespace keras
