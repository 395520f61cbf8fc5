// Labelled images as they are kept in memory: one byte a pixel.
#pragma once
#include <autograd/error.hpp>
#include <cstdint>
#include <vector>

namespace xtape::datasets {

/// `count` grey images of `rows` x `cols` pixels and their classes. `pixels` holds the images one after another, row by
/// row from the top left, 0 (background) … 255; `labels` holds one class an image.
struct Images {
  std::int64_t count = 0, rows = 0, cols = 0;
  std::vector<std::uint8_t> pixels, labels;

  /// A copy of the images `begin` … `end` - 1; throws unless 0 <= begin <= end <= count.
  Images slice(std::int64_t begin, std::int64_t end, Site site = Site::here()) const;
};

}  // namespace xtape::datasets
