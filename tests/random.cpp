// Random numbers: the published generator, the right distributions, and nothing that depends on threads.
#include <doctest/doctest.h>
#include <autograd/core/keyed_randomness.hpp>
#include <autograd/ops/dropout.hpp>
#include <autograd/record.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <thread>
#include <vector>
#include <xtape.hpp>

#include "support.hpp"

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
  RandomGenerator a(9), b(9);
  uniform({3}, 0, 1, float32, a);
  normal({999}, 0, 1, float64, b);
  CHECK(normal({50}, 0, 1, float32, a).to_vector<float>() == normal({50}, 0, 1, float32, b).to_vector<float>());
  // A longer tensor begins with the shorter one.
  RandomGenerator c(9), d(9);
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
  check_same_bits([] {
    RandomGenerator g(3);
    return Tensors{uniform({100'003}, -1, 1, float32, g), normal({77'777}, 0, 1, float64, g), permutation(1000, g)};
  });
}

TEST_CASE("uniform numbers fill their interval evenly") {
  for (Dtype dtype : {float32, float64}) {
    RandomGenerator g(11);
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
    RandomGenerator g(12);
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
    RandomGenerator again(12);
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

  RandomGenerator g(2);
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

namespace {

// How far counts are from what is expected, in squares; each count is expected to be at least about ten.
double chi_squared(const std::vector<double>& counts, const std::vector<double>& expected) {
  double sum = 0;
  for (std::size_t i = 0; i < counts.size(); ++i)
    if (expected[i] > 0) sum += (counts[i] - expected[i]) * (counts[i] - expected[i]) / expected[i];
    else sum += counts[i] * 1e9;
  return sum;
}

// Everything that draws, with a generator.
const std::vector<std::function<Tensor(RandomGenerator&)>> draws = {
    [](RandomGenerator& g) { return uniform({40'003}, 0, 1, float32, g); },
    [](RandomGenerator& g) { return normal({40'003}, 0, 1, float64, g); },
    [](RandomGenerator& g) { return truncated_normal({40'003}, 0, 1, 1, 2, float32, g); },
    [](RandomGenerator& g) { return exponential({40'003}, 1, float32, g); },
    [](RandomGenerator& g) { return randint(-5, 1000, {40'003}, g); },
    [](RandomGenerator& g) { return bernoulli({40'003}, 0.3, float32, g); },
    [](RandomGenerator& g) { return bernoulli(full({40'003}, 0.3, float64), g); },
    [](RandomGenerator& g) { return permutation(1000, g); },
    [](RandomGenerator& g) {
      return multinomial(ones({3, 50}), 20, true, g);
    },
    [](RandomGenerator& g) {
      return multinomial(ones({3, 50}), 20, false, g);
    }};

}  // namespace

TEST_CASE("all draws depend on seed and stream alone") {
  for (std::size_t i = 0; i < draws.size(); ++i) {
    CAPTURE(i);
    auto of = [&](std::uint64_t seed, int skipped, int threads) {
      set_num_threads(threads);
      RandomGenerator g(seed);
      for (int k = 0; k < skipped; ++k) g.next();
      return draws[i](g).to_vector<double>();
    };
    const auto one = of(3, 1, 1);
    CHECK(one == of(3, 1, 2));
    CHECK(one == of(3, 1, 3));
    CHECK(one != of(4, 1, 1));
    CHECK(one != of(3, 2, 1));
    set_num_threads(1);
    // Each takes one stream, and none when it fails.
    RandomGenerator g(9);
    draws[i](g);
    CHECK(g.next() == 1);
  }
  RandomGenerator g(1);
  CHECK_THROWS_AS(uniform({2}, 1, 0, float32, g), Error);
  CHECK_THROWS_AS(randint(0, 0, {2}, g), Error);
  CHECK(g.next() == 0);
  g.give_back();
  CHECK(g.next() == 0);
}

TEST_CASE("a replay draws anew and a checkpoint draws the same") {
  auto f = [](const Tensors& in) { return in[0] * dropout(in[0], 0.5) + uniform({100}) + bernoulli({100}, 0.5); };
  const Tensors x{full({100}, 3.f)};
  manual_seed(31);
  const Tensor first = f(x), second = f(x);
  manual_seed(31);
  Replay replay = record([&](const Tensors& in) { return f(in); }, x);
  CHECK(replay(x)[0].to_vector<float>() == first.to_vector<float>());  // recording itself drew nothing
  CHECK(replay(x)[0].to_vector<float>() == second.to_vector<float>());

  const Tensor leaf = full({100}, 3.f).requires_grad();
  manual_seed(31);
  const Tensor plain = grad(sum(f({leaf})), leaf);
  manual_seed(31);
  const Tensor y = checkpoint(f, Tensors{leaf});
  CHECK(y.to_vector<float>() == first.to_vector<float>());
  CHECK(grad(sum(y), leaf).to_vector<float>() == plain.to_vector<float>());
  manual_seed(0);
}

TEST_CASE("a replay seeds what the function seeds and draws from what it draws from") {
  const Tensor x = full({8}, 3.);
  RandomGenerator outside(7);
  auto f = [&](const Tensors& in) {
    RandomGenerator own(5);
    static RandomGenerator kept(6);
    const Tensor a = in[0] * uniform({8}, 0, 1, float32, own) + uniform({8}, 0, 1, float32, kept);
    const Tensor b = dropout(in[0], 0.5, true, outside) + normal({8});
    manual_seed(3);
    return Tensors{a, b, uniform({8})};
  };
  manual_seed(31);
  Replay replay = record(f, {x});
  std::vector<Tensors> replayed;
  for (int i = 0; i < 3; ++i) replayed.push_back(replay({x}));
  const std::uint64_t next = default_generator().next();
  manual_seed(31);
  outside.manual_seed(7);
  for (int i = 0; i < 3; ++i) {
    const Tensors eager = f({x});
    for (std::size_t k = 1; k < 3; ++k) CHECK(same_bits(replayed[static_cast<std::size_t>(i)][k], eager[k]));
    // `kept` went on from the replays.
    CHECK_FALSE(same_bits(replayed[static_cast<std::size_t>(i)][0], eager[0]));
  }
  CHECK(default_generator().next() == next);
  CHECK_FALSE(same_bits(replayed[0][0], replayed[1][0]));
  auto alone = [&](const Tensors& in) {
    RandomGenerator own(5);
    return uniform({8}, 0, 1, float32, own) * in[0] * uniform({8}, 0, 1, float32, own);
  };
  Replay again = record(alone, {x});
  for (int i = 0; i < 2; ++i) CHECK(same_bits(again({x})[0], alone({x})));
  manual_seed(0);
}

TEST_CASE("what draws inside of a custom operation is not drawn again by a checkpoint and undone by a recording") {
  auto noisy = [](const Tensor& x) {
    return custom([](const Tensor& x) { return x * dropout(x, 0.5); },
                  [](const Tensor& g, const Tensor& x, const Tensor& y) { return g * 2 * y / x; }, x);
  };
  auto f = [&](const Tensors& in) { return exp(noisy(in[0]) / 8) * noisy(in[0].detach()); };
  auto derive = [&](const Tensors& in, bool in_checkpoint) {
    const Tensor leaf = in[0].requires_grad();
    const Tensor y = in_checkpoint ? checkpoint(f, Tensors{leaf}) : f({leaf});
    return Tensors{y, grad(sum(y), leaf), normal({2})};
  };
  const Tensor x = uniform({100}, 1, 2), other = uniform({100}, 1, 2);
  manual_seed(31);
  const Tensors plain = derive({x}, false);
  manual_seed(31);
  const Tensors repeated = derive({x}, true);
  manual_seed(31);
  Replay replay = record([&](const Tensors& in) { return derive(in, true); }, {other});
  const Tensors replayed = replay({x});
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(same_bits(repeated[i], plain[i]));
    CHECK(same_bits(replayed[i], plain[i]));
  }
  manual_seed(0);
}

TEST_CASE("truncated normal numbers are normal between their bounds") {
  struct Interval {
    double mean, stddev, low, high;
  };
  const Interval intervals[] = {{0, 1, -2, 2},   {1, 2, -1, 1.5},     {0, 1, 0, 8},
                                {0, 1, 2, 9},    {0, 1, 3, 3.2},      {0, 1, -9, -2},
                                {0, 1, -0.5, 1}, {3, 0.5, -1e300, 3}, {0, 1, -1e300, 1e300}};
  for (Dtype dtype : {float32, float64})
    for (const Interval& at : intervals) {
      CAPTURE(at.low);
      CAPTURE(at.high);
      RandomGenerator g(21);
      const auto x = truncated_normal({100'000}, at.mean, at.stddev, at.low, at.high, dtype, g).to_vector<double>();
      CHECK(*std::min_element(x.begin(), x.end()) >= static_cast<float>(at.low));
      CHECK(*std::max_element(x.begin(), x.end()) <= static_cast<float>(at.high));
      // From the nearer tail, where the function does not cancel.
      const double sign = at.low > at.mean ? -1 : 1;
      auto cdf = [&](double v) { return sign * normal_cdf(sign * (v - at.mean) / at.stddev); };
      const double below = cdf(at.low), all = cdf(at.high) - below;
      CHECK(kolmogorov_smirnov(x, [&](double v) { return (cdf(v) - below) / all; }) < 2);
    }
  // So far out that no number of the distribution function is left, the distance from the bound is exponential.
  RandomGenerator g(22);
  const auto far = truncated_normal({20'000}, 0, 1, 60, 100, float64, g).to_vector<double>();
  CHECK(kolmogorov_smirnov(far, [](double v) { return 1 - std::exp((60 - v) * (60 + v) / 2) * 60 / v; }) < 2);
  CHECK(truncated_normal({2}, 0, 1, 1e200, 1e300, float64).to_vector<double>() == std::vector<double>(2, 1e200));
  CHECK(truncated_normal({0}).size() == 0);
}

TEST_CASE("exponential numbers have their rate") {
  for (Dtype dtype : {float32, float64}) {
    RandomGenerator g(23);
    const auto x = exponential({200'000}, 2, dtype, g).to_vector<double>();
    CHECK(*std::min_element(x.begin(), x.end()) >= 0);
    CHECK(kolmogorov_smirnov(x, [](double v) { return 1 - std::exp(-2 * v); }) < 2);
  }
}

TEST_CASE("random integers as tensors are even and cover the whole range") {
  RandomGenerator g(24);
  std::vector<double> counts(7);
  for (std::int64_t k : randint(-3, 4, {70'000}, g).to_vector<std::int64_t>()) {
    REQUIRE(k >= -3);
    REQUIRE(k < 4);
    ++counts[static_cast<std::size_t>(k + 3)];
  }
  CHECK(chi_squared(counts, std::vector<double>(7, 10'000)) < 22.5);  // 6 degrees of freedom: once in 1,000 times
  // 3/4 of 2^64: a plain remainder would find half in the low third, and many are drawn again.
  const std::int64_t high = std::int64_t{1} << 62, low = -high - high;
  int third = 0;
  for (std::int64_t k : randint(low, high, {60'000}, g).to_vector<std::int64_t>()) third += k < -high;
  CHECK(std::abs(third - 20'000) < 500);
  const auto all =
      randint(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max(), {1000}, g)
          .to_vector<std::int64_t>();
  CHECK(std::abs(std::count_if(all.begin(), all.end(), [](std::int64_t k) { return k < 0; }) - 500) < 70);
  CHECK(randint(5, 6, {}, g).item() == 5);
}

TEST_CASE("coins fall as often as they should") {
  for (Dtype dtype : {float32, float64}) {
    RandomGenerator g(25);
    for (double p : {0.02, 0.3, 0.999}) {
      const double bound = 4 * std::sqrt(p * (1 - p) / 200'000);
      CHECK(std::abs(mean(bernoulli({200'000}, p, dtype, g)).item() - p) < bound);
      CHECK(std::abs(mean(bernoulli(full({2, 100'000}, p, dtype), g)).item() - p) < bound);
    }
    const Tensor p = tensor({0., 1., 0.}, dtype);
    for (int i = 0; i < 100; ++i) CHECK(bernoulli(p, g).to_vector<double>() == std::vector<double>{0, 1, 0});
    CHECK(bernoulli(p).dtype() == dtype);
    CHECK(mean(bernoulli({1000}, 1, dtype, g)).item() == 1);
    CHECK(mean(bernoulli({1000}, 0, dtype, g)).item() == 0);
  }
  // What half a word cannot tell from 0 and 1: 16 of 2^24, with a standard deviation of 4.
  RandomGenerator g(26);
  for (double p : {0x1p-20, 1 - 0x1p-20}) {
    const double rare = sum(bernoulli({1 << 24}, p, float32, g) == (p < 0.5)).item();
    CHECK(rare > 3);
    CHECK(rare < 33);
  }
  CHECK(bernoulli(tensor({0, 1})).dtype() == float32);
  CHECK(!bernoulli(full({3}, 0.5).requires_grad()).is_recorded());
}

TEST_CASE("indices come in proportion to their weights") {
  RandomGenerator g(26);
  const Tensor weights = tensor({{1., 0., 3., 6.}, {0., 2., 2., 0.}});
  const auto drawn = multinomial(weights, 50'000, true, g).to_vector<std::int64_t>();
  std::vector<double> counts(8);
  for (std::size_t i = 0; i < drawn.size(); ++i) ++counts[static_cast<std::size_t>(drawn[i]) + 4 * (i / 50'000)];
  CHECK(chi_squared(counts, {5000, 0, 15'000, 30'000, 0, 25'000, 25'000, 0}) < 16.3);  // 3 degrees of freedom

  // Without replacement: the probability of each ordered pair.
  const std::vector<double> w = {1, 2, 3, 4};
  const Tensor rows = broadcast_to(tensor(w), {30'000, 4});
  const auto pairs = multinomial(rows, 2, false, g).to_vector<std::int64_t>();
  std::vector<double> seen(16), expected(16);
  for (std::size_t i = 0; i < pairs.size(); i += 2) ++seen[static_cast<std::size_t>(4 * pairs[i] + pairs[i + 1])];
  for (std::size_t a = 0; a < 4; ++a)
    for (std::size_t b = 0; b < 4; ++b) expected[4 * a + b] = a == b ? 0 : 30'000 * w[a] / 10 * w[b] / (10 - w[a]);
  CHECK(chi_squared(seen, expected) < 31.3);  // 11 degrees of freedom
  CHECK(multinomial(tensor({0., 1.}), 1).to_vector<std::int64_t>() == std::vector<std::int64_t>{1});
  CHECK(multinomial(tensor({2, 5}), 3, true).shape() == Shape{3});
  CHECK(multinomial(ones({0, 3}), 2).shape() == Shape{0, 2});
  CHECK(multinomial(ones({2, 0}), 0).shape() == Shape{2, 0});
}

TEST_CASE("draws stay within their ends after rounding") {
  struct Ends {
    double low, high;
  };
  for (const Ends& ends : {Ends{0.999, 1}, Ends{5, 6}, Ends{0.9, 1}, Ends{0.1, 0.3}, Ends{-1, -0.999}, Ends{0, 0.7}})
    for (Dtype dtype : {float32, float64}) {
      const double low = ends.low, high = ends.high;
      CAPTURE(low);
      manual_seed(1);
      const Tensor x = uniform({1 << 22}, low, high, dtype);
      CHECK(amin(x).item() >= low);
      CHECK(amax(x).item() < high);
      CHECK(amax(x).item() < (dtype == float32 ? static_cast<double>(static_cast<float>(high)) : high));
    }
  for (const double step : {1., 3.}) {  // few numbers to choose from
    const double low = 1 - step * 0x1p-24;
    const Tensor x = uniform({1000}, low, 1);
    CHECK(amin(x).item() == low);
    CHECK(amax(x).item() == 1 - 0x1p-24);
  }
  const Tensor wide = uniform({1000}, -1e308, 1e308, float64);
  CHECK(all(isfinite(wide)).item<bool>());
  CHECK(amin(wide).item() < -0.9e308);
  CHECK(amax(wide).item() > 0.9e308);
  CHECK(std::abs(mean(wide / 1e308).item()) < 0.1);
  CHECK(amax(uniform({10}, 0.1, 0.1)).item<float>() == 0.1f);
  const Tensor narrow = truncated_normal({100000}, 0, 1, 0.1, 0.3);
  CHECK(amin(narrow).item() >= 0.1);
  CHECK(amax(narrow).item() <= 0.3);
  CHECK(amin(exponential({100000})).item() >= 0);
  CHECK(amax(randint(-2, 3, {100000})).item() == 2);
  CHECK(sum(bernoulli({100000}, 0)).item() == 0);
  CHECK(mean(bernoulli({100000}, 1)).item() == 1);
}

TEST_CASE("weights of any size are drawn in proportion") {
  for (const double unit : {1e-310, 1., 1e308}) {
    manual_seed(3);
    const Tensor w = tensor({1., 1., 0., 1.}).to(float64) * unit;
    const Tensor drawn = bincount(multinomial(w, 3000, true), 4);
    CHECK(drawn[2].item() == 0);
    for (int i : {0, 1, 3}) CHECK(std::abs(drawn[i].item() - 1000) < 100);
    CHECK(bincount(multinomial(w, 3), 4).to_vector<int>() == std::vector<int>{1, 1, 0, 1});
    manual_seed(3);
    CHECK(allclose(bincount(multinomial(tensor({1., 1., 0., 1.}), 3000, true), 4), drawn, 0, 0));
  }
  CHECK(multinomial(tensor(std::vector<double>{1e308, 1e-20}), 2).size() == 2);
}

TEST_CASE("malformed draws say what was met and where") {
  struct Call {
    std::function<void()> f;
    const char* says;
  };
  const double nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
  const Call calls[] = {
      {[] { uniform({2}, 1, 0); }, "uniform: [1.000000, 0.000000) is empty"},
      {[] { uniform({2}, 0, 1, int64); }, "uniform: draws float32 or float64, not int64"},
      {[] { normal({2}, 0, -1); }, "normal: a standard deviation is not -1.000000"},
      {[=] { uniform({2}, -inf, 0); }, "uniform: the ends of [-inf, 0) of float32 do not fit"},
      {[] { uniform({2}, 0, 1e300); }, "uniform: the ends of [0, 1e+300) of float32 do not fit"},
      {[] { uniform({2}, 1, 1 + 1e-12); }, "uniform: there is no number in [1, 1) of float32"},
      {[=] { normal({2}, nan); }, "normal: a mean is not nan"},
      {[=] { normal({2}, 0, inf); }, "normal: a standard deviation is not inf"},
      {[=] { exponential({2}, inf); }, "exponential: a rate is positive and finite, not inf"},
      {[] { exponential({2}, 1e-38); }, "exponential: float32 does not hold waiting times of the rate 1e-38"},
      {[] { normal({2}, 0, 1, boolean); }, "normal: draws float32 or float64, not bool"},
      {[] { truncated_normal({2}, 0, 0); }, "truncated_normal: expected a finite mean, a positive standard deviation"},
      {[] { truncated_normal({2}, 0, 1, 2, 2); }, "got 0.000000, 1.000000 and [2.000000, 2.000000]"},
      {[=] { truncated_normal({2}, nan); }, "truncated_normal: expected a finite mean"},
      {[=] { truncated_normal({2}, 0, 1, nan); }, "truncated_normal: expected a finite mean"},
      {[] { truncated_normal({2}, 0, 1, 0, 1, uint8); }, "truncated_normal: draws float32 or float64"},
      {[] { exponential({2}, 0); }, "exponential: a rate is positive and finite, not 0.000000"},
      {[] { exponential({2}, 1, int64); }, "exponential: draws float32 or float64"},
      {[] { randint(3, 3, {2}); }, "randint: there is no integer in [3, 3)"},
      {[] { bernoulli({2}, 1.5); }, "bernoulli: 1.500000 is no probability in [0, 1]"},
      {[] { bernoulli({2}, 0.5, int64); }, "bernoulli: draws float32 or float64"},
      {[] {
         bernoulli(tensor({0., -1.}));
       },
       "bernoulli: element 1, -1.000000, is no probability in [0, 1]"},
      {[=] { bernoulli(tensor({nan})); }, "bernoulli: element 0, nan, is no probability"},
      {[] { bernoulli(Tensor()); }, "bernoulli: the tensor is undefined"},
      {[] { permutation(-1); }, "permutation: the length -1 is negative"},
      {[] {
         multinomial(ones({1, 1, 1}), 1);
       },
       "multinomial: the weights are float32(1, 1, 1), expected (n,) or"},
      {[] { multinomial(ones({2}), -1); }, "multinomial: cannot draw -1 indices"},
      {[] { multinomial(ones({2}), 3); }, "cannot draw 3 indices without replacement where 2 weights of row 0 are"},
      {[] { multinomial(zeros({2}), 3, true); }, "cannot draw 3 indices where 0 weights of row 0 are above 0"},
      {[] {
         multinomial(tensor({1., -1.}), 1);
       },
       "multinomial: a weight is -1.000000 at 1"},
      {[=] {
         multinomial(tensor({nan, 1.}), 1);
       },
       "multinomial: a weight is nan at 0"},
      {[] { multinomial(2, 1); }, "multinomial: expected a tensor, not a number"}};
  for (const Call& call : calls) {
    const std::string text = message(call.f);
    CAPTURE(text);
    CHECK(text.find(call.says) != std::string::npos);
    CHECK(text.find("random.cpp:") != std::string::npos);
  }
  CHECK(message([] { randint(1, 0, {}); }).find("random.cpp:" + std::to_string(__LINE__)) != std::string::npos);
}

TEST_CASE("what a thread draws by a key depends on nothing else, in replays too") {
  manual_seed(1);
  Replay outside = record([](const Tensors& in) { return in[0] + uniform({4}); }, {zeros({4})});
  std::optional<Replay> inside;
  Tensors drawn;
  Tensor of_another_thread;
  {
    const KeyedRandomness keyed(9, 100);
    drawn.push_back(uniform({4}));
    drawn.push_back(outside({zeros({4})})[0]);
    std::thread([&] { of_another_thread = uniform({4}); }).join();
    {
      const KeyedRandomness inner(5, 0);
      manual_seed(3);
      uniform({2});
    }
    inside = record([](const Tensors& in) { return in[0] + uniform({4}); }, {zeros({4})});
    drawn.push_back((*inside)({zeros({4})})[0]);
    CHECK(default_generator().next() == 103);
  }
  RandomGenerator of_key(9), of_seed(1);
  for (int i = 0; i < 100; ++i) of_key.next();
  for (const Tensor& x : drawn) CHECK(same_bits(x, uniform({4}, 0, 1, float32, of_key)));
  CHECK(same_bits(of_another_thread, uniform({4}, 0, 1, float32, of_seed)));
  CHECK(same_bits((*inside)({zeros({4})})[0], uniform({4}, 0, 1, float32, of_seed)));
  CHECK(default_generator().seed() == 1);
  CHECK(default_generator().next() == 2);
}
