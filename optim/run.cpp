#include "run.hpp"

#include <algorithm>
#include <autograd/functional.hpp>
#include <autograd/ops/reduction.hpp>
#include <autograd/ops/unary.hpp>
#include <autograd/random.hpp>
#include <cmath>
#include <limits>
#include <optim/value.hpp>
#include <unordered_set>

#include "lab/linter.hpp"

namespace xtape::optim {
using namespace xtape::detail;

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

Run::State& Run::state(Site site) const {
  if (!state_) fail("Run", "it was moved to another one, which has the training now", site);
  return *state_;
}
Run::State& Run::act(const char* op, Site site) const {
  State& s = state(site);
  if (s.inside)
    fail(std::string("Run::") + op,
         "called by what is a part of a step, such as the cost function or a metric; on_step() and on_epoch() take "
         "functions that may",
         site);
  return s;
}

void Run::stop() { state().stopped = true; }
std::int64_t Run::epoch() const { return state().so_far("run.epoch", state().epoch); }
std::int64_t Run::steps() const { return state().so_far("run.steps", state().steps); }
bool Run::stopped() const { return state().stopped || state().so_far("run.ended", state().ended) != 0; }
const History& Run::history() const { return state().history; }
const lab::Findings& Run::findings() const {
  static const lab::Findings none;
  return state().linter ? state().linter->findings : none;
}
Optimizer& Run::optimizer() { return *state().optimizer; }
std::int64_t Run::best_epoch() const {
  const auto& watched = state().keep ? state().keep : state().early;
  return watched ? watched->best_epoch : 0;
}

std::optional<std::int64_t> Run::State::steps_per_epoch() const {
  const auto batches = data->count();
  if (!batches) return std::nullopt;
  return *batches > 0 ? 1 + (*batches - 1) / accumulate : 0;
}

// How often the schedule takes a step in so many epochs; 0 where that is not known.
std::int64_t Run::State::scheduled_steps(std::int64_t epochs) const {
  const auto per_epoch = every == Every::epoch ? std::optional<std::int64_t>(1) : steps_per_epoch();
  std::int64_t steps = 0;
  if (__builtin_mul_overflow(epochs, per_epoch.value_or(0), &steps)) steps = std::numeric_limits<std::int64_t>::max();
  return steps;
}

// A schedule does not end before the training; `epochs` is 0 where those to come are not known.
void Run::State::check_schedule(std::int64_t epochs, Site site) const {
  if (!scheduler) return;
  const Schedule& schedule = scheduler->schedule();
  const std::int64_t end = schedule.end(scheduled_steps(scheduled_epochs));
  const bool beyond = schedule.needs_total() ? epochs > scheduled_epochs : end > 0 && scheduled_steps(epochs) > end;
  if (beyond)
    fail("Run",
         schedule.description() + " ends with epoch " + std::to_string(scheduled_epochs) + ", after " +
             std::to_string(end) + " steps; a training of " + std::to_string(epochs) + " epochs begins with them",
         site);
  if (end > 0 && scheduler->steps() >= end)
    fail("Run", schedule.description() + " has ended after " + std::to_string(end) + " steps", site);
}

// Runs of one seed, such as two that play against each other, draw different numbers.
void Run::State::choose_key() {
  std::uint64_t shapes = 0;
  for (const auto& [name, value] : model.state_dict())
    for (const char c : name + to_string(value.shape())) shapes = shapes * 31 + static_cast<unsigned char>(c);
  seed = seed_given ? *seed_given : default_generator().seed();
  key = seed * 0x9e3779b97f4a7c15 + shapes;
}

void Run::begin(std::int64_t epochs, Site site) {
  State& s = state(site);
  if (s.begun) return;
  for (State::Reacting& r : s.reactions)
    if (r.figure.empty() && !r.reaction->of_steps()) r.figure = s.validation ? "validation_loss" : "loss";
  s.check_options(site);
  for (auto* watched : {&s.keep, &s.early})
    if (*watched) (*watched)->larger = s.is_larger_better((*watched)->figure);
  s.choose_key();
  s.measured_now = s.measured;
  s.buffers = s.model.buffers();
  s.total_epochs = s.scheduled_epochs = epochs;
  if (s.files || !s.report_path.empty() || !s.logs_to.empty()) s.identity = s.fingerprint();
  s.saved_at = std::chrono::steady_clock::now();
  if (s.linter) s.linter->begin(s);
  const Snapshot before = s.snapshot();
  try {
    if (s.planned) s.scheduler.emplace(*s.optimizer, *s.planned, s.scheduled_steps(epochs), site);
    if (s.files) {
      s.look_into_file();
      const Snapshot& snapshot = *s.in_file;
      if (!snapshot.tensors.empty()) {
        s.check_identity(snapshot);
        try {
          s.load(snapshot);
        } catch (const Error& error) {
          fail("Run::save_to", s.files->path() + " cannot be gone on from: " + error.what(), s.save_site);
        }
        s.progress.note("going on from " + s.files->path() + ": " + std::to_string(s.epoch) + " epochs and " +
                        std::to_string(s.steps) + " steps are done");
      }
    }
    s.open_logs();
  } catch (...) {
    s.scheduler.reset(), s.tables.clear(), s.events.clear();
    s.load(before);
    throw;
  }
  s.begun = true;
  s.in_file.reset();
}

bool Run::State::next_batch(Tensors& batch) {
  if (data->reader != this) {
    data->seek(epoch, this->batch + has_ahead, seed);
    data->reader = this;
  }
  if (has_ahead) {
    batch = std::move(ahead);
    has_ahead = false;
  } else if (!data->next(batch)) {
    return false;
  }
  samples_of(batch);  // which looks at it
  ++this->batch;
  if (!data->count()) has_ahead = data->next(ahead);
  return true;
}

double Run::step(Site site) {
  State& s = act("step", site);
  begin(0, site);
  if (s.over) {  // the last step has still to end its epoch, which threw, or was not reached when it was saved
    end_epoch(site);
    return s.last_loss;
  }
  s.check_schedule(0, site);
  s.take_back_weights();
  if (!s.clock) s.clock = std::chrono::steady_clock::now();
  if (!s.seeked) {
    s.data->reader = nullptr;
    s.seeked = true, s.has_ahead = false;
    s.progress.begin_epoch(s.epoch + 1, s.total_epochs, s.batch / s.accumulate, s.steps_per_epoch());
  }
  const std::int64_t first_batch = s.batch;
  const double rate = s.optimizer->lr();
  State::Taken taken;
  try {
    const UserCall inside(s.inside);
    const Recording recording(true);
    const KeyedRandomness randomness(s.key, streams_of(s.steps));
    const TrainingMode mode(s.model, true);
    std::int64_t batches = 0;
    taken = s.take_step([&](Tensors& batch) { return batches++ < s.accumulate && s.next_batch(batch); }, site);
    if (taken.samples == 0) fail("Run", "epoch " + std::to_string(s.epoch + 1) + " has no batches");
    if (!std::isfinite(taken.loss)) {
      std::string parameters = "the parameters are those before it";
      for (const Parameter& p : s.optimizer->parameters())
        if (any(isnan(p)).item<bool>()) {
          parameters = "parameter '" + p.name() + "' has been nan since an earlier step, whose gradient was";
          break;
        }
      fail("Run", "the loss is " + to_string(taken.loss) + " in " + place(s.steps, s.epoch, s.batch - 1) +
                      ", with the learning rate " + to_string(rate) + "; " + parameters +
                      "; an AnomalyGuard around fit() names the operation");
    }
  } catch (...) {
    s.batch = first_batch, s.seeked = false;
    s.stop_clock();
    throw;
  }
  // The step is taken: what follows may throw, and then goes on behind it.
  s.loss_sum += taken.loss * static_cast<double>(taken.samples);
  s.samples += taken.samples;
  s.history.loss.add(taken.loss), s.history.lr.add(rate);
  s.last_loss = taken.loss, s.rate = rate;
  ++s.steps;
  if (s.average) s.average->update();
  const auto batches = s.data->count();
  s.over = batches ? s.batch >= *batches : !s.has_ahead;
  if (!s.report_path.empty() || !s.events.empty()) s.last_gradients = std::move(taken.gradients);
  for (std::size_t i = 0; i < s.measured.size(); ++i) s.measured[i].merge(s.measured_now[i]);
  if (s.scheduler && s.every == Every::step) s.scheduler->step(site);
  for (State::Reacting& r : s.reactions)
    if (r.reaction->of_steps()) r.reaction->observe(s.optimizer->maximizes() ? -taken.loss : taken.loss, *s.optimizer);
  s.progress.step(taken.samples, s.loss_sum / static_cast<double>(s.samples));
  if (!s.events.empty()) s.log_step(taken.loss);
  for (const auto& f : s.on_step) f(*this, taken.loss);
  if (s.over) end_epoch(site);
  else if (s.files && s.data->seeks() && s.due()) save(site);
  return taken.loss;
}

double Run::State::elapsed() const { return seconds + (clock ? seconds_since(*clock) : 0); }
void Run::State::stop_clock() {
  seconds = elapsed();
  clock.reset();
}

bool Run::State::due() const {
  if (save_options.steps_ > 0 && steps - saved_steps >= save_options.steps_) return true;
  return seconds_since(saved_at) >= save_options.seconds_;
}

bool Run::train_epoch(std::int64_t epochs, Site site) {
  begin(epochs, site);
  State& s = state(site);
  const std::int64_t before = s.epoch;
  if (before >= epochs || s.ended) return false;
  if (!s.over) s.check_schedule(epochs, site);
  s.total_epochs = epochs;
  while (s.epoch == before && !s.stopped) {
    if (s.over) end_epoch(site);
    else step(site);
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
  State& s = state(site);
  s.stop_clock();
  s.take_back_weights();
  if (s.linter && !Interrupts::interrupted()) s.linter->end(s, "");
  if (!s.best_weights.empty() || s.average || !s.shown().empty()) {
    const StateDict last = s.model.state_dict();
    StateDict weights = s.best_weights;
    if (weights.empty()) {
      const SwappedValues shown = s.shown();
      weights = s.model.state_dict();
    }
    s.model.load_state_dict(weights);
    s.last_weights = last;
    s.given.clear();
    for (const Parameter& p : s.model.parameters()) s.given.push_back(p.tensor().detach());
    if (!s.best_weights.empty())
      s.progress.note("the model has the weights of epoch " + std::to_string(s.keep->best_epoch) + ", the best by " +
                      s.keep->figure);
  }
  if (!s.report_path.empty() && !s.history.epochs.empty()) s.write_report(site);  // of the weights that it came to
}

const History& Run::fit(std::int64_t epochs, Site site) {
  if (epochs < 1) fail("Run::fit", std::to_string(epochs) + " epochs, expected at least 1", site);
  State& s = act("fit", site);
  const Interrupts interrupts;
  const TrainingMode mode(s.model, true);
  s.stopped = false;
  try {
    while (train_epoch(epochs, site) && !s.stopped) {}
  } catch (const Error& error) {
    if (s.linter && s.begun) s.linter->end(s, error.what());
    throw;
  }
  finish(site);
  return s.history;
}

Run::Epochs Run::epochs(std::int64_t epochs, Site site) {
  if (epochs < 1) fail("Run::epochs", std::to_string(epochs) + " epochs, expected at least 1", site);
  act("epochs", site);
  return Epochs(*this, epochs, site);
}

Run::Epochs::Iterator Run::Epochs::begin() {
  run_->state(site_).stopped = false;
  return ++Iterator(this);
}

Run::Epochs::Iterator& Run::Epochs::Iterator::operator++() {
  Run& run = *epochs_->run_;
  State& s = run.act("epochs", epochs_->site_);
  const Interrupts interrupts;
  const TrainingMode mode(s.model, true);
  if (s.stopped || !run.train_epoch(epochs_->epochs_, epochs_->site_)) {
    run.finish(epochs_->site_);
    epochs_ = nullptr;
  }
  return *this;
}

}  // namespace xtape::optim
