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

// Where each window of size 2 along the last axes begins: the indices of such a pooling.
Tensor first_places(const Shape& shape, int axes) {
  Tensor places = zeros(Shape{}, int64);
  for (int a = shape.rank() - axes; a < shape.rank(); ++a)
    places = unsqueeze(places, -1) * (2 * shape[a]) + 2 * arange(shape[a]);
  return broadcast_to(places, shape);
}
// Of two axes, or of three.
Tensor samples_for(const Tensor& x, int axes, double u) {
  return full({x.shape()[0], x.shape()[1], axes}, u, x.dtype());
}

const Table pooling = {
    {"max_pool1d_with_indices", squared([](auto& x) { return max_pool1d_with_indices(x, 2).values; }),
     apart({{2, 3, 8}, {1, 1, 3}})},
    {"max_pool2d_with_indices", squared([](auto& x) { return max_pool2d_with_indices(x, 2).values; }),
     apart({{2, 3, 4, 4}})},
    {"max_pool3d_with_indices", squared([](auto& x) { return max_pool3d_with_indices(x, 2).values; }),
     apart({{2, 2, 2, 4, 4}})},
    {"max_unpool1d", squared([](auto& x) { return max_unpool1d(x, first_places(x.shape(), 1), 2); }),
     draws({{{2, 3, 4}}, {{1, 1, 1}}, {{0, 2, 3}}, {{2, 0, 3}}})},
    {"max_unpool1d of one place",
     squared([](auto& x) { return max_unpool1d(x, first_places(x.shape(), 1) * 0 + 1, 3, 1, 1); }),
     draws({{{5, 3, 4}}, {{1, 2, 3}}})},
    {"max_unpool2d", squared([](auto& x) { return max_unpool2d(x, first_places(x.shape(), 2), 2); }),
     draws({{{2, 3, 2, 4}}, {{1, 1, 1, 1}}, {{0, 2, 3, 1}}})},
    {"max_unpool3d", squared([](auto& x) {
       return max_unpool3d(x, first_places(x.shape(), 3), {2, 2, 2});
     }),
     draws({{{2, 2, 1, 2, 3}}, {{1, 1, 1, 1, 1}}})},
    {"fractional_max_pool2d", squared([](auto& x) {
       return fractional_max_pool2d(x, FractionalMaxPoolOptions({2, 3}).output_size({3, 2}), samples_for(x, 2, 0.4));
     }),
     apart({{2, 3, 5, 6}, {1, 1, 4, 4}, {0, 2, 4, 5}})},
    {"fractional_max_pool3d", squared([](auto& x) {
       return fractional_max_pool3d(x, FractionalMaxPoolOptions(2).output_ratio(0.6), samples_for(x, 3, 0.3));
     }),
     apart({{2, 1, 4, 5, 6}, {1, 2, 4, 4, 4}})},
    {"fractional_max_pool2d_with_indices", squared([](auto& x) {
       return fractional_max_pool2d_with_indices(x, FractionalMaxPoolOptions(2).output_size(2), samples_for(x, 2, 0))
           .values;
     }),
     apart({{2, 3, 5, 4}})},
    {"fractional_max_pool3d_with_indices", squared([](auto& x) {
       return fractional_max_pool3d_with_indices(x, FractionalMaxPoolOptions(2).output_size(2), samples_for(x, 3, 0.9))
           .values;
     }),
     apart({{2, 1, 3, 4, 5}})},
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
    {"adaptive_max_pool1d_with_indices", squared([](auto& x) { return adaptive_max_pool1d_with_indices(x, 3).values; }),
     apart({{2, 2, 7}, {2, 4, 9}})},
    {"adaptive_max_pool2d_with_indices", squared([](auto& x) { return adaptive_max_pool2d_with_indices(x, 2).values; }),
     apart({{2, 2, 5, 4}, {2, 3, 5, 5}})},
    {"adaptive_max_pool3d_with_indices", squared([](auto& x) { return adaptive_max_pool3d_with_indices(x, 2).values; }),
     apart({{2, 1, 3, 2, 5}, {2, 3, 4, 3, 4}})},
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
    {"max_pool1d_with_indices indices",
     [](const Tensors& in) { return max_pool1d_with_indices(in[0], MaxPoolOptions(3).stride(2).padding(1)).indices; },
     {}},
    {"max_pool3d_with_indices indices",
     [](const Tensors& in) { return max_pool3d_with_indices(in[0], 2).indices; },
     {}},
    {"adaptive_max_pool3d_with_indices indices",
     [](const Tensors& in) { return adaptive_max_pool3d_with_indices(in[0], 2).indices; },
     {}},
    {"fractional_max_pool2d_with_indices indices",
     [](const Tensors& in) {
       return fractional_max_pool2d_with_indices(in[0], FractionalMaxPoolOptions({2, 3}).output_size({4, 3}), in[1])
           .indices;
     },
     {}},
    {"fractional_max_pool3d_with_indices indices",
     [](const Tensors& in) {
       return fractional_max_pool3d_with_indices(in[0], FractionalMaxPoolOptions(2).output_ratio({0.5, 0.6, 0.7}),
                                                 in[1])
           .indices;
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
    const MaxPool found =
        fractional_max_pool2d_with_indices(x, FractionalMaxPoolOptions(2).output_ratio(0.7), full({19, 6, 2}, 0.3));
    const Tensor back = max_unpool2d(found.values, found.indices, MaxUnpoolOptions({13, 14}).stride(1));
    Tensors all = grad(sum(square(z)) + sum(square(back)), {x});
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
  CHECK(begins(message([&] { max_pool1d(x, 2); }),
               "max_pool1d: expected ([batch,] channels, length), got float32(2, 3,"));
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

TEST_CASE("max_unpool takes an output size within a stride of the least, by its spatial sizes or as a shape") {
  const Tensor x = reshape(arange(35), {1, 1, 5, 7}).to(float32);
  const MaxPool found = max_pool2d_with_indices(x, 2);
  const Tensor y = max_unpool2d(found.values, found.indices, MaxUnpoolOptions(2).output_size(x.shape()));
  CHECK(y.shape() == x.shape());
  CHECK(all((y == 0) | (y == x)).item<bool>());
  CHECK(count_nonzero(y).item<std::int64_t>() == 6);
  CHECK(max_unpool2d(found.values, found.indices * 0, MaxUnpoolOptions(2).output_size({5, 7})).shape() == x.shape());
  CHECK(max_unpool2d(found.values, found.indices * 0, 2).shape() == Shape{1, 1, 4, 6});
  const Tensor v = ones({2, 3, 2, 2}), k = zeros({2, 3, 2, 2}, int64);
  CHECK(begins(message([&] {
                 max_unpool2d(v, zeros({2, 3, 2}, int64), 2);
               }),
               "max_unpool2d: indices (2, 3, 2) must have the shape of x (2, 3, 2, 2)"));
  CHECK(begins(message([&] { max_unpool2d(v, v, 2); }), "max_unpool2d: the indices must be int64"));
  CHECK(begins(message([&] { max_unpool2d(v, k + 16, 2); }), "max_unpool2d: index 16 at (0, 0) is not in [0, 16)"));
  CHECK(begins(message([&] { max_unpool1d(v, k, 2); }), "max_unpool1d: expected ([batch,] channels, length), got"));
  CHECK(begins(message([&] {
                 max_unpool2d(v, k, MaxUnpoolOptions(2).output_size({4, 6}));
               }),
               "max_unpool2d: output_size (4, 6) does not fit: 2 windows of x (2, 3, 2, 2) lie in a size between 2 and "
               "6, both excluded"));
  CHECK(begins(message([&] { max_unpool2d(v, k, MaxUnpoolOptions(2).output_size({4})); }),
               "max_unpool2d: output_size (4,) must name 2 spatial sizes"));
  CHECK(
      begins(message([&] { max_unpool2d(v, k, 2, INT32_MAX); }),
             "max_unpool2d: x (2, 3, 2, 2) with kernel_size 2, stride 2147483647 and padding 0 would give the spatial "
             "size 2147483649"));
  CHECK(
      begins(message([&] { max_unpool2d(v, k, 1, 1, 2); }),
             "max_unpool2d: x (2, 3, 2, 2) with kernel_size 1, stride 1 and padding 2 would give the spatial size -2"));
}

TEST_CASE("fractional pooling draws windows inside x that leave out nothing, and refuses what does not fit") {
  manual_seed(5);
  const Tensor x = normal({6, 7, 11, 9});
  const FractionalMaxPoolOptions o = FractionalMaxPoolOptions(2).output_ratio({0.8, 0.7});
  const MaxPool a = fractional_max_pool2d_with_indices(x, o), b = fractional_max_pool2d_with_indices(x, o);
  CHECK(a.values.shape() == Shape{6, 7, 8, 6});
  CHECK(allclose(gather(flatten(x, 2), 2, flatten(a.indices, 2)), flatten(a.values, 2)));
  CHECK(a.indices.to_vector<std::int64_t>() != b.indices.to_vector<std::int64_t>());
  CHECK(allclose(amax(a.values, {2, 3}), amax(x, {2, 3})));
  manual_seed(5);
  CHECK(normal({6, 7, 11, 9}).to_vector<float>() == x.to_vector<float>());
  CHECK(fractional_max_pool2d(x, o).to_vector<float>() == a.values.to_vector<float>());
  const Tensor top = full({1, 1, 2}, std::nextafter(1.f, 0.f));  // the last sample before 1 stays inside
  CHECK(fractional_max_pool2d(ones({1, 1, 64, 64}), FractionalMaxPoolOptions(1).output_size(63), top).size() ==
        63 * 63);
  CHECK(fractional_max_pool2d(ones({1, 1, 4, 4}), FractionalMaxPoolOptions(4).output_size(1)).size() == 1);
  CHECK(begins(message([&] { fractional_max_pool2d(x, 2); }),
               "fractional_max_pool2d: expected either output_size or output_ratio for x (6, 7, 11, 9)"));
  CHECK(begins(message([&] {
                 fractional_max_pool2d(x, FractionalMaxPoolOptions(3).output_size({5, 8}));
               }),
               "fractional_max_pool2d: 8 windows of kernel_size 3 do not fit into the 9 elements of x (6, 7, 11, 9)"));
  CHECK(begins(message([&] { fractional_max_pool2d(x, FractionalMaxPoolOptions(3).output_ratio(1)); }),
               "fractional_max_pool2d: output_ratio (1,) is out of range: expected numbers in (0, 1)"));
  CHECK(begins(message([&] { fractional_max_pool3d(x[0][0], o); }),
               "fractional_max_pool3d: expected ([batch,] channels, depth, height, width), got float32(11, 9)"));
  CHECK(begins(message([&] {
                 fractional_max_pool2d(x, o, ones({6, 7, 2}));
               }),
               "fractional_max_pool2d: sample 1.000000 is not in [0, 1)"));
  CHECK(begins(message([&] {
                 fractional_max_pool2d(x, o, zeros({6, 2}));
               }),
               "fractional_max_pool2d: samples float32(6, 2) do not fit: expected float32(6, 7, 2)"));
}
