// Transforms that mirror images.
#pragma once
#include "transform.hpp"

namespace xtape::datasets {

/// Each image mirrored, left to right, with the probability p: (n, channels, rows, cols) -> the same. Throws unless
/// 0 <= p <= 1.
Transform flip_horizontal(double p = 0.5, Site site = Site::here());
/// The same upside down.
Transform flip_vertical(double p = 0.5, Site site = Site::here());

}  // namespace xtape::datasets
