// Samplers, splits and folds: what goes where, and how often, against what PyTorch, scikit-learn and NumPy count.
#include "support.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>
#include <xtape.hpp>

using namespace xtape;
using datasets::Dataset;
using datasets::Sampler;
using Ints = std::vector<std::int64_t>;

namespace {

const nlohmann::json& expected() {
  static const auto all = nlohmann::json::parse(std::ifstream(XTAPE_TEST_DIR "/samplers/samplers.json"));
  return all;
}
const Ints& classes() {
  static const Ints all = expected()["classes"].get<Ints>();
  return all;
}
/// The number of each sample, and its class.
Dataset numbered() { return {arange(static_cast<std::int64_t>(classes().size())), tensor(classes())}; }
Dataset numbered(std::int64_t n) { return {arange(n), zeros({n}, int64)}; }

Ints numbers_of(const Dataset& data) { return datasets::whole(data).input.to_vector<std::int64_t>(); }
Ints order(const Sampler& sampler, const Dataset& data, std::int64_t batch_size, std::int64_t epoch = 0,
           std::uint64_t seed = 1) {
  return sampler({data, batch_size, epoch, seed}).to_vector<std::int64_t>();
}
Ints sorted(Ints v) { return std::sort(v.begin(), v.end()), v; }
Ints upto(std::int64_t n) { return arange(n).to_vector<std::int64_t>(); }
/// How many of each class there are, those that are rare last.
Ints counts(const Ints& numbers) {
  std::map<std::int64_t, std::int64_t> n{{0, 0}, {1, 0}, {4, 0}, {7, 0}};
  for (const std::int64_t i : numbers) ++n[classes()[static_cast<std::size_t>(i)]];
  Ints all;
  for (const auto& entry : n) all.push_back(entry.second);
  return all;
}
Ints part(const Ints& v, std::int64_t begin, std::int64_t end) { return {v.begin() + begin, v.begin() + end}; }

/// Of each class the share of so many samples to within `more`.
void check_shares(const Ints& numbers, std::int64_t more = 0) {
  for (const auto& row : expected()["shares"]) {
    if (row["samples"] != numbers.size()) continue;
    const Ints found = counts(numbers), fewest = row["fewest"], most = row["most"];
    for (std::size_t i = 0; i < found.size(); ++i) {
      CHECK(found[i] >= fewest[i] - more);
      CHECK(found[i] <= most[i] + more);
    }
    return;
  }
  FAIL("no row");
}

}  // namespace

TEST_CASE("samplers: each is a function of seed and epoch, and none of threads") {
  const Dataset data = numbered();
  const Tensor weights = tensor(classes()) + 1;
  const std::vector<Sampler> all{datasets::RandomSampler(),
                                 datasets::RandomSampler(50),
                                 datasets::WeightedSampler(weights),
                                 datasets::WeightedSampler(weights, 30, false),
                                 datasets::StratifiedSampler(),
                                 datasets::BalancedSampler(),
                                 datasets::DistributedSampler(1, 2),
                                 {"mine", [](const datasets::Sampling& s) {
                                                                        return permutation(s.data.size()); }}};
  std::map<std::string, int> descriptions;
  for (const Sampler& sampler : all) {
    CAPTURE(sampler.description());
    ++descriptions[sampler.description()];
    const Ints first = order(sampler, data, 8);
    CHECK(first != order(sampler, data, 8, 1));
    CHECK(first != order(sampler, data, 8, 0, 2));
    CHECK(order(sampler, data, 8, 1) != order(sampler, data, 8, 0, 2));
    manual_seed(77), uniform({3});  // what others draw
    CHECK(first == order(sampler, data, 8));
    check_same_bits([&] { return Tensors{sampler({data, 8, 3, 4})}; });
  }
  CHECK(descriptions.size() == all.size());
  CHECK(order(datasets::SequentialSampler(), data, 8, 5) == upto(103));
}

TEST_CASE("RandomSampler: all samples, or so many of them, in every order") {
  CHECK(sorted(order(datasets::RandomSampler(), numbered(), 10)) == upto(103));
  CHECK(order(datasets::RandomSampler(40), numbered(), 10) ==
        part(order(datasets::RandomSampler(), numbered(), 10), 0, 40));
  std::map<Ints, int> seen;
  for (int epoch = 0; epoch < 600; ++epoch) ++seen[order(datasets::RandomSampler(), numbered(3), 1, epoch)];
  CHECK(seen.size() == 6);
  double chi_square = 0;
  for (const auto& entry : seen) chi_square += (entry.second - 100) * (entry.second - 100) / 100.0;
  CHECK(chi_square < 35.9);  // 5 degrees of freedom, once in a million
}

