// Transforms of batches: resampling against SciPy (transforms/make.py), the rest against arithmetic and distributions.
#include <algorithm>
#include <autograd/core/keyed_randomness.hpp>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "support.hpp"

using namespace xtape;
using datasets::Batch;
using datasets::compose;
using datasets::CropOptions;
using datasets::DistortOptions;
using datasets::EraseOptions;
using datasets::Images;
using datasets::sometimes;
using datasets::Transform;
using Json = nlohmann::json;

namespace {

Tensor unpacked(const Json& json) {
  return tensor(json["values"].get<std::vector<double>>(), Shape(json["shape"].get<std::vector<std::int64_t>>()));
}

double distance(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  return a.size() ? amax(abs(a.to(float64) - b.to(float64))).item() : 0;
}

// Images whose pixels are all different.
Tensor numbered(std::int64_t n, std::int64_t channels, std::int64_t rows, std::int64_t cols, Dtype dtype = float32) {
  const std::int64_t size = n * channels * rows * cols;
  return reshape(arange(size, float64) / std::max<std::int64_t>(size, 1), Shape{n, channels, rows, cols}).to(dtype);
}

// What a transform makes of a batch whose order number is `key`.
Batch made(const Transform& transform, const Batch& batch, std::uint64_t key = 1) {
  const KeyedRandomness random(key, 0);
  return transform(batch);
}
Tensor made(const Transform& transform, const Tensor& images, std::uint64_t key = 1) {
  return made(transform, {images, {}}, key).input;
}

// Where the pixels of n images of size x size come from: rows and columns, as images whose pixels are their places
// tell. Right where that lies inside.
struct Places {
  std::vector<double> x, y;
  std::int64_t size;
  double dx(std::int64_t i, std::int64_t r, std::int64_t c, bool of_y = false) const {
    return (of_y ? y : x)[static_cast<std::size_t>((i * size + r) * size + c)];
  }
};
Places places(const Transform& transform, std::int64_t n, std::int64_t size, std::uint64_t key = 1) {
  const Tensor x = broadcast_to(arange(size, float64), {n, size, size}), y = transpose(x);
  const Tensor from = made(transform, stack({x, y}, 1), key);
  return {slice(from, 1, {0, 1}).to_vector<double>(), slice(from, 1, {1, 2}).to_vector<double>(), size};
}

// The greatest distance of the numbers' distribution from the uniform one in [low, high], in units in which 1.95 is
// surpassed once in a thousand times. Source: Kolmogorov and Smirnov.
double not_uniform(std::vector<double> v, double low, double high) {
  std::sort(v.begin(), v.end());
  const auto n = static_cast<double>(v.size());
  double most = 0;
  for (std::size_t i = 0; i < v.size(); ++i) {
    const double share = (v[i] - low) / (high - low), at = static_cast<double>(i);
    most = std::max({most, std::abs(share - at / n), std::abs(share - (at + 1) / n)});
  }
  return most * std::sqrt(n);
}

// Each of n values comes as often as the others: the distance in standard deviations of the sum of squares.
double not_even(const std::vector<std::int64_t>& counts) {
  double total = 0, squares = 0;
  for (const std::int64_t c : counts) total += static_cast<double>(c);
  const double n = static_cast<double>(counts.size()), mean = total / n;
  for (const std::int64_t c : counts)
    squares += (static_cast<double>(c) - mean) * (static_cast<double>(c) - mean) / mean;
  return (squares - (n - 1)) / std::sqrt(2 * (n - 1));
}

struct Named {
  const char* name;
  Transform transform;
};
// All of them, for images of at least 1 x 1 pixels and three classes.
std::vector<Named> all_transforms() {
  return {
      {"distort", datasets::distort(DistortOptions().rotate(20).shift(1).scale(0.8, 1.2).shear(10, 5).elastic(8, 2))},
      {"rotate", datasets::rotate(30)},
      {"shift", datasets::shift(2)},
      {"scale", datasets::scale(0.5, 2)},
      {"shear", datasets::shear({-20, 30})},
      {"elastic", datasets::elastic()},
      {"flips", compose({datasets::flip_horizontal(), datasets::flip_vertical()})},
      {"crop", datasets::crop(1, 1)},
      {"padded crop", datasets::crop(3, 2, CropOptions().padding(2).fill(0.5))},
      {"normalize", datasets::normalize({0.5}, {0.25})},
      {"noise", datasets::noise(0.1)},
      {"erase", datasets::erase()},
      {"cutout", datasets::cutout(2)},
      {"sometimes", sometimes(datasets::noise(1))},
      {"one_hot", datasets::one_hot(3)},
      {"mixup", compose({datasets::one_hot(3), datasets::mixup()})},
      {"cutmix", compose({datasets::one_hot(3), datasets::cutmix()})},
      {"function", [](const Tensor& x) { return 1 - x; }}};
}

}  // namespace

