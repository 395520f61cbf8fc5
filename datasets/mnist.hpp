// The MNIST data set of handwritten digits.
#pragma once
#include <string>

#include "images.hpp"

namespace xtape::datasets {

/// MNIST in the split of M. Nielsen, "Neural Networks and Deep Learning": 50,000 images to train with, 10,000 to
/// validate and 10,000 to test, of 28 x 28 pixels, with labels 0 … 9.
struct Mnist {
  Images train, validation, test;
  /// Whether these are the digits of `synthetic_digits`.
  bool synthetic = false;
  /// The directory that the files were read from, or "synthetic digits".
  std::string source;
};

/// Reads MNIST from the directory `data` or, when that is empty, from the one that the environment variable XTAPE_DATA
/// names, else from the user's cache ($XDG_CACHE_HOME/xtape/mnist or ~/.cache/xtape/mnist), into which it is downloaded
/// first where need be, from XTAPE_MIRROR when that is set. Where the download fails, synthetic digits take its place
/// and one line on standard error says so. A directory holds the four files by their usual names, raw or with ".gz";
/// other images and labels up to 9 of that form will do, the last sixth of the training images being for validation.
/// Throws when a given directory or one of its files is missing or wrong, and when the cache cannot be written.
Mnist mnist(const std::string& data = "", Site site = Site::here());

}  // namespace xtape::datasets
