// What the examples that train a network need besides learning: their options, and how well it
// does.
#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include <autograd/tensor.hpp>
#include <datasets/images.hpp>

#include "guarded.hpp"

struct TrainingOptions {
  std::string data, save;
  int epochs = 3;
  std::int64_t batch = 64;
  double lr = 1e-3;
  std::uint64_t seed = 1;
  int threads = 2;
};

/// Reads the command line; answers --help and a wrong option itself and exits. Sets the seed and
/// the threads.
TrainingOptions parse_training_options(int argc, char** argv, const char* description,
                                       TrainingOptions defaults);

/// The learning rate at a part of the training, from 0 to 1: up in the first fifth, then down to 0
/// along a cosine.
double warm_up_and_down(double lr, double part);

using Classifier = std::function<xtape::Tensor(const xtape::Tensor&)>;
/// The share of images whose largest output is that of their class, computed by some hundreds at a
/// time.
double accuracy(const Classifier& model, const xtape::datasets::Images& images);

/// Prints "epoch 1 of 3: cost 0.1234, accuracy 98.76 %, 12.3 s".
class Progress {
 public:
  explicit Progress(int epochs) : epochs_(epochs) {}
  void step(double cost) { sum_ += cost, ++steps_; }
  void epoch(const char* what, double value);

 private:
  int epochs_, epoch_ = 0;
  double sum_ = 0, begin_ = now();
  std::int64_t steps_ = 0;
  static double now();
};