TEST_CASE("WeightedSampler: samples come as often as their weights say") {
  const auto weights = expected()["weights"].get<std::vector<double>>();
  const auto probabilities = expected()["probabilities"].get<std::vector<double>>();
  const auto without = expected()["without_replacement"].get<std::vector<double>>();
  const Dataset data = numbered(5);
  std::vector<double> seen(5), pairs(5);
  const int n = 20'000;
  for (const std::int64_t i : order(datasets::WeightedSampler(tensor(weights), n), data, 1)) ++seen[i];
  CHECK(order(datasets::WeightedSampler(tensor(weights)), data, 1).size() == 5);
  CHECK(order(datasets::WeightedSampler(weights), data, 1, 7) ==
        order(datasets::WeightedSampler(tensor(weights)), data, 1, 7));
  double chi_square = 0;
  for (int i : {0, 1, 3, 4}) chi_square += std::pow(seen[i] - n * probabilities[i], 2) / (n * probabilities[i]);
  CHECK(seen[2] == 0);
  CHECK(chi_square < expected()["chi_square_3"].get<double>());

  const int epochs = 2000;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    const Ints pair = order(datasets::WeightedSampler(tensor(weights), 2, false), data, 1, epoch);
    CHECK(pair[0] != pair[1]);
    for (const std::int64_t i : pair) ++pairs[i];
  }
  for (int i = 0; i < 5; ++i)  // five standard deviations
    CHECK(std::abs(pairs[i] - epochs * without[i]) <= 5 * std::sqrt(epochs * without[i] * (1 - without[i])));
}

TEST_CASE("StratifiedSampler: each batch has of each class its share") {
  for (int epoch = 0; epoch < 20; ++epoch) {
    const Ints all = order(datasets::StratifiedSampler(), numbered(), 20, epoch);
    CHECK(sorted(all) == upto(103));
    for (int i = 0; i < 5; ++i) check_shares(part(all, 20 * i, 20 * i + 20));
    // Three are left, which cannot have of each.
    CHECK(counts(part(all, 100, 103))[0] >= 1);
  }
  // As even as it can be: each of five batches of twenty has the same.
  Ints even;
  for (int i = 0; i < 100; ++i) even.push_back(i < 60 ? 0 : i < 85 ? 1 : i < 95 ? 4 : 7);
  const Dataset data(arange(100), tensor(even));
  const Ints all = order(datasets::StratifiedSampler(), data, 20),
             given = order(datasets::StratifiedSampler(tensor(even).to(uint8)), numbered(100), 20);
  CHECK(all == given);
  for (int i = 0; i < 5; ++i) {
    std::map<std::int64_t, int> n;
    for (const std::int64_t k : part(all, 20 * i, 20 * i + 20)) ++n[even[static_cast<std::size_t>(k)]];
    CHECK(n == std::map<std::int64_t, int>{{0, 12}, {1, 5}, {4, 2}, {7, 1}});
  }
}

TEST_CASE("BalancedSampler: each batch has the same number of each class, and none comes before its turn") {
  for (int epoch = 0; epoch < 20; ++epoch) {
    const Ints all = order(datasets::BalancedSampler(), numbered(), 8, epoch);
    REQUIRE(all.size() == 96);
    for (int i = 0; i < 12; ++i) CHECK(counts(part(all, 8 * i, 8 * i + 8)) == Ints{2, 2, 2, 2});
    std::map<std::int64_t, std::int64_t> times;
    for (const std::int64_t i : all) ++times[i];
    // 24 of each class: some of the 60, nearly all of the 25, each of the 13 once or twice, of the 5 four or five
    // times.
    for (const auto& [i, n] : times) {
      const std::int64_t c = classes()[static_cast<std::size_t>(i)], most = c == 7 ? 5 : c == 4 ? 2 : 1;
      CHECK(n <= most);
      CHECK(n >= std::max<std::int64_t>(1, most - 1));
    }
    CHECK(times.size() == 24 + 24 + 13 + 5);
  }
  CHECK(order(datasets::BalancedSampler(), numbered(), 200).size() == 200);  // one batch at least
}

