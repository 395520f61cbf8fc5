#include "split.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "class_order.hpp"

namespace xtape::datasets {
namespace {

// All samples, in an order that is drawn, one class after another where asked for.
Numbers drawn_order(const Dataset& data, bool by_class, RandomStream& random) {
  if (by_class && data.has_classes()) return class_order(data.classes(), random);
  Numbers all = arange(data.size()).to_vector<std::int64_t>();
  shuffle(all.data(), all.data() + all.size(), random);
  return all;
}

Dataset part_of(const Dataset& data, Numbers numbers) {
  std::sort(numbers.begin(), numbers.end());
  return data.subset(tensor(numbers));
}

}  // namespace

namespace detail {

std::vector<Dataset> split(const Dataset& data, const std::vector<double>& shares, bool by_class, std::uint64_t seed,
                           Site site) {
  double sum = 0;
  for (const double share : shares) {
    if (!(share > 0)) fail("split", "a share is " + std::to_string(share) + ", expected numbers above 0", site);
    sum += share;
  }
  if (!(std::abs(sum - 1) < 1e-6))
    fail("split", "the shares sum to " + std::to_string(sum) + ", expected 1, or whole numbers of samples", site);
  // As in PyTorch what is left when all are rounded down goes to the first ones.
  std::vector<std::int64_t> counts;
  for (const double share : shares)
    counts.push_back(static_cast<std::int64_t>(std::floor(static_cast<double>(data.size()) * share)));
  std::int64_t left = data.size() - std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
  for (std::size_t i = 0; left > 0; i = (i + 1) % counts.size(), --left) ++counts[i];
  return split(data, counts, by_class, seed, site);
}

std::vector<Dataset> split(const Dataset& data, const std::vector<std::int64_t>& counts, bool by_class,
                           std::uint64_t seed, Site site) {
  const Scope scope(site);
  std::int64_t sum = 0;
  for (const std::int64_t count : counts) {
    if (count < 1 || count > data.size())
      fail("split", "a part has " + std::to_string(count) + " of " + std::to_string(data.size()) +
                        " samples, expected at least 1 and at most that many");
    sum += count;
  }
  if (sum != data.size())
    fail("split", "the parts have " + std::to_string(sum) + " samples, expected the " + std::to_string(data.size()) +
                      " of the data set");
  RandomStream random(seed);
  Numbers left = drawn_order(data, by_class, random);
  std::vector<Dataset> parts;
  for (const std::int64_t count : counts) parts.push_back(part_of(data, take_evenly(left, count, random)));
  return parts;
}

}  // namespace detail

std::vector<Fold> k_fold(const Dataset& data, std::int64_t folds, std::uint64_t seed, Site site) {
  const Scope scope(site);
  if (folds < 2 || folds > data.size())
    fail("k_fold",
         std::to_string(folds) + " folds of " + std::to_string(data.size()) + " samples, expected 2 to that many");
  RandomStream random(seed);
  const Numbers order = drawn_order(data, true, random);
  std::vector<Fold> all;
  for (std::int64_t fold = 0; fold < folds; ++fold) {
    Numbers train, validation;
    for (std::size_t i = 0; i < order.size(); ++i)
      (static_cast<std::int64_t>(i) % folds == fold ? validation : train).push_back(order[i]);
    all.push_back({part_of(data, std::move(train)), part_of(data, std::move(validation))});
  }
  return all;
}

}  // namespace xtape::datasets
