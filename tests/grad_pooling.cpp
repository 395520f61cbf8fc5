// Pooling and interpolation.
#include <cmath>
#include <limits>

#include "grad_table.hpp"
#include "support.hpp"

using namespace grad_table;

namespace {

std::vector<Tensors> draws(const std::vector<std::vector<Shape>>& shapes) {
  std::vector<Tensors> cases;
  for (const auto& list : shapes) {
    Tensors inputs;
    for (const Shape& s : list) inputs.push_back(plain(s));
    cases.push_back(inputs);
  }
  return cases;
}
// For what takes a maximum, and squared, so that the second order says something.
std::vector<Tensors> apart(const std::vector<Shape>& shapes) {
  std::vector<Tensors> cases;
  for (const Shape& s : shapes) cases.push_back({distinct(s)});
  return cases;
}
template <class F>
Function squared(F f) {
  return [=](const Tensors& in) { return square(f(in[0])); };
}

const Table pooling = {
    {"max_pool", squared([](auto& x) { return max_pool(x, 2); }),
     apart({{2, 3, 4, 6}, {1, 2, 5}, {1, 1, 2, 4, 3}, {0, 2, 4}, {2, 0, 4}})},
    {"max_pool options", squared([](auto& x) {
       return max_pool(x, MaxPoolOptions({3, 2}).stride({2, 3}).padding(1).ceil_mode(true));
     }),
     apart({{2, 2, 5, 6}, {1, 3, 3, 3}})},
    {"max_pool dilation", squared([](auto& x) {
       return max_pool(x, MaxPoolOptions(2).stride(1).dilation({2, 1}));
     }),
     apart({{2, 2, 4, 3}, {1, 1, 5, 4}})},
    {"max_pool1d", squared([](auto& x) { return max_pool1d(x, MaxPoolOptions(3).stride(2).padding(1)); }),
     apart({{2, 3, 8}, {1, 1, 3}})},
    {"max_pool2d", squared([](auto& x) { return max_pool2d(x, MaxPoolOptions(3).stride(2)); }),
     apart({{2, 3, 5, 7}, {1, 1, 3, 4}})},
    {"max_pool3d", squared([](auto& x) {
       return max_pool3d(x, MaxPoolOptions({1, 2, 2}).stride({2, 1, 2}));
     }),
     apart({{2, 1, 3, 3, 4}, {1, 2, 1, 2, 2}})},
    {"max_pool_with_indices", squared([](auto& x) { return max_pool_with_indices(x, 2).values; }),
     apart({{2, 3, 4, 4}})},
    {"avg_pool", squared([](auto& x) { return avg_pool(x, 2); }),
     draws({{{2, 3, 4, 6}}, {{1, 2, 5}}, {{1, 1, 2, 4, 3}}, {{0, 2, 4}}, {{2, 0, 4}}})},
    {"avg_pool options", squared([](auto& x) {
       return avg_pool(x, AvgPoolOptions({3, 2}).stride({2, 3}).padding(1).ceil_mode(true));
     }),
     draws({{{2, 2, 5, 6}}, {{1, 3, 3, 3}}})},
    {"avg_pool without padding", squared([](auto& x) {
       return avg_pool(x, AvgPoolOptions(3).stride(2).padding(1).ceil_mode(true).count_include_pad(false));
     }),
     draws({{{2, 2, 5, 6}}, {{1, 3, 4, 3}}})},
    {"avg_pool divisor",
     squared([](auto& x) { return avg_pool(x, AvgPoolOptions(3).stride(1).padding(1).divisor_override(4)); }),
     draws({{{2, 2, 3, 4}}, {{1, 1, 3, 3}}})},
    {"avg_pool1d", squared([](auto& x) { return avg_pool1d(x, AvgPoolOptions(3).stride(2).padding(1)); }),
     draws({{{2, 3, 8}}, {{1, 1, 3}}})},
    {"avg_pool2d", squared([](auto& x) { return avg_pool2d(x, AvgPoolOptions(3).stride(2)); }),
     draws({{{2, 3, 5, 7}}, {{1, 1, 3, 4}}})},
    {"avg_pool3d", squared([](auto& x) {
       return avg_pool3d(x, AvgPoolOptions({1, 2, 2}).stride({2, 1, 2}));
     }),
     draws({{{2, 1, 3, 3, 4}}, {{1, 2, 1, 2, 2}}})},
    {"adaptive_avg_pool", squared([](auto& x) { return adaptive_avg_pool(x, 3); }),
     draws({{{2, 2, 7, 5}}, {{1, 2, 2}}, {{1, 1, 3, 4, 5}}, {{0, 1, 4}}})},
    {"adaptive_avg_pool1d", squared([](auto& x) { return adaptive_avg_pool1d(x, 4); }),
     draws({{{2, 3, 6}}, {{1, 1, 2}}})},
    {"adaptive_avg_pool2d", squared([](auto& x) {
       return adaptive_avg_pool2d(x, {2, 3});
     }),
     draws({{{2, 2, 5, 4}}})},
    {"adaptive_avg_pool3d", squared([](auto& x) {
       return adaptive_avg_pool3d(x, {2, 1, 3});
     }),
     draws({{{1, 2, 3, 2, 4}}})},
    {"adaptive_max_pool", squared([](auto& x) { return adaptive_max_pool(x, 3); }),
     apart({{2, 2, 7, 5}, {1, 2, 2}, {1, 1, 3, 4, 5}, {0, 1, 4}})},
    {"adaptive_max_pool1d", squared([](auto& x) { return adaptive_max_pool1d(x, 4); }), apart({{2, 3, 6}, {1, 1, 2}})},
    {"adaptive_max_pool2d", squared([](auto& x) {
       return adaptive_max_pool2d(x, {2, 3});
     }),
     apart({{2, 2, 5, 4}})},
    {"adaptive_max_pool3d", squared([](auto& x) {
       return adaptive_max_pool3d(x, {2, 1, 3});
     }),
     apart({{1, 2, 3, 2, 4}, {2, 1, 2, 2, 3}})},
    {"adaptive_max_pool_with_indices", squared([](auto& x) {
       return adaptive_max_pool_with_indices(x, {2, 3}).values;
     }),
     apart({{2, 2, 5, 4}})},
};

Function resized(const InterpolateOptions& options) {
  return squared([=](auto& x) { return interpolate(x, options); });
}
const InterpolateOptions linear_mode = InterpolateOptions().mode(Interpolation::linear);
InterpolateOptions linearly() { return linear_mode; }

const Table interpolation = {
    {"interpolate", resized(InterpolateOptions().size({5, 7})),
     draws({{{2, 2, 3, 4}}, {{1, 1, 6, 9}}, {{0, 2, 3, 3}}})},
    {"interpolate factor", resized(InterpolateOptions().scale_factor(1.6)),
     draws({{{2, 2, 5}}, {{1, 2, 3, 4}}, {{1, 1, 2, 3, 2}}})},
    {"interpolate twice", resized(InterpolateOptions().scale_factor(2)), draws({{{2, 2, 3, 4}}, {{1, 2, 5}}})},
    {"interpolate linear 1d", resized(linearly().size(7)), draws({{{2, 2, 4}}, {{1, 1, 1}}, {{1, 1, 9}}})},
    {"interpolate linear 2d", resized(linearly().size({5, 2})), draws({{{2, 2, 3, 4}}, {{1, 1, 5, 3}}})},
    {"interpolate linear 3d", resized(linearly().size({3, 2, 5})), draws({{{1, 2, 2, 3, 3}}})},
    {"interpolate linear factor", resized(linearly().scale_factor({1.5, 0.7})), draws({{{2, 2, 3, 5}}})},
    {"interpolate linear twice", resized(linearly().scale_factor(2)), draws({{{2, 2, 3, 4}}})},
    {"interpolate corners 1d", resized(linearly().align_corners(true).size(5)), draws({{{2, 3, 4}}, {{1, 2, 9}}})},
    {"interpolate corners 2d", resized(linearly().align_corners(true).size({5, 1})), draws({{{2, 2, 3, 4}}})},
    {"interpolate corners 3d", resized(linearly().align_corners(true).scale_factor({1.5, 2, 1})),
     draws({{{1, 2, 2, 3, 3}}})},
};

Table all_rows() {
  Table rows = pooling;
  rows.insert(rows.end(), interpolation.begin(), interpolation.end());
  return rows;
}
const Table table = all_rows();

const Table values_only = {
    {"max_pool_with_indices indices",
     [](const Tensors& in) {
       return max_pool_with_indices(in[0], MaxPoolOptions({3, 2}).stride({2, 3}).padding(1).ceil_mode(true)).indices;
     },
     {}},
    {"max_pool_with_indices ties",
     [](const Tensors& in) {
       return max_pool_with_indices(in[0], MaxPoolOptions(3).stride(1).dilation(2).padding(1)).indices;
     },
     {}},
    {"adaptive_max_pool_with_indices indices",
     [](const Tensors& in) {
       return adaptive_max_pool_with_indices(in[0], {3, 2}).indices;
     },
     {}},
};

}  // namespace

