// Transforms that cut out parts of images.
#pragma once
#include <cstdint>

#include "transform.hpp"

namespace xtape::datasets {

/// What is put around images before `crop` cuts: `CropOptions().padding(4)`.
class CropOptions {
 public:
  /// Pixels on each side; 0 by default.
  CropOptions& padding(std::int64_t v) { return padding_ = v, *this; }
  /// What they are; 0 by default.
  CropOptions& fill(double v) { return fill_ = v, *this; }

 private:
  friend class Crop;
  std::int64_t padding_ = 0;
  double fill_ = 0;
};

/// A part of each image, every place equally likely: (n, channels, rows, cols) -> (n, channels, to_rows, to_cols).
/// Throws unless the sizes are positive and the padding is not negative; at the call when the padded image is smaller.
Transform crop(std::int64_t to_rows, std::int64_t to_cols, const CropOptions& options = {}, Site site = Site::here());

}  // namespace xtape::datasets
