#include "images.hpp"

#include <string>

namespace xtape::datasets {

Images Images::slice(std::int64_t begin, std::int64_t end, Site site) const {
  if (begin < 0 || end < begin || end > count) {
    fail("slice",
         "images [" + std::to_string(begin) + ", " + std::to_string(end) + ") asked for, expected a range of [0, " +
             std::to_string(count) + ")",
         site);
  }
  const std::int64_t size = rows * cols;
  return {end - begin, rows, cols,
          std::vector<std::uint8_t>(pixels.begin() + begin * size, pixels.begin() + end * size),
          std::vector<std::uint8_t>(labels.begin() + begin, labels.begin() + end)};
}

}  // namespace xtape::datasets
