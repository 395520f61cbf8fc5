#include "png.hpp"

#include <png.h>

#include <algorithm>
#include <autograd/files/new_file.hpp>
#include <cmath>

#include "value.hpp"

namespace xtape::optim {
namespace {

std::string encoded(const char* op, const Tensor& picture, std::optional<PixelRange> range, Site site) {
  const Shape& shape = picture.shape(site);
  const int rank = shape.rank();
  const std::int64_t channels = rank == 3 ? shape[0] : 1;
  const bool fits = (rank == 2 || rank == 3) && channels >= 1 && channels <= 4;
  constexpr std::int64_t most = 1 << 16;
  if (!fits || shape.size() == 0 || shape[rank - 1] > most || shape[rank - 2] > most)
    fail(op,
         "the picture is " + to_string(shape) +
             ", expected (h, w) or (c, h, w) with c from 1 to 4, h and w from 1 to 65536",
         site);
  const auto [low, high] = range.value_or(
      is_floating(picture.dtype()) || picture.dtype() == boolean ? PixelRange{0, 1} : PixelRange{0, 255});
  if (!(low < high) || !std::isfinite(high - low))
    fail(op,
         "the range is [" + to_string(low) + ", " + to_string(high) +
             "], expected finite ends, the first below the second",
         site);

  const std::vector<double> values = picture.to_vector<double>(site);
  const auto c = static_cast<std::size_t>(channels), pixels = values.size() / c;
  std::vector<unsigned char> bytes(values.size());
  for (std::size_t i = 0; i < pixels; ++i)
    for (std::size_t k = 0; k < c; ++k) {
      const double v = values[k * pixels + i], share = std::isnan(v) ? 0 : std::clamp((v - low) / (high - low), 0., 1.);
      bytes[i * c + k] = static_cast<unsigned char>(std::floor(share * 255 + 0.5));
    }

  constexpr png_uint_32 formats[] = {PNG_FORMAT_GRAY, PNG_FORMAT_GA, PNG_FORMAT_RGB, PNG_FORMAT_RGBA};
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(shape[rank - 1]);
  image.height = static_cast<png_uint_32>(shape[rank - 2]);
  image.format = formats[c - 1];
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::string png(size, '\0');
  if (!png_image_write_to_memory(&image, png.data(), &size, 0, bytes.data(), 0, nullptr))
    fail(op, std::string("libpng: ") + image.message, site);
  png.resize(size);
  return png;
}

}  // namespace

std::string encode_png(const Tensor& picture, std::optional<PixelRange> range, Site site) {
  return encoded("encode_png", picture, range, site);
}

void write_png(const std::string& path, const Tensor& picture, std::optional<PixelRange> range, Site site) {
  const std::string png = encoded("write_png", picture, range, site);
  NewFile file("write_png", path, site);
  file.write(png);
  file.keep();
}

}  // namespace xtape::optim
