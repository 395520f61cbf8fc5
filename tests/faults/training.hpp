// One training of a subject's program, and what came of it.
#pragma once
#include <nn/sequential.hpp>
#include <optim/run.hpp>

#include "data.hpp"
#include "subject.hpp"

/// A program that is ready to be trained.
class Training {
 public:
  /// All that is drawn, the first weights too, is a function of the seed.
  Training(const Subject& subject, const Twin& twin, std::uint64_t seed);
  /// Trains it. What throws, such as a loss that is not a number, ends the training.
  void fit();
  /// The figure of what was trained: NaN where the training did not come to its end.
  double figure() const;

  const Subject& subject;
  Data data;
  xtape::nn::Sequential net;
  xtape::optim::Run run;
  std::int64_t epochs;
  std::string error;  ///< what ended it
};
