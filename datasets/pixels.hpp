// Transforms of each pixel by itself.
#pragma once
#include <type_traits>
#include <vector>

#include "transform.hpp"

namespace xtape::datasets {

/// (x - mean) / stddev with a mean and a standard deviation for each channel, or column of a table, or one for all:
/// `normalize(0.1307, 0.3081)` is usual for MNIST: (n, channels, …), floating -> the same. Throws unless they are
/// finite, as many, and the standard deviations positive; at the call when there are neither 1 nor `channels` of them.
Transform normalize(std::vector<double> mean, std::vector<double> stddev, Site site = Site::here());
template <class M, class S, class = std::enable_if_t<std::is_arithmetic_v<M> && std::is_arithmetic_v<S>>>
Transform normalize(M mean, S stddev, Site site = Site::here()) {
  return normalize(std::vector<double>{static_cast<double>(mean)}, std::vector<double>{static_cast<double>(stddev)},
                   site);
}
/// Normal numbers with the mean 0 and this standard deviation added, which may lead out of [0, 1]: (n, …), floating ->
/// the same. Throws unless it is finite and not negative.
Transform noise(double stddev, Site site = Site::here());

}  // namespace xtape::datasets
