// Run: a training that can be watched, stopped at any moment, and gone on with to the same bits.
#pragma once
#include <chrono>
#include <functional>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <optim/data.hpp>
#include <optim/history.hpp>
#include <optim/metric.hpp>
#include <optim/model.hpp>
#include <optim/optimizer.hpp>
#include <optim/progress.hpp>
#include <optim/reaction.hpp>
#include <optim/schedule.hpp>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

// What is set before a Run begins is in run_options.cpp, find_lr and overfit_one_batch are in run_checks.cpp,
// end_epoch in run_epoch.cpp, save in run_save.cpp, all else in run.cpp.
namespace xtape::lab {
class Findings;
class Linter;
}  // namespace xtape::lab

namespace xtape::optim {

/// What a cost function may give beside the loss: what the model computed, so that metrics need not compute it again.
struct LossAndOutput {
  Tensor loss, output;
};

/// When a training is saved: after so many seconds or steps, whichever comes first, at the end of each epoch, and when
/// it is stopped.
class SaveOptions {
 public:
  /// The time between two saves; 30 s by default.
  SaveOptions& every(std::chrono::duration<double> time) { return seconds_ = time.count(), *this; }
  /// The steps between two saves; 0, by default, leaves it to the time.
  SaveOptions& every_steps(std::int64_t steps) { return steps_ = steps, *this; }
  /// How many files are kept, the last ones; 2 by default.
  SaveOptions& keep(std::int64_t files) { return keep_ = files, *this; }

 private:
  friend class Run;
  double seconds_ = 30;
  std::int64_t steps_ = 0, keep_ = 2;
};

/// What a schedule counts.
enum class Every { step, epoch };

/// One metric, or several in braces: `optim::accuracy`, `{optim::accuracy, optim::top_k(5)}`.
class Metrics {
 public:
  Metrics() = default;
  Metrics(Metric metric) : all_{std::move(metric)} {}
  Metrics(Metric (*make)()) : all_{Metric(make)} {}
  Metrics(std::initializer_list<Metric> all) : all_(all) {}
  Metrics(std::vector<Metric> all) : all_(std::move(all)) {}
  std::vector<Metric>& all() { return all_; }

 private:
  std::vector<Metric> all_;
};

/// The training of a model:
///
///   optim::Run run(net, optim::AdamW(net.parameters(), 1e-3), datasets::batches(data.train, 64),
///                  [&](const Tensor& x, const Tensor& t) { return nn::cross_entropy(net(x), t); });
///   run.validate(data.validation, optim::accuracy).keep_best("accuracy").save_to("mnist.run");
///   run.fit(20);
///
/// One step takes a batch (or several: `accumulate`), computes the loss and its gradient, and steps the optimiser. What
/// a step draws, such as the masks of dropout, is a function of the seed, the model and the number of the step,
/// whatever else draws numbers, so that a training that goes on from a file has the same bits as one that was never
/// stopped. Figures of an epoch are called "loss", the mean of the training's, "validation_loss", and as the metrics.
///
/// Options are set before the first step. After an exception of a step everything is as before it; after one of what
/// follows a step, such as a metric or a callback, the training goes on behind it. The cost function and metrics may
/// `stop` the run, the functions of `on_step` and `on_epoch` may call all of it. Optimiser and data that are given as
/// variables are referred to, temporaries kept. Threads may each have a Run, of models of their own.
class Run {
 public:
  /// `loss` is a function of a batch, its input and target, or its one tensor, or Tensors; it gives the loss, or a
  /// LossAndOutput. An optimiser that searches, such as LBFGS, has the mean loss of a step's batches as its closure,
  /// with the same random numbers in each call; for a LevenbergMarquardt `loss` gives residuals. Throws when the
  /// optimiser has a parameter that the model has not.
  template <class O, class F>
  Run(Model model, O&& optimizer, Data data, F loss, Site site = Site::here())
      : Run(std::move(model), shared(std::forward<O>(optimizer)), std::move(data), loss_of(std::move(loss)), site) {}
  ~Run();
  Run(Run&&) noexcept;
  Run& operator=(Run&&) noexcept;

  /// After each epoch, the loss and these metrics of other data: `validate(data.validation, optim::accuracy)`, or
  /// `{optim::accuracy, optim::top_k(5)}`.
  Run& validate(Data data, Metrics metrics = {}, Site site = Site::here());
  /// Metrics of the batches as they are trained on, "training_accuracy"; the cost function gives a LossAndOutput.
  Run& measure(Metrics metrics, Site site = Site::here());
  /// What metrics take for the model's output of an input, where that is not `model(input)`.
  Run& predict(std::function<Tensor(const Tensor& input)> f, Site site = Site::here());

