// Models, optimisers, data and options of a Run, drawn at random and together: wherever it is stopped, it comes to the
// same bits. XTAPE_FIRST_RUN and XTAPE_RUNS draw others.
#include "folder.hpp"
#include "optimisers_table.hpp"
#include "support.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <cstdlib>
#include <forward_list>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

using namespace xtape;
using namespace optimisers_table;
using optim::LossAndOutput;
using optim::ProgressStyle;

namespace {

struct Draw {
  explicit Draw(std::uint64_t seed) : stream(seed) {}
  int below(int n) { return static_cast<int>(stream.integer(n)); }
  bool one_in(int n) { return below(n) == 0; }
  RandomStream stream;
};

/// What is trained, and how.
struct Plan {
  explicit Plan(std::uint64_t seed) {
    Draw draw(seed);
    row = &rows()[static_cast<std::size_t>(draw.below(static_cast<int>(rows().size())))];
    model = draw.below(8), data = draw.below(8), size = draw.one_in(3) ? 5 : 4;
    dtype = draw.one_in(2) ? float32 : float64;
    maximize = row->sees != Sees::residuals && draw.one_in(6);
    group = draw.below(4), accumulate = draw.one_in(3) ? 2 + draw.below(2) : 1;
    noise = draw.one_in(3), checkpoints = draw.one_in(4), replays = draw.one_in(5);
    clip = row->takes_gradients() ? draw.below(4) : 3;
    average = draw.one_in(3), keep = draw.below(4), early = draw.below(6), schedule = draw.below(7);
    reaction = draw.below(5), measures = draw.one_in(3), validates = !draw.one_in(4), writes = draw.one_in(3);
    own_rate = draw.one_in(4), thaws = draw.one_in(4), every_steps = 1 + draw.below(4);
  }
  std::string text() const {
    std::ostringstream out;
    out << row->name << ", model " << model << ", data " << data << ", accumulate " << accumulate << ", schedule "
        << schedule << ", reaction " << reaction << (average ? ", average" : "") << (noise ? ", noise" : "");
    return out.str();
  }
  bool seeks() const { return data < 5; }
  bool needs_total() const { return schedule < 2; }
  const Row* row;
  int model, data, size, group, accumulate, clip, keep, early, schedule, reaction, every_steps;
  Dtype dtype;
  bool maximize, noise, checkpoints, replays, average, measures, validates, writes, own_rate, thaws;
};

// A model that no base class knows.
struct Plain {
  Parameter w, b;
  std::vector<Parameter> parameters() const { return {w, b}; }
  optim::StateDict state_dict() const { return {{"w", w.tensor().detach()}, {"b", b.tensor().detach()}}; }
  void load_state_dict(const optim::StateDict& values) { w.assign(values.at("w")), b.assign(values.at("b")); }
  Tensor operator()(const Tensor& x) const { return matmul(x, w) + b; }
};
struct Tied : nn::Module<Tied> {
  Tied() { last.weight = first.weight; }
  nn::Linear first = child("first", nn::Linear(3, 3)), last = child("last", nn::Linear(3, 3));
  Tensor forward(const Tensor& x) const { return sum(last(tanh(first(x))), 1, true); }
};
struct Words : nn::Module<Words> {
  nn::Embedding table = child("table", nn::Embedding(7, 3));
  nn::Linear last = child("last", nn::Linear(3, 1));
  Tensor forward(const Tensor& x) const { return last(table(argmax(x, 1) + argmin(x, 1))); }
};
struct OfTwo : nn::Module<OfTwo> {
  nn::Linear part = child("part", nn::Linear(3, 1));
  nn::BatchNorm1d norm = child("norm", nn::BatchNorm1d(3));
  Tensor forward(const Tensor& x, const Tensor& t) const { return part(norm(x)) + 0.125 * t; }
};

const Tensor inputs = grid({14, 3}, 1), targets = grid({14, 1}, 4), others = grid({9, 3}, 2),
             other_targets = grid({9, 1}, 5);

/// One process's objects.
struct World {
  using Forward = std::function<Tensor(const Tensor& x, const Tensor& t)>;

