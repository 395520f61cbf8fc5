// Numbers in and out of tensors: every arithmetic type is taken, and none changes its value unasked.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "support.hpp"

using namespace xtape;

namespace {

constexpr std::int64_t odd = 9007199254740993;  // 2^53 + 1, which no double is
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t beyond = static_cast<std::uint64_t>(most) + 1;

template <class T>
void check_type(Dtype listed, Dtype copied) {
  const std::vector<T> v{T(3), T(0), T(1)};
  const Tensor x = tensor(v);
  CHECK(x.dtype() == copied);
  CHECK(x.to_vector<T>() == v);
  CHECK(tensor(v, {3, 1}).shape() == Shape{3, 1});
  const Tensor first = x[0], list = tensor({T(3)}), filled = full({}, T(3)), sum = tensor({1., 2.}) + T(3);
  CHECK(first.item<T>() == T(3));
  CHECK(tensor({T(3), T(0)}).dtype() == listed);
  CHECK(list.item<T>() == T(3));
  CHECK(filled.item<T>() == T(3));
  CHECK(sum.to_vector<double>() == std::vector<double>{1. + T(3), 2. + T(3)});
}

}  // namespace

TEST_CASE("every arithmetic type goes into a tensor and comes out") {
  check_type<float>(float32, float32);
  check_type<double>(float32, float64);
  check_type<long double>(float32, float64);
  check_type<char>(int64, int64);
  check_type<signed char>(int64, int64);
  check_type<unsigned char>(int64, uint8);
  check_type<short>(int64, int64);
  check_type<unsigned short>(int64, int64);
  check_type<int>(int64, int64);
  check_type<unsigned>(int64, int64);
  check_type<long>(int64, int64);
  check_type<unsigned long>(int64, int64);
  check_type<long long>(int64, int64);
  check_type<unsigned long long>(int64, int64);
  const std::vector<bool> bits{true, false};
  CHECK(tensor(bits).dtype() == boolean);
  CHECK(tensor(bits).to_vector<bool>() == bits);
  CHECK(tensor({true}).item<bool>());
  CHECK(tensor({bits.size()}).item<int>() == 2);
  CHECK(tensor({{1u}, {2u}}).to_vector<int>() == std::vector<int>{1, 2});
  const int raw[] = {1, 2};
  CHECK(tensor(raw, {2}).dtype() == int64);
}

TEST_CASE("a number that its type does not hold is refused and not wrapped around") {
  struct Call {
    std::function<void()> f;
    const char* says;
    int line;
  };
  const Tensor large = tensor({std::int64_t{1} << 40, std::int64_t{-1}}), x = ones({2});
  const Call calls[] = {
      {[&] { tensor({300}, uint8); }, "tensor: 300 has no counterpart in uint8", __LINE__},
      {[&] {
         tensor({-1, 2}, uint8);
       },
       "tensor: -1 has no counterpart in uint8", __LINE__ - 2},
      {[&] { tensor({300.}, uint8); }, "tensor: 300.000000 has no counterpart in uint8", __LINE__},
      {[&] { large.to(uint8).size(); }, "to: element 0, 1099511627776, has no counterpart in uint8", __LINE__},
      {[&] { full({2}, 300, uint8); }, "full: 300 has no counterpart in uint8", __LINE__},
      {[&] { full({2}, -1e19, int64); }, "full: -10000000000000000000.000000 has no counterpart in int64", __LINE__},
      {[&] { full_like(tensor({1}, uint8), 256); }, "full: 256 has no counterpart in uint8", __LINE__},
      {[&] { arange(257, uint8); }, "arange: 256 has no counterpart in uint8", __LINE__},
      {[&] { large.to_vector<int>(); },
       "to_vector: element 0, 1099511627776, has no counterpart in a signed integer of 32 bits", __LINE__ - 1},
      {[&] { large.to_vector<std::uint64_t>(); },
       "to_vector: element 1, -1, has no counterpart in an unsigned integer of 64 bits", __LINE__ - 1},
      {[&] { large[1].item<unsigned>(); }, "item: -1 has no counterpart in an unsigned integer of 32 bits", __LINE__},
      {[&] { tensor({1e10}).item<int>(); },
       "item: 10000000000.000000 has no counterpart in a signed integer of 32 bits", __LINE__ - 1},
      {[&] { x + beyond; }, "int64: 9223372036854775808 is too large: integers are int64; write it as a", __LINE__},
      {[&] { x + ~std::uint64_t{0}; }, "int64: 18446744073709551615 is too large", __LINE__},
      {[&] { tensor({beyond}); }, "int64: 9223372036854775808 is too large", __LINE__},
      {[&] { full({1}, beyond, int64); }, "int64: 9223372036854775808 is too large", __LINE__},
      {[&] { tensor(std::vector<std::uint64_t>{beyond}, {1}); },
       "tensor: 9223372036854775808 has no counterpart in int64", __LINE__ - 1},
      {[&] { x[beyond]; }, "int64: 9223372036854775808 is too large", __LINE__},
      {[&] { bincount(tensor({most})); }, "bincount: element 0 is 9223372036854775807", __LINE__},
      {[&] { bincount(tensor({most}), ones({1})); }, "bincount: element 0 is 9223372036854775807", __LINE__},
  };
  for (const Call& c : calls) {
    const std::string text = message(c.f);
    CAPTURE(text);
    CHECK(says(text, c.says, c.line));
  }
  CHECK(tensor({255, 0}, uint8).to(int64).to(uint8).to_vector<int>() == std::vector<int>{255, 0});
  CHECK((x + 0x1p63)[0].item() == 0x1p63);
}

