// Transforms that hide a part of each image.
#pragma once
#include <cstdint>

#include "transform.hpp"

namespace xtape::datasets {

/// What `erase` hides: `EraseOptions().area(0.1, 0.2).value(0.5)`.
class EraseOptions {
 public:
  /// The share of the image, uniform in [low, high); 0.02 and 0.33 by default.
  EraseOptions& area(double low, double high) { return least_area_ = low, most_area_ = high, *this; }
  /// Height to width, whose logarithm is uniform; 0.3 and 3.3 by default.
  EraseOptions& ratio(double low, double high) { return least_ratio_ = low, most_ratio_ = high, *this; }
  /// What takes its place; 0 by default.
  EraseOptions& value(double v) { return value_ = v, *this; }

 private:
  friend class Erase;
  double least_area_ = 0.02, most_area_ = 0.33, least_ratio_ = 0.3, most_ratio_ = 3.3, value_ = 0;
};

/// A rectangle of each image hidden, every place where it fits equally likely; a side that is longer than the image's
/// is as long. (n, channels, rows, cols) -> the same. `sometimes(erase())` hides in half of them. Throws unless
/// 0 <= low <= high <= 1 for the area and 0 < low <= high for the ratio. Source: Zhong et al., "Random erasing data
/// augmentation", AAAI 2020.
Transform erase(const EraseOptions& options = {}, Site site = Site::here());

/// A square of `size` x `size` pixels around a pixel of each image, each equally likely, becomes `value`, as far as it
/// lies in the image: (n, channels, rows, cols) -> the same. Throws when size < 1. Source: DeVries and Taylor,
/// "Improved regularization of convolutional neural networks with cutout", 2017.
Transform cutout(std::int64_t size, double value = 0, Site site = Site::here());

}  // namespace xtape::datasets
