#include "networks.hpp"

#include <cmath>

#include <autograd/ops.hpp>
#include <nn/classification_loss.hpp>
#include <nn/conv.hpp>
#include <nn/dropout.hpp>
#include <nn/flatten.hpp>
#include <nn/init.hpp>
#include <nn/linear.hpp>
#include <nn/pooling.hpp>
#include <nn/regression_loss.hpp>

using namespace xtape;

namespace {

std::string joined(const std::vector<std::int64_t>& sizes) {
  std::string text;
  for (std::int64_t n : sizes) text += (text.empty() ? "" : "-") + std::to_string(n);
  return text;
}

nn::Sequential dense(const std::vector<std::int64_t>& sizes) {
  nn::Sequential net;
  for (std::size_t i = 1; i < sizes.size(); ++i) {
    if (i > 1) net.add(nn::sigmoid);
    net.add(nn::Linear(sizes[i - 1], sizes[i]));
  }
  return net;
}

// network3 multiplies inputs by 0 or 1 and, when it is judged, by 1 - p; Dropout, by 0 or
// 1 / (1 - p) and by 1.
nn::Sequential dropped(double p) {
  return nn::Sequential{nn::Dropout(p), [p](const Tensor& x) { return (1 - p) * x; }};
}

}  // namespace

Tensor cost(Program program, const Tensor& y, const Tensor& labels) {
  if (program == Program::network3) return nn::cross_entropy(y, labels);
  const Tensor target = one_hot(labels, 10);
  if (program == Program::network) return nn::quadratic_cost(y, target);
  return 10 * nn::binary_cross_entropy_with_logits(y, target);  // the sum of ten neurons' costs
}

Row network(const char* name, std::vector<std::int64_t> sizes, double eta) {
  Settings s;
  s.network = joined(sizes);
  s.make = [sizes] {
    nn::Sequential net = dense(sizes).add(nn::sigmoid);
    nn::init::nielsen_large(net);
    return net;
  };
  s.program = Program::network;
  s.eta = eta;
  return Row(name, s);
}

Row network2(const char* name, std::vector<std::int64_t> sizes, double eta, bool large) {
  Settings s;
  s.network = joined(sizes) + (large ? ", large weights" : "");
  s.make = [sizes, large] {
    const nn::Sequential net = dense(sizes);
    if (large) nn::init::nielsen_large(net);
    else nn::init::nielsen_default(net);
    return net;
  };
  s.program = Program::network2;
  s.eta = eta;
  return Row(name, s);
}

Row network3(const char* name, const char* layers, double eta,
             std::function<nn::Sequential()> make) {
  Settings s;
  s.network = layers;
  s.make = [make = std::move(make)] {
    return nn::Sequential{nn::Unflatten(1, {1, 28, 28}), make()};
  };
  s.program = Program::network3;
  s.eta = eta;
  s.epochs = 60;
  s.judged = Judged::validation;
  return Row(name, s);
}

nn::Sequential conv_pool(std::int64_t in, std::int64_t maps, Activation activation) {
  const nn::Conv2d conv(in, maps, 5);
  nn::init::normal(conv.weight, 0, 1 / std::sqrt(static_cast<double>(maps * 5 * 5 / (2 * 2))));
  nn::init::normal(*conv.bias);
  return nn::Sequential{conv, nn::MaxPool2d(2), activation};
}

nn::Sequential fully_connected(std::int64_t in, std::int64_t out, Activation activation, double p) {
  const nn::Linear linear(in, out);
  nn::init::normal(linear.weight, 0, 1 / std::sqrt(static_cast<double>(out)));
  nn::init::normal(*linear.bias);
  nn::Sequential layer{nn::Flatten()};
  if (p > 0) layer.add(dropped(p));
  return layer.add(linear).add(activation);
}

nn::Sequential softmax_layer(std::int64_t in, double p) {
  const nn::Linear linear(in, 10);
  nn::init::zeros(linear.weight);
  nn::init::zeros(*linear.bias);
  nn::Sequential layer{nn::Flatten()};
  if (p > 0) layer.add(dropped(p));
  return layer.add(linear);
}
