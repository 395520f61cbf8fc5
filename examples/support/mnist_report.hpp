// What the MNIST example needs besides learning: its options, and what it prints.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <autograd/tensor.hpp>
#include <datasets/mnist.hpp>

#include "guarded.hpp"

struct MnistOptions {
  std::string data, json;
  std::vector<std::int64_t> hidden = {30};
  bool quadratic = true;
  int epochs = 30;
  std::int64_t batch = 10;
  double lr = 3;
  std::uint64_t seed = 1;
  int threads = 1;
};

/// Reads the command line; answers --help and a wrong option itself and exits.
MnistOptions parse_mnist_options(int argc, char** argv);

/// Shows the progress of the training, writes the JSON lines anew after each epoch and, at the end,
/// what was learnt.
class MnistReport {
 public:
  MnistReport(const MnistOptions& options, const xtape::datasets::Mnist& data);
  /// After each step: its cost and the labels of its images.
  void batch(const xtape::Tensor& cost, const xtape::Tensor& labels);
  /// After each epoch: the outputs for the test images.
  void epoch(const xtape::Tensor& outputs);
  /// At the end: the best accuracy, the confusion matrix and three misclassified digits.
  void finish() const;

 private:
  double seconds() const;
  void progress(bool force);
  void write_json() const;

  const MnistOptions& options_;
  const xtape::datasets::Mnist& data_;
  std::string json_;  // the lines until now
  bool terminal_;
  int epoch_ = 1, best_epoch_ = 0;
  double best_ = 0, cost_sum_ = 0, shown_ = 0;
  std::int64_t images_ = 0;
  std::chrono::steady_clock::time_point begin_;
  xtape::Tensor outputs_;
};
