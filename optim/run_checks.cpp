// What a Run can try before it trains: the learning rate, and whether it learns at all.
#include <algorithm>
#include <cmath>
#include <utility>

#include "run_state.hpp"

namespace xtape::optim {
namespace {

// Calls f in training, and brings model, optimiser and data back to what they were.
template <class State, class F>
void try_out(State& s, Site site, F f) {
  const StateDict weights = s.model.state_dict(), optimizer = s.optimizer->state_dict();
  s.optimizer->load_state_dict(optimizer, site);  // throws here where it could not be brought back
  s.choose_key();
  s.buffers = s.model.buffers();
  auto restore = [&] {
    s.model.load_state_dict(weights);
    s.optimizer->load_state_dict(optimizer, site);
    s.epoch = s.batch = s.steps = 0;
    s.has_ahead = false;
  };
  try {
    const TrainingMode mode(s.model, true);
    const UserCall inside(s.inside);
    const Recording recording(true);
    s.data->reader = nullptr;
    f();
    restore();
  } catch (...) {
    restore();
    throw;
  }
}

}  // namespace

Run::RateTest Run::find_lr(double low, double high, std::int64_t steps, Site site) {
  if (!(low > 0 && high > low && std::isfinite(high)) || steps < 2)
    fail("Run::find_lr",
         "from " + std::to_string(low) + " to " + std::to_string(high) + " in " + std::to_string(steps) +
             " steps, expected 0 < low < high and at least 2 steps",
         site);
  act("find_lr", site);
  State& s = option("find_lr", site);
  const double sign = s.optimizer->maximizes() ? -1 : 1;
  RateTest test{{}, low};
  try_out(s, site, [&] {
    double mean = 0, best = 0;
    for (std::int64_t i = 0; i < steps; ++i, ++s.steps) {
      const double rate = low * std::pow(high / low, static_cast<double>(i) / static_cast<double>(steps - 1));
      s.optimizer->set_lr(rate, site);
      const KeyedRandomness randomness(s.key, streams_of(s.steps));
      std::int64_t batches = 0;
      auto next = [&](Tensors& batch) { return batches++ < s.accumulate && s.next_batch(batch); };
      State::Taken taken = s.take_step(next, site);
      if (taken.samples == 0) {  // the epoch is over
        ++s.epoch, s.batch = batches = 0;
        s.data->reader = nullptr;
        taken = s.take_step(next, site);
      }
      if (taken.samples == 0) fail("Run::find_lr", "there are no batches to train on", site);
      // The running mean of fastai's, without its bias to the beginning.
      mean = 0.98 * mean + 0.02 * sign * taken.loss;
      const double smooth = mean / (1 - std::pow(0.98, static_cast<double>(i + 1)));
      if (!std::isfinite(smooth) || (i > 0 && smooth > best + 3 * std::abs(best))) break;
      best = i == 0 ? smooth : std::min(best, smooth);
      test.losses.emplace_back(rate, sign * smooth);
    }
  });
  if (test.losses.empty()) fail("Run::find_lr", "the loss is not finite at the rate " + std::to_string(low), site);
  // Over a quarter of the curve, without its first eighth, where the running mean is of few batches: so that their
  // noise does not count.
  const std::size_t n = test.losses.size(), width = std::max<std::size_t>(1, n / 8);
  double steepest = 0;
  for (std::size_t i = 2 * width; i + width < n; ++i) {
    const double fall = sign * (test.losses[i - width].second - test.losses[i + width].second);
    if (fall > steepest) steepest = fall, test.suggestion = test.losses[i].first;
  }
  return test;
}

std::vector<double> Run::overfit_one_batch(std::int64_t steps, Site site) {
  if (steps < 1) fail("Run::overfit_one_batch", std::to_string(steps) + " steps, expected at least 1", site);
  act("overfit_one_batch", site);
  State& s = option("overfit_one_batch", site);
  std::vector<double> losses;
  try_out(s, site, [&] {
    Tensors first;
    if (!s.next_batch(first)) fail("Run::overfit_one_batch", "there are no batches to train on", site);
    for (std::int64_t i = 0; i < steps; ++i, ++s.steps) {
      const KeyedRandomness randomness(s.key, streams_of(s.steps));
      bool given = false;
      auto next = [&](Tensors& batch) {
        batch = first;
        return !std::exchange(given, true);
      };
      losses.push_back(s.take_step(next, site).loss);
    }
  });
  return losses;
}

}  // namespace xtape::optim
