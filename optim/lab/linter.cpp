#include "linter.hpp"

#include <algorithm>
#include <autograd/functional.hpp>
#include <autograd/ops/slice.hpp>
#include <chrono>
#include <cmath>
#include <set>
#include <sstream>

#include "repairs.hpp"
#include "signs.hpp"

namespace xtape::lab {

namespace {

using Clock = std::chrono::steady_clock;
double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

// What counts as learning: of what a constant prediction leaves, this much; below it a training may fail.
constexpr double learns = 0.95;
// A training that has learnt less than half fails where a change halves what is left, one that has learnt more where a
// change leaves next to nothing: there is hardly a training that nothing could make somewhat better.
constexpr double learns_half = 0.5;
bool mends(double before, double after) {
  return 1 - after <= (before < learns_half ? 0.5 : 0.02) * (1 - std::max(before, 0.));
}

// What a training has learnt that has thrown.
constexpr double diverged = -1;

constexpr std::int64_t whole_steps = 2000, looked_samples = 512;
constexpr std::size_t named = 3;

// What the first batch does; of the weights that the model has.
class Look {
 public:
  Look(Forks& forks, const optim::StateDict& first, const optim::StateDict* last, std::int64_t steps) {
    Linter::State& run = forks.run();
    Tensors batch;
    run.data->seek(0, 0, run.seed);
    run.data->reader = nullptr;
    if (!run.data->next(batch)) return;
    const std::int64_t n = optim::samples_of(batch);
    for (Tensor& x : batch)
      if (n > looked_samples) x = slice(x, 0, Slice(0, looked_samples));
    const optim::TrainingMode mode(run.model, true);
    const Recording recording(true);
    const KeyedRandomness randomness(run.key, 0);
    view_.emplace(batch);
    const optim::LossAndOutput result = forks.cost({}, batch);
    view_->end();
    Tensors gradients(run.optimizer->parameters().size());
    if (result.loss.size() == 1 && result.loss.is_recorded())
      gradients = grad(result.loss, run.optimizer->parameters(), allow_unused);
    const int call = view_->output();
    Tensor output = result.output;
    if (!output.defined() && call >= 0) output = (*view_)[call].value;
    scene.emplace(Scene{forks, batch, *view_, result.loss.detach(), gradients, compared(output, batch.back()), &first,
                        last, steps, n});
  }
  std::optional<Scene> scene;

