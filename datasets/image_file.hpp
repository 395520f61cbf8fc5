// Pictures in files.
#pragma once
#include <autograd/tensor.hpp>
#include <cstdint>
#include <string>

// resize_image is in image_resize.cpp.
namespace xtape::datasets {

/// The picture in a PNG or JPEG file, whichever its first bytes say: (channels, rows, cols), uint8. With 3 channels
/// they are red, green and blue; one is grey, 0.299 red + 0.587 green + 0.114 blue of a coloured picture. Opacity is
/// dropped, and so are the lower halves of 16 bits. Throws when the file is damaged, ends early or has more than 2^26
/// pixels, and unless channels is 1 or 3.
Tensor read_image(const std::string& path, int channels = 3, Site site = Site::here());

/// The same picture of another size, of pixels that are means of those around, by the overlap of triangles that are as
/// wide as a pixel of either, the wider: (channels, rows, cols) -> (channels, to_rows, to_cols), uint8. Throws for
/// another rank or dtype, and unless all sizes are in 1 … 65536. Source: Pillow's Image.resize, BILINEAR.
Tensor resize_image(const Tensor& image, std::int64_t to_rows, std::int64_t to_cols, Site site = Site::here());

}  // namespace xtape::datasets
