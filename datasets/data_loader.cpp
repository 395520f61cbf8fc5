#include "data_loader.hpp"

#include <algorithm>
#include <atomic>
#include <autograd/core/keyed_randomness.hpp>
#include <autograd/epoch_order.hpp>
#include <autograd/ops/shape.hpp>
#include <autograd/random.hpp>
#include <autograd/tape.hpp>
#include <mutex>

#include "prefetcher.hpp"

namespace xtape::datasets {
using namespace xtape::detail;

// One epoch, which several threads must not go through at once.
struct DataLoader::Epoch {
  Epoch(std::shared_ptr<const State> owner, const State& s, Tensor order, std::int64_t number, std::uint64_t seed);
  Batch batch(std::int64_t i);

  std::shared_ptr<const State> owner;  // empty where the state has this
  const State& state;
  Tensor order;
  std::int64_t number;
  std::uint64_t seed;
  std::optional<Prefetcher> ahead;
};

struct DataLoader::State {
  State(Dataset d, DataLoaderOptions o, Site at)
      : data(std::move(d)),
        options(std::move(o)),
        site(at),
        samples(data.size()),
        picture(data.picture()),
        order_of([this](std::uint64_t seed, std::int64_t epoch) { return draw(seed, epoch); }) {}

  void check_size() const {
    if (const std::int64_t n = data.size(); n != samples)
      fail("DataLoader", "the data set has " + std::to_string(n) + " samples, and had " + std::to_string(samples) +
                             " when the loader was made of it; make another one");
  }
  Tensor draw(std::uint64_t seed, std::int64_t epoch) const {
    const Scope scope(site);
    check_size();
    Tensor numbers = (*options.sampler_)({data, options.batch_size_, epoch, seed});
    if (numbers.size() != taken && taken > 0)
      fail("DataLoader", "the sampler '" + options.sampler_->description() + "' takes " +
                             std::to_string(numbers.size()) + " samples in epoch " + std::to_string(epoch) +
                             ", expected " + std::to_string(taken) + " as in the first");
    return numbers;
  }
  // A loader that is made anew for each epoch goes through others, and one that draws nothing leaves alone what is
  // drawn.
  std::uint64_t seed_of_loops() {
    const std::lock_guard guard(drawing);
    if (!options.seed_ && draws) {
      RandomStream random(default_generator().seed(), default_generator().next());
      options.seed_ = std::uint64_t{random.bits()} << 32 | random.bits();
    }
    return options.seed_.value_or(0);
  }
  // A batch in one thread or another.
  Batch make(const Tensor& order, std::int64_t i, std::int64_t epoch, std::uint64_t seed) const {
    const Scope scope(site);
    const NoGradGuard guard;
    check_size();
    const std::int64_t begin = i * options.batch_size_, end = std::min(begin + options.batch_size_, order.size());
    // A million streams a batch; apart from those of steps and orders.
    const KeyedRandomness randomness(seed * 0xbf58476d1ce4e5b9 + static_cast<std::uint64_t>(epoch),
                                     static_cast<std::uint64_t>(i) << 20);
    Batch batch = data.batch(Tensor(make_view(order.array(), Shape{end - begin}, begin)), site);
    if (picture.rank() > 0 && (options.pictures_ || options.transform_)) {
      Shape shape{end - begin};
      for (const std::int64_t size : picture) shape.push_back(size);
      batch.input = reshape(batch.input, shape);
    }
    if (options.transform_) batch = (*options.transform_)(batch, site);
    if (picture.rank() > 0 && !options.pictures_ && batch.input.rank() > 2) batch.input = flatten(batch.input, 1);
    return batch;
  }

