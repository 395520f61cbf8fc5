// Tensor as a value: how it is made, read, indexed, converted and printed, and how dtypes meet.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <sstream>
#include <string>
#include <vector>
#include <xtape.hpp>

using namespace xtape;

namespace {

std::string printed(const Tensor& x) {
  std::ostringstream out;
  out << x;
  return out.str();
}
bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

template <class T>
void check_is(const Tensor& x, Dtype dtype, const Shape& shape, const std::vector<T>& values) {
  CHECK(x.dtype() == dtype);
  CHECK(x.shape() == shape);
  CHECK(x.to_vector<T>() == values);
}

using Values = std::vector<double>;

}  // namespace

TEST_CASE("nested lists take the dtypes that PyTorch gives them") {
  check_is<float>(tensor({{1., 2.}, {3., 4.}}), float32, {2, 2}, {1, 2, 3, 4});
  check_is<std::int64_t>(tensor({1, 2, 3}), int64, {3}, {1, 2, 3});
  check_is<bool>(tensor({true, false}), boolean, {2}, {true, false});
  check_is<float>(tensor({1, 2.5f}), float32, {2}, {1, 2.5});
  check_is<std::int64_t>(tensor({{true, false}, {2, 3}}), int64, {2, 2}, {1, 0, 2, 3});
  check_is<float>(tensor(3.5), float32, {}, {3.5});
  check_is<std::int64_t>(tensor(7), int64, {}, {7});
  check_is<bool>(tensor(true), boolean, {}, {true});
  check_is<float>(tensor({{{1.}}, {{2.}}}), float32, {2, 1, 1}, {1, 2});
  check_is<double>(tensor({0.1, 0.2}, float64), float64, {2}, {0.1, 0.2});
  check_is<std::uint8_t>(tensor({0, 255}, uint8), uint8, {2}, {0, 255});
  // Beyond 2^53 a double would round.
  CHECK(tensor({std::numeric_limits<long>::max()}).item<std::int64_t>() == std::numeric_limits<std::int64_t>::max());
}

TEST_CASE("ragged lists are refused") {
  CHECK_THROWS_AS(tensor({{1., 2.}, {3.}}), Error);
  CHECK_THROWS_AS(tensor({{1.}, {2., 3.}}), Error);
  CHECK_THROWS_AS(tensor({{1.}, 2.}), Error);
  CHECK_THROWS_AS(tensor({1., {2.}}), Error);
}

TEST_CASE("vectors and pointers are copied") {
  std::vector<double> v = {1, 2, 3, 4, 5, 6};
  const Tensor flat = tensor(v), shaped = tensor(v, {2, 3}), pointed = tensor(v.data(), {3, 2});
  v.assign(6, 0);
  check_is<double>(flat, float64, {6}, {1, 2, 3, 4, 5, 6});
  check_is<double>(shaped, float64, {2, 3}, {1, 2, 3, 4, 5, 6});
  check_is<double>(pointed, float64, {3, 2}, {1, 2, 3, 4, 5, 6});
  check_is<bool>(tensor(std::vector<bool>{true, false, true}), boolean, {3}, {true, false, true});
  check_is<std::uint8_t>(tensor(std::vector<std::uint8_t>{200}), uint8, {1}, {200});
  CHECK_THROWS_AS(tensor(v, {4}), Error);
}

