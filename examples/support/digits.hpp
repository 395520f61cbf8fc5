// The handwritten digits that an example learns from.
#pragma once
#include <datasets/mnist.hpp>

#include "options.hpp"

/// MNIST from where the options say; under --quick only the first 5,000 images to learn from, and
/// the first 1,000 of the others.
xtape::datasets::Mnist digits(const TrainingOptions& options);
