#include "run.hpp"

#include <algorithm>
#include <autograd/functional.hpp>
#include <autograd/new_file.hpp>
#include <autograd/ops/elementwise.hpp>
#include <autograd/random.hpp>
#include <cmath>
#include <filesystem>
#include <optim/clip.hpp>
#include <unordered_set>

#include "run_state.hpp"

namespace xtape::optim {
namespace {

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// "step 4 (epoch 1, batch 4)".
std::string place(std::int64_t step, std::int64_t epoch, std::int64_t batch) {
  return "step " + std::to_string(step + 1) + " (epoch " + std::to_string(epoch + 1) + ", batch " +
         std::to_string(batch + 1) + ")";
}

}  // namespace

void Run::fail_batch(std::size_t met, std::size_t expected) {
  fail("Run", "a batch has " + std::to_string(met) + " tensors, the cost function takes " + std::to_string(expected));
}

Run::Run(Model model, std::shared_ptr<Optimizer> optimizer, Data data, Loss loss, Site site)
    : state_(std::make_unique<State>(std::move(model), std::move(optimizer), std::move(data), std::move(loss))) {
  if (!state_->optimizer) fail("Run", "the optimizer is null", site);
  std::unordered_set<const Leaf*> known;
  for (const Parameter& p : state_->model.parameters()) known.insert(p.leaf());
  for (const Parameter& p : state_->optimizer->parameters())
    if (!known.count(p.leaf()))
      fail("Run",
           "the optimiser has a parameter that the model has not, '" + p.name() +
               "'; make it of the model's parameters()",
           site);
  state_->predict = state_->model.predict();
}
Run::~Run() = default;
Run::Run(Run&&) noexcept = default;
Run& Run::operator=(Run&&) noexcept = default;

void Run::State::check_not_begun(const char* op, Site site) const {
  if (begun) fail(std::string("Run::") + op, "the training has begun; set this before its first step", site);
}

Run& Run::validate(Data data, Metrics metrics, Site site) {
  state_->check_not_begun("validate", site);
  std::unordered_set<std::string> names{"loss", "validation_loss", "lr"};
  for (const Metric& m : metrics.all())
    if (!names.insert(m.name()).second)
      fail("Run::validate", "there are two figures named '" + m.name() + "'; give one another name with named()", site);
  state_->validation = std::move(data);
  state_->metrics = std::move(metrics.all());
  return *this;
}
Run& Run::measure(Metrics metrics, Site site) {
  state_->check_not_begun("measure", site);
  for (const Metric& m : metrics.all()) state_->measured.push_back(m.named("training_" + m.name()));
  return *this;
}
Run& Run::predict(std::function<Tensor(const Tensor&)> f, Site site) {
  state_->check_not_begun("predict", site);
  state_->predict = std::move(f);
  return *this;
}
Run& Run::schedule(Schedule schedule, Every every, Site site) {
  state_->check_not_begun("schedule", site);
  if (state_->planned)
    fail("Run::schedule",
         "there is one already, " + state_->planned->description() + "; Chained and Sequential make one of two", site);
  state_->planned = std::move(schedule), state_->every = every;
  return *this;
}
Run& Run::react(const Reaction& reaction, const std::string& figure, Site site) {
  state_->check_not_begun("react", site);
  if (reaction.of_steps() && !figure.empty())
    fail("Run::react", reaction.description() + " takes the loss of each step, not '" + figure + "'", site);
  state_->reactions.push_back({reaction.clone(), figure});
  return *this;
}
Run& Run::accumulate(std::int64_t batches, Site site) {
  state_->check_not_begun("accumulate", site);
  if (batches < 1) fail("Run::accumulate", std::to_string(batches) + " batches, expected at least 1", site);
  state_->accumulate = batches;
  return *this;
}
Run& Run::clip_norm(double max_norm, Site site) {
  state_->check_not_begun("clip_norm", site);
  if (!(max_norm > 0))
    fail("Run::clip_norm", "max_norm is " + std::to_string(max_norm) + ", expected more than 0", site);
  state_->max_norm = max_norm;
  return *this;
}
Run& Run::clip_value(double max_value, Site site) {
  state_->check_not_begun("clip_value", site);
  if (!(max_value > 0))
    fail("Run::clip_value", "max_value is " + std::to_string(max_value) + ", expected more than 0", site);
  state_->max_value = max_value;
  return *this;
}
Run& Run::average(double decay, Site site) {
  state_->check_not_begun("average", site);
  state_->average = std::make_unique<ExponentialMovingAverage>(state_->optimizer->parameters(), decay, site);
  state_->decay = decay;
  return *this;
}
Run& Run::keep_best(const std::string& figure, Site site) {
  state_->check_not_begun("keep_best", site);
  state_->keep = Watched{figure};
  return *this;
}
Run& Run::stop_early(const std::string& figure, std::int64_t patience, Site site) {
  state_->check_not_begun("stop_early", site);
  if (patience < 1) fail("Run::stop_early", "patience is " + std::to_string(patience) + ", expected at least 1", site);
  state_->early = Watched{figure};
  state_->early->patience = patience;
  return *this;
}
Run& Run::save_to(const std::string& path, SaveOptions options, Site site) {
  state_->check_not_begun("save_to", site);
  if (!(options.seconds_ >= 0) || options.steps_ < 0)
    fail("Run::save_to",
         "every " + std::to_string(options.seconds_) + " s or " + std::to_string(options.steps_) +
             " steps, expected at least 0",
         site);
  state_->files.reset();
  state_->files = std::make_unique<SnapshotFiles>(path, options.keep_, site);
  state_->save_options = options, state_->save_site = site;
  return *this;
}
Run& Run::report(const std::string& path, const std::string& title, Site site) {
  state_->check_not_begun("report", site);
  if (path.empty()) fail("Run::report", "the name of the file is empty", site);
  NewFile("Run::report", path, site);  // whether it can be written is said now, and not after an epoch
  state_->report_path = path;
  state_->report_title = title.empty() ? std::filesystem::path(path).stem().string() : title;
  return *this;
}
Run& Run::log_to(const std::string& path, Site site) {
  state_->check_not_begun("log_to", site);
  if (path.empty()) fail("Run::log_to", "the name of the file is empty", site);
  state_->logs_to.emplace_back(path, site);
  return *this;
}
Run& Run::seed(std::uint64_t seed, Site site) {
  state_->check_not_begun("seed", site);
  state_->seed_given = seed;
  return *this;
}
Run& Run::progress(ProgressStyle style, std::ostream* out, Site site) {
  state_->check_not_begun("progress", site);
  state_->progress = Progress(style, out);
  return *this;
}
Run& Run::on_step(std::function<void(Run&, double)> f, Site site) {
  state_->check_not_begun("on_step", site);
  state_->on_step.push_back(std::move(f));
  return *this;
}
Run& Run::on_epoch(std::function<void(Run&, const Epoch&)> f, Site site) {
  state_->check_not_begun("on_epoch", site);
  state_->on_epoch.push_back(std::move(f));
  return *this;
}

void Run::stop() { state_->stopped = true; }
std::int64_t Run::epoch() const { return state_->epoch; }
std::int64_t Run::steps() const { return state_->steps; }
bool Run::stopped() const { return state_->stopped || state_->ended; }
const History& Run::history() const { return state_->history; }
Optimizer& Run::optimizer() { return *state_->optimizer; }
std::int64_t Run::best_epoch() const {
  const auto& watched = state_->keep ? state_->keep : state_->early;
  return watched ? watched->best_epoch : 0;
}

std::optional<std::int64_t> Run::State::steps_per_epoch() const {
  const auto batches = data->count();
  if (!batches) return std::nullopt;
  return (*batches + accumulate - 1) / accumulate;
}

// Every figure that is watched is one that there will be.
void Run::State::check_figures(Site site) const {
  std::vector<std::string> names{"loss", "lr"};
  if (validation) names.push_back("validation_loss");
  for (const Metric& m : metrics) names.push_back(m.name());
  for (const Metric& m : measured) names.push_back(m.name());
  auto check = [&](const char* op, const std::string& figure) {
    if (figure.empty() || std::find(names.begin(), names.end(), figure) != names.end()) return;
    std::string all;
    for (const std::string& name : names) all += (all.empty() ? "'" : ", '") + name + "'";
    fail(std::string("Run::") + op,
         "there is no figure '" + figure + "', only " + all +
             (validation ? "" : "; validate() adds those of other data"),
         site);
  };
  if (keep) check("keep_best", keep->figure);
  if (early) check("stop_early", early->figure);
  for (const Reacting& r : reactions) check("react", r.figure);
  if (!metrics.empty() && !predict && !loss.gives_output)
    fail(
        "Run::validate",
        "metrics need the model's outputs, and it takes no Tensor or gives none; give them with predict(), or have the "
        "cost function return a LossAndOutput",
        site);
}

SwappedValues Run::State::shown() const {
  return average && average->count() > 0 ? average->show() : optimizer->averaged();
}

void Run::begin(std::int64_t epochs, Site site) {
  State& s = *state_;
  if (!s.last_weights.empty()) {  // trained on after a `fit` that gave the model other weights
    s.model.load_state_dict(s.last_weights);
    s.last_weights.clear();
  }
  if (s.begun) return;
  s.check_figures(site);
  if (s.data->count() == 0) fail("Run", "there are no batches to train on", site);
  if (s.validation && (*s.validation)->count() == 0) fail("Run::validate", "there are no batches to validate on", site);
  auto larger = [&](const std::string& figure) {
    for (const auto* all : {&s.metrics, &s.measured})
      for (const Metric& m : *all)
        if (m.name() == figure) return m.larger_is_better();
    return false;
  };
  for (auto* watched : {&s.keep, &s.early})
    if (*watched) (*watched)->larger = larger((*watched)->figure);
  for (State::Reacting& r : s.reactions)
    if (r.figure.empty() && !r.reaction->of_steps()) r.figure = s.validation ? "validation_loss" : "loss";
  // Runs of one seed, such as two that play against each other, draw different numbers.
  std::uint64_t model = 0;
  for (const auto& [name, value] : s.model.state_dict())
    for (const char c : name + to_string(value.shape())) model = model * 31 + static_cast<unsigned char>(c);
  s.seed = s.seed_given ? *s.seed_given : default_generator().seed();
  s.key = s.seed * 0x9e3779b97f4a7c15 + model;
  s.total_epochs = epochs;
  if (s.planned) {
    const auto per_epoch = s.every == Every::epoch ? std::optional<std::int64_t>(1) : s.steps_per_epoch();
    s.scheduler.emplace(*s.optimizer, *s.planned, per_epoch ? epochs * *per_epoch : 0, site);
  }
  if (s.files || !s.report_path.empty() || !s.logs_to.empty()) s.identity = s.fingerprint();
  s.saved_at = std::chrono::steady_clock::now();
  if (s.files) {
    std::string damaged;
    const Snapshot snapshot = s.files->read(damaged);
    if (!damaged.empty()) s.progress.note(damaged);
    if (!snapshot.tensors.empty()) {
      s.load(snapshot, s.save_site);
      s.progress.note("going on from " + s.files->path() + ": " + std::to_string(s.epoch) + " epochs and " +
                      std::to_string(s.steps) + " steps are done");
    }
  }
  s.open_logs();
  s.begun = true;
}

bool Run::State::next_batch(Tensors& batch) {
  if (has_ahead) {
    batch = std::move(ahead);
    has_ahead = false;
  } else if (!data->next(batch)) {
    return false;
  }
  if (batch.empty()) fail("Run", "a batch has no tensors");
  for (const Tensor& x : batch)
    if (!x.defined()) fail("Run", "a batch has an undefined tensor");
  ++this->batch;
  if (!data->count()) has_ahead = data->next(ahead);
  return true;
}

double Run::step(Site site) {
  begin(0, site);
  State& s = *state_;
  if (s.over) end_epoch(site);  // which threw the last time
  const auto entered = std::chrono::steady_clock::now();
  if (!s.seeked) {
    s.data->seek(s.epoch, s.batch, s.seed);
    s.seeked = true, s.has_ahead = false;
    s.progress.begin_epoch(s.epoch + 1, s.total_epochs, s.batch / s.accumulate, s.steps_per_epoch());
  }
  const std::int64_t first_batch = s.batch;
  Optimizer& optimizer = *s.optimizer;
  Tensors gradients;
  double loss = 0;
  std::int64_t samples = 0;
  std::vector<Metric> measured = s.measured;
  try {
    const KeyedRandomness randomness(s.key, streams_of(s.steps));
    if (!s.model.is_training()) s.model.train(true);
    Tensors batch;
    for (std::int64_t k = 0; k < s.accumulate && s.next_batch(batch); ++k) {
      const LossAndOutput result = s.loss.of(batch);
      if (!result.loss.defined() || result.loss.size() != 1)
        fail("Run", "the cost function gives " + described(result.loss) + ", expected a loss of one number");
      const double value = result.loss.item();
      if (!std::isfinite(value))
        fail("Run", "the loss is " + std::to_string(value) + " in " + place(s.steps, s.epoch, s.batch - 1) +
                        ", with the learning rate " + std::to_string(optimizer.lr()) +
                        "; the parameters are those before it; an AnomalyGuard around fit() names the operation");
      const std::int64_t n = batch[0].rank() > 0 ? batch[0].shape()[0] : 1;
      Tensors g = grad(result.loss, optimizer.parameters(), allow_unused, site);
      if (std::none_of(g.begin(), g.end(), [](const Tensor& x) { return x.defined(); }))
        fail("Run",
             "the loss depends on no parameter of the optimiser that is not frozen; the cost function calls the "
             "model, as in cross_entropy(net(x), t)");
      s.take_in(gradients, std::move(g), samples, n);
      loss += (value - loss) * static_cast<double>(n) / static_cast<double>(samples + n);
      samples += n;
      for (Metric& m : measured) {
        if (!result.output.defined())
          fail("Run",
               "the cost function gives no output to measure '" + m.name() + "' on; have it return a LossAndOutput");
        m.update(result.output, batch.back());
      }
    }
    if (samples == 0) fail("Run", "epoch " + std::to_string(s.epoch + 1) + " has no batches");
    if (s.max_norm > 0) clip_grad_norm(gradients, s.max_norm);
    if (s.max_value > 0) clip_grad_value(gradients, s.max_value);
    optimizer.step(gradients, site);
    if (!s.report_path.empty() || !s.events.empty()) s.last_gradients = std::move(gradients);
  } catch (...) {
    s.batch = first_batch, s.seeked = false;
    throw;
  }
  s.measured = std::move(measured);
  s.loss_sum += loss * static_cast<double>(samples);
  s.samples += samples;
  s.history.loss.add(loss), s.history.lr.add(optimizer.lr());
  ++s.steps;
  if (s.scheduler && s.every == Every::step) s.scheduler->step(site);
  for (State::Reacting& r : s.reactions)
    if (r.reaction->of_steps()) r.reaction->observe(loss, optimizer);
  if (s.average) s.average->update();
  s.over = s.data->count() ? s.batch >= *s.data->count() : !s.has_ahead;
  s.seconds += seconds_since(entered);
  s.progress.step(samples, s.loss_sum / static_cast<double>(s.samples));
  if (!s.events.empty()) s.log_step(loss);
  for (const auto& f : s.on_step) f(*this, loss);
  if (s.over) end_epoch(site);
  else if (s.files && s.data->seeks() && s.due()) save(site);
  return loss;
}

// The gradients of the mean loss of the samples so far and of `n` others.
void Run::State::take_in(Tensors& mean, Tensors g, std::int64_t samples, std::int64_t n) const {
  if (samples == 0) {
    mean = std::move(g);
    return;
  }
  const NoGradGuard guard;
  const double share = static_cast<double>(n) / static_cast<double>(samples + n);
  for (std::size_t i = 0; i < g.size(); ++i) {
    const Tensor &a = mean[i], &b = g[i];
    if (a.defined() && b.defined()) mean[i] = a * (1 - share) + b * share;
    else if (a.defined()) mean[i] = a * (1 - share);
    else if (b.defined()) mean[i] = b * share;
  }
}

bool Run::State::due() const {
  if (save_options.steps_ > 0 && steps - saved_steps >= save_options.steps_) return true;
  return seconds_since(saved_at) >= save_options.seconds_;
}

void Run::State::validate_into(Epoch& epoch) {
  const NoGradGuard guard;
  const KeyedRandomness randomness(~key, streams_of(steps));
  const bool training = model.is_training();
  model.train(false);
  try {
    std::vector<Metric> fresh = metrics;
    for (Metric& m : fresh) m.reset();
    double mean = 0;
    std::int64_t samples = 0;
    Data::Source& source = **validation;
    source.seek(0, 0, seed);
    const bool reports = !report_path.empty();
    std::vector<std::pair<std::string, Tensor>> outputs;  // of the layers, for the first batch
    std::shared_ptr<void> watch;
    if (reports) {
      report.begin_validation();
      watch = model.watch([&](const std::string& path, const Tensor& y) { outputs.emplace_back(path, y); });
    }
    for (Tensors batch; source.next(batch);) {
      const LossAndOutput result = loss.of(batch);
      const std::int64_t n = batch[0].rank() > 0 ? batch[0].shape()[0] : 1;
      mean += (result.loss.item() - mean) * static_cast<double>(n) / static_cast<double>(samples + n);
      samples += n;
      watch.reset();
      if (fresh.empty() && !reports) continue;
      const Tensor output = result.output.defined() ? result.output : predict ? predict(batch[0]) : Tensor();
      if (!fresh.empty() && !output.defined())
        fail("Run::validate", "the cost function gives no output to measure '" + fresh[0].name() + "' on");
      for (Metric& m : fresh) m.update(output, batch.back());
      if (reports && output.defined()) report.add_batch(batch[0], output, batch.back());
    }
    if (reports) report.add_histograms(epoch.number(), optimizer->parameters(), last_gradients, outputs);
    if (samples == 0) fail("Run::validate", "there are no batches to validate on");
    epoch.set("validation_loss", mean);
    for (const Metric& m : fresh) epoch.set(m.name(), m.value());
  } catch (...) {
    model.train(training);
    throw;
  }
  model.train(training);
}

void Run::end_epoch(Site site) {
  State& s = *state_;
  const auto entered = std::chrono::steady_clock::now();
  Epoch e(s.epoch + 1);
  e.set("loss", s.loss_sum / static_cast<double>(s.samples));
  for (const Metric& m : s.measured) e.set(m.name(), m.value());
  {
    const SwappedValues shown = s.shown();
    if (s.validation) s.validate_into(e);
    for (auto* watched : {&s.keep, &s.early}) {
      if (!*watched) continue;
      Watched& w = **watched;
      const double value = e[w.figure];
      if (w.best_epoch == 0 ? !std::isnan(value) : w.larger ? value > w.best : value < w.best) {
        w.best = value, w.best_epoch = e.number();
        e.best = true;
        if (watched == &s.keep) s.best_weights = s.model.state_dict();
      }
    }
  }
  e.set("lr", s.optimizer->lr());
  std::string why;  // it ends here
  if (s.early && e.number() - s.early->best_epoch >= s.early->patience)
    why = s.early->figure + " has not become better for " + std::to_string(s.early->patience) + " epochs";
  for (State::Reacting& r : s.reactions) {
    if (!r.reaction->of_steps()) r.reaction->observe(e[r.figure], *s.optimizer);
    if (r.reaction->done()) why = r.reaction->description() + " has no more to do";
  }
  const bool ends = !why.empty() && !s.ended;
  s.ended = s.ended || ends;
  if (s.scheduler && s.every == Every::epoch) s.scheduler->step(site);
  e.samples = s.samples;
  e.seconds = s.seconds + seconds_since(entered);
  if (!s.report_path.empty()) {
    if (s.validation) s.report.end_validation(e.best || !(s.keep || s.early));
    else s.report.add_histograms(e.number(), s.optimizer->parameters(), s.last_gradients, {});
  }
  s.history.epochs.push_back(e);
  ++s.epoch;
  s.batch = 0, s.samples = 0, s.loss_sum = 0, s.seconds = 0, s.seeked = s.over = false;
  for (Metric& m : s.measured) m.reset();
  s.progress.end_epoch(e);
  s.log_epoch(e);
  if (ends) s.progress.note("the training ends: " + why);
  for (const auto& f : s.on_epoch) f(*this, e);
  if (s.files) save(site);
  if (!s.report_path.empty() && seconds_since(s.reported_at) > 1) {
    s.write_report(site);
    s.reported_at = std::chrono::steady_clock::now();
  }
}

bool Run::train_epoch(std::int64_t epochs, Site site) {
  begin(epochs, site);
  State& s = *state_;
  s.total_epochs = epochs;
  const std::int64_t before = s.epoch;
  if (before >= epochs || s.ended) return false;
  while (s.epoch == before && !s.stopped) {
    step(site);
    const bool interrupted = Interrupts::interrupted();
    if (interrupted) s.stopped = true;
    if (s.stopped && s.files && s.data->seeks() && s.batch > 0) save(site);
    if (!interrupted) continue;
    std::string saved = "nothing is saved, which save_to() would do";
    if (s.files && (s.data->seeks() || s.epoch != before))
      saved = s.files->path() + " has them: the same program goes on from there";
    else if (s.files && before > 0)
      saved = s.files->path() + " has those until the end of the last epoch, for the data is a range";
    else if (s.files) saved = "nothing is saved before the end of the first epoch, for the data is a range";
    s.progress.note("stopped in epoch " + std::to_string(s.epoch + 1) + " after " + std::to_string(s.steps) +
                    " steps; " + saved);
  }
  return s.epoch > before;
}

void Run::finish(Site site) {
  State& s = *state_;
  if (!s.best_weights.empty() || s.average || !s.shown().empty()) {
    s.last_weights = s.model.state_dict();
    StateDict weights = s.best_weights;
    if (weights.empty()) {
      const SwappedValues shown = s.shown();
      weights = s.model.state_dict();
    }
    s.model.load_state_dict(weights);
    if (!s.best_weights.empty())
      s.progress.note("the model has the weights of epoch " + std::to_string(s.keep->best_epoch) + ", the best by " +
                      s.keep->figure);
  }
  if (!s.report_path.empty() && !s.history.epochs.empty()) s.write_report(site);  // of the weights that it came to
}

const History& Run::fit(std::int64_t epochs, Site site) {
  if (epochs < 1) fail("Run::fit", std::to_string(epochs) + " epochs, expected at least 1", site);
  State& s = *state_;
  const Interrupts interrupts;
  const bool training = s.model.is_training();
  s.stopped = false;
  try {
    while (train_epoch(epochs, site) && !s.stopped) {}
    finish(site);
  } catch (...) {
    s.model.train(training);
    throw;
  }
  s.model.train(training);
  return s.history;
}

Run::Epochs Run::epochs(std::int64_t epochs, Site site) {
  if (epochs < 1) fail("Run::epochs", std::to_string(epochs) + " epochs, expected at least 1", site);
  return Epochs(*this, epochs, site);
}

Run::Epochs::Iterator Run::Epochs::begin() {
  run_->state_->stopped = false;
  return ++Iterator(this);
}

Run::Epochs::Iterator& Run::Epochs::Iterator::operator++() {
  Run& run = *epochs_->run_;
  const Interrupts interrupts;
  const bool training = run.state_->model.is_training();
  bool trained = false;
  try {
    trained = !run.state_->stopped && run.train_epoch(epochs_->epochs_, epochs_->site_);
    if (!trained) run.finish(epochs_->site_);
  } catch (...) {
    run.state_->model.train(training);
    throw;
  }
  run.state_->model.train(training);
  if (!trained) epochs_ = nullptr;
  return *this;
}

}  // namespace xtape::optim
