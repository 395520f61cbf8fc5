#include "erase.hpp"

#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/exponential.hpp>
#include <autograd/ops/index.hpp>
#include <autograd/ops/unary.hpp>
#include <cmath>

#include "image_batch.hpp"

namespace xtape::datasets {
using namespace xtape::detail;

class Erase {
 public:
  Erase(const EraseOptions& options, Site site) : o_(options) {
    if (!(0 <= o_.least_area_ && o_.least_area_ <= o_.most_area_ && o_.most_area_ <= 1 && 0 < o_.least_ratio_ &&
          o_.least_ratio_ <= o_.most_ratio_ && std::isfinite(o_.most_ratio_)))
      fail("erase", text() + ", expected 0 <= low <= high <= 1 for the area and 0 < low <= high for the ratio", site);
  }

  std::string description() const { return "erase(" + text() + ")"; }

  Tensor operator()(const Tensor& images) const {
    const ImageSizes sizes = sizes_of("erase", images);
    const Tensor area = draw(sizes.n, o_.least_area_, o_.most_area_) * (sizes.rows * sizes.cols);
    const Tensor ratio = exp(draw(sizes.n, std::log(o_.least_ratio_), std::log(o_.most_ratio_)));
    const Tensor height = minimum(round(sqrt(area * ratio)), sizes.rows);
    const Tensor width = minimum(round(sqrt(area / ratio)), sizes.cols);
    const Tensor top = draw_up_to(sizes.rows - height), left = draw_up_to(sizes.cols - width);
    return masked_fill(images, in_box(sizes, top, top + height, left, left + width), o_.value_);
  }

 private:
  std::string text() const {
    return attribute_list("area", std::vector{o_.least_area_, o_.most_area_}, "ratio",
                          std::vector{o_.least_ratio_, o_.most_ratio_}, "value", o_.value_);
  }
  EraseOptions o_;
};

Transform erase(const EraseOptions& options, Site site) {
  const Erase f(options, site);
  return Transform(f, f.description());
}

Transform cutout(std::int64_t size, double value, Site site) {
  if (size < 1) fail("cutout", "the square has " + std::to_string(size) + " rows, expected at least 1", site);
  const auto f = [=](const Tensor& images) {
    const ImageSizes sizes = sizes_of("cutout", images);
    const auto first = [&](std::int64_t most) { return floor(draw(sizes.n, 0, static_cast<double>(most))) - size / 2; };
    const Tensor top = first(sizes.rows), left = first(sizes.cols);
    return masked_fill(images, in_box(sizes, top, top + size, left, left + size), value);
  };
  return described("cutout", f, "size", size, "value", value);
}

}  // namespace xtape::datasets
