// The loader: what is in a batch, in what order, made ahead or not, and what becomes of it when anything goes wrong.
#include "folder.hpp"
#include "support.hpp"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>
#include <xtape.hpp>

#ifdef __GLIBC__
#include <malloc.h>
#endif

using namespace xtape;
using datasets::Batch;
using datasets::DataLoader;
using datasets::DataLoaderOptions;
using datasets::Dataset;
using datasets::Images;

namespace {

/// 13 pictures of 2 x 3 pixels in 2 channels, all different.
Images pictures() {
  Images images{13, 2, 3, {}, {}, 2};
  for (int i = 0; i < 13 * 12; ++i) images.pixels.push_back(static_cast<std::uint8_t>(i * 37 % 251));
  for (int i = 0; i < 13; ++i) images.labels.push_back(static_cast<std::uint8_t>(i * 3 % 5));
  return images;
}
const Images images = pictures();

/// What the samples are, counted out one by one.
Batch by_hand(const Tensor& indices) {
  std::vector<float> x;
  std::vector<std::int64_t> t;
  for (const auto i : indices.to_vector<std::size_t>()) {
    for (std::size_t k = 0; k < 12; ++k) x.push_back(static_cast<float>(images.pixels[12 * i + k]) / 256);
    t.push_back(images.labels[i]);
  }
  return {tensor(x, {indices.size(), 12}), tensor(t)};
}
/// A class of the user's.
struct Doubled {
  std::size_t size() const { return 13; }
  Batch batch(const Tensor& indices) const {
    Batch b = by_hand(indices);
    return {b.input * 2, b.target};
  }
};

bool same(const Batch& a, const Batch& b) { return same_bits(a.input, b.input) && same_bits(a.target, b.target); }
std::vector<Batch> epoch_of(const DataLoader& loader) { return {loader.begin(), loader.end()}; }
void check_same(const std::vector<Batch>& a, const std::vector<Batch>& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(same(a[i], b[i]));
}
/// One of the user's that gives one sample at a time.
struct Items {
  std::size_t size() const { return 13; }
  Batch operator[](std::int64_t i) const {
    const Batch b = by_hand(tensor({i}));
    return {b.input[0], b.target[0]};
  }
  Tensor classes() const { return by_hand(arange(13)).target; }
};
#ifdef __GLIBC__
/// The bytes that are taken from the system, those that threads keep for later included.
[[maybe_unused]] std::int64_t bytes_taken() {
  const auto all = mallinfo2();
  return static_cast<std::int64_t>(all.uordblks + all.hblkhd);
}
#endif

/// The numbers 0 … 19, each once in an epoch, made one by one where that is asked for.
Dataset numbers(std::function<void(std::int64_t)> before = [](std::int64_t) {}) {
  return Dataset(20, [before](std::int64_t i) {
    before(i);
    return Batch{tensor({static_cast<double>(i)}), tensor(i)};
  });
}

}  // namespace

TEST_CASE("data sets: the samples of images, tensors, a function, a class of one's own and subsets") {
  const Batch all = by_hand(arange(13));
  const Doubled doubled;
  const std::vector<std::pair<const char*, Dataset>> sets{
      {"images", images},
      {"kept", pictures()},
      {"tensors", {all.input, all.target}},
      {"batch", all},
      {"table", datasets::Table{all.input, all.target, {}, {}}},
      {"function",
       {13,
        [&](std::int64_t i) {
          return Batch{all.input[i], all.target[i]};
        }}},
      {"class", doubled},
      {"temporary", Doubled()},
      {"items", Items()},
  };
  const Tensor some = tensor({12, 0, 7, 7});
  for (const auto& set : sets) {
    const std::string name = set.first;
    const Dataset& data = set.second;
    CAPTURE(name);
    const double scale = name == "class" || name == "temporary" ? 2 : 1;
    const auto right = [scale](const Batch& b, const Tensor& indices) {
      const Batch expected = by_hand(indices);
      return same(b, {scale == 2 ? expected.input * 2 : expected.input, expected.target});
    };
    CHECK(data.size() == 13);
    CHECK(right(data.batch(some), some));
    CHECK(right(datasets::whole(data), arange(13)));
    if (name != "function" && name != "items") CHECK(data.batch(zeros({0}, int64)).target.size() == 0);
    const Dataset part = data.subset(tensor({3, 12, 7, 0})), of_part = part.subset(tensor({1, 3, 2, 2}));
    CHECK(part.size() == 4);
    CHECK(right(of_part.batch(arange(4)), some));
    CHECK(of_part.fingerprint() != part.fingerprint());
    CHECK((data.picture() == Shape{2, 2, 3}) == (name == "images" || name == "kept"));
    CHECK(of_part.picture() == data.picture());
    CHECK(right(data.subset({12, 0, 7, 7}).batch(arange(4)), some));
    if (data.has_classes()) CHECK(same_bits(of_part.classes(), by_hand(some).target));
    else CHECK(message([&] { data.classes(); }).find("Dataset: the samples have no classes") == 0);
  }
  CHECK(Dataset(images).fingerprint() == "13 images of 2 x 2 x 3 " + Dataset(pictures()).fingerprint().substr(23));
  Images other = pictures();
  other.pixels[50] ^= 1;
  CHECK(Dataset(other).fingerprint() != Dataset(images).fingerprint());
  CHECK(Dataset(all).fingerprint() != Dataset(all.input + 1, all.target).fingerprint());
  CHECK(Dataset(all.input, all.target.to(uint8)).has_classes());
  CHECK(!Dataset(all.input, all.input).has_classes());
}

