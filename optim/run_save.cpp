// A Run's state: what is saved, what must be the same to go on, and how it is taken.
#include <algorithm>
#include <autograd/files/described.hpp>
#include <autograd/ops/reduction.hpp>
#include <autograd/ops/unary.hpp>
#include <cstring>
#include <optim/value.hpp>
#include <set>

#include "run_state.hpp"

namespace xtape::optim {
namespace {

void put(StateDict& to, const std::string& prefix, const StateDict& values) {
  for (const auto& [name, value] : values) to[prefix + name] = value;
}
StateDict with_prefix(const StateDict& from, const std::string& prefix) {
  StateDict values;
  for (auto at = from.lower_bound(prefix); at != from.end() && at->first.compare(0, prefix.size(), prefix) == 0; ++at)
    values[at->first.substr(prefix.size())] = at->second;
  return values;
}
Tensor number(double x) { return tensor(x, float64); }
// "accuracy", "top_5 top_k(k=5)".
std::string described(const Metric& m) {
  return m.name() == m.description() ? m.name() : m.name() + " " + m.description();
}

}  // namespace

// The weights that the training goes on from: those of its last step, unless somebody has given the model others after
// `fit` gave it the best ones.
StateDict Run::State::weights() const {
  if (last_weights.empty()) return model.state_dict();
  const std::vector<Parameter> now = model.parameters();
  bool same = now.size() == given.size();
  for (std::size_t i = 0; same && i < now.size(); ++i) {
    const Tensor x = now[i].tensor().detach();
    same = x.dtype() == given[i].dtype() && x.shape() == given[i].shape() &&
           std::memcmp(x.array().data, given[i].array().data,
                       static_cast<std::size_t>(x.size() * size_of(x.dtype()))) == 0;
  }
  return same ? last_weights : model.state_dict();
}

void Run::State::take_back_weights() {
  if (last_weights.empty()) return;
  model.load_state_dict(weights());
  last_weights.clear(), given.clear();
}

std::map<std::string, std::string> Run::State::fingerprint() const {
  std::map<std::string, std::string> all;
  all["data"] = data->fingerprint();
  if (validation) {
    std::string& judged = all["validation"] = (*validation)->fingerprint();
    for (const Metric& m : metrics) judged += ", " + described(m);
  }
  for (const Metric& m : measured) all["measured"] += described(m) + ", ";
  std::string& shapes = all["model"];
  for (const auto& [name, value] : model.state_dict())
    shapes += (shapes.empty() ? "" : ", ") + name + " " + described(value);
  const std::vector<Parameter> parameters = model.parameters();
  const std::vector<std::string> called = names_of(parameters);
  for (std::size_t i = 0; i < called.size(); ++i)
    if (parameters[i].is_frozen()) all["frozen"] += called[i] + ", ";
  all["optimizer"] = optimizer->description();
  all["seed"] = std::to_string(seed);
  if (accumulate != 1) all["accumulate"] = std::to_string(accumulate);
  if (max_norm > 0) all["clip_norm"] = to_string(max_norm);
  if (max_value > 0) all["clip_value"] = to_string(max_value);
  if (decay) all["average"] = to_string(*decay);
  if (keep) all["keep_best"] = keep->figure;
  if (early) all["stop_early"] = early->figure + ", patience " + std::to_string(early->patience);
  if (planned) {
    all["schedule"] = planned->description() + (every == Every::epoch ? " by epochs" : " by steps");
    if (planned->needs_total()) all["schedule"] += " of " + std::to_string(total_epochs) + " epochs";
  }
  for (const Reacting& r : reactions) all["reactions"] += r.reaction->description() + " " + r.figure + ", ";
  return all;
}

Snapshot Run::State::snapshot() const {
  Snapshot s;
  for (const auto& [name, value] : identity) s.notes["is." + name] = value;
  put(s.tensors, "model.", weights());
  std::vector<std::int64_t> frozen;
  for (const Parameter& p : model.parameters()) frozen.push_back(p.is_frozen());
  s.tensors["run.frozen"] = tensor(frozen);
  put(s.tensors, "optimizer.", optimizer->state_dict());
  if (scheduler) put(s.tensors, "schedule.", scheduler->state_dict());
  for (std::size_t i = 0; i < reactions.size(); ++i)
    put(s.tensors, "reaction." + std::to_string(i) + ".", reactions[i].reaction->state_dict());
  if (average) put(s.tensors, "average.", average->state_dict());
  for (std::size_t i = 0; i < measured.size(); ++i)
    put(s.tensors, "measured." + std::to_string(i) + ".", measured[i].state_dict());
  put(s.tensors, "best.", best_weights);
  for (const auto& [name, watched] : {std::pair("keep", &keep), std::pair("early", &early)})
    if (*watched) {
      s.tensors[std::string(name) + ".value"] = number((*watched)->best);
      s.tensors[std::string(name) + ".epoch"] = tensor((*watched)->best_epoch);
    }
  s.tensors["run.epoch"] = tensor(epoch);
  s.tensors["run.batch"] = tensor(batch);
  s.tensors["run.steps"] = tensor(steps);
  s.tensors["run.samples"] = tensor(samples);
  s.tensors["run.loss_sum"] = number(loss_sum);
  s.tensors["run.seconds"] = number(elapsed());
  s.tensors["run.loss"] = number(last_loss), s.tensors["run.rate"] = number(rate);
  s.tensors["run.ended"] = tensor(std::int64_t{ended});
  for (std::size_t i = 0; over && i < last_gradients.size(); ++i)  // which the end of the epoch shows
    if (last_gradients[i].defined()) s.tensors["gradient." + std::to_string(i)] = last_gradients[i];
  history.save(s);
  report.save(s.tensors);
  return s;
}

void Run::State::look_into_file() {
  if (in_file) return;
  std::string damaged;
  in_file = files->read(damaged);
  if (!damaged.empty()) progress.note(damaged);
}

std::int64_t Run::State::so_far(const char* name, std::int64_t now) {
  if (begun || !files) return now;
  look_into_file();
  return in_file->tensors.empty() ? now : saved(in_file->tensors, name).item<std::int64_t>();
}

void Run::State::check_identity(const Snapshot& s) const {
  std::string differs;
  std::map<std::string, std::string> then;
  for (const auto& [name, value] : s.notes)
    if (name.compare(0, 3, "is.") == 0) then[name.substr(3)] = value;
  std::set<std::string> names;
  for (const auto& entry : identity) names.insert(entry.first);
  for (const auto& entry : then) names.insert(entry.first);
  auto said = [](const std::map<std::string, std::string>& all, const std::string& name) {
    const auto found = all.find(name);
    return found == all.end() ? std::string("nothing") : found->second;
  };
  for (const std::string& name : names)
    if (said(then, name) != said(identity, name))
      differs += "\n  " + name + ": saved " + said(then, name) + ", now " + said(identity, name);
  if (!differs.empty())
    fail("Run::save_to",
         files->path() + " is of another training; go on with what it was, or save to another file:" + differs,
         save_site);
}

void Run::State::load(const Snapshot& s) {
  auto number_of = [&](const char* name, Dtype dtype) {
    const Tensor& x = saved(s.tensors, name);
    if (x.dtype() != dtype || x.size() != 1)
      fail("Snapshot", "'" + std::string(name) + "' is " + described(x) + ", expected a number");
    return x;
  };
  auto real = [&](const char* name) { return number_of(name, float64).item(); };
  auto count = [&](const char* name) {
    const auto n = number_of(name, int64).item<std::int64_t>();
    if (n < 0) fail("Snapshot", "'" + std::string(name) + "' is " + std::to_string(n) + ", expected at least 0");
    return n;
  };
  best_weights = with_prefix(s.tensors, "best.");
  if (!best_weights.empty()) model.load_state_dict(best_weights);  // throws now where it would at the end
  model.load_state_dict(with_prefix(s.tensors, "model."));
  const auto frozen = saved(s.tensors, "run.frozen").to_vector<std::int64_t>();
  std::vector<Parameter> parameters = model.parameters();
  for (std::size_t i = 0; i < std::min(frozen.size(), parameters.size()); ++i) parameters[i].freeze(frozen[i] != 0);
  if (scheduler) scheduler->load_state_dict(with_prefix(s.tensors, "schedule."));
  optimizer->load_state_dict(with_prefix(s.tensors, "optimizer."));  // has the last word on the rates
  for (std::size_t i = 0; i < reactions.size(); ++i)
    reactions[i].reaction->load_state_dict(with_prefix(s.tensors, "reaction." + std::to_string(i) + "."));
  if (average) average->load_state_dict(with_prefix(s.tensors, "average."));
  for (std::size_t i = 0; i < measured.size(); ++i)
    measured[i].load_state_dict(with_prefix(s.tensors, "measured." + std::to_string(i) + "."));
  if (keep) keep->best = real("keep.value"), keep->best_epoch = count("keep.epoch");
  if (keep && keep->best_epoch > 0 && best_weights.empty()) saved(s.tensors, "best.");
  if (early) early->best = real("early.value"), early->best_epoch = count("early.epoch");
  epoch = count("run.epoch"), batch = count("run.batch"), steps = saved_steps = count("run.steps");
  samples = count("run.samples"), loss_sum = real("run.loss_sum");
  clock.reset();
  seconds = real("run.seconds"), last_loss = real("run.loss"), rate = real("run.rate");
  ended = count("run.ended") != 0;
  over = batch > 0 && data->count() && batch >= *data->count();
  last_gradients.assign(optimizer->parameters().size(), Tensor());
  for (std::size_t i = 0; i < last_gradients.size(); ++i)
    if (const auto found = s.tensors.find("gradient." + std::to_string(i)); found != s.tensors.end())
      last_gradients[i] = found->second;
  history.load(s);
  report.load(s.tensors);
}

void Run::save(Site site) {
  State& s = act("save", site);
  if (!s.files) fail("Run::save", "there is no file to save to; give one with save_to()", site);
  begin(s.total_epochs, site);
  if (s.batch > 0 && !s.data->seeks())
    fail("Run::save", "within an epoch, a training on a range cannot be saved; only at its end", site);
  for (const Parameter& p : s.optimizer->parameters())
    if (any(isnan(p)).item<bool>())
      fail("Run::save",
           "parameter '" + p.name() + "' is nan after step " + std::to_string(s.steps) + "; " + s.files->path() +
               " keeps the training as it was before",
           site);
  s.files->write(s.snapshot());
  s.saved_at = std::chrono::steady_clock::now();
  s.saved_steps = s.steps;
}

}  // namespace xtape::optim