TEST_CASE("integers beyond 2^53 keep their last digit") {
  CHECK(full({}, odd, int64).item<std::int64_t>() == odd);
  CHECK(full_like(tensor({1}), odd).item<std::int64_t>() == odd);
  CHECK(scatter(tensor({0}), 0, tensor({0}), odd).item<std::int64_t>() == odd);
  CHECK(scatter_add(tensor({1}), 0, tensor({0}), odd).item<std::int64_t>() == odd + 1);
  CHECK(index_add(tensor({1}), 0, tensor({0}), odd).item<std::int64_t>() == odd + 1);
  CHECK(index_copy(tensor({0}), 0, tensor({0}), odd).item<std::int64_t>() == odd);
  CHECK(masked_fill(tensor({0}), tensor({true}), odd).item<std::int64_t>() == odd);
  CHECK(tensor({odd}).item<std::int64_t>() == odd);
  CHECK(pad(tensor({0}), {1, 0}, PadMode::constant, odd)[0].item<std::int64_t>() == odd);
  CHECK(clamp(tensor({0}), odd).item<std::int64_t>() == odd);
  CHECK(clamp(tensor({most}), 0, odd).item<std::int64_t>() == odd);
  CHECK(clamp(tensor({odd}), -0.5, static_cast<double>(odd - 1)).item<std::int64_t>() == odd - 1);
  CHECK_FALSE(allclose(tensor({odd}), tensor({odd - 1}), 0, 0));
  CHECK_FALSE(allclose(odd, odd - 1, 0, 0));
  CHECK_FALSE(allclose(tensor({odd}), odd - 1, 0, 0));
  CHECK(allclose(tensor({odd}), odd - 1, 0, 1));
  CHECK(allclose(tensor({odd}), odd));
  CHECK_FALSE(allclose(tensor({most}), tensor({-most}), 0, 1e19));
  CHECK(isclose(tensor({odd, most}), tensor({odd - 1, most}), 0, 0).to_vector<bool>() ==
        std::vector<bool>{false, true});
  CHECK_FALSE(isclose(tensor({most}), tensor({-most}), 0, 1e19).item<bool>());
}

TEST_CASE("the mean of integers does not wrap around") {
  CHECK(mean(tensor({most, most})).item() == 0x1p63);
  CHECK(mean(tensor({-most, -most, -most})).item() == -0x1p63);
  CHECK(nanmean(tensor({most, most})).item() == 0x1p63);
  CHECK(mean(tensor({{most, 1}, {most, 2}}), 0).to_vector<double>() == std::vector<double>{0x1p63, 1.5});
  CHECK(mean(tensor({1, 2})).dtype() == float32);
  CHECK(mean(tensor({true, false, false, false})).item() == 0.25);
}

TEST_CASE("shapes and axes come from vectors of integers") {
  const std::vector<std::int64_t> sizes{2, 3};
  const std::vector<int> small{2, 3};
  const Tensor x = ones(sizes);
  CHECK(x.shape() == Shape{2, 3});
  CHECK(ones(small).shape() == x.shape());
  CHECK(reshape(arange(6), small).shape() == x.shape());
  CHECK(sum(x, std::vector<std::int64_t>{0, 1}).item() == 6);
  CHECK(sum(x, std::vector<int>{0}).shape() == Shape{3});
  CHECK(sum(x, sizes.size() - 1).shape() == Shape{2});
  CHECK(permute(x, std::vector<int>{1, 0}).shape() == Shape{3, 2});
  const auto negative = [] { return Shape(std::vector<std::int64_t>{2, -1}); };
  CHECK(says(message([&] { negative(); }), "Shape: size -1 of axis 1 is negative", __LINE__ - 1));
  CHECK(says(message([] { ones(std::vector<std::uint64_t>{beyond}); }), "int64: 9223372036854775808 is", __LINE__));
}

TEST_CASE("a flag means keepdims in every reduction and the correction has a name") {
  const Tensor x = tensor({{1., 2.}, {3., 5.}});
  CHECK(var(x, 1, true).shape() == Shape{2, 1});
  CHECK(var(x, 1, true).to_vector<double>() == std::vector<double>{0.5, 2});
  CHECK(stddev(x, 1, true).shape() == Shape{2, 1});
  CHECK(var(x, 1, false, Correction(0)).to_vector<double>() == std::vector<double>{0.25, 1});
  CHECK(stddev(x, 1, false, Correction(0)).to_vector<double>() == std::vector<double>{0.5, 1});
}

TEST_CASE("argmax and argmin without an axis are of all elements") {
  const Tensor x = tensor({{1., 7., 2.}, {7., 0., 5.}});
  CHECK(argmax(x).shape() == Shape{});
  CHECK(argmax(x).item<int>() == 1);
  CHECK(argmin(x).item<int>() == 4);
  CHECK(argmax(tensor(3.)).item<int>() == 0);
  CHECK(argmin(tensor({std::nan(""), 1.})).item<int>() == 0);
}