TEST_CASE("a loop over a loader is an epoch, the next loop the next one in another order") {
  const DataLoaderOptions options = DataLoaderOptions(4).shuffle().seed(5);
  const DataLoader loader(images, options);
  CHECK(loader.count() == 4);
  for (int epoch = 0; epoch < 3; ++epoch) {
    std::int64_t i = 0;
    const Tensor order = epoch_order(13, 5, epoch);
    for (auto [x, t] : loader) {
      const Batch expected = by_hand(slice(order, 0, Slice(4 * i, std::min<std::int64_t>(4 * i + 4, 13))));
      CHECK(same({x, t}, expected));
      CHECK(same(loader.batch(i, epoch, 5), expected));
      ++i;
    }
    CHECK(i == 4);
  }
  const auto third = epoch_of(DataLoader(loader));  // copies are the same loader
  DataLoader again(images, options), moved = std::move(again);
  moved.set_epoch(3);
  check_same(third, epoch_of(moved));
  CHECK(message([&] { again.count(); }) == "DataLoader: it was moved to another one");
  again = moved;
  CHECK(same((*again.begin()), loader.batch(0, 4, 5)));

  const DataLoader plain(images, 5);
  for (int epoch = 0; epoch < 2; ++epoch) CHECK(same(epoch_of(plain)[2], by_hand(tensor({10, 11, 12}))));
  CHECK(epoch_of(datasets::in_order(images)).size() == 1);
  // Without a seed of its own, one that is made anew for each epoch does not go through the same again.
  const auto anew = [](std::uint64_t seed) {
    manual_seed(seed);
    Tensors epochs;
    for (int epoch = 0; epoch < 3; ++epoch)
      for (auto [x, t] : datasets::batches(images, 13)) epochs.push_back(x);
    return epochs;
  };
  const Tensors first = anew(1), second = anew(1);
  for (std::size_t i = 0; i < 3; ++i) CHECK(same_bits(first[i], second[i]));
  CHECK(!same_bits(first[0], first[1]));
  CHECK(!same_bits(first[0], anew(2)[0]));
  const std::uint64_t next = default_generator().state()->next;
  epoch_of(plain), loader.batch(0, 0, 0);
  CHECK(default_generator().state()->next == next);
  CHECK(plain.dataset().size() == 13);
}

