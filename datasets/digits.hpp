// Handwritten-looking digits made by the program itself, for machines without MNIST.
#pragma once
#include <cstdint>

#include "images.hpp"

namespace xtape::datasets {

/// `count` white-on-black digits of 28 x 28 pixels with labels drawn uniformly from 0 … 9, much like MNIST's in size,
/// slant and stroke. Image i is a function of (seed, i) alone, so fewer images are a prefix of more.
/// Throws when count < 0.
Images synthetic_digits(std::int64_t count, std::uint64_t seed, Site site = Site::here());

}  // namespace xtape::datasets
