// The bench: the data, the trainings, and the files of their results.
#pragma once
#include <map>
#include <stdexcept>

#include <datasets/mnist.hpp>

#include "row.hpp"

/// What is kept of one seed of a row, as a small JSON file.
struct Trial {
  std::string row, settings;
  std::uint64_t seed = 0;
  bool complete = false;
  std::int64_t epochs = 0;  ///< done
  double test = 0;          ///< network3's figure so far, in %
  std::map<std::string, double> values;
  double seconds = 0;  ///< of the processor
  std::string date, processor;

  /// Whether it is complete and was run with the row's settings, for its figures.
  bool is_of(const Row& row) const;
};

/// Thrown when a training was stopped before its end.
struct Stopped : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Bench {
 public:
  /// `data` as of datasets::mnist; `results` is the folder of trials and of saved trainings, which
  /// are taken away first where they are to be run `again`.
  Bench(std::string data, std::string results, bool again = false)
      : data_(std::move(data)), results_(std::move(results)), again_(again) {}

  /// The trial of this seed: from its file where that is complete and of the same settings, else
  /// from a training. Throws Stopped.
  Trial trial(const Row& row, std::uint64_t seed);
  /// The training alone; it goes on where it is saved. Throws Stopped.
  Outcome train(const Row& row, std::uint64_t seed);

  /// MNIST; throws where only synthetic digits are there.
  const xtape::datasets::Mnist& mnist();
  /// What a row learns from, and, after each epoch, is judged on.
  const xtape::datasets::Images& images(const Settings& settings);
  const xtape::datasets::Images& judged(const Settings& settings);

 private:
  std::string path(const Row& row, std::uint64_t seed, const char* ending) const;
  std::string data_, results_;
  bool again_;
  std::optional<xtape::datasets::Mnist> mnist_;
  std::map<std::string, xtape::datasets::Images> images_;
};

/// The share of the images that a network reads right, in %.
double accuracy(const xtape::nn::Sequential& net, const xtape::datasets::Images& images);
/// The digits that it reads.
std::vector<std::int64_t> read(const xtape::nn::Sequential& net,
                               const xtape::datasets::Images& images);