TEST_CASE("the options of a loader") {
  const auto shapes = [](const DataLoader& loader) {
    std::string text;
    for (auto [x, t] : loader) text += to_string(x.shape());
    return text;
  };
  CHECK(shapes({images, DataLoaderOptions(6)}) == "(6, 12)(6, 12)(1, 12)");
  CHECK(shapes({images, DataLoaderOptions(6).drop_last()}) == "(6, 12)(6, 12)");
  CHECK(shapes({images, DataLoaderOptions(6).pictures()}) == "(6, 2, 2, 3)(6, 2, 2, 3)(1, 2, 2, 3)");
  CHECK(shapes({Dataset(images).subset(arange(2)), DataLoaderOptions().pictures()}) == "(1, 2, 2, 3)(1, 2, 2, 3)");
  CHECK(shapes({images, DataLoaderOptions(5).sampler(datasets::WeightedSampler(ones({13}), 10))}) == "(5, 12)(5, 12)");
  CHECK(shapes({{ones({2, 3, 4}), zeros({2})}, DataLoaderOptions(2).pictures()}) == "(2, 3, 4)");

  // A transform sees pictures, also where rows are asked for.
  std::string met;
  const datasets::Transform corner([&](const Tensor& x) {
    met += to_string(x.shape());
    return slice(x, 3, Slice(0, 2));
  });
  CHECK(shapes({images, DataLoaderOptions(13).transform(corner)}) == "(13, 8)");
  CHECK(shapes({images, DataLoaderOptions(13).transform(corner).pictures()}) == "(13, 2, 2, 2)");
  CHECK(met == "(13, 2, 2, 3)(13, 2, 2, 3)");
  const Tensor cut = DataLoader(images, DataLoaderOptions(13).transform(corner).pictures()).batch(0, 0, 0).input;
  CHECK(same_bits(cut, slice(reshape(by_hand(arange(13)).input, {13, 2, 2, 3}), 3, Slice(0, 2))));

  const auto text = [](const DataLoaderOptions& o) { return DataLoader(images, o).fingerprint(); };
  const std::string begin = Dataset(images).fingerprint();
  CHECK(text(DataLoaderOptions(6)) == begin + ", in order in batches of 6");
  CHECK(text(DataLoaderOptions(6).shuffle()) == begin + ", shuffled in batches of 6");
  CHECK(text(DataLoaderOptions(6).shuffle().prefetch()) == text(DataLoaderOptions(6).shuffle()));
  CHECK(text(DataLoaderOptions(5).sampler(datasets::BalancedSampler()).drop_last().transform(datasets::one_hot(5))) ==
        begin + ", balanced in batches of 5, whole ones only, " + datasets::one_hot(5).description());
}

TEST_CASE("batches that a thread makes ahead are the same bits, in any order they are taken") {
  const datasets::Transform noise([](const Tensor& x) { return x + normal(x.shape()); });
  const Dataset draws(13, [](std::int64_t i) { return Batch{uniform({3}) + i, tensor(i)}; });
  for (const Dataset& data : {Dataset(images), draws}) {
    const auto loader = [&](std::int64_t ahead) {
      return DataLoader(data, DataLoaderOptions(4).shuffle().transform(noise).prefetch(ahead).seed(3));
    };
    const DataLoader plain = loader(0);
    const std::vector<Batch> first = epoch_of(plain), second = epoch_of(plain);
    CHECK(!same_bits(first[0].input, second[0].input));
    for (const std::int64_t ahead : {1, 2, 1000}) {
      const DataLoader other = loader(ahead);
      check_same(first, epoch_of(other)), check_same(second, epoch_of(other));
      for (const std::int64_t i : {2, 3, 3, 1, 2, 0, 0}) {  // as in no loop
        CHECK(same(other.batch(i, 1, 3), second[static_cast<std::size_t>(i)]));
        CHECK(same(other.batch(i, 0, 3), first[static_cast<std::size_t>(i)]));
      }
      // Two loops at once, one of which ends early.
      auto a = loader(ahead).begin();  // whose loader is no more
      const DataLoader both = loader(ahead);
      std::size_t i = 0;
      for (auto [x, t] : both) {
        CHECK(same_bits(x, first[i].input));
        for (int again = 0; again < 2; ++again) CHECK(same(*a, first[i]));
        ++a;
        std::size_t k = 0;
        both.set_epoch(1);
        for (const Batch& inner : both) {
          CHECK(same(inner, second[k]));
          if (++k > i) break;
        }
        ++i;
      }
    }
    DataLoaderOptions inputs = DataLoaderOptions(4).prefetch().transform([](const Batch& b) {
      return Batch{b.input, {}};
    });
    CHECK(!DataLoader(data, inputs).batch(0, 0, 0).target.defined());
    check_same_bits([&] {
      Tensors all;
      for (auto [x, t] : loader(2)) all.push_back(x);
      return all;
    });
  }
}

