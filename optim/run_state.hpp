// Private: what a Run consists of.
#pragma once
#include <atomic>
#include <autograd/core/keyed_randomness.hpp>
#include <optim/average.hpp>
#include <optim/event_file.hpp>
#include <optim/report.hpp>
#include <optim/run.hpp>
#include <optim/snapshot.hpp>
#include <optim/table_file.hpp>
#include <optional>

#include "named_state.hpp"

// Each part of a Run is in a file of its own: steps in run_step.cpp, epochs in run_epoch.cpp, logs in run_log.cpp,
// options in run_options.cpp, saving and loading in run_save.cpp, interrupts in interrupts.cpp; all else is in
// run.cpp.
namespace xtape::optim {

/// The streams of a step, which draws fewer than a million times.
inline std::uint64_t streams_of(std::int64_t step) { return static_cast<std::uint64_t>(step) << 20; }

/// How many samples a batch has; throws unless it is one.
std::int64_t samples_of(const Tensors& batch);

/// A figure of the epochs that is watched for its best.
struct Watched {
  std::string figure;
  bool larger = false;
  std::int64_t patience = 0;  // 0: it ends nothing
  double best = 0;
  std::int64_t best_epoch = 0;
};

/// While it lives, the model is in training or out of it; then all its modules are as they were.
class TrainingMode {
 public:
  TrainingMode(const Model& model, bool training) {
    if (model.is_training() == training) return;
    back_ = model.modes();
    model.train(training);
  }
  ~TrainingMode() {
    if (back_) back_();
  }
  TrainingMode(const TrainingMode&) = delete;
  TrainingMode& operator=(const TrainingMode&) = delete;

 private:
  std::function<void()> back_;
};

struct Run::State {
  State(Model m, std::shared_ptr<Optimizer> o, Data d, Loss l)
      : model(std::move(m)), optimizer(std::move(o)), data(std::move(d)), loss(std::move(l)) {}

  // What the user gave.
  Model model;
  std::shared_ptr<Optimizer> optimizer;
  Data data;
  Loss loss;
  std::optional<Data> validation;
  std::vector<Metric> metrics, measured;
  std::function<Tensor(const Tensor&)> predict;
  std::optional<Schedule> planned;
  Every every = Every::step;
  struct Reacting {
    std::shared_ptr<Reaction> reaction;
    std::string figure;
  };
  std::vector<Reacting> reactions;
  std::int64_t accumulate = 1;
  double max_norm = 0, max_value = 0;  // 0: none
  std::optional<double> decay;
  std::optional<Watched> keep, early;
  SaveOptions save_options;
  Site save_site;
  std::vector<std::pair<std::string, Site>> logs_to;
  std::string report_path, report_title;  // empty: none
  std::optional<std::uint64_t> seed_given;
  std::vector<std::function<void(Run&, double)>> on_step;
  std::vector<std::function<void(Run&, const Epoch&)>> on_epoch;
  Progress progress;
  std::shared_ptr<lab::Linter> linter;  // null: none

  // What it is in the middle of.
  bool begun = false, seeked = false, inside = false;  // inside: functions of the user's run as part of a step
  std::uint64_t seed = 0, key = 0;                     // of the data's order; of what steps draw
  std::int64_t total_epochs = 0;                       // of the `fit` that runs; 0: not known
  std::int64_t epoch = 0, batch = 0, steps = 0;
  Tensors ahead;  // the batch after the last one, where the data has no count
  bool has_ahead = false;
  double loss_sum = 0;  // of the epoch so far, over its samples
  std::int64_t samples = 0;
  double seconds = 0;                                          // of the epoch, until its clock went on
  std::optional<std::chrono::steady_clock::time_point> clock;  // since when it goes
  double last_loss = 0, rate = 0;                              // of the last step
  bool over = false;                 // the epoch's last batch was taken, and its end is still to come
  std::atomic<bool> stopped{false};  // by the user, in another thread perhaps
  bool ended = false;                // nothing was to be hoped for any more
  History history;
  std::map<std::string, std::string> identity;  // the fingerprint at the beginning
  Report report;
  Tensors last_gradients;  // for the report
  std::vector<Metric> measured_now;
  std::vector<Model::Buffer> buffers;
  std::optional<Scheduler> scheduler;
  std::int64_t scheduled_epochs = 0;  // what the schedule was made for
  std::unique_ptr<ExponentialMovingAverage> average;
  StateDict best_weights;
  StateDict last_weights;  // while the model has others, `given`, at the end of `fit`
  Tensors given;
  std::unique_ptr<SnapshotFiles> files;
  std::optional<Snapshot> in_file;  // what is there before it begins, once that was asked for
  std::vector<std::unique_ptr<TableFile>> tables;
  std::vector<std::unique_ptr<EventFile>> events;
  std::chrono::steady_clock::time_point saved_at, reported_at;
  std::int64_t saved_steps = 0;

  // Options.
  void check_path(const char* op, const std::string& path, Site site) const;
  void check_options(Site site) const;
  bool is_larger_better(const std::string& figure) const;

  // Steps.
  void choose_key();
  /// How long the epoch has taken so far; from `stop_clock` to the next step it takes no time.
  double elapsed() const;
  void stop_clock();
  std::optional<std::int64_t> steps_per_epoch() const;
  std::int64_t scheduled_steps(std::int64_t epochs) const;
  void check_schedule(std::int64_t epochs, Site site) const;
  bool next_batch(Tensors& batch);
  /// A step on the batches that `next` gives, which is not taken where there is none or the loss is not finite; then,
  /// and where it throws, model and optimiser are as before.
  struct Taken {
    double loss = 0;
    std::int64_t samples = 0;
    Tensors gradients;
  };
  using Next = std::function<bool(Tensors& batch)>;
  Taken take_step(const Next& next, Site site);
  Taken descend(const Next& next, Site site);
  Taken search(const Next& next, Site site);
  double loss_of(const LossAndOutput& result) const;
  Tensors running_values() const;
  void assign_running(const Tensors& values) const;
  void measure_now(const LossAndOutput& result, const Tensors& batch);

  // Epochs.
  /// The values that the model is judged and kept by, for a while.
  SwappedValues shown() const;
  LossAndOutput judged(const Tensors& batch) const;
  /// The outputs of the layers, for the report.
  std::vector<std::pair<std::string, Tensor>> validate_into(Epoch& epoch);

  // What it goes on from.
  StateDict weights() const;
  void take_back_weights();
  std::map<std::string, std::string> fingerprint() const;  // goes through all data
  Snapshot snapshot() const;
  void look_into_file();
  /// A number of the training, as the file that it goes on from has it where it has not begun; else `now`.
  std::int64_t so_far(const char* name, std::int64_t now);
  void check_identity(const Snapshot& snapshot) const;
  void load(const Snapshot& snapshot);
  /// Whether the training is to be saved by its time or its steps.
  bool due() const;

  // What it writes.
  void write_report(Site site) const;
  void open_logs();
  void log_step(double loss);
  void log_epoch(const Epoch& epoch);
};

/// While it lives, functions of the user's run that must not use the Run but to `stop` it.
class UserCall {
 public:
  explicit UserCall(bool& inside) : inside_(inside) { inside_ = true; }
  ~UserCall() { inside_ = false; }
  UserCall(const UserCall&) = delete;
  UserCall& operator=(const UserCall&) = delete;

 private:
  bool& inside_;
};

/// While it lives, Ctrl-C (and a request to terminate) only sets `interrupted`; a second one ends the process.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;
  static bool interrupted();
};

}  // namespace xtape::optim
