// Data sets, parts of them, samplers, transforms and options of loaders, drawn at random and together, against what a
// list of numbers says should come. XTAPE_FIRST_LOADER and XTAPE_LOADERS draw others.
#include "support.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>

using namespace xtape;
using datasets::Batch;
using datasets::DataLoader;
using datasets::DataLoaderOptions;
using datasets::Dataset;
using datasets::Images;
using datasets::Sampler;
using datasets::Transform;
using Ints = std::vector<std::int64_t>;

namespace {

struct Draw {
  explicit Draw(std::uint64_t seed) : stream(seed) {}
  std::int64_t below(std::int64_t n) { return stream.integer(n); }
  std::int64_t from(std::int64_t low, std::int64_t high) { return low + below(high - low + 1); }
  bool one_in(int n) { return below(n) == 0; }
  RandomStream stream;
};
Ints sorted(Ints v) { return std::sort(v.begin(), v.end()), v; }
/// Whether b, sorted, has all of a, as often.
bool contains(const Ints& b, const Ints& a) {
  const Ints all = sorted(b), some = sorted(a);
  return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

/// Samples 0 … n - 1: number k of the input of sample i, where number 0 is i, and its target.
struct Samples {
  explicit Samples(Draw& draw)
      : kind(draw.below(8)),
        n(draw.one_in(6) ? 1 : draw.from(2, 40)),
        channels(draw.from(1, 2)),
        rows(draw.from(1, 3)),
        cols(draw.from(1, 4)),
        classes(draw.from(1, 4)) {}
  bool images() const { return kind == 0; }
  bool has_classes() const { return kind != 2 && kind != 3 && kind != 5 && kind != 7; }
  std::int64_t size() const { return channels * rows * cols; }
  std::int64_t input(std::int64_t i, std::int64_t k) const { return k == 0 ? i : (i * 37 + k * 11 + changed) % 251; }
  std::int64_t class_of(std::int64_t i) const { return i * 5 % 7 % classes * 3 + 1; }  // 1, 4, 7 …
  Shape row() const { return kind % 2 ? Shape{size()} : Shape{channels, rows * cols}; }

  Batch of(const Ints& numbers) const {
    std::vector<double> x;
    Ints t;
    for (const std::int64_t i : numbers) {
      for (std::int64_t k = 0; k < size(); ++k) x.push_back(static_cast<double>(input(i, k)));
      t.push_back(class_of(i));
    }
    Shape shape{static_cast<std::int64_t>(numbers.size())};
    for (const std::int64_t axis : row()) shape.push_back(axis);
    const Tensor target = tensor(t);
    return {tensor(x, shape).to(kind == 4 ? uint8 : float32), kind == 2   ? target.to(float32)
                                                              : kind == 3 ? reshape(target, Shape{target.size(), 1})
                                                              : kind == 4 ? target.to(uint8)
                                                                          : target};
  }
  Dataset data() const;
  std::int64_t kind, n, channels, rows, cols, classes;
  std::int64_t changed = 0;
};
struct ByBatch {
  std::int64_t size() const { return samples.n; }
  Batch batch(const Tensor& indices) const { return samples.of(indices.to_vector<std::int64_t>()); }
  Tensor classes() const { return batch(arange(size())).target; }
  Samples samples;
};
struct ByItem {
  std::size_t size() const { return static_cast<std::size_t>(samples.n); }
  Batch operator[](std::int64_t i) const {
    const Batch one = samples.of({i});
    return {one.input[0], one.target[0]};
  }
  std::string fingerprint() const { return "items " + std::to_string(samples.changed); }
  Samples samples;
};
Dataset Samples::data() const {
  if (kind == 5) return Dataset(n, [item = ByItem{*this}](std::int64_t i) { return item[i]; });
  if (kind == 6) return ByBatch{*this};
  if (kind == 7) return ByItem{*this};
  if (!images()) return of(arange(n).to_vector<std::int64_t>());
  Images all{n, rows, cols, {}, {}, channels};
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t k = 0; k < size(); ++k) all.pixels.push_back(static_cast<std::uint8_t>(input(i, k)));
    all.labels.push_back(static_cast<std::uint8_t>(class_of(i)));
  }
  return all;
}