XTAPE_CHECK_TABLE("pooling", table, values_only)

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("pooling and interpolation give the same bits for any number of threads") {
  const Tensor x = normal({19, 6, 37, 41}).requires_grad();
  check_same_bits([&] {
    const Tensor y = avg_pool2d(max_pool2d(max_pool2d(x, 2), MaxPoolOptions(3).stride(2)), 2);
    const Tensor z = interpolate(y, InterpolateOptions().size(31).mode(Interpolation::linear));
    Tensors all = grad(sum(square(z)), {x});
    all.push_back(z);
    return all;
  });
}

TEST_CASE("tiles of two by two agree with the general windows in values and gradients") {
  // The indices come from the general loops; values and gradients of such tiles have their own.
  for (const Shape& shape : {Shape{2, 3, 8, 36}, Shape{1, 2, 7, 21}, Shape{1, 1, 2, 2}}) {
    const Tensor x = (plain(shape) * 2).to(int64).to(float64).requires_grad();
    const Tensor y = max_pool2d(x, 2), w = plain(y.shape());
    const MaxPool found = max_pool_with_indices(x, 2);
    CHECK(allclose(y, found.values));
    const auto at = found.indices.to_vector<std::int64_t>();
    const auto weights = w.to_vector<double>(), elements = x.to_vector<double>(), largest = y.to_vector<double>();
    std::vector<double> expected(elements.size());
    const std::size_t plane = static_cast<std::size_t>(shape[2] * shape[3]), n = at.size() / (elements.size() / plane);
    for (std::size_t i = 0; i < at.size(); ++i) {
      const std::size_t place = i / n * plane + static_cast<std::size_t>(at[i]);
      CHECK(elements[place] == largest[i]);
      expected[place] += weights[i];
    }
    CHECK(grad(sum(y * w), {x})[0].to_vector<double>() == expected);
  }
}

