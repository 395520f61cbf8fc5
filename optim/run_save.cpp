// A Run's state: what is saved, what must be the same to go on, and how it is taken.
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
  put(s.tensors, "model.", last_weights.empty() ? model.state_dict() : last_weights);
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
  s.tensors["run.seconds"] = number(seconds);
  s.tensors["run.ended"] = tensor(std::int64_t{ended});
  history.save(s);
  report.save(s.tensors);
  return s;
}

void Run::State::load(const Snapshot& s, Site site) {
  std::string differs;
  const std::map<std::string, std::string>& now = identity;
  std::map<std::string, std::string> then;
  for (const auto& [name, value] : s.notes)
    if (name.compare(0, 3, "is.") == 0) then[name.substr(3)] = value;
  std::set<std::string> names;
  for (const auto& all : {now, then})
    for (const auto& entry : all) names.insert(entry.first);
  auto said = [](const std::map<std::string, std::string>& all, const std::string& name) {
    const auto found = all.find(name);
    return found == all.end() ? std::string("nothing") : found->second;
  };
  for (const std::string& name : names)
    if (said(then, name) != said(now, name))
      differs += "\n  " + name + ": saved " + said(then, name) + ", now " + said(now, name);
  if (!differs.empty())
    fail("Run::save_to",
         files->path() + " is of another training; go on with what it was, or save to another file:" + differs, site);
  auto numbered = [&](const char* name) {
    const auto found = s.tensors.find(name);
    if (found == s.tensors.end())
      fail("Run::save_to", files->path() + " lacks '" + name + "'; is it a saved training?", site);
    return found->second;
  };
  model.load_state_dict(with_prefix(s.tensors, "model."));
  optimizer->load_state_dict(with_prefix(s.tensors, "optimizer."), site);
  if (scheduler) scheduler->load_state_dict(with_prefix(s.tensors, "schedule."), site);
  optimizer->set_lr(numbered("optimizer.lr").item(), site);  // the last word on the rate
  for (std::size_t i = 0; i < reactions.size(); ++i)
    reactions[i].reaction->load_state_dict(with_prefix(s.tensors, "reaction." + std::to_string(i) + "."), site);
  if (average) average->load_state_dict(with_prefix(s.tensors, "average."), site);
  for (std::size_t i = 0; i < measured.size(); ++i)
    measured[i].load_state_dict(with_prefix(s.tensors, "measured." + std::to_string(i) + "."), site);
  best_weights = with_prefix(s.tensors, "best.");
  if (keep) keep->best = numbered("keep.value").item(), keep->best_epoch = numbered("keep.epoch").item<std::int64_t>();
  if (early)
    early->best = numbered("early.value").item(), early->best_epoch = numbered("early.epoch").item<std::int64_t>();
  epoch = numbered("run.epoch").item<std::int64_t>();
  batch = numbered("run.batch").item<std::int64_t>();
  steps = saved_steps = numbered("run.steps").item<std::int64_t>();
  samples = numbered("run.samples").item<std::int64_t>();
  loss_sum = numbered("run.loss_sum").item();
  seconds = numbered("run.seconds").item();
  ended = numbered("run.ended").item<std::int64_t>() != 0;
  history.load(s);
  report.load(s.tensors);
}

void Run::save(Site site) {
  State& s = *state_;
  if (!s.files) fail("Run::save", "there is no file to save to; give one with save_to()", site);
  begin(s.total_epochs, site);
  if (s.batch > 0 && !s.data->seeks())
    fail("Run::save", "within an epoch, a training on a range cannot be saved; only at its end", site);
  s.files->write(s.snapshot());
  s.saved_at = std::chrono::steady_clock::now();
  s.saved_steps = s.steps;
}

}  // namespace xtape::optim
