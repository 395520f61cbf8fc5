// What the MNIST example tells of a training besides what every Run does.
#pragma once
#include <functional>
#include <string>

#include <datasets/mnist.hpp>
#include <optim/run.hpp>

/// For `on_epoch`: writes one JSON object an epoch, all of them anew, so that the file is whole;
/// each says of which `data` it is, "mnist" or "synthetic". Throws when the file cannot be written,
/// now and not after an epoch.
std::function<void(xtape::optim::Run&, const xtape::optim::Epoch&)> json_lines(
    const std::string& path, const xtape::datasets::Mnist& data);

/// Prints how many test images are read right, what is taken for what, and three misread digits;
/// `probabilities` (images, 10), of each digit.
void print_mistakes(const xtape::Tensor& probabilities, const xtape::datasets::Images& test);

/// Draws what each neuron of the first layer looks for, weights (neurons, rows cols): white where a
/// pixel speaks for it, black where one speaks against.
void draw_weights(const std::string& path, const xtape::Tensor& weights,
                  const xtape::datasets::Images& images);
