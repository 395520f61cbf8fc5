// The command lines of the examples that train a network.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "guarded.hpp"

struct TrainingOptions {
  std::string data, save, report, weights;
  std::int64_t epochs = 3, quick_epochs = 1, batch = 64;
  double lr = 1e-3;
  std::uint64_t seed = 1;
  int threads = 2;
  bool quick = false;  // a few seconds, on a part of the data, for `quick_epochs`
  bool usual = true;   // nothing was set on which what it reaches depends

  /// What it is to reach, with all data or under --quick; nothing where it is not the usual
  /// training.
  std::optional<double> expected(double all, double some) const {
    return usual ? std::optional(quick ? some : all) : std::nullopt;
  }
};

/// Reads the command line; answers --help and a wrong option itself and exits. Sets the seed and
/// the threads.
TrainingOptions parse_training_options(int argc, char** argv, const char* description,
                                       TrainingOptions defaults);

struct MnistOptions : TrainingOptions {
  std::vector<std::int64_t> hidden = {30};  // sizes of the layers between input and output
  bool quadratic = true;                    // the cost; else the cross-entropy
  bool one_cycle = false;                   // the schedule; else none
  std::int64_t patience = 0;                // of early stopping; 0: none
  std::string draw, json;
};

/// The same of the MNIST example.
MnistOptions parse_mnist_options(int argc, char** argv);

struct DrawOptions {
  std::string model, output = "draw.html", layers, title = "Draw a digit";
};

/// The same of the page to draw on.
DrawOptions parse_draw_options(int argc, char** argv);
