// Pictures as PNG.
#pragma once
#include <autograd/tensor.hpp>
#include <optional>
#include <string>

namespace xtape::optim {

/// What is drawn black and what white, beyond which everything is drawn like them.
struct PixelRange {
  double low, high;
};

/// The bytes of a PNG file of a picture: (h, w) or (1, h, w) in grey, (2, h, w) grey and opacity, (3, h, w) red, green
/// and blue, (4, h, w) these and opacity; 8 bits each, rounded to nearest. Without a range it is [0, 1], for integers
/// [0, 255]; NaN is drawn as `low`. Throws for another shape, an empty picture, and unless low < high, both finite.
std::string encode_png(const Tensor& picture, std::optional<PixelRange> range = {}, Site site = Site::here());
/// Writes them to a file, which stands there whole or not at all. Throws as `encode_png`, and where it cannot be
/// written.
void write_png(const std::string& path, const Tensor& picture, std::optional<PixelRange> range = {},
               Site site = Site::here());

}  // namespace xtape::optim