/// Some of the samples: the data set, and what numbers it has.
struct Part {
  Dataset data;
  Ints numbers;
};
/// The numbers of inputs, whatever a transform has added to or turned round in them.
Ints numbers_of(const Batch& batch, const Samples& samples, bool turned = false) {
  const Tensor rows = flatten(batch.input, 1).to(float64) * (samples.images() ? 256. : 1.);
  return floor(select(rows, 1, turned ? samples.cols - 1 : 0)).to_vector<std::int64_t>();
}

/// Up to three times some of some.
Part part_of(const Samples& samples, Draw& draw) {
  Part part{samples.data(), arange(samples.n).to_vector<std::int64_t>()};
  for (std::int64_t times = draw.below(4); times > 0; --times) {
    const auto n = static_cast<std::int64_t>(part.numbers.size());
    if (const std::int64_t what = draw.below(3); what == 0 || n < 2) {
      Ints indices(static_cast<std::size_t>(draw.from(1, n + 3))), numbers;
      for (std::int64_t& i : indices) i = draw.below(n), numbers.push_back(part.numbers[static_cast<std::size_t>(i)]);
      part = {part.data.subset(indices), numbers};
    } else {
      std::vector<Dataset> parts;
      const std::int64_t folds = draw.from(2, std::min<std::int64_t>(n, 5)), held_back = draw.from(1, n - 1);
      if (what == 1) {
        const auto seed = static_cast<std::uint64_t>(draw.below(9));
        for (Dataset& d : draw.one_in(2) ? datasets::split(part.data, {n - held_back, held_back}, seed)
                                         : datasets::random_split(part.data, {n - held_back, held_back}, seed))
          parts.push_back(d);
        CHECK(parts[1].size() == held_back);
      } else {
        const auto all = datasets::k_fold(part.data, folds);
        CHECK(all.size() == folds);
        const auto& fold = all[static_cast<std::size_t>(draw.below(folds))];
        parts = {fold.train, fold.validation};
        CHECK((fold.validation.size() == n / folds || fold.validation.size() == n / folds + 1));
      }
      std::vector<Ints> numbers;
      for (const Dataset& d : parts) numbers.push_back(numbers_of(datasets::whole(d), samples));
      Ints both = numbers[0];
      both.insert(both.end(), numbers[1].begin(), numbers[1].end());
      CHECK(sorted(both) == sorted(part.numbers));
      const auto which = static_cast<std::size_t>(draw.below(2));
      part = {parts[which], numbers[which]};
    }
    CHECK(part.data.size() == part.numbers.size());
    CHECK(part.data.has_classes() == samples.has_classes());
  }
  return part;
}