TEST_CASE("DistributedSampler: ranks take all there is, in steps of the same sizes") {
  for (const auto& row : expected()["ranks"]) {
    const std::int64_t n = row["samples"], ranks = row["ranks"], each = row["each"], size = 4;
    const Ints whole = order(datasets::RandomSampler(), numbered(n), size, 2);
    Ints together;
    for (std::int64_t rank = 0; rank < ranks; ++rank) {
      const Ints mine = order(datasets::DistributedSampler(rank, ranks), numbered(n), size, 2);
      CHECK(mine.size() == each);
      if (n >= ranks * size)
        CHECK(part(mine, 0, size) == part(whole, rank * size, rank * size + size));  // the first step
      together.insert(together.end(), mine.begin(), mine.end());
    }
    std::map<std::int64_t, std::int64_t> times;
    for (const std::int64_t i : together) ++times[i];
    CHECK(times.size() == n);
    // What makes it even comes from the beginning of the order.
    for (std::int64_t i = 0; i < n; ++i)
      CHECK(times[whole[static_cast<std::size_t>(i)]] == (i < each * ranks - n ? 2 : 1));
  }
  // Batches stay what another sampler makes them.
  for (std::int64_t rank : {0, 1}) {
    const Ints mine = order(datasets::DistributedSampler(rank, 2, datasets::BalancedSampler()), numbered(), 8);
    CHECK(mine.size() == 48);
    for (int i = 0; i < 6; ++i) CHECK(counts(part(mine, 8 * i, 8 * i + 8)) == Ints{2, 2, 2, 2});
  }
}

TEST_CASE("split: parts are disjoint, complete, of the sizes asked for, and of each class have their share") {
  for (const auto& row : expected()["lengths"]) {
    const auto shares = row["shares"].get<std::vector<double>>();
    const Dataset data = numbered(row["samples"].get<std::int64_t>());
    Ints lengths;
    const auto add = [&](const Dataset& part) { lengths.push_back(part.size()); };
    if (shares.size() == 2) {
      for (const Dataset& part : datasets::random_split(data, {shares[0], shares[1]})) add(part);
    } else {
      for (const Dataset& part : datasets::split(data, {shares[0], shares[1], shares[2]})) add(part);
    }
    CHECK(lengths == row["lengths"].get<Ints>());
  }
  std::map<Ints, int> seen;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    auto [train, validation] = datasets::split(numbered(), {83, 20}, seed);
    Ints all = numbers_of(train);
    const Ints held_back = numbers_of(validation);
    ++seen[held_back];
    check_shares(all), check_shares(held_back);
    CHECK(sorted(held_back) == held_back);
    all.insert(all.end(), held_back.begin(), held_back.end());
    CHECK(sorted(all) == upto(103));
    CHECK(numbers_of(datasets::split(numbered(), {83, 20}, seed)[1]) == held_back);
    auto [a, b, c] = datasets::split(numbered(), {51, 51, 1}, seed);
    check_shares(numbers_of(a)), check_shares(numbers_of(b), 1);
    CHECK(c.size() == 1);
  }
  CHECK(seen.size() == 20);
  CHECK(counts(numbers_of(datasets::random_split(numbered(), {20, 83})[0])) !=
        counts(numbers_of(datasets::random_split(numbered(), {20, 83}, 1)[0])));
  CHECK(datasets::random_split(numbered(10), {0.5, 0.5})[0].has_classes());
  const std::int64_t most = 83;
  CHECK(numbers_of(datasets::split(numbered(), {20, most}, 1)[0]) ==
        numbers_of(datasets::split(numbered(), {20, 83}, 1)[0]));
  CHECK(numbers_of(datasets::random_split(numbered(), {20, most}, 1)[0]) ==
        numbers_of(datasets::random_split(numbered(), {20, 83}, 1)[0]));
}

TEST_CASE("k_fold: folds are disjoint, complete and stratified") {
  for (const auto& row : expected()["folds"]) {
    const std::int64_t k = row["folds"];
    const auto folds = datasets::k_fold(numbered(), k, 3);
    REQUIRE(folds.size() == k);
    Ints all;
    std::vector<Ints> of_class(4);
    for (const auto& [train, validation] : folds) {
      const Ints held_back = numbers_of(validation);
      Ints both = numbers_of(train);
      both.insert(both.end(), held_back.begin(), held_back.end());
      CHECK(sorted(both) == upto(103));
      CHECK((validation.size() == 103 / k || validation.size() == 103 / k + 1));
      all.insert(all.end(), held_back.begin(), held_back.end());
      const Ints n = counts(held_back);
      for (std::size_t c = 0; c < 4; ++c) of_class[c].push_back(n[c]);
    }
    CHECK(sorted(all) == upto(103));
    for (std::size_t c = 0; c < 4; ++c)
      for (std::size_t fold = 0; fold < folds.size(); ++fold)
        CHECK(sorted(of_class[c])[fold] == row["counts"][fold][c].get<std::int64_t>());
    CHECK(numbers_of(datasets::k_fold(numbered(), k, 3)[0].validation) == numbers_of(folds[0].validation));
    CHECK(numbers_of(datasets::k_fold(numbered(), k, 4)[0].validation) != numbers_of(folds[0].validation));
  }
  // Of data without classes, too.
  const auto folds = datasets::k_fold(Dataset(arange(7), ones({7})), 3);
  CHECK(folds[0].validation.size() + folds[1].validation.size() + folds[2].validation.size() == 7);
}

