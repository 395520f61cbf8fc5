#include "expanded.hpp"

#include <algorithm>

namespace xtape::datasets {

Images expanded(const Images& images, Site site) {
  images.check("expanded", site);
  const std::int64_t n = images.count, rows = images.rows, cols = images.cols, plane = rows * cols;
  const std::int64_t image = images.channels * plane, size = n * image;

  Images all = images;
  all.count = 5 * n;
  all.pixels.assign(static_cast<std::size_t>(5 * size), 0);
  all.labels.clear();
  all.labels.reserve(static_cast<std::size_t>(5 * n));
  constexpr int moves[][2] = {{0, 0}, {1, 0}, {-1, 0}, {0, 1}, {0, -1}};  // rows, cols
  std::uint8_t* to = all.pixels.data();
  for (std::int64_t i = 0; i < n; ++i) {
    all.labels.insert(all.labels.end(), 5, images.labels[static_cast<std::size_t>(i)]);
    for (const auto& [down, right] : moves) {
      const std::uint8_t* from = images.pixels.data() + i * image;
      for (std::int64_t at = 0; at < image; at += plane, from += plane, to += plane)
        for (std::int64_t r = std::max(down, 0); r < rows + std::min(down, 0); ++r)
          std::copy_n(from + (r - down) * cols + std::max(-right, 0), cols - (right != 0),
                      to + r * cols + std::max(right, 0));
    }
  }
  return all;
}

}  // namespace xtape::datasets
