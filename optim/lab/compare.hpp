// Compare: trainings of several variants with several seeds, and which variant is better by more than chance.
#pragma once
#include <functional>
#include <memory>
#include <optim/history.hpp>
#include <optim/lab/comparison.hpp>
#include <optim/progress.hpp>
#include <type_traits>

namespace xtape::optim {
class Run;
}

namespace xtape::lab {

/// The training that a variant is asked for. Where a seed is expected it is its seed.
class Training {
 public:
  /// `file` is where it may be saved, empty where nothing is to be.
  Training(std::uint64_t seed, std::string file) : seed_(seed), file_(std::move(file)) {}
  std::uint64_t seed() const { return seed_; }
  operator std::uint64_t() const { return seed_; }
  /// Saves the training beside the file of `Compare::save_to`, so that it goes on in its middle after a kill; without
  /// such a file, or without this, it is begun again.
  void save(optim::Run& run) const;

 private:
  std::uint64_t seed_;
  std::string file_;
};

/// Things by name that a variant may be made of: `lab::Choices<double> rates = {{"slow", 0.1}, {"fast", 3}}`.
template <class T>
using Choices = std::vector<std::pair<std::string, T>>;

/// Compares variants, each trained with the seeds 1, 2, 3 …:
///
///   lab::Compare compare("accuracy", "MNIST, 30 epochs");
///   compare.add("quadratic", [&] { return train(nn::quadratic_cost); });     // returns run.fit(30)
///   compare.add("cross-entropy", [&] { return train(nn::cross_entropy); });
///   compare.add(activations, costs, [&](auto f, auto cost) { return train(f, cost); });  // each with each
///   compare.seeds(5, 30).save_to("costs.jsonl").report("costs.html");
///   std::cout << compare.run();
///
/// A variant is a function that trains and returns the History of a Run, a vector of one figure an epoch, or one
/// figure. Before each call the default generator is seeded, so that all variants of a seed start with the same
/// weights, where they draw the same, and see the same batches. Each training runs in a process of its own that begins
/// as a copy of this one, with one thread: what it changes, prints to standard output or breaks concerns no other, and
/// its figures are the same for any number of processes. One that throws, ends its process, or gives a figure that is
/// not finite is told of in the table and counts for nothing else.
class Compare {
 public:
  /// `figure` is the name of what a History is compared by; all but "loss" and "validation_loss" are better when
  /// larger. `title` says what is compared: trainings saved under another title are not gone on with.
  explicit Compare(std::string figure = "accuracy", std::string title = "", Site site = Site::here());
  ~Compare();
  Compare(Compare&&) noexcept;
  Compare& operator=(Compare&&) noexcept;

  /// Adds a variant, a function of nothing or of a `const lab::Training&`. Throws when there is one of this name.
  template <class F>
  Compare& add(const std::string& name, F train, Site site = Site::here()) {
    constexpr bool of_training = std::is_invocable_v<F&, const Training&>, of_nothing = std::is_invocable_v<F&>;
    static_assert(of_training || of_nothing,
                  "a variant is a function of its choices, if any, and then of nothing or of a const lab::Training&");
    if constexpr (of_training) return add_variant(name, train_by<const Training&>(std::move(train)), site);
    else if constexpr (of_nothing) return add_variant(name, train_by<>(std::move(train)), site);
    else return *this;
  }
  /// Adds a variant for each choice, `train(choice)` or `train(choice, training)`, by the name of the choice.
  template <class A, class F>
  Compare& add(const Choices<A>& choices, F train, Site site = Site::here()) {
    for (const auto& [name, value] : choices) add(name, chosen(train, value), site);
    return *this;
  }
  /// Adds a variant for each pair of choices, `train(a, b)` or `train(a, b, training)`, by the name "a + b".
  template <class A, class B, class F>
  Compare& add(const Choices<A>& first, const Choices<B>& second, F train, Site site = Site::here()) {
    for (const auto& [a, value] : first)
      for (const auto& [b, other] : second) add(a + " + " + b, chosen(train, value, other), site);
    return *this;
  }

  /// Trains each variant with so many seeds, 10 by default.
  Compare& seeds(std::int64_t count, Site site = Site::here()) { return seeds(count, count, site); }
  /// With at least and at most so many: it is looked several times, which the p accounts for, and a variant gets no
  /// more seeds once it is told apart from a better one; with a baseline, from that. Decide on `most` before: to look
  /// first, and then to go on with more, finds differences that are not there.
  Compare& seeds(std::int64_t least, std::int64_t most, Site site = Site::here());
  /// A small figure is good, as of an error.
  Compare& minimize();
  /// Compares the best epoch of each training in the place of the last.
  Compare& best();
  /// Calls a training stuck whose figure is no better than this, such as that of a constant guess and a margin, and
  /// tells the share of these. Throws when it is not finite.
  Compare& stuck_at(double figure, Site site = Site::here());
  /// Compares all others with this variant alone, in the place of each with each, which finds smaller differences.
  Compare& against(const std::string& name);
  /// How many processes train at once, `num_threads()` by default; with 0 it is this one that trains, to find a fault
  /// with a debugger, or where a training takes next to no time.
  Compare& workers(int count, Site site = Site::here());
  /// Saves the figures of each training to this file, a JSON object a line, once it has ended, and does not train again
  /// what is there: a comparison that was killed goes on, and comes to the same table; so does one that has more
  /// variants now. `run` throws when what is there is of another comparison.
  Compare& save_to(const std::string& path, Site site = Site::here());
  /// Writes the table to this file at the end: a page, ".html", or ".csv". It may be called for both.
  Compare& report(const std::string& path, Site site = Site::here());
  /// How it shows how far it is, and where; standard output when `out` is null.
  Compare& progress(optim::ProgressStyle style, std::ostream* out = nullptr);

  /// Trains, and compares. Ctrl-C ends it with an error that says how to go on. Throws when there are less than two
  /// variants, when all trainings fail, when they have different numbers of epochs and not their `best` are compared,
  /// and where files cannot be read or written.
  Comparison run(Site site = Site::here());

 private:
  using Train = std::function<std::vector<double>(const Training&, const std::string& figure)>;
  Compare& add_variant(const std::string& name, Train train, Site site);

  template <class F, class... Values>
  static auto chosen(F train, Values... values) {
    return [train, values...](const auto&... training) mutable -> decltype(train(values..., training...)) {
      return train(values..., training...);
    };
  }
  static std::vector<double> figures_of(const optim::History& history, const std::string& figure);
  template <class... Given, class F>
  static Train train_by(F train) {
    using R = std::invoke_result_t<F&, Given...>;
    constexpr bool history = std::is_convertible_v<R, const optim::History&>, one = std::is_arithmetic_v<R>;
    constexpr bool list = std::is_convertible_v<R, std::vector<double>>;
    static_assert(history || one || list,
                  "a variant returns the History of a Run, as run.fit(30) does, one figure an epoch as a "
                  "std::vector<double>, or one figure");
    return [train]([[maybe_unused]] const Training& training, [[maybe_unused]] const std::string& figure) mutable {
      const auto call = [&] {
        if constexpr (sizeof...(Given) == 0) return train();
        else return train(training);
      };
      if constexpr (history) return figures_of(call(), figure);
      else if constexpr (one) return std::vector<double>{static_cast<double>(call())};
      else if constexpr (list) return std::vector<double>(call());
      else return std::vector<double>();
    };
  }

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace xtape::lab