  /// Sets the learning rate before each step, or each epoch, counted from the first one.
  Run& schedule(Schedule schedule, Every every = Every::step, Site site = Site::here());
  /// Changes the rate by what becomes of a figure of the epochs: `react(optim::ReduceOnPlateau(), "validation_loss")`;
  /// without a name that is "validation_loss" where there is one, else "loss". One of steps takes their losses.
  Run& react(const Reaction& reaction, const std::string& figure = "", Site site = Site::here());
  /// One step takes so many batches; its gradient is that of the mean loss of all their samples.
  Run& accumulate(std::int64_t batches, Site site = Site::here());
  /// As `clip_grad_norm` and `clip_grad_value`.
  Run& clip_norm(double max_norm, Site site = Site::here());
  Run& clip_value(double max_value, Site site = Site::here());
  /// Keeps an exponential moving average of the weights, which is validated, saved as the best and given at the end.
  Run& average(double decay = 0.999, Site site = Site::here());

  /// Remembers the weights of the epoch that was best by a figure, and gives them to the model at the end of `fit`.
  Run& keep_best(const std::string& figure, Site site = Site::here());
  /// Ends the training when a figure has not become better for so many epochs.
  Run& stop_early(const std::string& figure, std::int64_t patience, Site site = Site::here());
  /// Saves the training to this file and, where it is there, goes on from it. Throws when what is saved was another
  /// training, by its data, model, optimiser or options, and names what differs.
  Run& save_to(const std::string& path, SaveOptions options = {}, Site site = Site::here());
  /// Writes a page to this file after each epoch: curves, what is taken for what, mistakes, weights, histograms of each
  /// layer, settings. It opens in a browser without a network. `title` is the file's name by default.
  Run& report(const std::string& path, const std::string& title = "", Site site = Site::here());
  /// Writes the figures of each epoch to a file, ".jsonl" or ".csv", a row an epoch; or, for any other name, a folder
  /// of events for TensorBoard: these figures, the loss of every 20th step, histograms of weights and gradients.
  Run& log_to(const std::string& path, Site site = Site::here());
  /// Looks for what keeps it from learning, tries changes on forks of it, which leave it as it is, and prints at the
  /// end of `fit` what it found; nothing where all is well. See lab/lint.hpp, which `findings` needs.
  Run& lint(Site site = Site::here());
  /// The seed of the order of the data and of what steps draw; that of the default generator by default.
  Run& seed(std::uint64_t seed, Site site = Site::here());
  /// How it shows how far it is, and where; standard output when `out` is null.
  Run& progress(ProgressStyle style, std::ostream* out = nullptr, Site site = Site::here());
  /// Called after each step with the loss, and after each epoch with its figures.
  Run& on_step(std::function<void(Run& run, double loss)> f, Site site = Site::here());
  Run& on_epoch(std::function<void(Run& run, const Epoch& epoch)> f, Site site = Site::here());

  /// Trains until so many epochs are done in all, those of a file that it goes on from included; returns at once when
  /// they are. Ctrl-C ends it after the step, saves, and says how to go on. At the end the model has the best weights,
  /// where `keep_best` says so, or their average; its mode is what it was.
  const History& fit(std::int64_t epochs, Site site = Site::here());
  /// The same as a range: `for (const optim::Epoch& epoch : run.epochs(20)) …`.
  class Epochs;
  Epochs epochs(std::int64_t epochs, Site site = Site::here());
  /// One step of a loop of one's own, such as that of two runs against each other; ends the epoch after its last batch.
  /// Returns the loss. Throws when the loss is not finite, and changes nothing then; where the end of the epoch throws,
  /// such as a metric, the next call does that alone.
  double step(Site site = Site::here());
  /// Has `fit` end after this step; any thread may call it.
  void stop();

  /// The epochs that are done, the steps that were taken, and whether the training has ended before its last epoch;
  /// those of the file that it goes on from included.
  std::int64_t epoch() const;
  std::int64_t steps() const;
  bool stopped() const;
  const History& history() const;
  /// What `lint` has found in the last `fit`, whether it came to its end or threw.
  const lab::Findings& findings() const;
  Optimizer& optimizer();
  /// The epoch that was the best by the figure of `keep_best` or `stop_early`; 0 where there is none.
  std::int64_t best_epoch() const;
  /// Writes the training to the file of `save_to` now. Throws where there is none.
  void save(Site site = Site::here());