 private:
  std::optional<View> view_;
};

struct Tried {
  std::vector<const Repair*> repairs;
  Trial trial;
};

// Tries all alone, and, as long as none is enough, the best together with others.
std::vector<Tried> try_all(const std::vector<Repair>& repairs, Forks& forks, double before, std::int64_t steps) {
  std::vector<Tried> all;
  auto attempt = [&](std::vector<const Repair*> some) {
    if (optim::Interrupts::interrupted()) return;
    Plan plan;
    Trial trial{"", before, 0, 0, false};
    double factor = 1;
    for (const Repair* r : some) {
      r->apply(plan);
      factor *= r->steps;
      trial.change += (trial.change.empty() ? "" : " and ") + r->change;
    }
    trial.steps =
        std::min(static_cast<std::int64_t>(static_cast<double>(steps) * factor), std::max(4 * whole_steps, 2 * steps));
    const auto after = forks.train(plan, trial.steps);
    if (!after) return;
    trial.after = *after, trial.learns = mends(before, *after);
    all.push_back({std::move(some), std::move(trial)});
  };
  for (const Repair& r : repairs) attempt({&r});
  // Of what does as little by itself, another rate is the last to go on with.
  const auto better = [](const Tried& a, const Tried& b) {
    if (a.trial.after != b.trial.after) return a.trial.after < b.trial.after;
    return a.repairs[0]->group == "rate" && b.repairs[0]->group != "rate";
  };
  for (int depth = 0; depth < 2 && !all.empty(); ++depth) {
    const Tried best = *std::max_element(all.begin(), all.end(), better);
    if (best.trial.learns) break;
    for (const Repair& r : repairs) {
      if (r.kind == Fault::epochs) continue;
      std::vector<const Repair*> some = best.repairs;
      if (std::any_of(some.begin(), some.end(),
                      [&](const Repair* o) { return o->group == r.group || o->kind == Fault::epochs; }))
        continue;
      some.push_back(&r);
      attempt(std::move(some));
    }
  }
  // Of what leaves about as little the simpler change is first, and after a divergence of all that learns.
  if (all.empty()) return all;
  const double least = std::max(1 - learns, 1 - std::max_element(all.begin(), all.end(), better)->trial.after);
  const auto as_good = [&](const Tried& t) {
    return before == diverged ? t.trial.learns : 1 - t.trial.after <= 2 * least;
  };
  std::stable_sort(all.begin(), all.end(), [&](const Tried& a, const Tried& b) {
    return as_good(a) && as_good(b) ? false : a.trial.after > b.trial.after;
  });
  return all;
}

Finding found(const Repair& r, const Trial& trial, const std::string& error) {
  std::string measured = error.empty() ? "the training has learnt " + in_percent(std::max(0., trial.before)) +
                                             " of what a constant prediction leaves"
                                       : "the training ended with an error: " + error;
  return {r.kind, r.what, std::move(measured), r.layer, r.site, r.why, r.change, trial};
}

}  // namespace

void Linter::begin(State& run) {
  weights_ = run.model.state_dict();
  optimizer_ = run.optimizer->state_dict();
  const auto begin = Clock::now();
  Forks forks(run, weights_, optimizer_);
  const Look look(forks, weights_, nullptr, 0);
  if (look.scene) findings = Findings(check_all(*look.scene, false));
  findings.seconds = since(begin);
  tell(run);
}

void Linter::tell(State& run) const {
  if (findings.empty()) return;
  std::ostringstream text;
  text << findings;
  run.progress.note(text.str());
}

void Linter::end(State& run, const std::string& error) {
  const auto begin = Clock::now();
  findings = Findings();
  Forks forks(run, weights_, optimizer_);
  const auto share = forks.measure({});
  const optim::StateDict last = run.model.state_dict();
  forks.rewind(true);
  const Look look(forks, weights_, &last, run.steps);
  if (!look.scene) return;
  const Scene& scene = *look.scene;
  const double before = error.empty() ? share.value_or(1) : diverged;
  const bool doubtful = before < learns;

  std::vector<Repair> repairs;
  std::vector<Tried> tried;
  double trial_seconds = 0;
  if (doubtful) {
    std::int64_t steps = run.steps;
    if (!error.empty()) steps = std::max(steps, run.total_epochs * run.steps_per_epoch().value_or(1));
    if (steps > whole_steps) steps = std::max(whole_steps, steps / 5);
    const auto trials_begin = Clock::now();
    repairs = repairs_of(scene, !error.empty());
    tried = try_all(repairs, forks, before, std::max<std::int64_t>(1, steps));
    trial_seconds = since(trials_begin);
    forks.rewind(true);
  }
  const bool mended = !tried.empty() && tried[0].trial.learns;
  std::vector<Finding> exact = check_all(scene, !error.empty() || before < learns_half || mended), all;
  std::set<Fault> kinds;
  std::size_t count = 0;
  for (const Tried& t : tried) {
    if (!t.trial.learns || count == named) break;
    if (std::any_of(t.repairs.begin(), t.repairs.end(), [&](const Repair* r) { return kinds.count(r->kind) > 0; }))
      continue;
    ++count;
    for (const Repair* r : t.repairs) {
      kinds.insert(r->kind);
      const auto same = std::find_if(exact.begin(), exact.end(), [&](const Finding& f) {
        return f.kind == r->kind && (f.layer.empty() || f.layer == r->layer);
      });
      if (same != exact.end()) {
        same->trial = t.trial, same->change = t.trial.change;
        all.push_back(std::move(*same));
        exact.erase(same);
      } else {
        all.push_back(found(*r, t.trial, error));
      }
    }
  }
  all.insert(all.end(), exact.begin(), exact.end());
  if (all.empty() && before < learns_half) {  // and nothing that was tried mends it
    forks.rewind(false);
    const Look at_end(forks, weights_, &last, run.steps);
    if (at_end.scene) all = signs_of(*at_end.scene);
  }
  if (all.empty() && !error.empty())
    all.push_back({Fault::learning_rate,
                   "the training ended with an error",
                   error,
                   "",
                   {},
                   "a loss that is not finite comes of steps that are too long, or of a function outside of its domain",
                   "a smaller learning rate, or an AnomalyGuard around fit(), which names the operation",
                   {}});
  findings = Findings(std::move(all));
  findings.trials = static_cast<std::int64_t>(tried.size());
  findings.trial_seconds = trial_seconds;
  findings.seconds = since(begin) - trial_seconds;
  tell(run);
}

Findings Linter::look(optim::Run& run, Site site) {
  State& s = run.state(site);
  const auto begin = Clock::now();
  if (!s.begun) s.choose_key();
  const optim::StateDict weights = s.model.state_dict(), optimizer = s.optimizer->state_dict();
  Forks forks(s, weights, optimizer);
  const Look look(forks, weights, nullptr, 0);
  Findings found;
  if (look.scene) found = Findings(check_all(*look.scene, true));
  found.seconds = since(begin);
  return found;
}

Findings lint(optim::Run& run, Site site) { return Linter::look(run, site); }

}  // namespace xtape::lab