  template <class M>
  void take(M net) {
    if constexpr (std::is_base_of_v<nn::ModuleBase, M>) {
      net.to(plan.dtype);
      is_training = [net] { return net.is_training(); };
      train = [net](bool on) mutable { net.train(on); };
    }
    model.emplace(net);
    if constexpr (std::is_same_v<M, OfTwo>) forward = [net](const Tensor& x, const Tensor& t) { return net(x, t); };
    else forward = [net](const Tensor& x, const Tensor&) { return net(x); };
  }

  World(const Plan& plan, const std::string& file, bool lints = false)
      : plan(plan), x(inputs.to(plan.dtype)), t(targets.to(plan.dtype)) {
    manual_seed(11);
    switch (plan.model) {
      case 0: take(nn::Linear(3, 1)); break;
      case 1:
        take(nn::Sequential{nn::Linear(3, 4), nn::BatchNorm1d(4), nn::tanh, nn::Dropout(0.25), nn::Linear(4, 1)});
        break;
      case 2: take(Tied()); break;
      case 3: take(nn::weight_norm(nn::Linear(3, 1))); break;
      case 4: take(nn::spectral_norm(nn::Linear(3, 1))); break;
      case 5: take(Words()); break;
      case 6: take(Plain{Parameter(grid({3, 1}, 2).to(plan.dtype)), Parameter(grid({1}, 3).to(plan.dtype))}); break;
      default: take(OfTwo());
    }
    parameters = model->parameters();
    opt = plan.row->make(parameters, plan.maximize);
    if (plan.group == 0 && parameters.size() > 1)
      opt->group([&](const Parameter& p) { return p.is(parameters.back()); },
                 optim::GroupOptions().weight_decay(0.125));
    if (plan.group == 1 && parameters.size() > 1)
      opt->group([&](const Parameter& p) { return p.is(parameters.back()); }, optim::GroupOptions().frozen());
    const auto before = [this] { return in_cost ? in_cost() : void(); };
    auto cost = [this, before](const Tensors& batch) -> LossAndOutput {
      before();
      const bool one = batch.size() == 1;
      Tensor u = one ? slice(batch[0], 1, Slice(0, 3)) : batch[0];
      const Tensor target = one ? slice(batch[0], 1, Slice(3, 4)) : batch[1];
      if (this->plan.noise) u = u + normal(u.shape(), 0, 0.1, u.dtype());
      if (this->plan.replays) u = replayed(u);
      const Tensor y = this->plan.checkpoints && this->plan.row->takes_gradients()
                           ? checkpoint([&](const Tensor& u) { return forward(u, target); }, u)
                           : forward(u, target);
      if (this->plan.row->sees == Sees::residuals) return {flatten(y - target), y};
      const Tensor loss = nn::mse_loss(y, target);
      return {this->plan.maximize ? -loss : loss, y};
    };
    run.emplace(*model, opt, batches(), cost);
    run->seed(5).progress(ProgressStyle::quiet).accumulate(plan.accumulate);
    if (plan.validates) run->validate({others.to(plan.dtype), other_targets.to(plan.dtype)}, metric("distance"));
    if (plan.measures)
      run->measure(plan.data == 4 || plan.data == 6 ? optim::Metrics(metric("distance"))
                                                    : optim::Metrics{metric("distance"), optim::r2});
    if (plan.clip == 0) run->clip_norm(0.25);
    if (plan.clip == 1) run->clip_value(0.125);
    if (plan.average) run->average(0.75);
    if (plan.keep == 0) run->keep_best("loss");
    if (plan.keep == 1) run->keep_best(plan.validates ? "distance" : "loss");
    if (plan.early == 0) run->stop_early("loss", 1);
    if (plan.early == 1) run->stop_early(plan.validates ? "validation_loss" : "loss", 2);
    if (plan.schedule == 0)
      run->schedule(optim::OneCycle(2 * opt->lr()), plan.data == 7 ? optim::Every::epoch : optim::Every::step);
    if (plan.schedule == 1) run->schedule(optim::Cosine(), optim::Every::epoch);
    if (plan.schedule == 2) run->schedule(optim::Exponential(0.9));
    if (plan.schedule == 3) run->schedule(optim::Step(2), optim::Every::epoch);
    if (plan.reaction == 0)
      run->react(
          optim::ReduceOnPlateau(optim::ReduceOnPlateauOptions().patience(0).factor(0.5).maximize(plan.maximize)));
    if (plan.reaction == 1)
      run->react(optim::HalveWhenStuck(optim::HalveWhenStuckOptions(1).least(0.1).maximize(plan.maximize)), "loss");
    if (plan.reaction == 2) run->react(optim::ShrinkWhenFlat(optim::ShrinkWhenFlatOptions(6)));
    if (lints) run->lint();
    run->save_to(file, optim::SaveOptions().every_steps(plan.every_steps).keep(1 + plan.every_steps % 3));
    if (plan.writes) run->report(file + ".html", "Pairs").log_to(file + ".csv").log_to(file + ".jsonl");
    run->on_step([this](optim::Run& run, double) {
      if (this->plan.own_rate && run.steps() == 4) run.optimizer().set_lr(run.optimizer().lr() / 2);
    });
    run->on_epoch([this](optim::Run&, const optim::Epoch& e) {
      if (this->plan.thaws && e.number() == 2)
        for (Parameter& p : parameters) p.freeze(false);
    });
    run->on_step([this](optim::Run&, double) { return in_step ? in_step() : void(); });
    run->on_epoch([this](optim::Run&, const optim::Epoch&) { return in_epoch ? in_epoch() : void(); });
  }
  // Draws in a replay, of each shape its own, which is recorded by whichever step comes first.
  Tensor replayed(const Tensor& u) {
    auto found = replays.find(u.shape()[0]);
    if (found == replays.end()) {
      auto noisy = [](const Tensors& in) { return in[0] + uniform(in[0].shape(), 0, 0.125, in[0].dtype()); };
      found = replays.emplace(u.shape()[0], record(noisy, {u})).first;
    }
    return found->second({u})[0];
  }
  optim::Data batches() {
    const Tensor all = concat({x, t}, 1);
    switch (plan.data) {
      case 0:
      case 1: return optim::TensorBatches(x, t, plan.size);
      case 2: return optim::TensorBatches(x, t, plan.size, false);
      case 3: return {x, t};
      case 4: return optim::TensorBatches({all}, plan.size);
      case 5: return std::vector<std::pair<Tensor, Tensor>>{part(0, 5), part(5, 9), part(9, 14)};
      case 6: return std::vector<Tensor>{slice(all, 0, Slice(0, 7)), slice(all, 0, Slice(7, 14))};
      default: return std::forward_list<std::pair<Tensor, Tensor>>{part(0, 5), part(5, 9), part(9, 14)};
    }
  }
  std::pair<Tensor, Tensor> part(int begin, int end) const {
    return {slice(x, 0, Slice(begin, end)), slice(t, 0, Slice(begin, end))};
  }
  optim::Metric metric(const char* name) {
    return optim::Metric(name, [this](const Tensor& y, const Tensor& t) {
      if (in_metric) in_metric();
      return abs(y - (t.shape()[1] == 4 ? slice(t, 1, Slice(3, 4)) : t));
    });
  }