/// How an epoch takes samples, how many, and whether what it takes is right.
struct Order {
  std::optional<Sampler> sampler;  // none: as they lie, or `shuffle`
  bool shuffles = false;
  std::int64_t taken, batch_size;
  std::function<bool(const Ints& epoch)> right;
};
Order order_of(const Samples& samples, const Part& part, Draw& draw) {
  const Ints& all = part.numbers;
  const auto n = static_cast<std::int64_t>(all.size());
  std::map<std::int64_t, std::int64_t> counts;
  Ints classes;
  for (const std::int64_t i : all) classes.push_back(samples.class_of(i)), ++counts[classes.back()];
  const auto groups = static_cast<std::int64_t>(counts.size());
  const auto permuted = [all](const Ints& epoch) { return sorted(epoch) == sorted(all); };
  const auto among = [all](const Ints& epoch) { return contains(all, epoch); };
  const auto known = part.data.has_classes() && draw.one_in(2);
  Order o{{}, false, n, draw.one_in(5) ? n : draw.from(1, n), permuted};
  switch (draw.below(9)) {
    case 0: o.right = [all](const Ints& epoch) { return epoch == all; }; break;
    case 1: o.shuffles = true; break;
    case 2: o.taken = draw.from(1, n), o.sampler = datasets::RandomSampler(o.taken), o.right = among; break;
    case 3: {
      std::vector<double> weights;
      Ints possible;
      for (const std::int64_t i : all) {
        weights.push_back(possible.empty() || draw.one_in(2) ? 0.5 + static_cast<double>(draw.below(3)) : 0);
        if (weights.back() > 0) possible.push_back(i);
      }
      const bool again = draw.one_in(2);
      o.taken = again ? draw.from(1, 2 * n) : draw.from(1, static_cast<std::int64_t>(possible.size()));
      o.sampler = datasets::WeightedSampler(weights, o.taken, again);
      o.right = [=](const Ints& epoch) {
        if (!again) return contains(possible, epoch);
        return std::all_of(epoch.begin(), epoch.end(),
                           [&](std::int64_t i) { return std::count(possible.begin(), possible.end(), i) > 0; });
      };
      break;
    }
    case 4:
      o.sampler = known ? datasets::StratifiedSampler() : datasets::StratifiedSampler(tensor(classes));
      o.right = [=, size = o.batch_size](const Ints& epoch) {
        for (std::int64_t begin = 0; begin + size <= n; begin += size) {
          std::map<std::int64_t, std::int64_t> met;
          for (std::int64_t k = begin; k < begin + size; ++k)
            ++met[samples.class_of(epoch[static_cast<std::size_t>(k)])];
          for (const auto& [c, count] : counts)
            if (std::abs(met[c] * n - count * size) >= n) return false;
        }
        return permuted(epoch);
      };
      break;
    case 5:
      o.batch_size = groups * draw.from(1, std::max<std::int64_t>(n / groups, 1));
      o.taken = std::max<std::int64_t>(n / o.batch_size, 1) * o.batch_size;
      o.sampler = known ? datasets::BalancedSampler() : datasets::BalancedSampler(tensor(classes));
      o.right = [=, size = o.batch_size](const Ints& epoch) {
        std::map<std::int64_t, std::int64_t> met;
        for (std::size_t k = 0; k < epoch.size(); ++k) {
          ++met[samples.class_of(epoch[k])];
          if ((k + 1) % static_cast<std::size_t>(size) == 0)
            for (const auto& [c, count] : met)
              if (count * groups != static_cast<std::int64_t>(k + 1)) return false;
        }
        return true;
      };
      break;
    case 6: {
      const std::int64_t ranks = draw.from(1, 3), rank = draw.below(ranks);
      o.sampler = datasets::DistributedSampler(rank, ranks);
      o.taken = (n + ranks - 1) / ranks, o.right = among;
      if (n < ranks) o.right = [](const Ints& epoch) { return epoch.size() == 1; };  // of what comes again
      break;
    }
    default:
      o.taken = n + 2, o.sampler = Sampler("mine", [](const datasets::Sampling& s) {
                         return concat({permutation(s.data.size()), randint(0, s.data.size(), {2})});
                       });
      o.right = [=](const Ints& epoch) { return contains(epoch, all); };
  }
  o.batch_size = std::min(o.batch_size, o.taken);
  return o;
}

/// What becomes of a batch; the numbers of its inputs are less than 0.5 above what they were.
struct Change {
  std::optional<Transform> transform;
  bool draws = false, turns = false, one_hot = false;
};
Change change_of(const Samples& samples, Draw& draw) {
  const double scale = samples.images() ? 256 : 1;
  std::vector<Transform> all;
  Change c;
  if (draw.one_in(2)) {
    c.draws = true;
    all.emplace_back([=](const Tensor& x) { return x.to(float32) + uniform(x.shape(), 0, 0.49 / scale); }, "more");
  }
  if (samples.images() && draw.one_in(2)) c.turns = true, all.push_back(datasets::flip_horizontal(1));
  if (samples.has_classes() && draw.one_in(3)) c.one_hot = true, all.push_back(datasets::one_hot(11));
  if (draw.one_in(3)) all.emplace_back([](Batch b) { return b; });
  if (!all.empty()) c.transform = all.size() == 1 ? all[0] : datasets::compose(all);
  return c;
}

bool same(const Batch& a, const Batch& b) { return same_bits(a.input, b.input) && same_bits(a.target, b.target); }

void check_batch(const Batch& batch, const Samples& samples, const Change& change, bool pictures) {
  const Ints numbers = numbers_of(batch, samples, change.turns);
  const Batch expected = samples.of(numbers);
  const auto n = static_cast<std::int64_t>(numbers.size());
  Tensor x = expected.input;
  if (samples.images()) {
    x = reshape(x, Shape{n, samples.channels, samples.rows, samples.cols}) / 256;
    if (change.turns) x = flip(x, 3);
    if (!pictures) x = flatten(x, 1);
  }
  CHECK(batch.input.shape() == x.shape());
  if (!change.draws) CHECK(same_bits(batch.input, x));
  else CHECK(amax(abs(batch.input - x.to(float32))).item() < 0.5 / (samples.images() ? 256 : 1));
  CHECK(same_bits(batch.target, change.one_hot ? one_hot(expected.target.to(int64), 11, float32) : expected.target));
}

