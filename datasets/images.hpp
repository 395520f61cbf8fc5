// Labelled images as they are kept in memory: one byte a pixel.
#pragma once
#include <autograd/tensor.hpp>
#include <cstdint>
#include <vector>

namespace xtape::datasets {

/// `count` images of `rows` x `cols` pixels in `channels`, 1 of grey ones, 3 (red, green, blue) of coloured ones, and
/// their classes. `pixels` holds the images one after another, each channel by channel, row by row from the top left,
/// 0 (background) … 255; `labels` holds one class an image.
struct Images {
  std::int64_t count = 0, rows = 0, cols = 0;
  std::vector<std::uint8_t> pixels, labels;
  std::int64_t channels = 1;

  /// Throws, in the name of `op`, unless there are as many pixels and labels as that.
  void check(const char* op, Site site = Site::here()) const;
  /// A copy of the images `begin` … `end` - 1; throws unless 0 <= begin <= end <= count.
  Images slice(std::int64_t begin, std::int64_t end, Site site = Site::here()) const;
};

/// Images of arrays, as those of an .npz file: `pixels` (n, rows, cols) or (n, channels, rows, cols), uint8; `labels`
/// (n,), int64 or uint8. Throws for other shapes and dtypes, and unless labels lie in 0 … 255.
Images images_of(const Tensor& pixels, const Tensor& labels, Site site = Site::here());

}  // namespace xtape::datasets
