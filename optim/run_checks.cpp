// What a Run can try before it trains: the learning rate, and whether it learns at all.
#include <algorithm>
#include <autograd/functional.hpp>
#include <cmath>

#include "run_state.hpp"

namespace xtape::optim {

namespace {

/// Brings a model and an optimiser back to what they were.
class Restore {
 public:
  Restore(const Model& model, Optimizer& optimizer)
      : model_(model),
        optimizer_(optimizer),
        weights_(model.state_dict()),
        state_(optimizer.state_dict()),
        training_(model.is_training()) {}
  ~Restore() {
    model_.load_state_dict(weights_);
    optimizer_.load_state_dict(state_);
    model_.train(training_);
  }
  Restore(const Restore&) = delete;
  Restore& operator=(const Restore&) = delete;

 private:
  Model model_;
  Optimizer& optimizer_;
  StateDict weights_, state_;
  bool training_;
};

}  // namespace

// One step on a batch, which belongs to no epoch; returns the loss before it.
double Run::try_step(const Tensors& batch, std::int64_t number, Site site) {
  State& s = *state_;
  const KeyedRandomness randomness(s.key, streams_of(number));
  const Tensor loss = s.loss.of(batch).loss;
  const double value = loss.item();
  if (std::isfinite(value)) s.optimizer->step(grad(loss, s.optimizer->parameters(), allow_unused, site), site);
  return value;
}

Run::RateTest Run::find_lr(double low, double high, std::int64_t steps, Site site) {
  if (!(low > 0 && high > low && std::isfinite(high)) || steps < 2)
    fail("Run::find_lr",
         "from " + std::to_string(low) + " to " + std::to_string(high) + " in " + std::to_string(steps) +
             " steps, expected 0 < low < high and at least 2 steps",
         site);
  State& s = *state_;
  s.check_not_begun("find_lr", site);
  const Restore restore(s.model, *s.optimizer);
  s.model.train(true);
  s.data->seek(0, 0, s.seed);
  s.seeked = false;
  RateTest test{{}, low};
  double mean = 0, best = 0;
  for (std::int64_t i = 0; i < steps; ++i) {
    Tensors batch;
    if (!s.data->next(batch)) {
      s.data->seek(0, 0, s.seed);
      if (!s.data->next(batch)) fail("Run::find_lr", "there are no batches to train on", site);
    }
    const double rate = low * std::pow(high / low, static_cast<double>(i) / static_cast<double>(steps - 1));
    s.optimizer->set_lr(rate, site);
    const double loss = try_step(batch, i, site);
    // The running mean of fastai's, without its bias to the beginning.
    mean = 0.98 * mean + 0.02 * loss;
    const double smooth = mean / (1 - std::pow(0.98, static_cast<double>(i + 1)));
    if (!std::isfinite(smooth) || (i > 0 && smooth > 4 * best)) break;
    best = i == 0 ? smooth : std::min(best, smooth);
    test.losses.emplace_back(rate, smooth);
  }
  if (test.losses.empty()) fail("Run::find_lr", "the loss is not finite at the rate " + std::to_string(low), site);
  // Over a quarter of the curve, so that the noise of single batches does not count.
  const std::size_t n = test.losses.size(), width = std::max<std::size_t>(1, n / 8);
  double steepest = 0;
  for (std::size_t i = width; i + width < n; ++i) {
    const double fall = test.losses[i - width].second - test.losses[i + width].second;
    if (fall > steepest) steepest = fall, test.suggestion = test.losses[i].first;
  }
  return test;
}

std::vector<double> Run::overfit_one_batch(std::int64_t steps, Site site) {
  if (steps < 1) fail("Run::overfit_one_batch", std::to_string(steps) + " steps, expected at least 1", site);
  State& s = *state_;
  s.check_not_begun("overfit_one_batch", site);
  const Restore restore(s.model, *s.optimizer);
  s.model.train(true);
  s.data->seek(0, 0, s.seed);
  s.seeked = false;
  Tensors batch;
  if (!s.data->next(batch)) fail("Run::overfit_one_batch", "there are no batches to train on", site);
  std::vector<double> losses;
  for (std::int64_t i = 0; i < steps; ++i) losses.push_back(try_step(batch, i, site));
  return losses;
}

}  // namespace xtape::optim
