#include <algorithm>
#include <cmath>
#include <vector>

#include "image_file.hpp"

namespace xtape::datasets {
using namespace xtape::detail;

namespace {

// Weights are in units of 2^-22, as Pillow's are, so that sums are exact.
constexpr int fraction_bits = 22;

struct Window {
  std::int64_t begin;
  std::vector<std::int32_t> weights;
};

// For each of `to` pixels of a line, the pixels of `from` under its triangle, and their weights.
std::vector<Window> windows(std::int64_t from, std::int64_t to) {
  const double scale = static_cast<double>(from) / static_cast<double>(to), width = std::max(scale, 1.0);
  std::vector<Window> all(static_cast<std::size_t>(to));
  for (std::int64_t i = 0; i < to; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * scale;
    const auto begin = std::max<std::int64_t>(static_cast<std::int64_t>(centre - width + 0.5), 0);
    const auto end = std::min<std::int64_t>(static_cast<std::int64_t>(centre + width + 0.5), from);
    std::vector<double> heights;
    double sum = 0;
    for (std::int64_t k = begin; k < end; ++k) {
      heights.push_back(std::max(0.0, 1 - std::abs((static_cast<double>(k) - centre + 0.5) / width)));
      sum += heights.back();
    }
    Window& window = all[static_cast<std::size_t>(i)];
    window.begin = begin;
    for (const double h : heights)
      window.weights.push_back(static_cast<std::int32_t>(h / sum * (1 << fraction_bits) + 0.5));
  }
  return all;
}

// Each of `lines` lines, `step` apart, from `from` to `to` pixels that are `stride` apart.
void resize_lines(const std::uint8_t* from, std::uint8_t* to, const std::vector<Window>& windows, std::int64_t lines,
                  std::int64_t from_step, std::int64_t to_step, std::int64_t stride) {
  for (std::int64_t line = 0; line < lines; ++line, from += from_step, to += to_step)
    for (std::size_t i = 0; i < windows.size(); ++i) {
      std::int64_t sum = 1 << (fraction_bits - 1);
      const std::uint8_t* pixel = from + windows[i].begin * stride;
      for (const std::int32_t weight : windows[i].weights) sum += *pixel * std::int64_t{weight}, pixel += stride;
      to[static_cast<std::int64_t>(i) * stride] =
          static_cast<std::uint8_t>(std::min<std::int64_t>(sum >> fraction_bits, 255));
    }
}

}  // namespace

Tensor resize_image(const Tensor& image, std::int64_t to_rows, std::int64_t to_cols, Site site) {
  const Shape& shape = image.shape(site);
  constexpr std::int64_t most = 1 << 16;
  const auto fits = [](std::int64_t n) { return n >= 1 && n <= most; };
  if (image.dtype() != uint8 || shape.rank() != 3 || !fits(shape[1]) || !fits(shape[2]))
    fail("resize_image",
         std::string("the image is ") + to_string(image.dtype()) + to_string(shape) +
             ", expected uint8 (channels, rows, cols) of sizes from 1 to 65536",
         site);
  if (!fits(to_rows) || !fits(to_cols))
    fail("resize_image",
         std::to_string(to_rows) + " x " + std::to_string(to_cols) + " pixels asked for, expected 1 to 65536 of each",
         site);
  const std::int64_t channels = shape[0], rows = shape[1], cols = shape[2];
  std::vector<std::uint8_t> wide(static_cast<std::size_t>(channels * rows * to_cols));
  Ref<Array> result = make_array(uint8, Shape({channels, to_rows, to_cols}, site), site);
  const std::vector<Window> across = windows(cols, to_cols), down = windows(rows, to_rows);
  resize_lines(image.data<std::uint8_t>(), wide.data(), across, channels * rows, cols, to_cols, 1);
  for (std::int64_t c = 0; c < channels; ++c)
    resize_lines(wide.data() + c * rows * to_cols, result->at<std::uint8_t>() + c * to_rows * to_cols, down, to_cols, 1,
                 1, to_cols);
  return Tensor(std::move(result));
}

}  // namespace xtape::datasets
