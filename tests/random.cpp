// Random numbers: the published generator, the right distributions, and nothing that depends on threads.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <vector>
#include <xtape.hpp>

using namespace xtape;

namespace {

using Words = std::array<std::uint32_t, 4>;

// Philox-4x32 with seven rounds, as the paper writes it.
Words philox(Words c, std::uint32_t k0, std::uint32_t k1) {
  for (int round = 0; round < 7; ++round) {
    const std::uint64_t p = 0xD2511F53ull * c[0], q = 0xCD9E8D57ull * c[2];
    auto high = [](std::uint64_t v) { return static_cast<std::uint32_t>(v >> 32); };
    auto low = [](std::uint64_t v) { return static_cast<std::uint32_t>(v); };
    c = {high(q) ^ c[1] ^ k0, low(q), high(p) ^ c[3] ^ k1, low(p)};
    k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
  }
  return c;
}

// How far the numbers' distribution is from `cdf`, times sqrt(n): above 2 once in 1,500 times.
double kolmogorov_smirnov(std::vector<double> x, const std::function<double(double)>& cdf) {
  std::sort(x.begin(), x.end());
  double worst = 0;
  const auto n = static_cast<double>(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double at = cdf(x[i]), below = static_cast<double>(i) / n;
    worst = std::max({worst, at - below, below + 1 / n - at});
  }
  return worst * std::sqrt(n);
}
double normal_cdf(double x) { return std::erfc(-x / std::sqrt(2.)) / 2; }

struct Moments {
  double mean = 0, variance = 0, skewness = 0, kurtosis = 0;
  explicit Moments(const std::vector<double>& x) {
    const auto n = static_cast<double>(x.size());
    for (double v : x) mean += v / n;
    for (double v : x) variance += (v - mean) * (v - mean) / n;
    for (double v : x) skewness += std::pow((v - mean) / std::sqrt(variance), 3) / n;
    for (double v : x) kurtosis += std::pow((v - mean) / std::sqrt(variance), 4) / n;
  }
};

}  // namespace

TEST_CASE("the generator is Philox with seven rounds as Random123 publishes it") {
  // The rows "philox4x32 7" of Random123's kat_vectors.
  CHECK(philox({}, 0, 0) == Words{0x5f6fb709, 0x0d893f64, 0x4f121f81, 0x4f730a48});
  CHECK(philox({~0u, ~0u, ~0u, ~0u}, ~0u, ~0u) == Words{0x5207ddc2, 0x45165e59, 0x4d8ee751, 0x8c52f662});
  CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0xa4093822, 0x299f31d0) ==
        Words{0x4dfccaba, 0x190a87f0, 0xc47362ba, 0xb6b5242a});
  for (std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{0x299f31d0a4093822}, ~std::uint64_t{0}})
    for (std::uint64_t stream : {std::uint64_t{0}, std::uint64_t{0x0370734413198a2e}, ~std::uint64_t{0}}) {
      RandomStream random(seed, stream);
      for (std::uint32_t block = 0; block < 5; ++block)
        for (std::uint32_t word :
             philox({block, 0, static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)},
                    static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)))
          CHECK(random.bits() == word);
    }
}

TEST_CASE("a seed gives the same numbers again and another seed gives others") {
  auto draw = [](std::uint64_t seed) {
    manual_seed(seed);
    std::vector<float> all = uniform({100}).to_vector<float>();
    for (const Tensor& more : {normal({100}), permutation(100).to(float32), uniform({100})})
      for (float v : more.to_vector<float>()) all.push_back(v);
    return all;
  };
  const std::vector<float> one = draw(5);
  CHECK(one == draw(5));
  CHECK(one != draw(6));
  CHECK(!std::equal(one.begin(), one.begin() + 100, one.begin() + 300));  // each call has a stream of its own
  // A stream does not depend on how much was drawn from the one before.
  Generator a(9), b(9);
  uniform({3}, 0, 1, float32, a);
  normal({999}, 0, 1, float64, b);
  CHECK(normal({50}, 0, 1, float32, a).to_vector<float>() == normal({50}, 0, 1, float32, b).to_vector<float>());
  // A longer tensor begins with the shorter one.
  Generator c(9), d(9);
  const auto shorter = normal({10}, 0, 1, float64, c).to_vector<double>();
  const auto longer = normal({11}, 0, 1, float64, d).to_vector<double>();
  CHECK(std::equal(shorter.begin(), shorter.end(), longer.begin()));
  // A copied stream goes on from where it was copied.
  RandomStream first(1, 2);
  first.bits();
  RandomStream copy = first;
  for (int i = 0; i < 9; ++i) CHECK(first.bits() == copy.bits());
}

