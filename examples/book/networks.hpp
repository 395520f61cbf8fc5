// The networks of the book, with their first weights.
#pragma once
#include <nn/activation.hpp>
#include <nn/sequential.hpp>

#include "row.hpp"

/// The book's costs of the network's output y, which has no last activation but for `network`.
xtape::Tensor cost(Program program, const xtape::Tensor& y, const xtape::Tensor& labels);

/// network.py: sigmoid neurons, sizes from input to output, weights and biases from N(0, 1).
Row network(const char* name, std::vector<std::int64_t> sizes, double eta);
/// network2.py: the same with weights from N(0, 1/in) and another cost; `large` are as network's.
Row network2(const char* name, std::vector<std::int64_t> sizes, double eta, bool large = false);
/// network3.py: layers of the three functions below; they read images of 28 x 28.
Row network3(const char* name, const char* layers, double eta,
             std::function<xtape::nn::Sequential()> make);

using Activation = xtape::Tensor (*)(const xtape::Arg&);

/// A convolution of 5 x 5, the maximum of each 2 x 2, and only then the activation.
xtape::nn::Sequential conv_pool(std::int64_t in, std::int64_t maps, Activation activation);
/// Neurons that see all inputs, each of which is dropped with the probability p.
xtape::nn::Sequential fully_connected(std::int64_t in, std::int64_t out, Activation activation,
                                      double p = 0);
/// Ten outputs, whose weights and biases start at 0; the softmax is part of the cost.
xtape::nn::Sequential softmax_layer(std::int64_t in, double p = 0);