TEST_CASE("transforms: resampling is SciPy's") {
  std::ifstream in(XTAPE_TEST_DIR "/transforms/scipy.json");
  REQUIRE(in);
  const Json json = Json::parse(in);
  for (const Dtype dtype : {float64, float32}) {
    const double close = dtype == float64 ? 1e-8 : 2e-6;
    for (const Json& row : json["warp"])
      CHECK(distance(datasets::warp(unpacked(row["x"]).to(dtype), unpacked(row["dx"]).to(dtype),
                                    unpacked(row["dy"]).to(dtype), row["fill"]),
                     unpacked(row["y"])) < close);
    for (const Json& row : json["smoothed"])
      CHECK(distance(datasets::smoothed(unpacked(row["x"]).to(dtype), row["sigma"]), unpacked(row["y"])) < close);
    for (const Json& row : json["affine"]) {
      const auto fixed = [&](int i) -> datasets::Between { return {row["options"][i], row["options"][i]}; };
      const double factor = row["options"][1];
      const auto options = DistortOptions().rotate(fixed(0)).scale(factor, factor).shear(fixed(2), fixed(3));
      CHECK(distance(made(datasets::distort(DistortOptions(options).fill(row["fill"])), unpacked(row["x"]).to(dtype)),
                     unpacked(row["y"])) < (dtype == float64 ? 1e-8 : 1e-5));
    }
  }
}

TEST_CASE("transforms: whole pixels move exactly, and places that are none lead to the fill") {
  const Tensor x = numbered(1, 1, 2, 3);
  const double nan = std::nan(""), far = 1e30;
  const auto field = [](std::initializer_list<double> v) {
    return tensor(std::vector<double>(v), {1, 2, 3}).to(float32);
  };
  const Tensor dx = field({1, 1, 1, nan, 0, -far}), dy = field({1, 0, 0, 0, -1, far});
  const Tensor expected = tensor(std::vector<float>{4.f / 6, 2.f / 6, 0.25f, 0.25f, 1.f / 6, 0.25f}, {1, 1, 2, 3});
  CHECK(same_bits(datasets::warp(x, dx, dy, 0.25), expected));
  CHECK(same_bits(made(datasets::distort(DistortOptions()), x), x));
}

TEST_CASE("transforms: angles, factors and shifts are uniform, for each image by itself") {
  const std::int64_t n = 2000, middle = 2;
  const auto ends = [&](const Transform& transform, const std::function<double(double xx, double yx, double yy)>& f) {
    const Places from = places(transform, n, 5);
    std::vector<double> v;
    for (std::int64_t i = 0; i < n; ++i) {
      const double x = from.dx(i, middle, middle), y = from.dx(i, middle, middle, true);
      CHECK(std::abs(x - middle) + std::abs(y - middle) < 1e-9);  // the middle stays
      v.push_back(f(from.dx(i, middle, middle + 1) - x, from.dx(i, middle, middle + 1, true) - y,
                    from.dx(i, middle + 1, middle, true) - y));
    }
    return v;
  };
  const double degree = std::acos(-1) / 180;
  CHECK(not_uniform(
            ends(datasets::rotate(40), [&](double xx, double yx, double) { return std::atan2(-yx, xx) / degree; }), -40,
            40) < 1.95);
  CHECK(not_uniform(ends(datasets::rotate({-10, 70}),
                         [&](double xx, double yx, double) { return std::atan2(-yx, xx) / degree; }),
                    -10, 70) < 1.95);
  CHECK(not_uniform(ends(datasets::scale(0.8, 1.5), [](double xx, double, double) { return 1 / xx; }), 0.8, 1.5) <
        1.95);
  CHECK(not_uniform(
            ends(datasets::shear(0, {-20, 30}), [&](double, double yx, double) { return std::atan(yx) / degree; }), -20,
            30) < 1.95);

  std::vector<std::int64_t> moves(25);
  Tensor dot = zeros({n, 1, 5, 5});
  dot = dot + reshape((arange(25) == 12).to(float32), Shape{1, 1, 5, 5});
  const auto moved = made(datasets::shift(2), dot).to_vector<float>();
  for (std::size_t i = 0; i < moved.size(); ++i) moves[i % 25] += moved[i] == 1;
  CHECK(std::count(moved.begin(), moved.end(), 0.f) == n * 24);
  CHECK(std::accumulate(moves.begin(), moves.end(), std::int64_t{0}) == n);
  CHECK(std::abs(not_even(moves)) < 4);
}