TEST_CASE("samplers, splits and folds refuse what they cannot do") {
  const Dataset data = numbered(), regression(arange(4), ones({4}));
  const std::vector<std::pair<std::function<void()>, const char*>> calls{
      {[&] { order(datasets::RandomSampler(200), data, 8); }, "RandomSampler: 200 of 103 samples, expected at most"},
      {[&] { datasets::RandomSampler(0); }, "RandomSampler: 0 samples, expected at least 1"},
      {[&] {
         datasets::WeightedSampler(tensor({1., -1.}));
       },
       "WeightedSampler: a weight is -1"},
      {[&] {
         datasets::WeightedSampler(tensor({1., NAN}));
       },
       "WeightedSampler: a weight is nan"},
      {[&] { datasets::WeightedSampler(zeros({3})); }, "WeightedSampler: all weights are 0"},
      {[&] {
         datasets::WeightedSampler(ones({3, 1}));
       },
       "WeightedSampler: the weights are float32(3, 1)"},
      {[&] { datasets::WeightedSampler(ones({3}), -1); }, "WeightedSampler: -1 samples"},
      {[&] { order(datasets::WeightedSampler(ones({3})), data, 8); }, "WeightedSampler: 3 weights of 103 samples"},
      {[&] {
         order(datasets::WeightedSampler(tensor({0., 1.}), 2, false), numbered(2), 1);
       },
       "without replacement"},
      {[&] { order(datasets::StratifiedSampler(), regression, 2); }, "Dataset: the samples have no classes"},
      {[&] { order(datasets::StratifiedSampler(arange(3)), data, 2); },
       "StratifiedSampler: the classes are int64(3,) of 103 samples"},
      {[&] { order(datasets::BalancedSampler(), data, 10); },
       "BalancedSampler: batches of 10 cannot have the same number of each of 4 classes"},
      {[&] { datasets::DistributedSampler(2, 2); }, "DistributedSampler: rank 2 of 2"},
      {[&] { datasets::DistributedSampler(0, std::int64_t{1} << 40); }, "expected 0 <= rank < ranks <= 2^20"},
      {[&] { order(datasets::StratifiedSampler(), data, 0); }, "Sampler: batches of 0 in epoch 0, expected 1 to 2^31"},
      {[&] { order(datasets::RandomSampler(), data, 1, -1); }, "Sampler: batches of 1 in epoch -1"},
      {[&] { order(datasets::DistributedSampler(0, 16), data, std::int64_t{1} << 60); },
       "Sampler: batches of 1152921504606846976 in epoch 0"},
      {[&] {
         Sampler one = datasets::RandomSampler(), other = std::move(one);
         order(one, data, 1);
       },
       "Sampler: it was moved to another one"},
      {[&] { datasets::Sampler("none", nullptr); }, "Sampler: there is no function"},
      {[&] {
         order({"mine", [](const datasets::Sampling&) { return ones({3}); }}, data, 2);
       },
       "Sampler: 'mine' gives float32(3,), expected the numbers of samples"},
      {[&] {
         datasets::split(data, {0.5, 0.4});
       },
       "split: the shares sum to 0.9"},
      {[&] {
         datasets::split(data, {1.5, -0.5});
       },
       "split: a share is -0.5"},
      {[&] {
         datasets::split(data, {100, 4});
       },
       "split: the parts have 104 samples, expected the 103"},
      {[&] {
         datasets::split(data, {103, 0});
       },
       "split: a part has 0 of 103 samples"},
      {[&] {
         datasets::random_split(data, {0.999, 0.001});
       },
       "split: a part has 0 of 103 samples"},
      {[&] { datasets::k_fold(data, 1); }, "k_fold: 1 folds of 103 samples"},
      {[&] { datasets::k_fold(numbered(4), 5); }, "k_fold: 5 folds of 4 samples"},
  };
  for (const auto& [call, says] : calls) {
    const std::string text = message(call);
    CAPTURE(text);
    CHECK(text.find(says) != text.npos);
  }
}
