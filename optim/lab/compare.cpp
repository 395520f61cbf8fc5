#include "compare.hpp"

#include <unistd.h>

#include <algorithm>
#include <autograd/files/new_file.hpp>
#include <autograd/parallel.hpp>
#include <autograd/random.hpp>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <optim/run.hpp>

#include "processes.hpp"
#include "race.hpp"
#include "statistics.hpp"

namespace xtape::lab {
namespace {

bool has_end(const std::string& path, const std::string& end) {
  return path.size() >= end.size() && path.compare(path.size() - end.size(), end.size(), end) == 0;
}

// Where a training is saved beside the results: a name that every file system takes, and of no other variant.
std::string file_of(const std::string& results, const std::string& variant, std::uint64_t seed) {
  std::uint32_t hash = 2166136261;  // FNV-1a
  std::string name;
  for (const char c : variant) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 16777619;
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (name.size() < 40) name += plain ? c : '_';
  }
  return results + "." + name + "." + std::to_string(hash) + "." + std::to_string(seed) + ".run";
}

// Those of a training that has ended.
void remove_run(const std::string& file) {
  std::error_code none;
  for (const char* end : {"", ".1", ".lock"}) std::filesystem::remove(file + end, none);
}

// How many trainings have ended, and how long the others will take.
class Bar {
 public:
  Bar(std::ostream* out, std::size_t trainings) : out_(out), trainings_(static_cast<double>(trainings)) {}
  ~Bar() {
    if (out_ && ended_ > 0) *out_ << "\r\033[K" << std::flush;
  }
  void step() {
    ++ended_;
    if (!out_) return;
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
    *out_ << "\r\033[K" << ended_ << " of " << trainings_ << " trainings, about "
          << std::llround(seconds / ended_ * (trainings_ - ended_)) << " s left" << std::flush;
  }

 private:
  std::ostream* out_;
  double trainings_, ended_ = 0;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace

void Training::save(optim::Run& run) const {
  if (!file_.empty()) run.save_to(file_);
}

struct Compare::State {
  std::string figure, title;
  std::vector<std::pair<std::string, Train>> variants;
  std::int64_t least = 10, most = 10;
  bool larger = true, best = false;
  std::optional<double> stuck_at;
  std::string baseline, save_path, page_path, csv_path;
  std::optional<int> workers;
  optim::ProgressStyle style = optim::ProgressStyle::automatic;
  std::ostream* out = nullptr;

  std::ostream& shown() const { return out ? *out : std::cout; }
  // Where a bar is to be seen, else null.
  std::ostream* bar() const {
    const bool automatic = style == optim::ProgressStyle::automatic && !out && isatty(STDOUT_FILENO);
    return automatic || style == optim::ProgressStyle::bar ? &shown() : nullptr;
  }
  bool has(const std::string& name) const {
    return std::any_of(variants.begin(), variants.end(), [&](const auto& v) { return v.first == name; });
  }