TEST_CASE("transforms: an elastic field is smooth noise times alpha, and is moved with what it distorts") {
  const std::int64_t n = 50, size = 29, c = 14;
  const double alpha = 20, sigma = 3;
  const Places still = places(datasets::elastic(alpha, sigma), n, size);
  double squares = 0, products = 0, across = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const double dx = still.dx(i, c, c) - c, dy = still.dx(i, c, c, true) - c;
    squares += dx * dx + dy * dy;
    products += dx * (still.dx(i, c, c + 3) - (c + 3)) + dy * (still.dx(i, c + 3, c, true) - (c + 3));
    across += dx * dy;
  }
  // The variance of the sum of uniform numbers with Gaussian weights, and its correlation over a distance of sigma.
  const double variance = alpha * alpha / 3 / (4 * std::acos(-1) * sigma * sigma);
  CHECK(squares / (2 * n) == doctest::Approx(variance).epsilon(0.4));
  CHECK(products / squares == doctest::Approx(std::exp(-0.25)).epsilon(0.2));
  CHECK(std::abs(across / squares) < 0.2);

  const double turn = std::acos(-1) / 9, factor = 1.25;
  const Places both =
      places(datasets::distort(DistortOptions().elastic(alpha, sigma).rotate({20, 20}).scale(factor, factor)), n, size);
  for (std::int64_t i = 0; i < n; ++i)
    for (const std::int64_t r : {c, c + 5}) {
      const double x = still.dx(i, r, c) - c, y = still.dx(i, r, c, true) - c;
      CHECK(both.dx(i, r, c) - c == doctest::Approx((std::cos(turn) * x + std::sin(turn) * y) / factor).epsilon(1e-5));
      CHECK(both.dx(i, r, c, true) - c ==
            doctest::Approx((-std::sin(turn) * x + std::cos(turn) * y) / factor).epsilon(1e-5));
    }
}

TEST_CASE("transforms: flips and what happens sometimes") {
  const Tensor x = numbered(400, 2, 3, 4);
  CHECK(same_bits(made(datasets::flip_horizontal(1), x), flip(x, 3)));
  CHECK(same_bits(made(datasets::flip_vertical(1), x), flip(x, 2)));
  CHECK(same_bits(made(datasets::flip_horizontal(0), x), x));
  const auto half = [&](const Transform& transform, const Tensor& changed) {
    const Tensor y = made(transform, x);
    int flipped = 0;
    for (int i = 0; i < 400; ++i) {
      const bool is = same_bits(y[i], changed[i]);
      CHECK((is || same_bits(y[i], x[i])));
      flipped += is;
    }
    return flipped;
  };
  CHECK(std::abs(half(datasets::flip_horizontal(), flip(x, 3)) - 200) < 40);
  CHECK(std::abs(half(datasets::flip_vertical(0.25), flip(x, 2)) - 100) < 35);

  int calls = 0;
  const Transform counted = [&](const Batch& b) { return ++calls, Batch{b.input + 1, b.target + 1}; };
  const Tensor t = arange(400);
  CHECK(same_bits(made(sometimes(counted, 0), {x, t}).target, t));
  CHECK(calls == 0);
  CHECK(same_bits(made(sometimes(counted, 1), {x, t}).target, t + 1));
  const Batch some = made(sometimes(counted, 0.5), {x, t});
  CHECK(same_bits(some.input, x + reshape((some.target - t).to(float32), Shape{400, 1, 1, 1})));  // the same ones
}