TEST_CASE("the thread that makes batches ahead leaves the others alone") {
  const int threads = num_threads();
  set_num_threads(4);
  std::mutex lock;
  std::set<std::thread::id> at_work;
  const DataLoader loader(numbers([&](std::int64_t) {
                            parallel_for(8, [&](std::int64_t) {
                              std::this_thread::sleep_for(std::chrono::microseconds(50));
                              const std::lock_guard guard(lock);
                              at_work.insert(std::this_thread::get_id());
                            });
                          }),
                          DataLoaderOptions(4).prefetch());
  for (int i = 0; i < 5; ++i) loader.batch(i, 0, 0);
  set_num_threads(threads);
  CHECK(at_work.size() == 1);
  CHECK(at_work.count(std::this_thread::get_id()) == 0);
}

TEST_CASE("what a transform draws is others in each batch, epoch and seed") {
  const auto noise = [](const Tensor& x) { return x + normal(x.shape()); };
  const DataLoader loader({zeros({8, 3}), zeros({8})}, DataLoaderOptions(4).transform(noise));
  const Tensor first = loader.batch(0, 0, 0).input;
  for (const auto& [i, epoch, seed] : {std::array{1, 0, 0}, std::array{0, 1, 0}, std::array{0, 0, 1}})
    CHECK(!same_bits(loader.batch(i, epoch, static_cast<std::uint64_t>(seed)).input, first));
}

TEST_CASE("several threads take batches of one loader") {
  for (const int ahead : {0, 2}) {
    const DataLoader loader(numbers(), DataLoaderOptions(4).shuffle().prefetch(ahead));
    std::vector<Batch> expected;
    for (int i = 0; i < 5; ++i) expected.push_back(loader.batch(i, 1, 7));
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 3; ++thread)
      threads.emplace_back([&] {
        for (int i = 0; i < 5; ++i) wrong += !same(loader.batch(i, 1, 7), expected[static_cast<std::size_t>(i)]);
        for (auto [x, t] : loader) wrong += t.size() != 4;
      });
    for (std::thread& thread : threads) thread.join();
    CHECK(wrong == 0);
  }
}

TEST_CASE("what goes wrong in a thread is thrown at its batch, in the user's words, and can be tried again") {
  for (const int ahead : {0, 1, 3}) {
    CAPTURE(ahead);
    std::atomic<int> bad{9};
    const Dataset data = numbers([&](std::int64_t i) {
      if (i == bad) throw std::runtime_error("sample " + std::to_string(i) + " is a cat");
      if (i == 17) fail("decode", "no such file");
    });
    const int line = __LINE__ + 1;
    const DataLoader loader(data, DataLoaderOptions(4).prefetch(ahead));
    std::vector<std::int64_t> taken;
    const auto loop = [&] {
      for (auto [x, t] : loader) taken.push_back(t[0].item<std::int64_t>());
    };
    CHECK_THROWS_WITH_AS(loop(), "sample 9 is a cat", std::runtime_error);
    CHECK(taken == std::vector<std::int64_t>{0, 4});
    for (int i = 0; i < 2; ++i) {
      CHECK(loader.batch(1, 0, 0).target.size() == 4);
      CHECK_THROWS_WITH_AS(loader.batch(2, 0, 0), "sample 9 is a cat", std::runtime_error);
    }
    CHECK(loader.batch(3, 0, 0).target[0].item() == 12);
    bad = -1;
    CHECK(loader.batch(2, 0, 0).target[0].item() == 8);
    CHECK(loader.batch(3, 0, 0).target[0].item() == 12);
    const std::string text = message([&] { loader.batch(4, 0, 0); });
    CHECK(says(text, "decode: no such file", line));
    for (std::int64_t i = 0; i < 4; ++i) loader.batch(i, 1, 0);  // and the loader goes while the next is made
  }
}

