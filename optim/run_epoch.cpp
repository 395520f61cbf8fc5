// The end of an epoch of a Run: its figures, and what becomes of them.
#include <autograd/functional.hpp>
#include <cmath>

#include "run_state.hpp"

namespace xtape::optim {

SwappedValues Run::State::shown() const {
  return average && average->count() > 0 ? average->show() : optimizer->averaged();
}

// The cost of a batch of the validation, where nothing is recorded.
LossAndOutput Run::State::judged(const Tensors& batch) const {
  try {
    return loss.of(batch);
  } catch (const Error& error) {
    const std::string said = error.what();
    if (said.compare(0, 6, "grad: ") != 0) throw;
    fail("Run::validate", said +
                              "; nothing is recorded in a validation: a cost function that takes gradients itself "
                              "begins with Recording recording(true)");
  }
}

std::vector<std::pair<std::string, Tensor>> Run::State::validate_into(Epoch& epoch) {
  const NoGradGuard guard;
  const KeyedRandomness randomness(~key, streams_of(steps));
  const TrainingMode mode(model, false);
  std::vector<Metric> fresh = metrics;
  for (Metric& m : fresh) m.reset();
  double mean = 0;
  std::int64_t samples = 0;
  Data::Source& source = **validation;
  source.seek(0, 0, seed);
  source.reader = &source;
  const bool reports = !report_path.empty();
  std::vector<std::pair<std::string, Tensor>> outputs;  // for the first batch
  std::shared_ptr<void> watch;
  if (reports) {
    report.begin_validation();
    watch = model.watch([&](const std::string& path, const Tensor& y) { outputs.emplace_back(path, y); });
  }
  for (Tensors batch; source.next(batch);) {
    const std::int64_t n = samples_of(batch);
    const LossAndOutput result = judged(batch);
    mean += (loss_of(result) - mean) * static_cast<double>(n) / static_cast<double>(samples + n);
    samples += n;
    watch.reset();
    if (fresh.empty() && !reports) continue;
    const Tensor output = result.output.defined() ? result.output : predict ? predict(batch[0]) : Tensor();
    if (!fresh.empty() && !output.defined())
      fail("Run::validate", "the cost function gives no output to measure '" + fresh[0].name() + "' on");
    for (Metric& m : fresh) m.update(output, batch.back());
    if (reports && output.defined()) report.add_batch(batch[0], output, batch.back());
  }
  if (samples == 0) fail("Run::validate", "there are no batches to validate on");
  epoch.set("validation_loss", mean);
  for (const Metric& m : fresh) epoch.set(m.name(), m.value());
  return outputs;
}

void Run::end_epoch(Site site) {
  State& s = state();
  s.take_back_weights();
  Epoch e(s.epoch + 1);
  const auto& judge = s.keep ? s.keep : s.early;  // of the best epoch
  {
    const UserCall inside(s.inside);
    e.set("loss", s.loss_sum / static_cast<double>(s.samples));
    for (const Metric& m : s.measured) e.set(m.name(), m.value());
    const SwappedValues shown = s.shown();
    std::vector<std::pair<std::string, Tensor>> outputs;
    if (s.validation) outputs = s.validate_into(e);
    e.set("lr", s.rate);
    // Until here nothing has changed, and it can be done again where something has thrown.
    for (auto* watched : {&s.keep, &s.early}) {
      if (!*watched) continue;
      Watched& w = **watched;
      const double value = e[w.figure];
      if (w.best_epoch == 0 ? std::isnan(value) : w.larger ? !(value > w.best) : !(value < w.best)) continue;
      w.best = value, w.best_epoch = e.number();
      if (watched == &judge) e.best = true;
      if (watched == &s.keep) s.best_weights = s.model.state_dict();
    }
    if (!s.report_path.empty()) {
      s.report.add_histograms(e.number(), s.optimizer->parameters(), s.last_gradients, outputs);
      if (s.validation) s.report.end_validation(e.best || !judge);
    }
  }
  e.samples = s.samples;
  e.seconds = s.elapsed();
  s.history.epochs.push_back(e);
  ++s.epoch;
  s.batch = 0, s.samples = 0, s.loss_sum = 0, s.seconds = 0, s.clock.reset(), s.seeked = s.over = false;
  for (Metric& m : s.measured) m.reset();

  std::string why;  // it ends here
  if (s.early && e.number() - s.early->best_epoch >= s.early->patience)
    why = s.early->figure + " has not become better for " + std::to_string(s.early->patience) + " epochs";
  for (State::Reacting& r : s.reactions) {
    if (!r.reaction->of_steps()) r.reaction->observe(e[r.figure], *s.optimizer);
    if (r.reaction->done()) why = r.reaction->description() + " has no more to do";
  }
  if (s.scheduler && s.every == Every::epoch) s.scheduler->step(site);
  const bool ends = !why.empty() && !s.ended;
  s.ended = s.ended || ends;
  s.progress.end_epoch(e);
  if (ends) s.progress.note("the training ends: " + why);
  s.log_epoch(e);
  for (const auto& f : s.on_epoch) f(*this, e);
  if (s.files) save(site);
  if (!s.report_path.empty() && std::chrono::steady_clock::now() - s.reported_at > std::chrono::seconds(1)) {
    s.write_report(site);
    s.reported_at = std::chrono::steady_clock::now();
  }
}

}  // namespace xtape::optim
