#include "crop.hpp"

#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/gather.hpp>
#include <autograd/ops/pad.hpp>
#include <autograd/ops/shape.hpp>
#include <autograd/random.hpp>

#include "image_batch.hpp"

namespace xtape::datasets {
using namespace xtape::detail;

class Crop {
 public:
  Crop(std::int64_t rows, std::int64_t cols, const CropOptions& options, Site site)
      : rows_(rows), cols_(cols), o_(options) {
    if (rows < 1 || cols < 1) fail("crop", "to " + size_text(rows, cols) + " pixels, expected at least 1 x 1", site);
    if (o_.padding_ < 0 || o_.padding_ > 1 << 30)
      fail("crop", "padding is " + std::to_string(o_.padding_) + ", expected 0 to 2^30 pixels", site);
  }

  std::string description() const {
    return "crop(" + size_text(rows_, cols_) + ", " + attribute_list("padding", o_.padding_, "fill", o_.fill_) + ")";
  }

  Tensor operator()(const Tensor& images) const {
    const ImageSizes sizes = sizes_of("crop", images);
    const std::int64_t p = o_.padding_, down = sizes.rows + 2 * p - rows_, right = sizes.cols + 2 * p - cols_;
    if (down < 0 || right < 0)
      fail("crop", "to " + size_text(rows_, cols_) + " pixels of images " + to_string(images.shape()) +
                       " with padding " + std::to_string(p) + ", expected images of at least that size");
    const Tensor padded = p > 0 ? pad(images, {p, p, p, p}, PadMode::constant, o_.fill_) : images;
    // Row i of the result is row top + i.
    const auto places = [&](std::int64_t most, const Shape& shape, std::int64_t size) {
      return reshape(randint(0, most + 1, Shape{sizes.n, 1}) + arange(size), shape);
    };
    const Tensor rows = places(down, Shape{sizes.n, 1, rows_, 1}, rows_);
    const Tensor cols = places(right, Shape{sizes.n, 1, 1, cols_}, cols_);
    return take_along(take_along(padded, rows, 2), cols, 3);
  }

 private:
  static std::string size_text(std::int64_t rows, std::int64_t cols) {
    return std::to_string(rows) + " x " + std::to_string(cols);
  }
  std::int64_t rows_, cols_;
  CropOptions o_;
};

Transform crop(std::int64_t to_rows, std::int64_t to_cols, const CropOptions& options, Site site) {
  const Crop f(to_rows, to_cols, options, site);
  return Transform(f, f.description());
}

}  // namespace xtape::datasets
