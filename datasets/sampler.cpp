#include "sampler.hpp"

#include <algorithm>
#include <autograd/core/keyed_randomness.hpp>
#include <autograd/epoch_order.hpp>
#include <autograd/files/checksum.hpp>
#include <autograd/files/described.hpp>
#include <autograd/ops/slice.hpp>
#include <cmath>
#include <utility>
#include <vector>

#include "class_order.hpp"

namespace xtape::datasets {
namespace {

// The classes that a sampler was given, or those of the data.
Tensor classes_of(const char* name, const Tensor& given, const Dataset& data) {
  if (!given.defined()) return data.classes();
  if (given.rank() != 1 || given.size() != data.size())
    fail(name, "the classes are " + described(given) + " of " + std::to_string(data.size()) +
                   " samples, expected one for each");
  return given.to(int64);
}
std::string with_classes(const char* words, const Tensor& given) {
  return given.defined() ? words + (" " + fingerprint_of(given)) : words;
}
// The next stream of the epoch.
RandomStream next_stream() { return RandomStream(default_generator().seed(), default_generator().next()); }

Tensor stratified(const Tensor& classes, const Sampling& s) {
  RandomStream random = next_stream();
  Numbers numbers = class_order(classes, random);
  const std::int64_t n = classes.size(), whole = n / s.batch_size;
  Numbers last = take_evenly(numbers, n % s.batch_size, random);
  // Every `whole`-th goes into the same batch.
  Numbers order(static_cast<std::size_t>(n)), places(static_cast<std::size_t>(whole));
  for (std::int64_t i = 0; i < whole; ++i) places[static_cast<std::size_t>(i)] = i;
  shuffle(places.data(), places.data() + whole, random);
  for (std::int64_t i = 0; i < whole * s.batch_size; ++i)
    order[static_cast<std::size_t>(places[static_cast<std::size_t>(i % whole)] * s.batch_size + i / whole)] =
        numbers[static_cast<std::size_t>(i)];
  std::copy(last.begin(), last.end(), order.end() - static_cast<std::ptrdiff_t>(last.size()));
  for (std::int64_t begin = 0; begin < n; begin += s.batch_size)
    shuffle(order.data() + begin, order.data() + std::min(begin + s.batch_size, n), random);
  return tensor(order);
}

Tensor balanced(const Tensor& classes, const Sampling& s) {
  RandomStream random = next_stream();
  std::vector<Numbers> groups = by_class(classes, random);
  const auto count = static_cast<std::int64_t>(groups.size());
  if (s.batch_size % count != 0)
    fail("BalancedSampler", "batches of " + std::to_string(s.batch_size) + " cannot have the same number of each of " +
                                std::to_string(count) + " classes, expected a multiple of these");
  const std::int64_t each = s.batch_size / count, whole = std::max<std::int64_t>(1, classes.size() / s.batch_size);
  Numbers order(static_cast<std::size_t>(whole * s.batch_size));
  for (std::size_t g = 0; g < groups.size(); ++g) {
    Numbers& group = groups[g];
    std::size_t at = 0;
    for (std::int64_t i = 0; i < whole * each; ++i) {
      if (at == group.size()) shuffle(group.data(), group.data() + group.size(), random), at = 0;
      const auto place = i / each * s.batch_size + static_cast<std::int64_t>(g) * each + i % each;
      order[static_cast<std::size_t>(place)] = group[at++];
    }
  }
  for (auto at = order.data(); at != order.data() + order.size(); at += s.batch_size)
    shuffle(at, at + s.batch_size, random);
  return tensor(order);
}

Tensor of_rank(std::int64_t rank, std::int64_t ranks, const Tensor& all, std::int64_t batch_size) {
  const std::int64_t n = all.size();
  batch_size = std::min(batch_size, n);
  const std::int64_t together = ranks * batch_size, steps = n / together;
  const std::int64_t last = (n % together + ranks - 1) / ranks;
  const auto* from = all.data<std::int64_t>();
  Numbers order;
  const auto take = [&](std::int64_t begin, std::int64_t count) {
    for (std::int64_t i = begin; i < begin + count; ++i) order.push_back(from[i % n]);
  };
  for (std::int64_t step = 0; step < steps; ++step) take(step * together + rank * batch_size, batch_size);
  take(steps * together + rank * last, last);
  return tensor(order);
}

std::string weights_of(const Tensor& weights, Site site) {
  if (!weights.defined() || weights.rank() != 1)
    fail("WeightedSampler", "the weights are " + described(weights) + ", expected (samples,)", site);
  double sum = 0;
  for (const double w : weights.to_vector<double>()) {
    if (!(w >= 0) || !std::isfinite(w))
      fail("WeightedSampler", "a weight is " + std::to_string(w) + ", expected finite numbers of at least 0", site);
    sum += w;
  }
  if (sum == 0) fail("WeightedSampler", "all weights are 0, expected one above", site);
  return "by weights " + fingerprint_of(weights);
}

}  // namespace

Sampler::Sampler(std::string description, Function order, Site site)
    : description_(std::move(description)), order_(std::move(order)) {
  if (!order_) fail("Sampler", "there is no function, expected one that gives the order of an epoch", site);
}

Tensor Sampler::operator()(const Sampling& s) const {
  if (!order_) fail("Sampler", "it was moved to another one");
  if (s.batch_size < 1 || s.batch_size > std::int64_t{1} << 31 || s.epoch < 0)
    fail("Sampler", "batches of " + std::to_string(s.batch_size) + " in epoch " + std::to_string(s.epoch) +
                        ", expected 1 to 2^31 and an epoch of at least 0");
  // A million streams an epoch; apart from what steps and batches draw.
  const KeyedRandomness randomness(s.seed * 0xd1342543de82ef95 + 1, static_cast<std::uint64_t>(s.epoch) << 20);
  Tensor order = order_(s);
  if (!order.defined() || order.dtype() != int64 || order.rank() != 1 || order.size() == 0)
    fail("Sampler",
         "'" + description_ + "' gives " + described(order) + ", expected the numbers of samples, int64(n,)");
  return order;
}

SequentialSampler::SequentialSampler() : Sampler("in order", [](const Sampling& s) { return arange(s.data.size()); }) {}

RandomSampler::RandomSampler()
    : Sampler("shuffled", [](const Sampling& s) { return epoch_order(s.data.size(), s.seed, s.epoch); }) {}
RandomSampler::RandomSampler(std::int64_t count, Site site)
    : Sampler(std::to_string(count) + " a time, shuffled", [count](const Sampling& s) {
        if (count > s.data.size())
          fail("RandomSampler",
               std::to_string(count) + " of " + std::to_string(s.data.size()) + " samples, expected at most that many");
        return slice(epoch_order(s.data.size(), s.seed, s.epoch), 0, Slice(0, count));
      }) {
  if (count < 1) fail("RandomSampler", std::to_string(count) + " samples, expected at least 1", site);
}

WeightedSampler::WeightedSampler(const Tensor& weights, std::int64_t count, bool replacement, Site site)
    : Sampler((count > 0 ? std::to_string(count) + " a time, " : "") + weights_of(weights, site) +
                  (replacement ? "" : " without replacement"),
              [weights = weights.detach(), count, replacement](const Sampling& s) {
                if (weights.size() != s.data.size())
                  fail("WeightedSampler", std::to_string(weights.size()) + " weights of " +
                                              std::to_string(s.data.size()) + " samples, expected one for each");
                return multinomial(weights, count > 0 ? count : s.data.size(), replacement);
              }) {
  if (count < 0) fail("WeightedSampler", std::to_string(count) + " samples, expected at least 1", site);
}

WeightedSampler::WeightedSampler(const std::vector<double>& weights, std::int64_t count, bool replacement, Site site)
    : WeightedSampler(tensor(weights), count, replacement, site) {}

StratifiedSampler::StratifiedSampler(const Tensor& classes)
    : Sampler(with_classes("stratified", classes), [classes](const Sampling& s) {
        return stratified(classes_of("StratifiedSampler", classes, s.data), s);
      }) {}
BalancedSampler::BalancedSampler(const Tensor& classes)
    : Sampler(with_classes("balanced", classes),
              [classes](const Sampling& s) { return balanced(classes_of("BalancedSampler", classes, s.data), s); }) {}

DistributedSampler::DistributedSampler(std::int64_t rank, std::int64_t ranks, const Sampler& sampler, Site site)
    : Sampler(sampler.description() + ", of which rank " + std::to_string(rank) + " of " + std::to_string(ranks) +
                  " takes its batches",
              [=](const Sampling& s) { return of_rank(rank, ranks, sampler(s), s.batch_size); }) {
  if (rank < 0 || rank >= ranks || ranks > std::int64_t{1} << 20)
    fail("DistributedSampler",
         "rank " + std::to_string(rank) + " of " + std::to_string(ranks) + ", expected 0 <= rank < ranks <= 2^20",
         site);
}

}  // namespace xtape::datasets