TEST_CASE("elements are read as what they are or converted on request") {
  const Tensor x = tensor({{1.5, -2.}, {0., 4.}});
  CHECK(x.data<float>()[3] == 4);
  CHECK_THROWS_AS(x.data<double>(), Error);
  CHECK_THROWS_AS(x.data<std::int64_t>(), Error);
  CHECK(x.to_vector<double>() == Values{1.5, -2, 0, 4});
  CHECK(x.to_vector<std::int64_t>() == std::vector<std::int64_t>{1, -2, 0, 4});
  CHECK(x.to_vector<bool>() == std::vector<bool>{true, true, false, true});
  CHECK_THROWS_AS(x.item(), Error);
  CHECK_THROWS_AS(zeros({0}).item(), Error);
  CHECK(full({1, 1}, 2.5).item() == 2.5);
  CHECK(full({1, 1}, 2.5).item<int>() == 2);
  CHECK_THROWS_AS(full({}, 3e9).item<int>(), Error);
  CHECK(full({}, 3e9).item<std::int64_t>() == 3'000'000'000);
  CHECK(reinterpret_cast<std::uintptr_t>(x.data<float>()) % 64 == 0);
}

TEST_CASE("indexing takes slices that share memory") {
  const Tensor x = tensor({{1., 2., 3.}, {4., 5., 6.}});
  CHECK(x[1].to_vector<double>() == Values{4, 5, 6});
  CHECK(x[-1].to_vector<double>() == Values{4, 5, 6});
  CHECK(x[-2][2].item() == 3);
  CHECK(x[0][-3].item() == 1);
  CHECK(x[1].data<float>() == x.data<float>() + 3);
  CHECK_THROWS_AS(x[2], Error);
  CHECK_THROWS_AS(x[-3], Error);
  CHECK_THROWS_AS(x[0][0][0], Error);
  CHECK_THROWS_AS(zeros({0, 3})[0], Error);
  CHECK(zeros({2, 0})[1].shape() == Shape{0});
}

TEST_CASE("reshape finds the size that is left open and shares the block") {
  const Tensor x = arange(12).to(float32);
  CHECK(reshape(x, {3, -1}).shape() == Shape{3, 4});
  CHECK(reshape(x, {-1}).shape() == Shape{12});
  CHECK(reshape(x, {2, -1, 2}).shape() == Shape{2, 3, 2});
  CHECK(reshape(full({1}, 5), Shape{}).item() == 5);
  CHECK(reshape(zeros({0, 3}), {-1, 3}).shape() == Shape{0, 3});
  CHECK_THROWS_AS(reshape(zeros({0, 3}), {0, -1}), Error);
  CHECK_THROWS_AS(reshape(x, {5, -1}), Error);
  CHECK_THROWS_AS(reshape(x, {-1, -1}), Error);
  CHECK_THROWS_AS(reshape(x, {-2, -6}), Error);
  const std::int64_t bytes = memory_stats().live_bytes;
  const Tensor y = reshape(reshape(x, {3, 4}), {4, 3})[2];
  CHECK(y.data<float>() == x.data<float>() + 6);
  CHECK(memory_stats().live_bytes - bytes <= 128);  // one header, not the chain of views nor the elements
}

TEST_CASE("conversion keeps values and refuses what has no counterpart") {
  check_is<std::int64_t>(tensor({1.9, -1.9, 0.}).to(int64), int64, {3}, {1, -1, 0});
  check_is<bool>(tensor({0., -0., 0.5}).to(boolean), boolean, {3}, {false, false, true});
  check_is<float>(tensor({true, false}).to(float32), float32, {2}, {1, 0});
  check_is<std::uint8_t>(tensor({0., 254.6, 255.}).to(uint8), uint8, {3}, {0, 254, 255});
  CHECK(full({}, -0x1p63, float64).to(int64).item<std::int64_t>() == std::numeric_limits<std::int64_t>::min());
  CHECK(full({}, 1e300, float64).to(float32).item() == std::numeric_limits<double>::infinity());
  const double infinity = std::numeric_limits<double>::infinity();
  for (double v : {std::nan(""), infinity, -infinity, 0x1p63, -0x1.1p63}) {
    CAPTURE(v);
    CHECK_THROWS_AS(tensor({v}, float64).to(int64).size(), Error);
    CHECK_THROWS_AS(tensor({v}).to(int64).size(), Error);
  }
  for (double v : {-1., 256., std::nan("")}) CHECK_THROWS_AS(tensor({v}).to(uint8).size(), Error);
  const Tensor x = ones({3});
  CHECK(x.to(float32).data<float>() == x.data<float>());
}

TEST_CASE("a number takes the dtype of the tensor it meets") {
  const Tensor d = tensor({3.}, float64), f = tensor({3.}), i = tensor({3}), b = tensor({true}),
               u = tensor({200}, uint8);
  CHECK((d * 0.1).item() == 3. * 0.1);
  CHECK((0.1 + d).item() == 0.1 + 3.);
  CHECK((f * 0.1).dtype() == float32);
  CHECK((f * 0.1).item<float>() == 3.f * 0.1f);
  check_is<std::int64_t>(i * 2, int64, {1}, {6});
  check_is<std::int64_t>(5 - i, int64, {1}, {2});
  check_is<float>(i * 0.5, float32, {1}, {1.5});
  check_is<float>(i * 2., float32, {1}, {6});  // what a variable holds does not change the dtype
  const std::int64_t large = (std::int64_t{1} << 62) + 1;
  CHECK((tensor({0}) + large).item<std::int64_t>() == large);
  check_is<float>(i / 2, float32, {1}, {1.5});
  check_is<float>(i / i, float32, {1}, {1});
  check_is<std::int64_t>(b + b, int64, {1}, {2});
  check_is<std::int64_t>(u + u, int64, {1}, {400});
  check_is<std::int64_t>(-i, int64, {1}, {-3});
  check_is<float>(exp(i * 0), float32, {1}, {1});
}

TEST_CASE("different dtypes meet in the wider one") {
  const Dtype all[] = {float32, float64, int64, uint8, boolean};
  for (Dtype p : all)
    for (Dtype q : all) {
      CAPTURE(p);
      CAPTURE(q);
      const bool floating = is_floating(p) || is_floating(q);
      const Dtype wide = p == float64 || q == float64 ? float64 : floating ? float32 : int64;
      const Tensor x = ones({2}, p), y = ones({2}, q);
      CHECK((x + y).dtype() == wide);
      CHECK((x * y).dtype() == wide);
      CHECK((x / y).dtype() == (floating ? wide : float32));
      CHECK((x < y).dtype() == boolean);
      CHECK(where(tensor({true, false}), x, y).dtype() == (p == q && floating ? p : wide));
    }
}

TEST_CASE("changing a variable leaves those that share its elements alone") {
  Tensor x = tensor({1., 2.});
  const Tensor alias = x;
  x += 1;
  x *= x;
  x -= tensor({1., 1.});
  x /= 2;
  CHECK(x.to_vector<double>() == Values{1.5, 4});
  CHECK(alias.to_vector<double>() == Values{1, 2});
}

TEST_CASE("allclose compares with tolerances and NaN is close to nothing") {
  const double infinity = std::numeric_limits<double>::infinity();
  const Tensor x = tensor({1., 100.});
  CHECK(allclose(x, x * 1.000001));
  CHECK_FALSE(allclose(x, x * 1.0001));
  CHECK(allclose(x, x * 1.0001, 1e-3));
  CHECK_FALSE(allclose(x, x + 0.01, 0, 1e-3));
  CHECK(allclose(x, x + 0.01, 0, 1e-1));
  CHECK(allclose(ones({2, 3}), 1));
  CHECK_FALSE(allclose(ones({2, 3}), 2));
  CHECK(allclose(tensor({1, 2}), tensor({1., 2.}, float64)));
  CHECK(allclose(tensor({infinity}), tensor({infinity})));
  CHECK_FALSE(allclose(tensor({infinity}), tensor({-infinity})));
  CHECK_FALSE(allclose(tensor({infinity}), tensor({1.})));
  CHECK_FALSE(allclose(tensor({1.}), tensor({infinity})));
  CHECK_FALSE(allclose(tensor({std::nan("")}), tensor({std::nan("")})));
  CHECK(allclose(zeros({0}), zeros({0})));
  CHECK_THROWS_AS(allclose(x, ones({1})), Error);
}

TEST_CASE("printing shows elements and dtype and shape") {
  const std::string matrix = printed(tensor({{1.5, 2.}, {3., 4.}}));
  CHECK(contains(matrix, "1.5"));
  CHECK(contains(matrix, "float32(2, 2)"));
  CHECK(contains(printed(tensor({7, -8})), "-8"));
  CHECK(contains(printed(tensor({7, -8})), "int64(2,)"));
  CHECK(contains(printed(tensor({65}, uint8)), "65"));  // not the letter A
  CHECK(contains(printed(tensor({true})), "true"));
  CHECK(contains(printed(tensor(2.25)), "2.25"));
  CHECK(contains(printed(tensor(2.25)), "float32()"));
  CHECK(contains(printed(zeros({2, 0}, float64)), "float64(2, 0)"));
  CHECK(printed(zeros({1000, 1000})).size() < 2000);
  CHECK(printed(Tensor()) == "undefined tensor");
}

TEST_CASE("an undefined tensor is refused by everything that needs its value") {
  const Tensor none, x = ones({2});
  const std::function<void()> uses[] = {
      [&] { none.shape(); },
      [&] { none.item(); },
      [&] { none[0]; },
      [&] { none.to(float64).item(); },
      [&] { none.requires_grad().item(); },
      [&] { none.backward(); },
      [&] { none + x; },
      [&] { x* none; },
      [&] { 1 / none; },
      [&] { (none < x).size(); },
      [&] { exp(none); },
      [&] { sum(none); },
      [&] { mean(none, 0); },
      [&] { argmax(none); },
      [&] { matmul(none, x); },
      [&] { matmul(x, none); },
      [&] { linear(none, none, none); },
      [&] { reshape(none, {1}); },
      [&] { permute(none, {0}); },
      [&] { transpose(none); },
      [&] { broadcast_to(none, {1}); },
      [&] { sum_to(none, {1}); },
      [&] { where(none, x, x); },
      [&] { where(x > 0, none, x); },
      [&] { softmax(none); },
      [&] { cross_entropy(none, x); },
      [&] { one_hot(none, 2); },
      [&] { nn::mse_loss(none, x); },
      [&] { allclose(x, none); },
      [&] { Parameter{none}; },
  };
  for (const auto& use : uses) {
    CAPTURE(&use - uses);
    CHECK_THROWS_AS(use(), Error);
  }
  CHECK_FALSE(none.defined());
  CHECK_FALSE(none.detach().defined());
}

TEST_CASE("tensors without elements and tensors without axes go through every op") {
  const std::function<Tensor(const Tensor&)> same_shape[] = {[](const Tensor& x) { return x + x; },
                                                             [](const Tensor& x) { return 2 / x; },
                                                             [](const Tensor& x) { return -exp(log(x)); },
                                                             [](const Tensor& x) { return sqrt(square(tanh(x))); },
                                                             [](const Tensor& x) { return relu(sigmoid(x)); },
                                                             [](const Tensor& x) { return where(x > 0, x, 1 - x); },
                                                             [](const Tensor& x) { return x.to(float64); },
                                                             [](const Tensor& x) { return reshape(x, x.shape()); },
                                                             [](const Tensor& x) { return sum(x, Axes({})); },
                                                             [](const Tensor& x) { return broadcast_to(x, x.shape()); },
                                                             [](const Tensor& x) { return sum_to(x, x.shape()); }};
  for (const Shape& shape : {Shape{}, Shape{0}, Shape{2, 0, 3}, Shape{1, 1, 1, 1, 1, 1, 1, 1}})
    for (const auto& f : same_shape) {
      CAPTURE(shape);
      CAPTURE(&f - same_shape);
      const Tensor x = full(shape, 0.5).requires_grad(), y = f(x);
      CHECK(y.shape() == shape);
      const Tensor g = grad(sum(y), x);
      CHECK(g.shape() == shape);
      CHECK(g.dtype() == float32);
    }
  const Tensor empty = zeros({2, 0, 3});
  CHECK(sum(empty).item() == 0);
  CHECK(std::isnan(mean(empty).item()));
  CHECK(sum(empty, 1).to_vector<double>() == Values(6, 0));
  CHECK(permute(empty, {2, 0, 1}).shape() == Shape{3, 2, 0});
  CHECK(argmax(empty, 0).shape() == Shape{0, 3});
  CHECK(softmax(empty, 1).shape() == Shape{2, 0, 3});
  CHECK(one_hot(zeros({0}, int64), 4).shape() == Shape{0, 4});
  CHECK(linear(zeros({2, 3, 0}), zeros({4, 0}), ones({4})).to_vector<double>() == Values(24, 1));
}
