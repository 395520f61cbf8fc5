// Private: what a Run consists of.
#pragma once
#include <autograd/keyed_randomness.hpp>
#include <optim/average.hpp>
#include <optim/event_file.hpp>
#include <optim/report.hpp>
#include <optim/run.hpp>
#include <optim/snapshot.hpp>
#include <optim/table_file.hpp>
#include <optional>

#include "named_state.hpp"

namespace xtape::optim {

/// The streams of a step: it draws fewer than a million times.
inline std::uint64_t streams_of(std::int64_t step) { return static_cast<std::uint64_t>(step) << 20; }

/// A figure of the epochs that is watched for its best.
struct Watched {
  std::string figure;
  bool larger = false;
  std::int64_t patience = 0;  // 0: it ends nothing
  double best = 0;
  std::int64_t best_epoch = 0;
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

  // What it is in the middle of.
  bool begun = false, seeked = false;
  std::uint64_t seed = 0, key = 0;  // of the data's order; of what steps draw
  std::int64_t total_epochs = 0;    // of the `fit` that runs; 0: not known
  std::int64_t epoch = 0, batch = 0, steps = 0;
  Tensors ahead;  // the batch after the last one, where the data has no count
  bool has_ahead = false;
  double loss_sum = 0;  // of the epoch so far, over its samples
  std::int64_t samples = 0;
  double seconds = 0;                   // of the epoch so far
  bool over = false;                    // the epoch's last batch was taken, and its end is still to come
  bool stopped = false, ended = false;  // by the user, or because nothing was to be hoped for any more
  History history;
  std::map<std::string, std::string> identity;  // the fingerprint at the beginning
  Report report;
  Tensors last_gradients;  // for the report
  std::optional<Scheduler> scheduler;
  std::unique_ptr<ExponentialMovingAverage> average;
  StateDict best_weights, last_weights;  // the latter while the model has others at the end
  std::unique_ptr<SnapshotFiles> files;
  std::vector<std::unique_ptr<TableFile>> tables;
  std::vector<std::unique_ptr<EventFile>> events;
  std::chrono::steady_clock::time_point saved_at, reported_at;
  std::int64_t saved_steps = 0;

  std::optional<std::int64_t> steps_per_epoch() const;
  std::map<std::string, std::string> fingerprint() const;  // goes through all data
  Snapshot snapshot() const;
  void load(const Snapshot& snapshot, Site site);
  void check_not_begun(const char* op, Site site) const;
  void check_figures(Site site) const;
  /// The values that the model is judged and kept by, for a while.
  SwappedValues shown() const;
  bool next_batch(Tensors& batch);
  void take_in(Tensors& mean, Tensors g, std::int64_t samples, std::int64_t n) const;
  void validate_into(Epoch& epoch);
  /// Whether the training is to be saved by its time or its steps.
  bool due() const;
  void write_report(Site site) const;
  void open_logs();
  void log_step(double loss);
  void log_epoch(const Epoch& epoch);
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