TEST_CASE("transforms: crops come from every place alike") {
  const Tensor x = numbered(600, 2, 4, 5);
  const Tensor y = made(datasets::crop(3, 2), x);
  std::vector<std::int64_t> counts(8);
  for (int i = 0; i < 600; ++i) {
    const auto at =
        static_cast<std::int64_t>(std::lround((y[i][0][0][0].item() - x[i][0][0][0].item()) * double(x.size())));
    const std::int64_t top = at / 5, left = at % 5;
    CHECK(same_bits(y[i], slice(x[i], {Slice(), Slice(top, top + 3), Slice(left, left + 2)})));
    ++counts[static_cast<std::size_t>(top * 4 + left)];
  }
  CHECK(std::abs(not_even(counts)) < 4);
  const Tensor padded = pad(x, {1, 1, 1, 1}, PadMode::constant, 0.5);
  CHECK(same_bits(made(datasets::crop(6, 7, CropOptions().padding(1).fill(0.5)), x), padded));
}

TEST_CASE("transforms: erase and cutout hide one rectangle each") {
  // Height, width, top and left of what is 2 in an image; all of it, and nothing else, is.
  struct Box {
    std::int64_t height = 0, width = 0, top = 99, left = 99;
  };
  const auto box_of = [](const Tensor& x, const Tensor& y) {
    Box box;
    const std::int64_t rows = x.shape()[1], cols = x.shape()[2];
    const float *from = x.data<float>(), *to = y.data<float>();
    std::int64_t hidden = 0, changed = 0, bottom = -1, right = -1;
    for (std::int64_t i = 0; i < y.size(); ++i)
      if (const std::int64_t r = i / cols % rows, c = i % cols; to[i] == 2) {
        ++hidden;
        box.top = std::min(box.top, r), box.left = std::min(box.left, c);
        bottom = std::max(bottom, r), right = std::max(right, c);
      } else {
        changed += to[i] != from[i];
      }
    CHECK(changed == 0);
    box.height = std::max<std::int64_t>(bottom + 1 - box.top, 0),
    box.width = std::max<std::int64_t>(right + 1 - box.left, 0);
    CHECK(hidden == box.height * box.width * x.shape()[0]);
    return box;
  };
  const std::int64_t n = 300;
  const Tensor x = numbered(n, 2, 20, 30);
  Tensor y = made(datasets::erase(EraseOptions().area(0.1, 0.2).ratio(0.5, 2).value(2)), x);
  double area = 0, log_ratio = 0, down = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const Box b = box_of(x[i], y[i]);
    const double a = double(b.height * b.width) / 600, ratio = double(b.height) / double(b.width);
    CHECK((a > 0.08 && a < 0.22 && ratio > 0.4 && ratio < 2.4));
    area += a / n, log_ratio += std::log(ratio) / n, down += double(b.top) / double(20 - b.height) / n;
  }
  CHECK(area == doctest::Approx(0.15).epsilon(0.05));
  CHECK(std::abs(log_ratio) < 0.1);
  CHECK(down == doctest::Approx(0.5).epsilon(0.15));
  y = made(datasets::erase(EraseOptions().area(1, 1).ratio(1, 1).value(2)), x);
  for (std::int64_t i = 0; i < n; i += 50) CHECK(box_of(x[i], y[i]).height == 20);

  const Tensor small = numbered(n, 1, 6, 5);
  y = made(datasets::erase(EraseOptions().area(0.3, 0.3).ratio(1, 1).value(2)), small);
  std::vector<std::int64_t> places(12);
  for (std::int64_t i = 0; i < n; ++i) {
    const Box b = box_of(small[i], y[i]);
    CHECK((b.height == 3 && b.width == 3));
    ++places[static_cast<std::size_t>(b.top * 3 + b.left)];
  }
  CHECK(std::abs(not_even(places)) < 4);

  y = made(datasets::cutout(5, 2), x);
  std::vector<std::int64_t> rows(20);
  for (std::int64_t i = 0; i < n; ++i) {
    const Box b = box_of(x[i], y[i]);
    const std::int64_t centre = b.top > 0 ? b.top + 2 : b.height - 3;
    CHECK(b.height == std::min<std::int64_t>(centre + 3, 20) - std::max<std::int64_t>(centre - 2, 0));
    CHECK((b.width >= 3 && b.width <= 5));
    ++rows[static_cast<std::size_t>(centre)];
  }
  CHECK(std::abs(not_even(rows)) < 4);
}