TEST_CASE("what a loader refuses") {
  Images changing = pictures();
  const DataLoader of_changing(changing, DataLoaderOptions(4).shuffle());
  of_changing.batch(0, 0, 0);
  const DataLoader loader(images, 4);
  const Tensor x = ones({3, 2});
  const std::vector<std::pair<std::function<void()>, const char*>> calls{
      {[&] { datasets::batches(images, 0); }, "DataLoader: batches of 0 of 13 samples, expected 1 to that many"},
      {[&] { datasets::batches(images, 14); }, "DataLoader: batches of 14 of 13 samples, expected 1 to that many"},
      {[&] { datasets::in_order(Images{}); }, "DataLoader: batches of 1 of 0 samples"},
      {[&] { DataLoader(images, DataLoaderOptions(14).sampler(datasets::RandomSampler(12))); },
       "DataLoader: batches of 14 of 12 samples"},
      {[&] { DataLoader(images, DataLoaderOptions(1).prefetch(-1)); }, "DataLoader: -1 batches to make ahead"},
      {[&] { DataLoader(images, DataLoaderOptions(1).shuffle().sampler(datasets::BalancedSampler())); },
       "DataLoader: there is a sampler, 'balanced', and shuffle; expected one of both"},
      {[&] { DataLoader(images, DataLoaderOptions(4).sampler(datasets::BalancedSampler())); },
       "BalancedSampler: batches of 4 cannot have the same number of each of 5 classes"},
      {[&] {
         DataLoader(images, DataLoaderOptions(1).sampler(
                                {"late", [](const datasets::Sampling& s) { return arange(5 + s.epoch); }}))
             .batch(0, 2, 0);
       },
       "DataLoader: the sampler 'late' takes 7 samples in epoch 2, expected 5 as in the first"},
      {[&] {
         DataLoader(images, DataLoaderOptions(2).sampler({"far",
                                                          [](const datasets::Sampling&) {
                                                            return tensor({12, 13});
                                                          }}))
             .batch(0, 0, 0);
       },
       "Dataset: index 13 is not in [0, 13)"},
      {[&] { loader.batch(4, 0, 0); }, "DataLoader: there is no batch 4 of 4 in epoch 0"},
      {[&] { loader.batch(-1, 0, 0); }, "DataLoader: there is no batch -1 of 4"},
      {[&] { loader.batch(0, -1, 0); }, "DataLoader: there is no batch 0 of 4 in epoch -1"},
      {[&] { *loader.end(); }, "DataLoader: the epoch has no more batches"},
      {[&] {
         changing.labels.push_back(1), changing.count = 14;
         of_changing.batch(0, 0, 0);
       },
       "DataLoader: the data set has 14 samples, and had 13 when the loader was made of it"},
      {[&] {
         changing.labels.pop_back(), changing.count = 13, changing.pixels.pop_back();
         of_changing.batch(0, 0, 0);
       },
       "Dataset: 13 images of (2, 2, 3) pixels have 155 bytes of pixels and 13 labels"},
      {[&] { Dataset{changing}; }, "Dataset: 13 images of (2, 2, 3) pixels have 155 bytes"},
      {[&] { Dataset(x, ones({4})); }, "Dataset: the tensors are float32(3, 2) and float32(4,), expected"},
      {[&] { Dataset(x, Tensor()); }, "Dataset: the tensors are float32(3, 2) and undefined"},
      {[&] {
         Dataset(datasets::Table{x, {}, {}, {}});
       },
       "Dataset: the tensors are float32(3, 2) and undefined"},
      {[&] { Dataset(-1, [](std::int64_t) { return Batch(); }); }, "Dataset: -1 samples"},
      {[&] { Dataset(1, nullptr); }, "Dataset: there is no function"},
      {[&] { Dataset(std::shared_ptr<const Dataset::Source>()); }, "Dataset: there is no source"},
      {[&] {
         Dataset data(images), other = std::move(data);
         data.size();
       },
       "Dataset: it was moved to another one"},
      {[&] {
         Dataset(Images{std::int64_t{1} << 62, 2, 2, {}, {}});
       },
       "Shape: (4611686018427387904, 1, 2, 2) would have"},
      {[&] {
         Dataset(Images{1, -1, -2, {1, 2}, {1}});
       },
       "Shape: size -1"},
      {[&] {
         Images{2, 1, 1, {1, 2}, {1}}.slice(0, 2);
       },
       "slice: 2 images of (1, 1, 1) pixels have 2 bytes of pixels and 1 labels"},
      {[&] { Dataset(images).batch(tensor({1.})); }, "Dataset: the indices are float32(1,), expected int64(n,)"},
      {[&] { Dataset(images).subset(tensor({-1})); }, "subset: index -1 is not in [0, 13)"},
      {[&] {
         datasets::whole({2, [](std::int64_t i) { return Batch{ones({i + 1}), ones({1})}; }});
       },
       "Dataset: the input of sample 1 is float32(2,), expected float32(1,) as of sample 0"},
      {[&] {
         datasets::whole({1, [](std::int64_t) { return Batch{ones({1}), {}}; }});
       },
       "Dataset: the target of sample 0 is undefined, expected a tensor"},
  };
  for (const auto& [call, says] : calls) {
    const std::string text = message(call);
    CAPTURE(text);
    CHECK(text.find(says) != text.npos);
    CHECK(text.find('\n') == text.npos);
  }
}