void check(std::uint64_t number) {
  Draw draw(number);
  Samples samples(draw);
  const Part part = part_of(samples, draw);
  const Order order = order_of(samples, part, draw);
  const Change change = change_of(samples, draw);
  const bool drops = draw.one_in(3), pictures = draw.one_in(2);
  const auto seed = static_cast<std::uint64_t>(draw.below(1000));
  DataLoaderOptions options = DataLoaderOptions(order.batch_size).shuffle(order.shuffles).drop_last(drops).seed(seed);
  if (order.sampler) options.sampler(*order.sampler);
  if (change.transform) options.transform(*change.transform);
  options.pictures(pictures);

  const DataLoader plain(part.data, options);
  const std::int64_t size = order.batch_size, count = drops ? order.taken / size : (order.taken + size - 1) / size;
  CHECK(plain.count() == count);
  std::vector<std::vector<Batch>> epochs;
  for (int epoch = 0; epoch < 2; ++epoch) {
    epochs.emplace_back(plain.begin(), plain.end());
    REQUIRE(epochs.back().size() == count);
    Ints met;
    for (const Batch& batch : epochs.back()) {
      check_batch(batch, samples, change, pictures);
      const Ints numbers = numbers_of(batch, samples, change.turns);
      CHECK(numbers.size() == std::min(size, order.taken - static_cast<std::int64_t>(met.size())));
      met.insert(met.end(), numbers.begin(), numbers.end());
    }
    if (static_cast<std::int64_t>(met.size()) == order.taken) CHECK(order.right(met));
  }
  const bool orders = (order.shuffles || order.sampler) && sorted(part.numbers)[0] != sorted(part.numbers).back();
  if (change.draws || (orders && order.taken >= 25))
    CHECK(!std::equal(epochs[0].begin(), epochs[0].end(), epochs[1].begin(), same));

  // Whoever makes them, from wherever.
  for (const std::int64_t ahead : {0, 1, 3}) {
    set_num_threads(static_cast<int>(draw.from(1, 2)));
    const DataLoader other(part.data, DataLoaderOptions(options).prefetch(ahead));
    CHECK(other.fingerprint() == plain.fingerprint());
    std::size_t i = 0;
    for (auto batch : other) CHECK(same(batch, epochs[0][i++]));
    const std::int64_t epoch = draw.below(2);
    for (std::int64_t k = draw.below(count); k < count; k += draw.from(1, 2))
      CHECK(same(other.batch(k, epoch, seed), epochs[static_cast<std::size_t>(epoch)][static_cast<std::size_t>(k)]));
    other.set_epoch(1);
    auto at = other.begin();
    for (std::int64_t k = draw.below(count); k > 0; --k) at++;
    CHECK(same(*at, epochs[1][static_cast<std::size_t>(count - std::distance(at, other.end()))]));
  }
  set_num_threads(1);

  // Others have another fingerprint.
  std::vector<DataLoader> others;
  if (order.batch_size > 1 && count > 1 && !drops)
    others.emplace_back(part.data, DataLoaderOptions(options).drop_last());
  others.emplace_back(part.data, DataLoaderOptions(options).transform({[](Batch b) { return b; }, "another"}));
  const Sampler another("another", [](const datasets::Sampling& s) { return permutation(s.data.size()); });
  others.emplace_back(part.data, DataLoaderOptions(options).shuffle(false).sampler(another));
  if (samples.kind != 5 && samples.kind != 6 && samples.size() > 1) {
    samples.changed = 1;
    Draw again(number);
    Samples{again};
    others.emplace_back(part_of(samples, again).data, options);
  }
  for (const DataLoader& other : others) CHECK(other.fingerprint() != plain.fingerprint());
}

}  // namespace

TEST_CASE("loaders of any parts give what a list of numbers says") {
  const char* first = std::getenv("XTAPE_FIRST_LOADER");
  const char* number = std::getenv("XTAPE_LOADERS");
  const std::uint64_t begin = first ? std::strtoull(first, nullptr, 10) : 1;
  const std::uint64_t end = begin + (number ? std::strtoull(number, nullptr, 10) : 40);
  for (std::uint64_t seed = begin; seed < end; ++seed) {
    CAPTURE(seed);
    check(seed);
  }
}