TEST_CASE("transforms: mixup and cutmix mix images and targets alike") {
  // Image i is i everywhere, so that what an image holds tells the others in it.
  const std::int64_t n = 200;
  const Tensor place = arange(n, float64), x = broadcast_to(reshape(place, Shape{n, 1, 1, 1}), {n, 1, 6, 7});
  const Batch all{x, arange(n)};
  const Batch mixed = made(compose({datasets::one_hot(n), datasets::mixup(1)}), all);
  CHECK(distance(sum(mixed.target, 1), ones({n})) < 1e-12);
  CHECK(distance(mixed.input, broadcast_to(reshape(sum(mixed.target * place, 1), Shape{n, 1, 1, 1}), x.shape())) <
        1e-9);

  double kept = 0;
  for (std::uint64_t key = 0; key < 10; ++key) {
    const Batch cut = made(compose({datasets::one_hot(n), datasets::cutmix()}), all, key);
    CHECK(distance(sum(cut.target * place, 1), mean(cut.input, {1, 2, 3})) < 1e-9);
    const Tensor own = mean((cut.input == x).to(float64), {1, 2, 3});
    CHECK(distance(diag(cut.target), own) < 1e-12);
    kept += mean(own).item() / 10;
    for (std::int64_t i = 0; i < n; i += 20) {
      const auto pixels = cut.input[i].to_vector<double>();
      CHECK(std::set<double>(pixels.begin(), pixels.end()).size() <= 2);
    }
  }
  CHECK(kept == doctest::Approx(0.7866).epsilon(0.02));  // the mean over shares from 0 to 1 and all pixels
}

TEST_CASE("transforms: the shares of mixup are those of a beta distribution") {
  const std::int64_t n = 20'000;
  const Tensor i = arange(n, float64);
  for (const double alpha : {0.2, 1., 4.}) {
    // Of image i and an unknown one, k, there are s i + (1 - s) k and s i^2 + (1 - s) k^2.
    const Batch mixed = made(datasets::mixup(alpha), {reshape(i, Shape{n, 1, 1, 1}), stack({i, i * i}, 1)});
    const Tensor first = select(mixed.target, 1, 0) - i, second = select(mixed.target, 1, 1) - i * i;
    const Tensor others = masked_select(first / (second / first - 2 * i), first != 0);
    const Tensor share = 1 - others;
    CHECK(share.size() > 0.98 * n);  // but where a share is 1, or k is i
    CHECK(mean(share).item() == doctest::Approx(0.5).epsilon(0.02));
    CHECK(mean(square(share - 0.5)).item() == doctest::Approx(0.25 / (2 * alpha + 1)).epsilon(0.025));
    const Batch of_table = made(datasets::mixup(alpha), {reshape(i, Shape{n, 1}), stack({i, i * i}, 1)});
    CHECK(same_bits(of_table.target, mixed.target));
    CHECK(same_bits(of_table.input, reshape(mixed.input, Shape{n, 1})));
    if (alpha == 1) CHECK(not_uniform(share.to_vector<double>(), 0, 1) < 1.95);
  }
}

TEST_CASE("transforms: pixels by themselves") {
  const Tensor x = numbered(20, 3, 9, 8, float64);
  const Tensor y = made(datasets::normalize({0.1, 0.2, 0.3}, {1, 2, 4}), x);
  for (int c = 0; c < 3; ++c) CHECK(distance(select(y, 1, c), (select(x, 1, c) - 0.1 * (c + 1)) / (1 << c)) < 1e-15);
  CHECK(same_bits(made(datasets::normalize(0.25, 2), x), (x - 0.25) / 2));
  CHECK(datasets::normalize(0.25, 2).description() == datasets::normalize({0.25}, {2}).description());
  const Tensor table = reshape(x, Shape{20 * 72, 3});
  CHECK(same_bits(made(datasets::normalize({0.5, 1, 2}, {1, 2, 4}), table),
                  (table - tensor({0.5, 1., 2.}, float64)) / tensor({1., 2., 4.}, float64)));
  const Tensor noise = made(datasets::noise(0.3), x) - x;
  CHECK(std::abs(mean(noise).item()) < 0.02);
  CHECK(std::sqrt(mean(square(noise)).item()) == doctest::Approx(0.3).epsilon(0.05));
  CHECK(same_bits(made(datasets::noise(0), x), x));
  CHECK(distance(made(datasets::noise(1), table), reshape(made(datasets::noise(1), x), table.shape())) < 1e-12);
  const Tensor classes = tensor({2, 0});
  const Batch rows = made(datasets::one_hot(3), {numbered(2, 1, 1, 1), classes});
  CHECK(same_bits(rows.target, tensor({{0., 0., 1.}, {1., 0., 0.}})));
}