  /// The loss along a learning rate that grows from `low` to `high` in so many steps, the first of this training, after
  /// which model and optimiser are as before. Source: Smith, WACV 2017.
  struct RateTest {
    std::vector<std::pair<double, double>> losses;  ///< (rate, smoothed loss)
    double suggestion;                              ///< where the loss falls most steeply
  };
  RateTest find_lr(double low = 1e-6, double high = 1, std::int64_t steps = 100, Site site = Site::here());
  /// Trains on the first batch alone, after which model and optimiser are as before, and returns its losses: a model
  /// and a cost that are right bring it close to 0.
  std::vector<double> overfit_one_batch(std::int64_t steps = 100, Site site = Site::here());

 private:
  friend class Epochs;
  friend class lab::Linter;
  // The cost of a batch, of whatever type it gives.
  struct Loss {
    template <class F>
    explicit Loss(F f)
        : of([f](const Tensors& batch) mutable { return result_of(f(batch)); }),
          gives_output(!std::is_convertible_v<std::invoke_result_t<F&, const Tensors&>, Tensor>) {}
    std::function<LossAndOutput(const Tensors& batch)> of;
    bool gives_output;
  };
  Run(Model model, std::shared_ptr<Optimizer> optimizer, Data data, Loss loss, Site site);

  template <class O>
  static std::shared_ptr<Optimizer> shared(O&& optimizer) {
    using Plain = std::decay_t<O>;
    if constexpr (std::is_convertible_v<O&&, std::shared_ptr<Optimizer>>) return std::forward<O>(optimizer);
    else {
      static_assert(std::is_base_of_v<Optimizer, Plain>, "a Run takes an optimiser, such as optim::AdamW(...)");
      if constexpr (!std::is_base_of_v<Optimizer, Plain>) return nullptr;
      else if constexpr (std::is_lvalue_reference_v<O>)
        return std::shared_ptr<Optimizer>(&optimizer, [](Optimizer*) {});
      else return std::make_shared<Plain>(std::move(optimizer));
    }
  }
  template <class R>
  static LossAndOutput result_of(R&& result) {
    if constexpr (std::is_convertible_v<R&&, Tensor>) return {Tensor(std::forward<R>(result)), Tensor()};
    else {
      static_assert(std::is_class_v<std::decay_t<R>>,
                    "the cost of a Run returns a Tensor, the loss, or a LossAndOutput");
      if constexpr (std::is_class_v<std::decay_t<R>>) {
        auto&& [loss, output] = result;
        return {loss, output};
      }
    }
  }
  [[noreturn]] static void fail_batch(std::size_t met, std::size_t expected);
  template <class F>
  static Loss loss_of(F f) {
    constexpr bool pair = std::is_invocable_v<F&, const Tensor&, const Tensor&>;
    constexpr bool all = std::is_invocable_v<F&, const Tensors&>, one = std::is_invocable_v<F&, const Tensor&>;
    static_assert(pair || all || one,
                  "the cost of a Run takes a batch and calls the model: [&](const Tensor& x, const Tensor& t) { return "
                  "nn::mse_loss(net(x), t); }; of a batch that is not a pair, [&](const Tensors& batch)");
    if constexpr (pair)
      return Loss([f](const Tensors& b) mutable {
        if (b.size() != 2) fail_batch(b.size(), 2);
        return f(b[0], b[1]);
      });
    else if constexpr (all) return Loss(std::move(f));
    else if constexpr (one)
      return Loss([f](const Tensors& b) mutable {
        if (b.size() != 1) fail_batch(b.size(), 1);
        return f(b[0]);
      });
    else return Loss([](const Tensors&) { return Tensor(); });
  }

  struct State;
  State& state(Site site = {}) const;           // throws when it was moved to another Run
  State& option(const char* op, Site site);     // to be set before the training begins
  State& act(const char* op, Site site) const;  // to train: not from within a step
  void begin(std::int64_t epochs, Site site);
  void end_epoch(Site site);
  // Trains until the end of an epoch; false when there is none any more.
  bool train_epoch(std::int64_t epochs, Site site);
  void finish(Site site);

  std::unique_ptr<State> state_;
};

/// The epochs of a Run that are still to come, each trained when the loop gets there.
class Run::Epochs {
 public:
  Epochs(Run& run, std::int64_t epochs, Site site) : run_(&run), epochs_(epochs), site_(site) {}
  class Iterator {
   public:
    explicit Iterator(Epochs* epochs) : epochs_(epochs) {}
    const Epoch& operator*() const { return epochs_->run_->history().epochs.back(); }
    Iterator& operator++();
    bool operator!=(const Iterator& other) const { return epochs_ != other.epochs_; }

   private:
    Epochs* epochs_;  // null at the end
  };
  Iterator begin();
  Iterator end() { return Iterator(nullptr); }

 private:
  Run* run_;
  std::int64_t epochs_;
  Site site_;
};

}  // namespace xtape::optim