  Comparison empty_table() const;
  Outcome train(const Job& job) const;
  double compared(const std::vector<double>& figures) const;
  void check(Site site) const;
  void check_epochs(const std::vector<Runner>& runners, Site site) const;
  void write_reports(const Comparison& table, Site site) const;
};

Compare::Compare(std::string figure, std::string title, Site site) : state_(std::make_unique<State>()) {
  if (figure.empty()) fail("Compare", "the figure has no name, expected one of a History, such as 'accuracy'", site);
  state_->larger = figure != "loss" && figure != "validation_loss";
  state_->figure = std::move(figure), state_->title = std::move(title);
}
Compare::~Compare() = default;
Compare::Compare(Compare&&) noexcept = default;
Compare& Compare::operator=(Compare&&) noexcept = default;

Compare& Compare::add_variant(const std::string& name, Train train, Site site) {
  if (name.empty()) fail("Compare::add", "the variant has no name", site);
  for (const auto& variant : state_->variants)
    if (variant.first == name)
      fail("Compare::add", "there is a variant '" + name + "' already, expected another name for this one", site);
  state_->variants.emplace_back(name, std::move(train));
  return *this;
}

std::vector<double> Compare::figures_of(const optim::History& history, const std::string& figure) {
  std::vector<double> values;
  for (const optim::Epoch& epoch : history.epochs) values.push_back(epoch[figure]);
  return values;
}

Compare& Compare::seeds(std::int64_t least, std::int64_t most, Site site) {
  if (least < 2 || most < least || most > 100000)
    fail("Compare::seeds",
         "from " + std::to_string(least) + " to " + std::to_string(most) +
             " seeds, expected at least 2, whose spread tells what is chance, and at most 100,000",
         site);
  return state_->least = least, state_->most = most, *this;
}
Compare& Compare::minimize() { return state_->larger = false, *this; }
Compare& Compare::best() { return state_->best = true, *this; }
Compare& Compare::stuck_at(double figure, Site site) {
  if (!std::isfinite(figure)) fail("Compare::stuck_at", "the figure is not finite", site);
  return state_->stuck_at = figure, *this;
}
Compare& Compare::against(const std::string& name) { return state_->baseline = name, *this; }
Compare& Compare::workers(int count, Site site) {
  if (count < 0 || count > 4096)
    fail("Compare::workers", std::to_string(count) + " processes, expected 0 to 4096", site);
  return state_->workers = count, *this;
}
Compare& Compare::save_to(const std::string& path, Site site) {
  if (path.empty()) fail("Compare::save_to", "the name of the file is empty", site);
  return state_->save_path = path, *this;
}
Compare& Compare::report(const std::string& path, Site site) {
  if (!has_end(path, ".html") && !has_end(path, ".csv"))
    fail("Compare::report", "the name is '" + path + "', expected one that ends in .html or .csv", site);
  return (has_end(path, ".csv") ? state_->csv_path : state_->page_path) = path, *this;
}
Compare& Compare::progress(optim::ProgressStyle style, std::ostream* out) {
  return state_->style = style, state_->out = out, *this;
}

Comparison Compare::State::empty_table() const {
  Comparison table{};
  table.title = title, table.figure = figure, table.larger_is_better = larger, table.of_best = best;
  table.stuck_at = stuck_at, table.baseline = baseline, table.looks = looks(least, most);
  return table;
}

Outcome Compare::State::train(const Job& job) const {
  Outcome outcome;
  try {
    auto [name, train] = variants[job.variant];  // a copy: what it changes of itself is not the next one's
    manual_seed(job.seed);
    const Training training(job.seed, save_path.empty() ? "" : file_of(save_path, name, job.seed));
    outcome.figures = train(training, figure);
    if (outcome.figures.empty()) outcome.error = "it gives no figure, expected one an epoch";
    for (std::size_t i = 0; i < outcome.figures.size(); ++i)
      if (!std::isfinite(outcome.figures[i]))
        outcome.error = "its figure " + std::to_string(i + 1) + " is " + optim::to_string(outcome.figures[i]) +
                        ", expected finite numbers; a smaller learning rate may help";
  } catch (const std::exception& error) {
    outcome.error = error.what();
  } catch (...) {
    outcome.error = "it threw what is no std::exception";
  }
  if (!outcome.error.empty()) outcome.figures.clear();
  return outcome;
}

double Compare::State::compared(const std::vector<double>& figures) const {
  if (!best) return figures.back();
  return larger ? *std::max_element(figures.begin(), figures.end()) : *std::min_element(figures.begin(), figures.end());
}

// Trainings of other lengths are no comparison of variants.
void Compare::State::check_epochs(const std::vector<Runner>& runners, Site site) const {
  const Runner* first = nullptr;
  std::uint64_t first_seed = 0;
  std::string errors;
  for (const Runner& runner : runners)
    for (const auto& [seed, outcome] : runner.outcomes) {
      if (!outcome.error.empty()) {
        if (errors.empty()) errors = "'" + runner.name + "' with seed " + std::to_string(seed) + ": " + outcome.error;
        continue;
      }
      if (!first) first = &runner, first_seed = seed;
      const std::size_t epochs = outcome.figures.size(), expected = first->outcomes.at(first_seed).figures.size();
      if (epochs != expected && !best)
        fail("Compare::run",
             "'" + runner.name + "' with seed " + std::to_string(seed) + " has figures of " + std::to_string(epochs) +
                 " epochs, '" + first->name + "' with seed " + std::to_string(first_seed) + " of " +
                 std::to_string(expected) + ", expected as many; best() compares the best epoch of each" +
                 (save_path.empty() ? "" : ", and where a variant was changed " + save_path + " is to be removed"),
             site);
    }
  if (!first) fail("Compare::run", "all trainings fail, " + errors, site);
}

// What would go wrong at the end goes wrong at the beginning.
void Compare::State::check(Site site) const {
  if (variants.size() < 2)
    fail("Compare::run",
         "there " + std::string(variants.empty() ? "is no variant" : "is one variant") +
             ", expected at least two; add(\"name\", [&] { …; return run.fit(30); }) adds one",
         site);
  if (!baseline.empty() && !has(baseline))
    fail("Compare::against", "there is no variant '" + baseline + "', expected the name of one that was added", site);
  for (const std::string& path : {page_path, csv_path})
    if (!path.empty()) NewFile("Compare::report", path, site);
}

void Compare::State::write_reports(const Comparison& table, Site site) const {
  if (!page_path.empty()) table.page().write(page_path, site);
  if (csv_path.empty()) return;
  NewFile csv("Compare::report", csv_path, site);
  csv.write(table.csv());
  csv.keep();
}

Comparison Compare::run(Site site) {
  const State& s = *state_;
  s.check(site);
  std::map<std::pair<std::string, std::uint64_t>, Outcome> saved;
  std::optional<ResultsFile> file;
  const auto keep = [&](const std::string& name, std::uint64_t seed, Outcome outcome) {
    saved[{name, seed}] = std::move(outcome);
  };
  const auto has = [&](const std::string& name) { return s.has(name); };
  if (!s.save_path.empty()) file.emplace(s.save_path, s.title, s.figure, has, keep, site);

  std::vector<Runner> runners;
  for (const auto& variant : s.variants) runners.push_back({variant.first, {}, {}});
  Race race(runners, s.empty_table());
  const auto take = [&](const Job& job, Outcome outcome) {
    Runner& runner = runners[job.variant];
    if (outcome.error.empty()) runner.figures[job.seed] = s.compared(outcome.figures);
    runner.outcomes[job.seed] = std::move(outcome);
  };
  std::size_t trained = 0;
  for (const std::int64_t seeds : looks(s.least, s.most)) {
    std::vector<Job> jobs;
    for (std::uint64_t seed = 1; seed <= static_cast<std::uint64_t>(seeds); ++seed)
      for (std::size_t v = 0; v < runners.size(); ++v) {
        if (!runners[v].running || runners[v].outcomes.count(seed)) continue;
        const auto known = saved.find({runners[v].name, seed});
        if (known != saved.end()) take({v, seed}, known->second);
        else jobs.push_back({v, seed});
      }
    Bar bar(s.bar(), jobs.size());
    const auto done = [&](const Job& job, Outcome outcome) {
      if (file && outcome.error.empty()) {
        file->add(runners[job.variant].name, job.seed, outcome);
        remove_run(file_of(s.save_path, runners[job.variant].name, job.seed));
      }
      take(job, std::move(outcome));
      ++trained, bar.step();
    };
    const auto train = [&](const Job& job) { return s.train(job); };
    const auto begin = [&] {
      if (file) file->forget();
    };
    const int workers = s.workers.value_or(num_threads());
    if (!(workers == 0 ? train_here(jobs, train, done) : train_apart(jobs, workers, begin, train, done, site)))
      fail("Compare::run",
           "stopped after " + std::to_string(trained) + " trainings; " +
               (file ? s.save_path + " has them: the same program goes on from there"
                     : "nothing is saved, which save_to() would do"),
           site);
    s.check_epochs(runners, site);
    race.look(seeds);
    if (s.style != optim::ProgressStyle::quiet)
      s.shown() << "seeds 1 to " << seeds << ": " << race.standing() << std::endl;
    if (race.is_over()) break;
  }
  Comparison table = race.result();
  s.write_reports(table, site);
  return table;
}

}  // namespace xtape::lab