TEST_CASE("transforms: functions, their order and what they say") {
  const Tensor x = numbered(2, 1, 2, 2);
  const Transform twice = [](const Tensor& x) { return x * 2; };
  const Transform more([](const Tensor& x) { return x + 1; }, "one more");
  CHECK(same_bits(made(compose({twice, more}), x), x * 2 + 1));
  CHECK(same_bits(made(compose({more, twice}), x), (x + 1) * 2));
  CHECK(same_bits(compose({})(x), x));
  const Transform both = [](Batch b) { return Batch{b.input, b.target * 3}; };
  CHECK(same_bits(both({x, arange(2)}).target, arange(2) * 3));
  const Transform swapped = [](const Tensor& x, const Tensor& t) { return Batch{t, x}; };
  CHECK(same_bits(swapped({x, arange(2)}).input, arange(2)));
  CHECK(compose({twice, more, datasets::flip_horizontal()}).description() ==
        "compose(a function, one more, sometimes(flip_horizontal(), p=0.5))");
  CHECK(datasets::distort(DistortOptions().rotate(15).shift(2).elastic(34, 4).fill(0.5)).description() ==
        "distort(rotate=[-15, 15], shift=(2, 2), alpha=34, sigma=4, fill=0.5)");
  std::set<std::string> descriptions;
  for (const Named& row : all_transforms()) descriptions.insert(row.transform.description());
  CHECK(descriptions.size() == all_transforms().size());
}

TEST_CASE("transforms: images of all sizes, of both dtypes, alike") {
  for (const Shape& shape :
       {Shape{1, 1, 1, 1}, Shape{0, 1, 5, 4}, Shape{1, 3, 6, 9}, Shape{5, 3, 9, 4}, Shape{2, 1, 28, 28}})
    for (const auto& row : all_transforms()) {
      CAPTURE(row.name);
      CAPTURE(to_string(shape));
      const Tensor x = numbered(shape[0], shape[1], shape[2], shape[3], float64),
                   classes = remainder(arange(shape[0]), 3);
      const Batch wide = made(row.transform, {x, classes}), narrow = made(row.transform, {x.to(float32), classes});
      CHECK(wide.input.dtype() == float64);
      CHECK(narrow.input.dtype() == float32);
      CHECK(distance(wide.input, narrow.input) < 1e-4);
      CHECK(distance(wide.target, narrow.target) < 1e-6);
      CHECK(wide.input.shape()[0] == shape[0]);
      CHECK(wide.input.shape()[1] == shape[1]);
    }
}

TEST_CASE("transforms: the same bits for any number of threads, and others for other seeds") {
  const Tensor x = numbered(90, 2, 12, 10), classes = remainder(arange(90), 3);
  for (const auto& row : all_transforms()) {
    CAPTURE(row.name);
    check_same_bits([&] {
      const Batch b = made(row.transform, {x, classes}, 7);
      return Tensors{b.input, b.target};
    });
    const auto pixels = [&](std::uint64_t key) { return made(row.transform, {x, classes}, key).input; };
    const std::string name = row.name;
    const bool draws = name != "normalize" && name != "one_hot" && name != "function";
    CHECK(same_bits(pixels(7), pixels(8)) != draws);
  }
}