TEST_CASE("NaN and infinities go through pooling") {
  const Tensor x = tensor({{{1., not_a_number, 3., 4., -inf, -inf, inf, 0.}}});
  const auto largest = max_pool1d(x, 2).to_vector<double>();
  CHECK(std::isnan(largest[0]));
  CHECK(std::vector<double>(largest.begin() + 1, largest.end()) == std::vector<double>{4, -inf, inf});
  CHECK(max_pool_with_indices(x, 2).indices.to_vector<std::int64_t>() == std::vector<std::int64_t>{1, 3, 4, 6});
  CHECK(std::isnan(avg_pool1d(x, 2)[0][0][0].item()));
  const Tensor leaf = x.requires_grad();
  CHECK(grad(sum(max_pool1d(leaf, 2)), {leaf})[0].to_vector<std::int64_t>() ==
        std::vector<std::int64_t>{0, 1, 0, 1, 1, 0, 1, 0});
}

TEST_CASE("the gradient of max_pool goes to the first of equals") {
  const Tensor x = zeros({1, 1, 4, 4}).requires_grad();
  CHECK(grad(sum(max_pool2d(x, 2)), {x})[0].to_vector<std::int64_t>() ==
        std::vector<std::int64_t>{1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0});
  CHECK(grad(sum(max_pool2d(x, MaxPoolOptions(3).stride(1))), {x})[0].to_vector<std::int64_t>() ==
        std::vector<std::int64_t>{1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
}

TEST_CASE("pooling of integers computes in float32 and keeps constants") {
  const Tensor x = reshape(arange(16), {1, 1, 4, 4});
  CHECK(avg_pool2d(x, 2).dtype() == float32);
  CHECK(avg_pool2d(x, 2).to_vector<float>() == std::vector<float>{2.5, 4.5, 10.5, 12.5});
  CHECK(max_pool2d(x, 2).to_vector<float>() == std::vector<float>{5, 7, 13, 15});
  CHECK(adaptive_avg_pool2d(ones({1, 1, 7, 5}), {3, 2}).to_vector<float>() == std::vector<float>(6, 1));
  CHECK(interpolate(x, InterpolateOptions().size(2)).to_vector<float>() == std::vector<float>{0, 2, 8, 10});
}

TEST_CASE("what does not fit pooling and interpolation is refused with the shapes met") {
  const Tensor x = ones({2, 3, 4, 5});
  CHECK(begins(message([&] { max_pool2d(x, 5); }),
               "max_pool2d: a window of kernel_size 5 and dilation 1 spans 5 "
               "elements, more than the 4 of x (2, 3, 4, 5) with padding 0"));
  CHECK(begins(message([&] { max_pool2d(x, MaxPoolOptions(2).padding(2)); }),
               "max_pool2d: padding 2 must be at most half of kernel_size 2"));
  CHECK(
      begins(message([&] { max_pool1d(x, 2); }), "max_pool1d: expected (batch, channels, length), got float32(2, 3,"));
  CHECK(begins(message([&] { max_pool(ones({1, 1, 0}), 2); }), "max_pool: the spatial sizes of x (1, 1, 0) must not"));
  CHECK(begins(message([&] { max_pool(x, 0); }), "max_pool: kernel_size (0,) is out of range"));
  CHECK(begins(message([&] {
                 max_pool(ones({1, 1, 1}), MaxPoolOptions(3).padding(1).dilation(2).ceil_mode(true));
               }),
               "max_pool: a window of kernel_size 3 and dilation 2 has no element inside x (1, 1, 1)"));
  CHECK(begins(message([&] { avg_pool(x, AvgPoolOptions(2).stride(-1)); }), "avg_pool: stride (-1,) is out of range"));
  CHECK(begins(message([&] { avg_pool(x, AvgPoolOptions(2).divisor_override(0)); }),
               "avg_pool: divisor_override must not be 0"));
  CHECK(begins(message([&] { adaptive_avg_pool2d(x, -1); }), "adaptive_avg_pool2d: output_size (-1,) is out of range"));
  CHECK(begins(message([&] {
                 adaptive_max_pool(x, {1, 2, 3});
               }),
               "adaptive_max_pool: output_size (1, 2, 3) does not fit: expected one number, or 2"));
  CHECK(begins(message([&] { interpolate(x, InterpolateOptions()); }),
               "interpolate: expected either size or scale_factor for x (2, 3, 4, 5)"));
  CHECK(begins(message([&] { interpolate(x, InterpolateOptions().size(2).scale_factor(2)); }),
               "interpolate: expected either size or scale_factor"));
  CHECK(begins(message([&] { interpolate(x, InterpolateOptions().scale_factor(0.1)); }),
               "interpolate: scale_factor (0.1,) gives x (2, 3, 4, 5) a size that is not in [1, 2^31)"));
  CHECK(begins(message([&] { interpolate(x, InterpolateOptions().scale_factor(not_a_number)); }),
               "interpolate: scale_factor"));
  CHECK(begins(message([&] {
                 interpolate(x, InterpolateOptions().scale_factor({1, 2, 3}));
               }),
               "interpolate: scale_factor (1, 2, 3) does not fit: expected one number, or 2"));
  CHECK(begins(message([&] { interpolate(x, InterpolateOptions().size(2).align_corners(true)); }),
               "interpolate: align_corners is for the linear mode"));
  CHECK(
      begins(message([&] { interpolate(x, InterpolateOptions().size(0)); }), "interpolate: size (0,) is out of range"));
}
