#include "digits.hpp"

#include <algorithm>

xtape::datasets::Mnist digits(const TrainingOptions& options) {
  xtape::datasets::Mnist data = xtape::datasets::mnist(options.data);
  if (options.quick) {
    auto keep = [](xtape::datasets::Images& images, std::int64_t count) {
      images = images.slice(0, std::min(count, images.count));
    };
    keep(data.train, 5000), keep(data.validation, 1000), keep(data.test, 1000);
  }
  return data;
}
