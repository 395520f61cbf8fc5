#include "images.hpp"

#include <autograd/files/described.hpp>
#include <string>

namespace xtape::datasets {

void Images::check(const char* op, Site site) const {
  const Scope scope(site);
  const std::int64_t size = Shape{count, channels, rows, cols}.size();
  if (static_cast<std::int64_t>(pixels.size()) == size && static_cast<std::int64_t>(labels.size()) == count) return;
  fail(op, std::to_string(count) + " images of " + to_string(Shape{channels, rows, cols}) + " pixels have " +
               std::to_string(pixels.size()) + " bytes of pixels and " + std::to_string(labels.size()) + " labels");
}

Images Images::slice(std::int64_t begin, std::int64_t end, Site site) const {
  check("slice", site);
  if (begin < 0 || end < begin || end > count) {
    fail("slice",
         "images [" + std::to_string(begin) + ", " + std::to_string(end) + ") asked for, expected a range of [0, " +
             std::to_string(count) + ")",
         site);
  }
  const std::int64_t size = channels * rows * cols;
  return {end - begin,
          rows,
          cols,
          std::vector<std::uint8_t>(pixels.begin() + begin * size, pixels.begin() + end * size),
          std::vector<std::uint8_t>(labels.begin() + begin, labels.begin() + end),
          channels};
}

Images images_of(const Tensor& pixels, const Tensor& labels, Site site) {
  const Shape &shape = pixels.shape(site), &classes = labels.shape(site);
  const int rank = shape.rank();
  if (pixels.dtype() != uint8 || rank < 3 || rank > 4)
    fail("images_of",
         "the pixels are " + described(pixels) + ", expected uint8 (n, rows, cols) or (n, channels, rows, cols)", site);
  const std::int64_t n = shape[0];
  if ((labels.dtype() != int64 && labels.dtype() != uint8) || classes != Shape{n})
    fail("images_of",
         "the labels of " + std::to_string(n) + " images are " + described(labels) + ", expected int64 (" +
             std::to_string(n) + ",)",
         site);
  Images images{n, shape[rank - 2], shape[rank - 1], pixels.to_vector<std::uint8_t>(), {}, rank == 4 ? shape[1] : 1};
  images.labels.reserve(static_cast<std::size_t>(n));
  for (const std::int64_t label : labels.to_vector<std::int64_t>()) {
    if (label < 0 || label > 255)
      fail("images_of",
           "label " + std::to_string(images.labels.size()) + " is " + std::to_string(label) + ", expected 0 to 255",
           site);
    images.labels.push_back(static_cast<std::uint8_t>(label));
  }
  return images;
}

}  // namespace xtape::datasets