TEST_CASE("transforms: what a loader gives is a function of seed, epoch and batch") {
  using datasets::DataLoader;
  using datasets::DataLoaderOptions;
  const Images images = datasets::synthetic_digits(40, 1);
  const auto options = DataLoaderOptions(16).seed(5).shuffle().transform(
      compose({datasets::distort(DistortOptions().shift(2).rotate(15).elastic(34, 4)), datasets::erase(),
               datasets::one_hot(10), datasets::mixup()}));
  const DataLoader loader(images, options), ahead(images, DataLoaderOptions(options).prefetch(2).pictures());
  const Batch second = loader.batch(1, 3, 5);
  CHECK(second.input.shape() == Shape{16, 784});
  CHECK(second.target.shape() == Shape{16, 10});
  for (const std::int64_t i : {2, 0, 1, 1}) {
    const Batch batch = ahead.batch(i, 3, 5);
    CHECK(same_bits(flatten(batch.input, 1), loader.batch(i, 3, 5).input));
    CHECK(same_bits(batch.input, reshape(second.input, Shape{16, 1, 28, 28})) == (i == 1));
  }
  std::int64_t i = 0;
  for (const auto& [x, t] : ahead) CHECK(same_bits(flatten(x, 1), loader.batch(i++, 0, 5).input));
  CHECK(i == 3);
  const DataLoader in_order(images, DataLoaderOptions(options).shuffle(false));
  CHECK(!same_bits(in_order.batch(0, 0, 5).input, in_order.batch(0, 1, 5).input));
  CHECK(loader.fingerprint().find("compose(distort(rotate=[-15, 15], shift=(2, 2), alpha=34, sigma=4), erase(") !=
        std::string::npos);
}

TEST_CASE("transforms: the book's expansion") {
  Images images{2, 3, 4, {}, {7, 9}};
  for (int i = 0; i < 24; ++i) images.pixels.push_back(static_cast<std::uint8_t>(i + 1));
  const Images all = datasets::expanded(images);
  CHECK(all.count == 10);
  CHECK(all.labels == std::vector<std::uint8_t>{7, 7, 7, 7, 7, 9, 9, 9, 9, 9});
  const int moves[][2] = {{0, 0}, {1, 0}, {-1, 0}, {0, 1}, {0, -1}};
  REQUIRE(all.pixels.size() == 120);
  for (int k = 0; k < 120; ++k) {
    const int image = k / 60, r = k / 4 % 3 - moves[k / 12 % 5][0], c = k % 4 - moves[k / 12 % 5][1];
    const bool inside = r >= 0 && r < 3 && c >= 0 && c < 4;
    CHECK(all.pixels[static_cast<std::size_t>(k)] == (inside ? image * 12 + r * 4 + c + 1 : 0));
  }
  CHECK(datasets::expanded(Images{}).count == 0);
  images.pixels.pop_back();
  CHECK(begins(message([&] { datasets::expanded(images); }),
               "expanded: 2 images of (1, 3, 4) pixels have 23 bytes of pixels and 2 labels"));
}