  Dataset data;
  DataLoaderOptions options;
  Site site;
  std::int64_t samples, taken = 0;  // in all, and in an epoch
  std::int64_t count = 0;           // of the batches of an epoch
  Shape picture;
  bool draws = false;
  std::atomic<std::int64_t> next_epoch{0};
  EpochOrder order_of;
  std::mutex drawing;  // of the seed of loops
  std::mutex turn;     // of who takes from the epoch that is made ahead
  std::unique_ptr<Epoch> ahead;
};

DataLoader::Epoch::Epoch(std::shared_ptr<const State> o, const State& s, Tensor numbers, std::int64_t n,
                         std::uint64_t of)
    : owner(std::move(o)), state(s), order(std::move(numbers)), number(n), seed(of) {
  if (s.options.prefetch_ > 0)
    ahead.emplace([this](std::int64_t i) { return state.make(order, i, number, seed); }, s.count, s.options.prefetch_);
}
Batch DataLoader::Epoch::batch(std::int64_t i) { return ahead ? ahead->get(i) : state.make(order, i, number, seed); }

DataLoader::DataLoader(Dataset data, DataLoaderOptions options, Site site)
    : state_(std::make_shared<State>(std::move(data), std::move(options), site)) {
  DataLoaderOptions& o = state_->options;
  if (o.prefetch_ < 0 || o.prefetch_ > 1000)
    fail("DataLoader", std::to_string(o.prefetch_) + " batches to make ahead, expected 0 to 1000", site);
  if (o.sampler_ && o.shuffle_)
    fail("DataLoader", "there is a sampler, '" + o.sampler_->description() + "', and shuffle; expected one of both",
         site);
  state_->draws = o.shuffle_ || o.sampler_ || o.transform_;
  const auto check = [&](std::int64_t most) {
    if (o.batch_size_ < 1 || o.batch_size_ > most)
      fail("DataLoader",
           "batches of " + std::to_string(o.batch_size_) + " of " + std::to_string(most) +
               " samples, expected 1 to that many",
           site);
  };
  if (!o.sampler_) {
    check(state_->taken = state_->samples);
    o.sampler_ = o.shuffle_ ? Sampler(RandomSampler()) : SequentialSampler();
  } else {
    check(std::max(o.batch_size_, std::int64_t{1}));
    check(state_->taken = state_->order_of(0, 0).size());
  }
  state_->count = (state_->taken + (o.drop_last_ ? 0 : o.batch_size_ - 1)) / o.batch_size_;
}

DataLoader::State& DataLoader::state() const {
  if (!state_) fail("DataLoader", "it was moved to another one");
  return *state_;
}

std::int64_t DataLoader::count() const { return state().count; }

Batch DataLoader::batch(std::int64_t i, std::int64_t epoch, std::uint64_t seed) const {
  State& s = state();
  if (i < 0 || epoch < 0 || i >= s.count)
    fail("DataLoader",
         "there is no batch " + std::to_string(i) + " of " + std::to_string(s.count) + " in epoch " +
             std::to_string(epoch),
         s.site);
  if (s.options.prefetch_ == 0) return s.make(s.order_of(seed, epoch), i, epoch, seed);
  const std::lock_guard guard(s.turn);
  if (!s.ahead || s.ahead->number != epoch || s.ahead->seed != seed)
    s.ahead.reset(), s.ahead = std::make_unique<Epoch>(nullptr, s, s.order_of(seed, epoch), epoch, seed);
  return s.ahead->batch(i);
}

std::string DataLoader::fingerprint() const {
  const State& s = state();
  return s.data.fingerprint() + ", " + s.options.sampler_->description() + " in batches of " +
         std::to_string(s.options.batch_size_) + (s.options.drop_last_ ? ", whole ones only" : "") +
         (s.options.transform_ ? ", " + s.options.transform_->description() : "");
}

const Dataset& DataLoader::dataset() const { return state().data; }

DataLoader::Iterator DataLoader::begin() const {
  State& s = state();
  const std::int64_t epoch = s.next_epoch++;
  const std::uint64_t seed = s.seed_of_loops();
  Iterator first;
  first.epoch_ = std::make_shared<Epoch>(state_, s, s.order_of(seed, epoch), epoch, seed);
  return first;
}
void DataLoader::set_epoch(std::int64_t epoch, Site site) const {
  if (epoch < 0) fail("DataLoader", "epoch " + std::to_string(epoch) + ", expected at least 0", site);
  state().next_epoch = epoch;
}

Batch DataLoader::Iterator::operator*() const {
  if (left() <= 0) fail("DataLoader", "the epoch has no more batches");
  return epoch_->batch(at_);
}
std::int64_t DataLoader::Iterator::left() const {
  return epoch_ ? std::max<std::int64_t>(epoch_->state.count - at_, 0) : 0;
}

DataLoader batches(Dataset data, std::int64_t size, Site site) {
  return DataLoader(std::move(data), DataLoaderOptions(size).shuffle(), site);
}
DataLoader in_order(Dataset data, std::int64_t size, Site site) {
  const std::int64_t most = std::max<std::int64_t>(data.size(), 1);
  return DataLoader(std::move(data), std::min(size, most), site);
}

}  // namespace xtape::datasets
