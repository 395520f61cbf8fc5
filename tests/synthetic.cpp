// The digits that stand in for MNIST: the same everywhere, and neither trivial nor hopeless.
#include <doctest/doctest.h>

#include <algorithm>
#include <autograd/error.hpp>
#include <datasets/digits.hpp>
#include <numeric>
#include <vector>

using namespace xtape;
using datasets::Images;
using datasets::synthetic_digits;

TEST_CASE("synthetic digits: each depends on the seed and its index alone") {
  const Images some = synthetic_digits(100, 3), more = synthetic_digits(150, 3), others = synthetic_digits(100, 4);
  CHECK(some.count == 100);
  CHECK(some.rows == 28);
  CHECK(some.cols == 28);
  const Images prefix = more.slice(0, 100);
  CHECK(some.pixels == prefix.pixels);
  CHECK(some.labels == prefix.labels);
  CHECK(some.pixels != others.pixels);
  CHECK(some.labels != others.labels);
  CHECK(synthetic_digits(0, 3).pixels.empty());
  CHECK_THROWS_WITH_AS(synthetic_digits(-1, 3), doctest::Contains("count is -1, expected at least 0"), Error);
}

TEST_CASE("synthetic digits: every class is drawn white on black with room around it") {
  const Images digits = synthetic_digits(5000, 0);
  for (std::uint8_t label = 0; label < 10; ++label) {
    const auto count = std::count(digits.labels.begin(), digits.labels.end(), label);
    CHECK(count > 400);
    CHECK(count < 600);
  }
  CHECK(std::all_of(digits.labels.begin(), digits.labels.end(), [](std::uint8_t label) { return label < 10; }));
  double border = 0;
  for (std::int64_t i = 0; i < digits.count; ++i) {
    const std::uint8_t* image = &digits.pixels[i * 784];
    const double ink = std::accumulate(image, image + 784, 0.0) / 255;
    CHECK(ink > 15);
    CHECK(ink < 300);
    for (int k = 0; k < 28; ++k) border += (image[k] + image[27 * 28 + k] + image[28 * k] + image[28 * k + 27]) / 255.0;
  }
  CHECK(border / (112.0 * digits.count) < 0.03);
}

TEST_CASE("synthetic digits: the nearest class mean is right for less than nine in ten") {
  const Images digits = synthetic_digits(12'000, 0), train = digits.slice(0, 10'000),
               test = digits.slice(10'000, 12'000);
  std::vector<double> means(10 * 784), counts(10);
  for (std::int64_t i = 0; i < train.count; ++i) {
    const int label = train.labels[i];
    counts[label] += 1;
    for (int k = 0; k < 784; ++k) means[label * 784 + k] += train.pixels[i * 784 + k];
  }
  for (int k = 0; k < 7840; ++k) means[k] /= counts[k / 784];

  std::int64_t right = 0;
  for (std::int64_t i = 0; i < test.count; ++i) {
    std::vector<double> distance(10);
    for (int k = 0; k < 7840; ++k) {
      const double d = test.pixels[i * 784 + k % 784] - means[k];
      distance[k / 784] += d * d;
    }
    right += std::min_element(distance.begin(), distance.end()) - distance.begin() == test.labels[i];
  }
  const double accuracy = double(right) / double(test.count);
  INFO("accuracy: " << accuracy);
  CHECK(accuracy > 0.5);
  CHECK(accuracy < 0.9);
}