  Plan plan;
  Tensor x, t;
  std::optional<optim::Model> model;
  Forward forward;
  std::vector<Parameter> parameters;
  std::shared_ptr<optim::Optimizer> opt;
  std::optional<optim::Run> run;
  std::function<bool()> is_training = [] { return true; };
  std::function<void(bool)> train = [](bool) {};
  std::map<std::int64_t, Replay> replays;
  std::function<void()> in_cost, in_step, in_epoch, in_metric;
};

std::string without(std::string s, const char* from, const char* to) {
  for (std::size_t at = 0; (at = s.find(from, at)) != s.npos;) s.erase(at, s.find(to, at) - at);
  return s;
}

/// All that a training comes to, but its times.
std::string outcome(World& w, const std::string& file) {
  std::ostringstream out;
  auto show = [&](const std::string& name, const Tensor& v) {
    out << name << " " << to_string(v.shape());
    for (const double x : v.to_vector<double>()) out << " " << optim::to_string(x);
    out << "\n";
  };
  for (const auto& [name, v] : w.model->state_dict()) show(name, v);
  for (const auto& [name, v] : w.opt->state_dict()) show("opt." + name, v);
  for (const Parameter& p : w.parameters) out << p.is_frozen();
  const optim::History& history = w.run->history();
  for (const optim::Epoch& e : history.epochs) {
    out << "\nepoch " << e.number() << " " << e.samples << (e.best ? " best" : "");
    for (const auto& [name, v] : e.values()) out << " " << name << " " << optim::to_string(v);
  }
  for (const optim::Curve* curve : {&history.loss, &history.lr})
    for (const auto& [x, y] : curve->points()) out << "\n" << x << " " << optim::to_string(y);
  out << "\nbest " << w.run->best_epoch() << " of " << w.run->epoch() << ", steps " << w.run->steps() << "\n";
  if (w.plan.writes) {
    out << without(content(file + ".html"), ">Times<", "</section>");
    out << without(content(file + ".jsonl"), "\"seconds\"", "\n");
    std::istringstream rows(content(file + ".csv"));
    for (std::string row; std::getline(rows, row);) out << row.substr(0, row.rfind(',')) << "\n";
  }
  return out.str();
}

/// Checks that nothing of the program's is left changed.
struct Untouched {
  explicit Untouched(const World& w) : world(w), mode(w.is_training()) {
    std::signal(SIGINT, handler);
    seed = default_generator().state()->seed, next = default_generator().state()->next;
  }
  ~Untouched() {
    CHECK(world.is_training() == mode);
    CHECK(default_generator().state()->seed == seed);
    CHECK(default_generator().state()->next == next);
    CHECK((std::signal(SIGINT, SIG_DFL) == handler));
  }
  static void handler(int) {}
  const World& world;
  bool mode;
  std::uint64_t seed, next;
};

/// While it lives, the model is not in training.
struct Mode {
  explicit Mode(const World& w) : world(w), before(w.is_training()) { world.train(false); }
  ~Mode() { world.train(before); }
  const World& world;
  bool before;
};

constexpr int epochs = 4;

std::string whole(const Plan& plan, const std::string& file) {
  World w(plan, file);
  // What is validated, by hand.
  optim::ExponentialMovingAverage average(w.parameters, 0.75);
  w.in_step = [&] { average.update(); };
  std::vector<optim::StateDict> shown_weights;
  w.in_epoch = [&] {
    {
      const auto shown = plan.average ? average.show() : w.opt->averaged();
      shown_weights.push_back(w.model->state_dict());
    }
    if (!plan.validates || plan.noise || plan.replays) return;
    const NoGradGuard guard;
    const Mode mode(w);
    const auto shown = plan.average ? average.show() : w.opt->averaged();
    const Tensor y = w.forward(others.to(plan.dtype), other_targets.to(plan.dtype));
    const optim::Epoch& e = w.run->history().epochs.back();
    optim::Metric distance = w.metric("distance");
    distance.update(y, other_targets.to(plan.dtype));
    CHECK(e["distance"] == distance.value());
    if (plan.row->sees != Sees::residuals)
      CHECK(e["validation_loss"] == (plan.maximize ? -1 : 1) * nn::mse_loss(y, other_targets.to(plan.dtype)).item());
  };
  const Untouched untouched(w);
  w.run->fit(epochs);
  const std::size_t given = plan.keep < 2 ? static_cast<std::size_t>(w.run->best_epoch()) : shown_weights.size();
  for (const auto& [name, v] : w.model->state_dict()) CHECK(same_bits(v, shown_weights[given - 1].at(name)));
  return outcome(w, file);
}

struct Thrown {};

// Another training, within this one.
void train_another(const nn::Sequential& net) {
  optim::Run run(net, optim::SGD(net.parameters(), 0.1), optim::TensorBatches(inputs, targets, 7),
                 [&](const Tensor& x, const Tensor& t) { return nn::mse_loss(net(x), t); });
  run.progress(ProgressStyle::quiet).fit(1);
}

// What a run tries out before it begins.
void tried(optim::Run& run) {
  try {
    run.find_lr(1e-6, 0.1, 7);
    run.overfit_one_batch(3);
  } catch (const Error& e) {
    if (std::string(e.what()).find("the training has begun") == std::string::npos) throw;
  }
}

std::string interrupted(const Plan& plan, const std::string& file, std::uint64_t seed) {
  Draw draw(seed);
  nn::Sequential other{nn::Linear(3, 2), nn::Dropout(0.5), nn::Linear(2, 1)};
  other.to(float64);
  std::optional<World> w;
  for (int tries = 0; tries < 60; ++tries) {
    CAPTURE(tries);
    if (!w || draw.one_in(2)) {
      w.reset();
      w.emplace(plan, file, draw.one_in(4));
      manual_seed(seed + static_cast<std::uint64_t>(tries));
      normal({2});
    }
    set_num_threads(1 + draw.below(2));
    const int how = tries < 12 ? draw.below(14) : 14, at = 1 + draw.below(6);
    CAPTURE(how);
    CAPTURE(at);
    int calls = 0;
    auto once = [&calls, at](auto f) {
      return [&calls, at, f] {
        if (++calls == at) f();
      };
    };
    auto throws = [] { throw Thrown(); };
    optim::Run& run = *w->run;
    w->in_cost = w->in_step = w->in_epoch = w->in_metric = nullptr;
    if (how == 0) w->in_cost = once(throws);
    if (how == 1) w->in_step = once(throws);
    if (how == 2) w->in_epoch = once(throws);
    if (how == 3) w->in_metric = once(throws);
    if (how == 4) w->in_step = once([&] { run.stop(); });
    if (how == 5) w->in_cost = once([] { std::raise(SIGINT); });
    if (how == 6)
      w->in_step = once([&] {
        if (plan.seeks()) run.save();
        throw Thrown();
      });
    if (how == 7) w->in_epoch = once([&] { run.save(), run.stop(); });
    if (how == 8) w->in_cost = once([&] { run.stop(); });
    if (how == 9) w->in_step = once([&] { train_another(other); });
    if (how == 10) w->in_cost = once([&] { train_another(other); });
    bool done = false;
    {
      const Untouched untouched(*w);
      std::optional<AnomalyGuard> anomaly;
      std::optional<Profile> profile;
      if (plan.row->takes_gradients() && draw.one_in(6)) anomaly.emplace();
      if (draw.one_in(6)) profile.emplace();
      try {
        if (how == 11) {
          if (run.steps() == 0) tried(run);
        } else if (how == 12 && !plan.needs_total()) {
          for (int i = 0; i < at && run.epoch() < epochs && !run.stopped(); ++i) run.step();
        } else if (how == 13 && !plan.needs_total()) {
          run.fit(1 + at % epochs);
        } else if (draw.one_in(3))
          for (const optim::Epoch& e : run.epochs(epochs)) (void)e;
        else run.fit(epochs);
        done = how == 14;
      } catch (const Thrown&) {}
    }
    if (done) {
      std::string text = outcome(*w, file);
      w.reset();
      return text;
    }
    if (draw.one_in(4)) w.reset();
  }
  return "never done";
}

}  // namespace