TEST_CASE("a training on any loader goes on to the same bits, in the middle of an epoch, whoever makes the batches") {
  const Folder folder;
  const Tensor weights = arange(13, float32) + 1;
  const datasets::Transform noise([](const Tensor& x) { return x + 0.1 * normal(x.shape()); }, "noise");
  const auto [train, validation] = datasets::split(images, {9, 4});
  const std::vector<std::pair<Dataset, DataLoaderOptions>> loaders{
      {images, DataLoaderOptions(4).shuffle()},
      {images, DataLoaderOptions(4).sampler(datasets::WeightedSampler(weights)).transform(noise)},
      {images, DataLoaderOptions(5).sampler(datasets::StratifiedSampler()).transform(noise)},
      {images, DataLoaderOptions(5).sampler(datasets::BalancedSampler())},
      {images, DataLoaderOptions(3).sampler(datasets::DistributedSampler(1, 2)).transform(noise)},
      {train, DataLoaderOptions(2).drop_last().transform(noise)},
  };
  int number = 0;
  for (const auto& [data, options] : loaders) {
    CAPTURE(number);
    const std::string file = folder / std::to_string(number++);
    // Made ahead or not, and stopped after the step `at` or not.
    const auto trained = [&, d = data, o = options](std::int64_t ahead, std::int64_t at, const std::string& path) {
      manual_seed(2);
      const nn::Sequential net{nn::Linear(12, 4), nn::Dropout(0.5), nn::Linear(4, 5)};
      DataLoaderOptions mine = o;
      optim::Run run(net, optim::Adam(net.parameters(), 0.05), DataLoader(d, mine.prefetch(ahead)),
                     [&](const Tensor& x, const Tensor& t) { return nn::cross_entropy(net(x), t); });
      run.validate(Dataset(images), optim::accuracy).seed(8).progress(optim::ProgressStyle::quiet);
      if (!path.empty()) run.save_to(path);
      run.on_step([&](optim::Run& r, double) {
        if (r.steps() == at) r.stop();
      });
      run.fit(3);
      std::vector<double> figures;
      for (const auto& [step, loss] : run.history().loss.points()) figures.push_back(loss);
      for (const Parameter& p : net.parameters())
        for (const double v : p.tensor().to_vector<double>()) figures.push_back(v);
      return figures;
    };
    const std::vector<double> whole = trained(0, 0, "");
    CHECK(trained(2, 0, "") == whole);
    CHECK(trained(2, 2, file) != whole);
    CHECK(trained(0, 3, file) != whole);
    CHECK(trained(3, 0, file) == whole);
  }
}

TEST_CASE("the memory of batches that a thread makes ahead is used again") {
#if !defined(XTAPE_SANITIZED)
  const DataLoader loader(images,
                          DataLoaderOptions(2).prefetch(3).sampler(datasets::WeightedSampler(ones({13}), 2000)));
  std::int64_t before = 0;
  for (std::int64_t i = 0; i < loader.count(); ++i) {
    const Batch batch = loader.batch(i, 0, 0);
    if (i == 100) before = memory_stats().system_allocations;
  }
  const std::int64_t more = memory_stats().system_allocations - before;
  CHECK(more < 40);

#ifdef __GLIBC__
  // Neither does it pile up, within an epoch or from one to the next, whoever else holds a batch, or more than it.
  const std::int64_t n = 40, count = 100, size = 1000;
  const Tensor held = ones({n, size});
  const std::vector<datasets::Transform> transforms{
      [](const Tensor& x) { return x * 2; },
      [&](const Batch& b) {
        return Batch{held, b.target};
      },
      [](const Tensor& x) {
        return slice(concat({x, x}), 0, Slice(0, x.shape()[0]));
      },
  };
  for (const auto& transform : transforms) {
    const Dataset data(ones({n * count, size}), zeros({n * count}));
    const DataLoader loop(data, DataLoaderOptions(n).prefetch(4).transform(transform));
    epoch_of(loop);
    const std::int64_t begin = bytes_taken(), batch = n * size * 4;
    std::int64_t most = 0;
    for (int epoch = 0; epoch < 6; ++epoch)
      for (auto made : loop) most = std::max(most, bytes_taken());
    CHECK(most - begin < 15 * batch);
    CHECK(bytes_taken() - begin < 2 * batch);
  }
#endif
#endif
}
