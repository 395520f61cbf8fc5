// The convolutional network that parity/mnist_net.py trained in PyTorch: members have the same names.
#pragma once
#include <xtape.hpp>

struct MnistNet : xtape::nn::Module<MnistNet> {
  xtape::nn::Conv2d conv1 = child("conv1", xtape::nn::Conv2d(1, 8, 5));
  xtape::nn::BatchNorm2d bn = child("bn", xtape::nn::BatchNorm2d(8));
  xtape::nn::Conv2d conv2 = child("conv2", xtape::nn::Conv2d(8, 16, 5));
  xtape::nn::Linear fc = child("fc", xtape::nn::Linear(256, 10));
  xtape::Tensor forward(const xtape::Tensor& x) const {
    const xtape::Tensor y = max_pool2d(relu(bn(conv1(x))), 2);
    return fc(flatten(max_pool2d(relu(conv2(y)), 2), 1));
  }
};

/// Pixels as the network takes them: (n, 784), divided by 256, -> (n, 1, 28, 28), divided by 255.
inline xtape::Tensor mnist_input(const xtape::Tensor& images) {
  return reshape(images, {-1, 1, 28, 28}) * (256. / 255);
}
inline xtape::Tensor first_test_images(const xtape::datasets::Mnist& data, std::int64_t count) {
  return mnist_input(xtape::datasets::whole(data.test.slice(0, count)).input);
}
