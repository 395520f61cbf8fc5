#include "bench.hpp"

#include <algorithm>
#include <ctime>
#include <filesystem>

#include <autograd/functional.hpp>
#include <autograd/ops.hpp>
#include <autograd/random.hpp>
#include <datasets/data_loader.hpp>
#include <datasets/digits.hpp>
#include <datasets/expanded.hpp>
#include <optim/classification_metric.hpp>
#include <optim/reactions.hpp>
#include <optim/regularized_sgd.hpp>
#include <optim/run.hpp>
#include <optim/schedules.hpp>

#include "networks.hpp"
#include "results.hpp"

using namespace xtape;

namespace {

// The images in an order drawn once, as expand_mnist.py writes them.
datasets::Images shuffled(const datasets::Images& images) {
  RandomGenerator generator(1);
  const auto order = permutation(images.count, generator).to_vector<std::int64_t>();
  const auto size = static_cast<std::size_t>(images.rows * images.cols);
  datasets::Images all = images;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto from = static_cast<std::size_t>(order[i]);
    std::copy_n(images.pixels.data() + from * size, size, all.pixels.data() + i * size);
    all.labels[i] = images.labels[from];
  }
  return all;
}

}  // namespace

const datasets::Mnist& Bench::mnist() {
  if (!mnist_) mnist_ = datasets::mnist(data_);
  if (mnist_->synthetic)
    throw std::runtime_error(
        "MNIST is not there (--data, XTAPE_DATA, or a network to download it from): the book's "
        "figures are of no other images; the rows of 'book run quick' need none");
  return *mnist_;
}

const datasets::Images& Bench::images(const Settings& s) {
  const std::string key = std::to_string(s.images) + (s.expanded    ? " expanded"
                                                      : s.synthetic ? " synthetic"
                                                                    : "");
  const auto found = images_.find(key);
  if (found != images_.end()) return found->second;
  if (s.synthetic) return images_[key] = datasets::synthetic_digits(s.images, 1);
  const datasets::Images& all = mnist().train;
  if (s.expanded) return images_[key] = shuffled(datasets::expanded(all));
  return s.images ? images_[key] = all.slice(0, s.images) : all;
}

const datasets::Images& Bench::judged(const Settings& s) {
  if (s.synthetic) {
    if (!images_.count("judged")) images_["judged"] = datasets::synthetic_digits(1000, 2);
    return images_["judged"];
  }
  return s.judged == Judged::validation ? mnist().validation : mnist().test;
}

std::vector<std::int64_t> read(const nn::Sequential& net, const datasets::Images& images) {
  const bool training = net.is_training();
  nn::Sequential quiet = net;
  quiet.train(false);
  std::vector<std::int64_t> digits;
  const NoGradGuard guard;
  for (const auto [x, labels] : datasets::in_order(images)) {
    const auto guesses = argmax(net(x), 1).to_vector<std::int64_t>();
    digits.insert(digits.end(), guesses.begin(), guesses.end());
  }
  quiet.train(training);
  return digits;
}

double accuracy(const nn::Sequential& net, const datasets::Images& images) {
  const std::vector<std::int64_t> digits = read(net, images);
  std::size_t right = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) right += digits[i] == images.labels[i];
  return 100 * static_cast<double>(right) / static_cast<double>(digits.size());
}

Outcome Bench::train(const Row& row, std::uint64_t seed) {
  const Settings& s = row.settings;
  const bool network3 = s.program == Program::network3, saved = network3 && !s.synthetic;
  Outcome o;
  o.settings = &s, o.images = &images(s);
  manual_seed(seed);
  o.net = s.make();

  const auto batches =
      network3 ? datasets::in_order(*o.images, s.batch) : datasets::batches(*o.images, s.batch);
  optim::Run run(o.net,
                 optim::RegularizedSGD(
                     o.net.parameters(),
                     optim::RegularizedSGDOptions(s.eta).weight_decay(s.lambda).training_size(
                         network3 ? batches.count() : o.images->count)),
                 batches, [&](const Tensor& x, const Tensor& labels) {
                   const Tensor y = o.net(x);
                   return optim::LossAndOutput{cost(s.program, y, labels), y};
                 });
  if (!s.at_the_end) run.validate(judged(s), optim::accuracy);
  run.progress(saved ? optim::ProgressStyle::automatic : optim::ProgressStyle::quiet);
  if (s.halve_after)
    run.react(optim::HalveWhenStuck(
                  optim::HalveWhenStuckOptions(s.halve_after).maximize().least(1. / 128)),
              "accuracy");

  if (s.one_cycle) run.schedule(optim::OneCycle(s.eta));

  double seconds_before = 0;
  const std::clock_t begin = std::clock();
  const auto look = [&] {
    o.accuracy.clear(), o.epochs = run.epoch();
    o.seconds = seconds_before + static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    if (s.at_the_end) return;
    for (const optim::Epoch& epoch : run.history().epochs)
      o.accuracy.push_back(100 * epoch["accuracy"]);
  };
  if (saved) {
    const std::string file = path(row, seed, "json");
    if (const auto before = load_trial(file); before && before->settings == s.description())
      o.test = before->test, seconds_before = before->seconds;
    run.save_to(path(row, seed, "run"));
    run.on_epoch([&, file](optim::Run&, const optim::Epoch&) {
      look();
      const double now = o.accuracy.back();
      if (now >= *std::max_element(o.accuracy.begin(), o.accuracy.end()))
        o.test = accuracy(o.net, mnist().test);
      Trial so_far = started(row, seed);
      so_far.epochs = o.epochs, so_far.test = o.test, so_far.seconds = o.seconds;
      save_trial(so_far, file);
    });
  }
  run.fit(s.epochs);
  look();
  if (s.at_the_end) o.accuracy = {accuracy(o.net, judged(s))};
  const bool halved = s.halve_after && run.optimizer().lr() <= s.eta / 128;
  if (run.epoch() < s.epochs && !halved)
    throw Stopped(row.name + " was stopped; the same command goes on");
  return o;
}

Trial Bench::trial(const Row& row, std::uint64_t seed) {
  std::filesystem::create_directories(results_);
  const std::string file = path(row, seed, "json");
  if (const auto before = load_trial(file); !again_ && before && before->is_of(row)) return *before;
  if (again_)
    for (const char* ending : {"json", "run", "run.1"})
      std::filesystem::remove(path(row, seed, ending));
  Trial trial = started(row, seed);
  std::vector<double> values;
  if (row.measure) {
    const std::clock_t begin = std::clock();
    values = row.measure(*this, seed);
    trial.seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  } else {
    const Outcome o = train(row, seed);
    for (const Figure& f : row.figures) values.push_back(f.value(o));
    trial.epochs = o.epochs, trial.test = o.test, trial.seconds = o.seconds;
  }
  for (std::size_t i = 0; i < row.figures.size(); ++i)
    trial.values[row.figures[i].name] = values[i];
  trial.complete = true;
  save_trial(trial, file);
  return trial;
}

std::string Bench::path(const Row& row, std::uint64_t seed, const char* ending) const {
  return results_ + "/" + row.name + "-" + std::to_string(seed) + "." + ending;
}