TEST_CASE("numbers do not depend on the number of threads") {
  auto draw = [](int threads) {
    set_num_threads(threads);
    Generator g(3);
    std::vector<double> all = uniform({100'003}, -1, 1, float32, g).to_vector<double>();
    for (double v : normal({77'777}, 0, 1, float64, g).to_vector<double>()) all.push_back(v);
    for (double v : permutation(1000, g).to_vector<double>()) all.push_back(v);
    return all;
  };
  const std::vector<double> one = draw(1);
  CHECK(one == draw(2));
  CHECK(one == draw(4));
  set_num_threads(1);
}

TEST_CASE("uniform numbers fill their interval evenly") {
  for (Dtype dtype : {float32, float64}) {
    Generator g(11);
    const std::vector<double> x = uniform({200'000}, -1, 3, dtype, g).to_vector<double>();
    CHECK(*std::min_element(x.begin(), x.end()) >= -1);
    CHECK(*std::max_element(x.begin(), x.end()) < 3);
    CHECK(kolmogorov_smirnov(x, [](double v) { return (v + 1) / 4; }) < 2);
    const Moments m(x);
    CHECK(std::abs(m.mean - 1) < 0.012);
    CHECK(std::abs(m.variance - 16. / 12) < 0.012);
    // Neighbours, which come from one block, have nothing to do with each other.
    double correlation = 0;
    for (std::size_t i = 1; i < x.size(); ++i) correlation += (x[i] - 1) * (x[i - 1] - 1);
    CHECK(std::abs(correlation / 200'000 / m.variance) < 0.01);
  }
  CHECK(uniform({1000}, 2, 2).to_vector<float>() == std::vector<float>(1000, 2));
  CHECK(uniform({0, 3}).size() == 0);
  CHECK(uniform({}).rank() == 0);
}

TEST_CASE("normal numbers are normal") {
  for (Dtype dtype : {float32, float64}) {
    Generator g(12);
    const std::vector<double> x = normal({200'000}, 0, 1, dtype, g).to_vector<double>();
    CHECK(kolmogorov_smirnov(x, normal_cdf) < 2);
    const Moments m(x);
    CHECK(std::abs(m.mean) < 0.01);
    CHECK(std::abs(m.variance - 1) < 0.015);
    CHECK(std::abs(m.skewness) < 0.025);
    CHECK(std::abs(m.kurtosis - 3) < 0.05);
    const auto beyond3 = std::count_if(x.begin(), x.end(), [](double v) { return std::abs(v) > 3; });
    CHECK(beyond3 > 440);  // 540 are expected
    CHECK(beyond3 < 640);
    // Box and Muller's pairs: neither the values nor their squares go together.
    double plain = 0, squares = 0;
    for (std::size_t i = 0; i < x.size(); i += 2) {
      plain += x[i] * x[i + 1] / 100'000;
      squares += (x[i] * x[i] - 1) * (x[i + 1] * x[i + 1] - 1) / 100'000;
    }
    CHECK(std::abs(plain) < 0.015);
    CHECK(std::abs(squares) < 0.03);
    Generator again(12);
    const std::vector<double> moved = normal({200'000}, 5, 0.5, dtype, again).to_vector<double>();
    for (std::size_t i = 0; i < x.size(); i += 1000) CHECK(moved[i] == doctest::Approx(5 + 0.5 * x[i]).epsilon(1e-6));
  }
  std::vector<double> one_by_one;
  RandomStream random(4);
  for (int i = 0; i < 100'000; ++i) one_by_one.push_back(random.normal());
  CHECK(kolmogorov_smirnov(one_by_one, normal_cdf) < 2);
}

TEST_CASE("a permutation names everything once and every order is as likely") {
  std::vector<std::int64_t> p = permutation(10'000).to_vector<std::int64_t>();
  CHECK(!std::is_sorted(p.begin(), p.end()));
  std::sort(p.begin(), p.end());
  CHECK(p == arange(10'000).to_vector<std::int64_t>());
  CHECK(permutation(0).size() == 0);
  CHECK(permutation(1).item() == 0);

  Generator g(2);
  std::map<std::vector<std::int64_t>, int> seen;
  for (int i = 0; i < 24'000; ++i) ++seen[permutation(4, g).to_vector<std::int64_t>()];
  CHECK(seen.size() == 24);
  double chi_squared = 0;
  for (auto& [order, count] : seen) chi_squared += (count - 1000.) * (count - 1000.) / 1000;
  CHECK(chi_squared < 50);  // 23 degrees of freedom: once in 1,000 times
}

TEST_CASE("random integers keep their bounds and are even") {
  RandomStream random(8);
  std::array<int, 7> counts{};
  for (int i = 0; i < 70'000; ++i) {
    const std::int64_t k = random.integer(7);
    REQUIRE(k >= 0);
    REQUIRE(k < 7);
    ++counts[static_cast<std::size_t>(k)];
  }
  for (int count : counts) CHECK(std::abs(count - 10'000) < 400);
  for (int i = 0; i < 10; ++i) CHECK(random.integer(1) == 0);
  // 3/8 of 2^64: a plain remainder would find 2,250 in the low third.
  const std::int64_t large = std::int64_t{3} << 61;
  int low = 0;
  for (int i = 0; i < 6000; ++i) low += random.integer(large) < large / 3;
  CHECK(std::abs(low - 2000) < 150);
  CHECK(random.integer(std::numeric_limits<std::int64_t>::max()) >= 0);
}