TEST_CASE("transforms: what is refused says why") {
  using namespace datasets;
  const Tensor x = numbered(2, 3, 4, 5), t = arange(2);
  const double nan = std::nan("");
  const struct {
    const char* message;
    std::function<void()> f;
  } rows[] = {
      {"distort: rotate is drawn from [5, -5], expected low <= high",
       [] {
         rotate({5, -5});
       }},
      {"distort: rotate is drawn from [", [=] { rotate(nan); }},
      {"distort: scale is drawn from [0, 1], expected low <= high, above 0", [] { datasets::scale(0, 1); }},
      {"distort: shear is drawn from [-90, 90], expected low <= high, between -90 and 90", [] { shear(90); }},
      {"distort: shift is -1, expected 0 to 2^30 pixels", [] { shift(-1); }},
      {"distort: alpha is -1, expected 0 or more pixels", [] { elastic(-1); }},
      {"distort: sigma is 0, expected a standard deviation in (0, 1000] pixels", [] { elastic(34, 0); }},
      {"distort: expected float32 or float64 (n, channels, rows, cols), got float32(6, 4, 5)",
       [&] {
         shift(1)(reshape(x, Shape{6, 4, 5}));
       }},
      {"flip_horizontal: expected float32 or float64 (n, channels, rows, cols), got uint8(2, 3, 4, 5)",
       [&] { flip_horizontal(1)(x.to(uint8)); }},
      {"noise: the input is undefined", [&] { noise(1)(Tensor()); }},
      {"sometimes: 1.5 is no probability in [0, 1]", [] { flip_vertical(1.5); }},
      {"sometimes: the transform made float32(2, 3, 2, 2) of float32(2, 3, 4, 5), expected the same shape and dtype",
       [&] {
         sometimes(crop(2, 2))({x, t});
       }},
      {"sometimes: the input is float32(), expected a row for each sample", [] { sometimes(shift(1))(zeros({})); }},
      {"crop: to 0 x 2 pixels, expected at least 1 x 1", [] { crop(0, 2); }},
      {"crop: padding is -1, expected", [] { crop(1, 2, CropOptions().padding(-1)); }},
      {"crop: to 9 x 2 pixels of images (2, 3, 4, 5) with padding 2, expected images of at least that size",
       [&] { crop(9, 2, CropOptions().padding(2))(x); }},
      {"normalize: mean=(0, 1), stddev=(1,), expected as many finite means",
       [] {
         normalize({0, 1}, {1});
       }},
      {"normalize: mean=(0,), stddev=(0,), expected", [] { normalize({0}, {0}); }},
      {"normalize: mean=(0, 0), stddev=(1, 1) for an input (2, 3, 4, 5), expected 1 or 3 of each",
       [&] {
         normalize({0, 0}, {1, 1})(x);
       }},
      {"normalize: expected float32 or float64 (n, channels, ...), got float32(2,)",
       [] { normalize(0, 1)(ones({2})); }},
      {"mixup: expected float32 or float64 (n, ...), got float32()", [] { mixup()(ones({})); }},
      {"noise: stddev is -1, expected a finite one", [] { noise(-1); }},
      {"erase: area=(0.5, 0.1), ratio=(0.3, 3.3), value=0, expected 0 <= low <= high <= 1 for the area",
       [] { erase(EraseOptions().area(0.5, 0.1)); }},
      {"erase: area=(0.02, 0.33), ratio=(0, 1), value=0, expected", [] { erase(EraseOptions().ratio(0, 1)); }},
      {"cutout: the square has 0 rows, expected at least 1", [] { cutout(0); }},
      {"mixup: alpha is 0, expected a positive, finite number", [] { mixup(0); }},
      {"cutmix: the target is int64(2,), expected a floating row for each of 2 samples",
       [&] {
         cutmix()({x, t});
       }},
      {"mixup: the target is undefined, expected", [&] { mixup()(x); }},
      {"one_hot: 0 classes, expected at least 1", [] { datasets::one_hot(0); }},
      {"one_hot: ",
       [&] {
         datasets::one_hot(1)({x, t});
       }},
      {"Transform: the function is empty", [] { Transform(std::function<Tensor(const Tensor&)>()); }},
      {"Transform: the function is empty", [] { Transform(std::function<Batch(const Tensor&, const Tensor&)>()); }},
      {"Transform: it was moved to another one",
       [&] {
         Transform one = shift(1), other = std::move(one);
         one(x);
       }},
      {"Transform: fewer made an input float32(1, 3, 4, 5) and a target int64(2,), expected as many rows",
       [&] {
         Transform([](const Tensor& x) { return slice(x, 0, {0, 1}); }, "fewer")({x, t});
       }},
      {"Transform: nothing made no input", [&] { Transform([](const Tensor&) { return Tensor(); }, "nothing")(x); }},
      {"warp: expected displacements float32(2, 4, 5) for images (2, 3, 4, 5), got float64(2, 4, 5)",
       [&] {
         warp(x, zeros({2, 4, 5}), zeros({2, 4, 5}, float64));
       }},
      {"warp: the images are (0, 1, 4194305, 1), expected sides up to 2^22 and 2^30 pixels",
       [] {
         warp(zeros({0, 1, 4194305, 1}), zeros({0, 4194305, 1}), zeros({0, 4194305, 1}));
       }},
      {"smoothed: sigma is nan, expected",
       [&] {
         smoothed(zeros({1, 2, 2}), nan);
       }},
      {"smoothed: expected float32 or float64 (n, rows, cols), got float32(2, 2)",
       [] {
         smoothed(zeros({2, 2}), 1);
       }},
  };
  for (const auto& row : rows) {
    const std::string text = message(row.f);
    INFO("message: " << text);
    INFO("expected: " << row.message);
    CHECK(begins(text, row.message));
    CHECK(text.find("transforms.cpp:") != std::string::npos);
  }
}
