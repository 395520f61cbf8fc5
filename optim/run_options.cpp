// What a Run is asked for before it begins.
#include <algorithm>
#include <autograd/files/new_file.hpp>
#include <filesystem>
#include <set>

#include "lab/linter.hpp"

namespace xtape::optim {
namespace {

// The figures of an epoch are told apart by their names, in tables too.
void check_names(const char* op, const std::vector<Metric>& metrics, const std::vector<Metric>& measured, Site site) {
  std::set<std::string> names{"epoch", "loss", "validation_loss", "lr", "seconds"};
  for (const auto* all : {&metrics, &measured})
    for (const Metric& m : *all) {
      if (!names.insert(m.name()).second)
        fail(op, "there are two figures named '" + m.name() + "'; give one another name with named()", site);
      if (m.name().find('\n') != std::string::npos)
        fail(op, "the name of a metric has several lines: '" + m.name() + "'", site);
    }
}

}  // namespace

Run::State& Run::option(const char* op, Site site) {
  State& s = state(site);
  if (s.begun) fail(std::string("Run::") + op, "the training has begun; set this before its first step", site);
  return s;
}

Run& Run::validate(Data data, Metrics metrics, Site site) {
  State& s = option("validate", site);
  check_names("Run::validate", metrics.all(), s.measured, site);
  s.validation = std::move(data);
  s.metrics = std::move(metrics.all());
  return *this;
}
Run& Run::measure(Metrics metrics, Site site) {
  State& s = option("measure", site);
  std::vector<Metric> measured = s.measured;
  for (const Metric& m : metrics.all()) measured.push_back(m.named("training_" + m.name())), measured.back().reset();
  check_names("Run::measure", s.metrics, measured, site);
  s.measured = std::move(measured);
  return *this;
}
Run& Run::lint(Site site) {
  option("lint", site).linter = std::make_shared<lab::Linter>();
  return *this;
}
Run& Run::predict(std::function<Tensor(const Tensor&)> f, Site site) {
  option("predict", site).predict = std::move(f);
  return *this;
}
Run& Run::schedule(Schedule schedule, Every every, Site site) {
  State& s = option("schedule", site);
  if (s.planned)
    fail("Run::schedule",
         "there is one already, " + s.planned->description() + "; Chained and Sequential make one of two", site);
  s.planned = std::move(schedule), s.every = every;
  return *this;
}
Run& Run::react(const Reaction& reaction, const std::string& figure, Site site) {
  State& s = option("react", site);
  if (reaction.of_steps() && !figure.empty())
    fail("Run::react", reaction.description() + " takes the loss of each step, not '" + figure + "'", site);
  s.reactions.push_back({reaction.clone(), figure});
  return *this;
}
Run& Run::accumulate(std::int64_t batches, Site site) {
  State& s = option("accumulate", site);
  if (batches < 1) fail("Run::accumulate", std::to_string(batches) + " batches, expected at least 1", site);
  s.accumulate = batches;
  return *this;
}
Run& Run::clip_norm(double max_norm, Site site) {
  State& s = option("clip_norm", site);
  if (!(max_norm > 0))
    fail("Run::clip_norm", "max_norm is " + std::to_string(max_norm) + ", expected more than 0", site);
  s.max_norm = max_norm;
  return *this;
}
Run& Run::clip_value(double max_value, Site site) {
  State& s = option("clip_value", site);
  if (!(max_value > 0))
    fail("Run::clip_value", "max_value is " + std::to_string(max_value) + ", expected more than 0", site);
  s.max_value = max_value;
  return *this;
}
Run& Run::average(double decay, Site site) {
  State& s = option("average", site);
  s.average = std::make_unique<ExponentialMovingAverage>(s.optimizer->parameters(), decay, site);
  s.decay = decay;
  return *this;
}
Run& Run::keep_best(const std::string& figure, Site site) {
  option("keep_best", site).keep = Watched{figure};
  return *this;
}
Run& Run::stop_early(const std::string& figure, std::int64_t patience, Site site) {
  State& s = option("stop_early", site);
  if (patience < 1) fail("Run::stop_early", "patience is " + std::to_string(patience) + ", expected at least 1", site);
  s.early = Watched{figure};
  s.early->patience = patience;
  return *this;
}

// Each of a training's files has a name of its own.
void Run::State::check_path(const char* op, const std::string& path, Site site) const {
  if (path.empty()) fail(op, "the name of the file is empty", site);
  std::error_code failed;
  const auto place = [&](const std::string& file) { return std::filesystem::weakly_canonical(file, failed); };
  auto check = [&](const std::string& other, const char* whose) {
    if (!other.empty() && place(other) == place(path)) fail(op, path + " is the file of " + whose + " already", site);
  };
  check(files ? files->path() : "", "save_to()");
  check(report_path, "report()");
  for (const auto& log : logs_to) check(log.first, "log_to()");
}

Run& Run::save_to(const std::string& path, SaveOptions options, Site site) {
  State& s = option("save_to", site);
  if (!(options.seconds_ >= 0) || options.steps_ < 0)
    fail("Run::save_to",
         "every " + std::to_string(options.seconds_) + " s or " + std::to_string(options.steps_) +
             " steps, expected at least 0",
         site);
  s.files.reset(), s.in_file.reset();
  s.check_path("Run::save_to", path, site);
  s.files = std::make_unique<SnapshotFiles>(path, options.keep_, site);
  s.save_options = options, s.save_site = site;
  return *this;
}
Run& Run::report(const std::string& path, const std::string& title, Site site) {
  State& s = option("report", site);
  s.report_path.clear();
  s.check_path("Run::report", path, site);
  NewFile("Run::report", path, site);  // whether it can be written is said now, and not after an epoch
  s.report_path = path;
  s.report_title = title.empty() ? std::filesystem::path(path).stem().string() : title;
  return *this;
}
Run& Run::log_to(const std::string& path, Site site) {
  State& s = option("log_to", site);
  s.check_path("Run::log_to", path, site);
  s.logs_to.emplace_back(path, site);
  return *this;
}
Run& Run::seed(std::uint64_t seed, Site site) {
  option("seed", site).seed_given = seed;
  return *this;
}
Run& Run::progress(ProgressStyle style, std::ostream* out, Site site) {
  option("progress", site).progress = Progress(style, out);
  return *this;
}
Run& Run::on_step(std::function<void(Run&, double)> f, Site site) {
  State& s = option("on_step", site);
  if (!f) fail("Run::on_step", "the function is empty", site);
  s.on_step.push_back(std::move(f));
  return *this;
}
Run& Run::on_epoch(std::function<void(Run&, const Epoch&)> f, Site site) {
  State& s = option("on_epoch", site);
  if (!f) fail("Run::on_epoch", "the function is empty", site);
  s.on_epoch.push_back(std::move(f));
  return *this;
}

bool Run::State::is_larger_better(const std::string& figure) const {
  for (const auto* all : {&metrics, &measured})
    for (const Metric& m : *all)
      if (m.name() == figure) return m.larger_is_better();
  return optimizer->maximizes() && (figure == "loss" || figure == "validation_loss");
}

// Every figure that is watched is one that there will be, and the parts of a step fit.
void Run::State::check_options(Site site) const {
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
  for (const Reacting& r : reactions) {
    check("react", r.figure);
    const bool large = is_larger_better(r.figure);
    if (!r.reaction->of_steps() && r.reaction->maximizes().value_or(large) != large)
      fail("Run::react",
           "'" + r.figure + "' is to become " + (large ? "large" : "small") + ", " + r.reaction->description() +
               " watches for the opposite; its maximize() says which",
           site);
  }
  if (!metrics.empty() && !predict && !loss.gives_output)
    fail(
        "Run::validate",
        "metrics need the model's outputs, and it takes no Tensor or gives none; give them with predict(), or have the "
        "cost function return a LossAndOutput",
        site);
  if (optimizer->steps_by() != Optimizer::By::gradients && (max_norm > 0 || max_value > 0))
    fail(max_norm > 0 ? "Run::clip_norm" : "Run::clip_value",
         std::string(optimizer->name()) + " searches along the loss; there is no gradient to clip", site);
  if (data->count() == 0) fail("Run", "there are no batches to train on", site);
  if (validation && (*validation)->count() == 0) fail("Run::validate", "there are no batches to validate on", site);
}

}  // namespace xtape::optim
