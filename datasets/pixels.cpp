#include "pixels.hpp"

#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/shape.hpp>
#include <autograd/random.hpp>
#include <cmath>

#include "image_batch.hpp"

namespace xtape::datasets {

Transform normalize(std::vector<double> mean, std::vector<double> stddev, Site site) {
  const auto channels = static_cast<std::int64_t>(mean.size());
  bool good = channels > 0 && mean.size() == stddev.size();
  for (const double v : mean) good &= std::isfinite(v);
  for (const double v : stddev) good &= std::isfinite(v) && v > 0;
  const std::string text = attribute_list("mean", mean, "stddev", stddev);
  if (!good) fail("normalize", text + ", expected as many finite means as positive standard deviations", site);
  const auto each = [&](const std::vector<double>& v) { return tensor(v, Shape{1, channels, 1, 1}); };
  auto f = [=, mean = each(mean), stddev = each(stddev)](const Tensor& images) {
    const ImageSizes sizes = sizes_of("normalize", images);
    if (channels != 1 && channels != sizes.channels)
      fail("normalize", text + " for images " + to_string(images.shape()) + ", expected 1 or " +
                            std::to_string(sizes.channels) + " of each");
    return (images - mean.to(images.dtype())) / stddev.to(images.dtype());
  };
  return Transform(std::move(f), "normalize(" + text + ")");
}

Transform noise(double stddev, Site site) {
  if (!(stddev >= 0 && std::isfinite(stddev)))
    fail("noise", "stddev is " + attribute_text(stddev) + ", expected a finite one, not negative", site);
  const auto f = [stddev](const Tensor& images) {
    sizes_of("noise", images);
    return images + normal(images.shape(), 0, stddev).to(images.dtype());
  };
  return described("noise", f, "stddev", stddev);
}

}  // namespace xtape::datasets