TEST_CASE("a training of any parts that is stopped anywhere comes to the same bits") {
  const char* first = std::getenv("XTAPE_FIRST_RUN");
  const char* number = std::getenv("XTAPE_RUNS");
  const std::uint64_t begin = first ? std::strtoull(first, nullptr, 10) : 1;
  const std::uint64_t end = begin + (number ? std::strtoull(number, nullptr, 10) : 12);
  const Folder folder;
  for (std::uint64_t seed = begin; seed < end; ++seed) {
    const Plan plan(seed);
    const std::string words = std::to_string(seed) + ": " + plan.text();
    CAPTURE(words);
    std::string expected, found;
    const std::string file = folder / std::to_string(seed);
    try {
      expected = whole(plan, file + "w");
    } catch (const Error& e) {  // it diverges
      const std::string what = e.what();
      CHECK(
          (what.find("Run: the loss is ") == 0 || what.find("expected a number whose square is finite") != what.npos));
      continue;
    }
    try {
      found = interrupted(plan, file + "i", seed);
    } catch (const std::exception& e) {
      const std::string what = e.what();
      FAIL_CHECK(what);
      continue;
    }
    if (expected == found) continue;
    std::istringstream a(expected), b(found);
    std::string line_a, line_b;
    while (std::getline(a, line_a) && std::getline(b, line_b) && line_a == line_b) {}
    const std::string difference = line_a.substr(0, 300) + "\n" + line_b.substr(0, 300);
    FAIL_CHECK(difference);
  }
  set_num_threads(1);
}
