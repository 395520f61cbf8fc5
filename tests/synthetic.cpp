// What the program makes itself: the digits that stand in for MNIST, the same everywhere, and neither trivial nor
// hopeless; and small problems in few dimensions.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "support.hpp"

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

TEST_CASE("synthetic points: each depends on the seed and its index alone") {
  using namespace datasets;
  const std::vector<std::function<Batch(std::int64_t, std::uint64_t)>> makers = {
      [](auto n, auto seed) { return exclusive_or(n, seed); },
      [](auto n, auto seed) { return two_moons(n, seed); },
      [](auto n, auto seed) { return circles(n, seed); },
      [](auto n, auto seed) { return blobs(n, seed, 4, 3); },
      [](auto n, auto seed) { return spirals(n, seed, 3); },
      [](auto n, auto seed) { return curve([](double x) { return x * x; }, n, seed); },
  };
  for (std::size_t i = 0; i < makers.size(); ++i) {
    CAPTURE(i);
    const auto [x, t] = makers[i](60, 3);
    const auto [more_x, more_t] = makers[i](90, 3);
    const auto other = makers[i](60, 4).input;
    CHECK(same_bits(x, slice(more_x, 0, Slice(0, 60))));
    CHECK(same_bits(t, slice(more_t, 0, Slice(0, 60))));
    CHECK_FALSE(same_bits(x, other));
    CHECK(x.dtype() == float32);
    CHECK(t.shape() == (i == 5 ? Shape{60, 1} : Shape{60}));
    CHECK(t.dtype() == (i == 5 ? float32 : int64));
    CHECK(makers[i](0, 3).input.shape()[0] == 0);
  }
}

TEST_CASE("synthetic points: without noise they lie on their curves, with it as far off as it says") {
  using namespace datasets;
  constexpr std::int64_t n = 3000;
  struct Row {
    std::function<Batch(double noise)> make;
    std::vector<std::int64_t> classes;                                   // which take turns
    std::function<double(double x, double y, std::int64_t k)> distance;  // from the curve of class k
    double directions;                                                   // in which noise leads away from it
  };
  const Row rows[] = {
      {[](double noise) { return exclusive_or(n, 1, noise); },
       {0, 1, 1, 0},
       [](double x, double y, std::int64_t k) {
         const bool a = x > 0.5, b = y > 0.5;
         return (a != b) == (k == 1) ? std::hypot(x - a, y - b) : 1e9;
       },
       2},
      {[](double noise) { return two_moons(n, 1, noise); },
       {0, 1},
       [](double x, double y, std::int64_t k) { return std::hypot(k ? 1 - x : x, k ? 0.5 - y : y) - 1; },
       1},
      {[](double noise) { return circles(n, 1, noise, 0.4); },
       {0, 1},
       [](double x, double y, std::int64_t k) { return std::hypot(x, y) - (k ? 0.4 : 1); },
       1},
      {[](double noise) { return spirals(n, 1, 3, 0, noise); },  // rays
       {0, 1, 2},
       [](double x, double y, std::int64_t k) {
         const double t = 2 * 3.14159265358979324 * double(k) / 3;
         return y * std::cos(t) - x * std::sin(t);
       },
       1},
      {[](double noise) { return spirals(n, 1, 3, 1.5, noise / 1e6); },
       {0, 1, 2},
       [](double x, double y, std::int64_t k) {
         const double r = std::hypot(x, y), turns = std::atan2(y, x) / (2 * 3.14159265358979324);
         const double off = turns - 1.5 * r - double(k) / 3;
         return r * (off - std::round(off));
       },
       0},
  };
  for (const Row& row : rows)
    for (const double noise : {0., 0.05}) {
      const auto [x, t] = row.make(noise);
      const auto xs = x.to_vector<double>();
      const auto ts = t.to_vector<std::int64_t>();
      double sum = 0, most = 0;
      for (std::size_t i = 0; i < n; ++i) {
        const double d = row.distance(xs[2 * i], xs[2 * i + 1], ts[i]);
        if (ts[i] != row.classes[i % row.classes.size()]) FAIL("sample " << i << " is of class " << ts[i]);
        most = std::max(most, std::abs(d)), sum += d * d;
      }
      if (noise == 0 || row.directions == 0) CHECK(most < 1e-6);
      else CHECK(std::sqrt(sum / n / row.directions) == doctest::Approx(noise).epsilon(0.05));
    }

  // The moons are half circles, all of them reached.
  const auto moons = two_moons(n, 1, 0).input;
  CHECK(min(moons).item() == doctest::Approx(-1).epsilon(0.01));
  CHECK(max(moons).item() == doctest::Approx(2).epsilon(0.01));

  // Clouds around as many centres, in [-10, 10), with the deviation that is asked for.
  const auto [points, classes] = blobs(n, 1, 3, 2, 0.5);
  const Tensor by_class = reshape(points, {n / 3, 3, 2});  // classes take turns
  CHECK(to_string(classes.shape()) == "(3000,)");
  CHECK(max(abs(mean(by_class, 0))).item() < 10.1);
  CHECK(sqrt(mean(square(by_class - mean(by_class, 0)))).item() == doctest::Approx(0.5).epsilon(0.05));

  const auto [x, y] = curve([](double v) { return v * v * v; }, n, 1, -2, 2, 0.1);
  CHECK(sqrt(mean(square(y - x * x * x))).item() == doctest::Approx(0.1).epsilon(0.05));
  CHECK(min(x).item() == doctest::Approx(-2).epsilon(0.01));
  CHECK(max(x).item() == doctest::Approx(2).epsilon(0.01));
}

TEST_CASE("synthetic points: what cannot be drawn is refused") {
  using namespace datasets;
  const double nan = std::nan("");
  const auto line = [](double x) { return x; };
  const std::pair<std::function<void()>, const char*> rows[] = {
      {[] { exclusive_or(-1, 0); }, "exclusive_or: count is -1, expected at least 0"},
      {[] { two_moons(1, 0, -1); }, "two_moons: noise is -1.000000, expected a finite number"},
      {[=] { circles(1, 0, nan); }, "circles: noise is nan, expected"},
      {[] { circles(1, 0, 0, 1.5); }, "circles: inner is 1.500000, expected a radius in [0, 1]"},
      {[] { blobs(1, 0, 0); }, "blobs: 0 classes of 2 features, expected at least 1"},
      {[] { blobs(1, 0, 3, -2); }, "blobs: 3 classes of -2 features"},
      {[] { spirals(1, 0, 0); }, "spirals: 0 arms"},
      {[=] { curve(line, 1, 0, 1, 1); }, "curve: x in [1.000000, 1.000000), expected finite ends"},
      {[=] { curve(line, -5, 0); }, "curve: count is -5"},
  };
  for (const auto& [call, says] : rows) CHECK(begins(message(call), says));
}
