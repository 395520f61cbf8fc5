#include "pixels.hpp"

#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/shape.hpp>
#include <autograd/random.hpp>
#include <cmath>

#include "image_batch.hpp"

namespace xtape::datasets {
using namespace xtape::detail;

Transform normalize(std::vector<double> mean, std::vector<double> stddev, Site site) {
  const auto channels = static_cast<std::int64_t>(mean.size());
  bool good = channels > 0 && mean.size() == stddev.size();
  for (const double v : mean) good &= std::isfinite(v);
  for (const double v : stddev) good &= std::isfinite(v) && v > 0;
  const std::string text = attribute_list("mean", mean, "stddev", stddev);
  if (!good) fail("normalize", text + ", expected as many finite means as positive standard deviations", site);
  auto f = [=, mean = tensor(mean), stddev = tensor(stddev)](const Tensor& input) {
    check_input("normalize", input, 2);
    if (channels != 1 && channels != input.shape()[1])
      fail("normalize", text + " for an input " + to_string(input.shape()) + ", expected 1 or " +
                            std::to_string(input.shape()[1]) + " of each");
    Shape axes{1, channels};
    while (axes.rank() < input.rank()) axes.push_back(1);
    return (input - reshape(mean, axes).to(input.dtype())) / reshape(stddev, axes).to(input.dtype());
  };
  return Transform(std::move(f), "normalize(" + text + ")");
}

Transform noise(double stddev, Site site) {
  if (!(stddev >= 0 && std::isfinite(stddev)))
    fail("noise", "stddev is " + attribute_text(stddev) + ", expected a finite one, not negative", site);
  const auto f = [stddev](const Tensor& input) {
    check_input("noise", input, 1);
    return input + normal(input.shape(), 0, stddev).to(input.dtype());
  };
  return described("noise", f, "stddev", stddev);
}

}  // namespace xtape::datasets
