// Schedules follow PyTorch's (schedules/make.py), go on from their state, and refuse what does not fit.
#include "support.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <vector>
#include <xtape.hpp>

using namespace xtape;
using namespace xtape::optim;
using doctest::Contains;

namespace {

const double NaN = std::nan(""), infinity = std::numeric_limits<double>::infinity();

// The first word of the name is the class, the whole of it a row of schedules/trajectories.json.
struct Case {
  std::string name;
  Schedule schedule;
  std::int64_t total = 50;
};
const std::vector<Case>& rows() {
  static const std::vector<Case> all{
      {"Constant", Constant()},
      {"Constant factor", Constant(0.25)},
      {"Constant short", Constant(1. / 3, 5)},
      {"Constant half", Constant(0.5, 20), 0},
      {"Step", Step(10)},
      {"Step gamma", Step(3, 0.8)},
      {"Step up", Step(1, 1.01), 0},
      {"MultiStep", MultiStep({10, 30})},
      {"MultiStep gamma", MultiStep({1, 2, 49, 80}, 0.5)},
      {"Exponential", Exponential(0.9)},
      {"Exponential up", Exponential(1.02), 0},
      {"Polynomial", Polynomial()},
      {"Polynomial square", Polynomial({}, 2)},
      {"Polynomial root", Polynomial(80, 0.5), 0},
      {"Polynomial short", Polynomial(20, 0.9), 20},
      {"Linear", Linear()},
      {"Linear short", Linear(1. / 3, 1, 5)},
      {"Linear down", Linear(1, 0.1, 30), 0},
      {"Linear long", Linear(0.9, 0, 51)},
      {"Lambda", Lambda([](std::int64_t t) { return 1 / (1. + static_cast<double>(t)); })},
      {"Lambda power", Lambda([](std::int64_t t) { return std::pow(0.95, t); }), 0},
      {"Cosine", Cosine()},
      {"Cosine eta_min", Cosine(50, 0.01), 0},
      {"Cosine long", Cosine(80)},
      {"Cosine short", Cosine({}, 0.4), 20},
      {"CosineWarmRestarts", CosineWarmRestarts(10)},
      {"CosineWarmRestarts longer", CosineWarmRestarts(7, 2, 0.02)},
      {"CosineWarmRestarts thrice", CosineWarmRestarts(1, 3, 0.01), 0},
      {"OneCycle", OneCycle(0.5)},
      {"OneCycle Adam", OneCycle(OneCycleOptions(0.5).total_steps(50)), 0},
      {"OneCycle linear",
       OneCycle(OneCycleOptions(0.5).total_steps(60).pct_start(0.25).anneal_strategy(Anneal::linear))},
      {"OneCycle three", OneCycle(OneCycleOptions(0.1).three_phase().div_factor(10).final_div_factor(100))},
      {"OneCycle three linear",
       OneCycle(OneCycleOptions(0.1).three_phase().pct_start(0.5).base_momentum(0.5).anneal_strategy(Anneal::linear))},
      {"OneCycle rate", OneCycle(OneCycleOptions(0.5).cycle_momentum(false))},
      {"OneCycle down", OneCycle(OneCycleOptions(0.5).pct_start(0).max_momentum(0.9))},
      {"OneCycle up", OneCycle(OneCycleOptions(0.5).pct_start(1))},
      {"OneCycle short", OneCycle(0.5), 2},
      {"Cyclic", Cyclic(CyclicOptions(0.01, 0.1).step_size_up(8))},
      {"Cyclic long", Cyclic(0.01, 0.1), 0},
      {"Cyclic triangular2", Cyclic(CyclicOptions(0.01, 0.1)
                                        .step_size_up(5)
                                        .step_size_down(9)
                                        .mode(CyclicMode::triangular2)
                                        .base_momentum(0.6))},
      {"Cyclic exp_range", Cyclic(CyclicOptions(0.01, 0.1)
                                      .step_size_up(6)
                                      .step_size_down(3)
                                      .mode(CyclicMode::exp_range)
                                      .gamma(0.97)
                                      .max_momentum(0.95))},
      {"Cyclic rate", Cyclic(CyclicOptions(0, 0.1).step_size_up(1).cycle_momentum(false))},
      {"WarmUp", WarmUp(5), 0},
      {"WarmUp cosine", WarmUp(10, Cosine({}, 0.01))},
      {"WarmUp step", WarmUp(8, Step(12, 0.5))},
      {"WarmUp cycle", WarmUp(6, OneCycle(0.5))},
      {"Sequential", Sequential({Constant(0.1, 2), Exponential(0.9)}, {10}), 0},
      {"Sequential three", Sequential({Linear(0.2), Step(7, 0.8), Cosine(20, 0.02)}, {5, 30})},
      {"Sequential cycle", Sequential({Constant(), OneCycle(0.5)}, {12})},
      {"Chained", Chained({Constant(0.5, 10), Exponential(0.95)}), 0},
      {"Chained three", Chained({Step(7, 0.8), Linear(0.3, 1, 20), Cosine()})},
      {"Chained eta_min", Chained({Exponential(0.9), Cosine(50, 0.05)})},
  };
  return all;
}

// A rate of 0.3 and a momentum of 0.9.
std::unique_ptr<Optimizer> optimizer(const std::string& row, const Parameter& p = Parameter(ones({1}))) {
  if (row == "OneCycle Adam") return std::make_unique<Adam>(std::vector<Parameter>{p}, 0.3);
  return std::make_unique<SGD>(std::vector<Parameter>{p}, SGDOptions(0.3).momentum(0.9));
}

}  // namespace

TEST_CASE("schedules follow PyTorch's for 50 steps") {
  std::ifstream stream(XTAPE_TEST_DIR "/schedules/trajectories.json");
  REQUIRE(stream);
  const auto expected = nlohmann::json::parse(stream)["rows"];
  CHECK(expected.size() == rows().size());
  for (const Case& row : rows()) {
    CAPTURE(row.name);
    REQUIRE(expected.contains(row.name));
    const std::vector<double> lr = expected[row.name]["lr"];
    const std::vector<double> momentum = expected[row.name].value("momentum", std::vector<double>(lr.size(), 0.9));
    const auto opt = optimizer(row.name);
    Scheduler scheduler(*opt, row.schedule, row.total);
    const Rates initial{0.3, 0.9};
    double worst = 0;
    for (std::size_t t = 0; t < lr.size(); ++t) {
      const Rates rates = row.schedule(static_cast<std::int64_t>(t), row.total, initial);
      CHECK(rates.lr == opt->lr());
      CHECK(rates.momentum.value_or(0.9) == opt->momentum());
      worst = std::max({worst, std::abs(opt->lr() - lr[t]), std::abs(opt->momentum() - momentum[t])});
      CHECK(scheduler.steps() == static_cast<std::int64_t>(t));
      scheduler.step();
    }
    CHECK(worst < 1e-12);
  }
}

TEST_CASE("a schedule goes on from its state in the middle to the same bits") {
  for (const Case& row : rows()) {
    CAPTURE(row.name);
    const std::int64_t steps = row.schedule.end(row.total) > 0 ? row.schedule.end(row.total) : 50;
    for (const std::int64_t at : {std::int64_t{0}, steps / 2, steps}) {
      const auto opt = optimizer(row.name), other = optimizer(row.name);
      Scheduler scheduler(*opt, row.schedule, row.total);
      for (std::int64_t t = 0; t < at; ++t) scheduler.step();
      other->load_state_dict(opt->state_dict());  // its rates are none of the beginning
      Scheduler again(*other, row.schedule, row.total);
      again.load_state_dict(scheduler.state_dict());
      CHECK(again.steps() == at);
      for (std::int64_t t = at; t < steps; ++t) {
        CHECK(other->lr() == opt->lr());
        CHECK(other->momentum() == opt->momentum());
        scheduler.step();
        again.step();
      }
      CHECK(other->lr() == opt->lr());
    }
  }
}

TEST_CASE("under a schedule groups keep their rates in proportion") {
  for (const Case& row : rows()) {
    CAPTURE(row.name);
    Parameter a(zeros({1}, float64)), b(zeros({1}, float64));
    b.set_name("b");
    SGD opt({a, b}, 0.3);
    opt.group("b", GroupOptions().lr(0.075));
    Scheduler scheduler(opt, row.schedule, row.total);
    const Tensor g = ones({1}, float64);
    double sum = 0;
    for (int t = 0; t < 20 && (t == 0 || row.total != 2); ++t) {
      sum += opt.lr();
      opt.step({g, g});
      scheduler.step();
    }
    CHECK(a.tensor().item() == doctest::Approx(-sum).epsilon(1e-12));
    CHECK(b.tensor().item() == doctest::Approx(-sum / 4).epsilon(1e-12));
  }
}

TEST_CASE("a schedule moves momentum only where the optimiser has one") {
  SGD plain({Parameter(ones({1}))}, 0.3);
  Scheduler scheduler(plain, OneCycle(0.5), 10);
  scheduler.step();
  CHECK(!plain.has_momentum());
  SGD heavy({Parameter(ones({1}))}, SGDOptions(0.3).momentum(0.5));
  Scheduler cosine(heavy, Cosine(), 10);
  cosine.step();
  CHECK(heavy.momentum() == 0.5);
}

TEST_CASE("after its last step a schedule's rate stays and the next step throws") {
  SGD opt({Parameter(ones({1}))}, 0.5);
  Scheduler scheduler(opt, Linear(1, 0), 2);
  scheduler.step();
  CHECK(opt.lr() == 0.25);
  scheduler.step();
  CHECK(opt.lr() == 0.25);
  CHECK(says(message([&] { scheduler.step(); }),
             "Scheduler: Linear(start_factor 1, end_factor 0) has ended after 2 steps", __LINE__ - 1));
  CHECK(scheduler.steps() == 2);
  CHECK(opt.lr() == 0.25);
}

TEST_CASE("schedules of one's own") {
  const Schedule halves(
      "halves",
      [](std::int64_t t, std::int64_t total, const Rates& initial) {
        return Rates{2 * t < total ? initial.lr : initial.lr / 2, {}};
      },
      0, 1);
  CHECK(halves.needs_total());
  CHECK(halves(1, 4, {0.5, {}}).lr == 0.5);
  CHECK(WarmUp(2, halves)(0, 6, {0.5, {}}).lr == 0.25);
  CHECK(WarmUp(2, halves)(4, 6, {0.5, {}}).lr == 0.25);
  CHECK(WarmUp(2, halves).least_total() == 3);
  CHECK(WarmUp(2, Cosine(5)).length() == 7);
  CHECK(Sequential({Cosine(9), Cosine(5)}, {4}).length() == 9);
  CHECK(Chained({Cosine(9), Step(2), Cosine(5)}).length() == 5);
}

TEST_CASE("what a schedule is called has all that it depends on") {
  CHECK(Constant().description() == "Constant(factor 1)");
  CHECK(Linear(0.1, 1, 5).description() == "Linear(start_factor 0.1, end_factor 1, total_iters 5)");
  CHECK(Polynomial().description() == "Polynomial(power 1)");
  CHECK(WarmUp(5, MultiStep({2, 3}, 1e-5)).description() ==
        "WarmUp(steps 5, then MultiStep(milestones [2, 3], gamma 1e-05))");
  CHECK(Sequential({Step(2), Cosine()}, {9}).description() ==
        "Sequential(schedules [Step(step_size 2, gamma 0.1), Cosine(eta_min 0)], milestones [9])");
  std::set<std::string> all;
  for (const Case& row : rows()) all.insert(row.schedule.description());
  CHECK(all.size() == rows().size() - 2);  // two are functions, and two the same for another training
}

TEST_CASE("schedules that cannot be are refused with the value and what was expected") {
  const auto factor = [](double v) { return [v](std::int64_t t) { return t < 2 ? 1 : v; }; };
  SGD opt({Parameter(ones({1}))}, 0.5);
  auto run = [&opt](const Schedule& schedule, std::int64_t total, int steps = 0) {
    opt.set_lr(0.5);
    Scheduler scheduler(opt, schedule, total);
    for (int i = 0; i < steps; ++i) scheduler.step();
  };
  const Rates half{0.5, {}};
  const std::vector<Schedule> none;
  const auto most = std::numeric_limits<std::int64_t>::max();
  const std::vector<std::int64_t> down{30, 10}, twice{10, 10}, zero{0, 10};
  struct Bad {
    std::function<void()> f;
    const char* says;
  };
  const Bad all[] = {
      {[] { Constant(-1); }, "Constant: factor is -1, expected a finite number of at least 0"},
      {[] { Constant{infinity}; }, "Constant: factor is inf"},
      {[] { Constant(1, 0); }, "Constant: total_iters is 0, expected at least 1"},
      {[] { Step(0); }, "Step: step_size is 0, expected at least 1"},
      {[] { Step(3, 0); }, "Step: gamma is 0, expected a finite number above 0"},
      {[] { Step(3, NaN); }, "Step: gamma is nan"},
      {[&] { Step{most}; }, "expected at most 2^53"},
      {[&] { MultiStep{down}; }, "MultiStep: milestones are [30, 10], expected ascending numbers of at least 1"},
      {[&] { MultiStep{twice}; }, "MultiStep: milestones are [10, 10]"},
      {[&] { MultiStep{zero}; }, "MultiStep: milestones are [0, 10]"},
      {[] { MultiStep({5}, -0.1); }, "MultiStep: gamma is -0.1"},
      {[] { Exponential(-0.9); }, "Exponential: gamma is -0.9, expected a finite number above 0"},
      {[] { Polynomial(-5); }, "Polynomial: total_iters is -5, expected at least 1"},
      {[] { Linear(-0.5); }, "Linear: start_factor is -0.5, expected a finite number of at least 0"},
      {[] { Linear(0.5, NaN); }, "Linear: end_factor is nan"},
      {[] { Lambda(nullptr); }, "Lambda: there is no function"},
      {[] { Cosine(0); }, "Cosine: T_max is 0, expected at least 1"},
      {[] { Cosine(1e-4); }, "Cosine: T_max is 0, expected at least 1"},  // eta_min in its place
      {[] { Cosine(5, -1); }, "Cosine: eta_min is -1, expected a finite number of at least 0"},
      {[] { CosineWarmRestarts(0); }, "CosineWarmRestarts: T_0 is 0, expected at least 1"},
      {[] { CosineWarmRestarts(5, 0); }, "CosineWarmRestarts: T_mult is 0, expected at least 1"},
      {[] { OneCycle(0); }, "OneCycle: max_lr is 0, expected a finite number above 0"},
      {[] { OneCycle(OneCycleOptions(1).total_steps(0)); }, "OneCycle: total_steps is 0, expected at least 1"},
      {[] { OneCycle(OneCycleOptions(1).pct_start(1.5)); }, "OneCycle: pct_start is 1.5, expected a number in [0, 1]"},
      {[] { OneCycle(OneCycleOptions(1).pct_start(0.6).three_phase()); },
       "OneCycle: pct_start is 0.6, expected a number in [0, 0.5] with three phases"},
      {[] { OneCycle(OneCycleOptions(1).div_factor(0)); }, "OneCycle: div_factor is 0"},
      {[] { OneCycle(OneCycleOptions(1).final_div_factor(-1)); }, "OneCycle: final_div_factor is -1"},
      {[] { OneCycle(OneCycleOptions(1).base_momentum(-1)); }, "OneCycle: base_momentum is -1, expected a number in ["},
      {[] { OneCycle(OneCycleOptions(1).max_momentum(0.8)); },
       "OneCycle: max_momentum is 0.8, expected a number in [base_momentum, 1)"},
      {[] { Cyclic(-1, 1); }, "Cyclic: base_lr is -1, expected a finite number of at least 0"},
      {[] { Cyclic(0.1, 0.01); }, "Cyclic: max_lr is 0.01, expected a finite number of at least base_lr"},
      {[] { Cyclic(CyclicOptions(0, 1).step_size_down(0)); }, "Cyclic: step_size_down is 0, expected at least 1"},
      {[] { Cyclic(CyclicOptions(0, 1).gamma(1.5)); }, "Cyclic: gamma is 1.5, expected a number in (0, 1]"},
      {[] { Cyclic(CyclicOptions(0, 1).max_momentum(1)); }, "Cyclic: max_momentum is 1, expected a number in [base"},
      {[] { WarmUp(0); }, "WarmUp: steps is 0, expected at least 1"},
      {[&] { Sequential(none, {}); }, "Sequential: 0 schedules and 0 milestones, expected at least one schedule"},
      {[] {
         Sequential({Step(1), Step(1)}, {});
       },
       "Sequential: 2 schedules and 0 milestones, expected"},
      {[] {
         Sequential({Step(1), Step(1), Step(1)}, {9, 3});
       },
       "Sequential: milestones are [9, 3], expected"},
      {[] {
         Sequential({Cosine(5), Step(1)}, {9});
       },
       "Sequential: Cosine(T_max 5, eta_min 0) ends after 5 steps, expected the 9 to its milestone"},
      {[] {
         Sequential({Step(1), WarmUp(5, Cosine()), Step(1)}, {9, 12});
       },
       "Cosine(eta_min 0)) needs at least 6 steps, there are 3 to its milestone"},
      {[&] { Chained{none}; }, "Chained: there are no schedules, expected at least one"},
      {[] { Schedule("mine", nullptr); }, "mine: there is no function, expected one that gives the rates"},
      {[] { Schedule("mine", Constant(), -1); }, "mine: length and least_total are -1 and 0, expected at least 0"},
      {[&] { run(Cosine(), 0); },
       "Cosine(eta_min 0): it needs to know how many steps the training takes; give the total"},
      {[&] { run(OneCycle(0.1), -1); }, "the total is -1, expected at least 0"},
      {[&] { run(Cosine(10), 11); }, "Cosine(T_max 10, eta_min 0): it ends after 10 steps, the training takes 11"},
      {[&] { run(WarmUp(10, Cosine()), 10); }, "it needs at least 11 steps, the training takes 10"},
      {[&] { run(Cosine(2), 0, 3); }, "Scheduler: Cosine(T_max 2, eta_min 0) has ended after 2 steps"},
      {[&] { run(Lambda(factor(-1)), 0, 2); },
       "Lambda: the learning rate is -0.5 at step 2, expected a finite number of at least 0"},
      {[&] { run(Lambda(factor(NaN)), 0, 2); }, "Lambda: the learning rate is nan at step 2"},
      {[&] { run(Exponential(1e200), 0, 2); }, "Exponential(gamma 1e+200): the learning rate is inf at step 2"},
      {[&] { Schedule("mine", [](std::int64_t, std::int64_t, const Rates&) {
               return Rates{1, 1};
             })(0, 0, half); },
       "mine: the momentum is 1 at step 0, expected a number in [0, 1)"},
      {[&] { Step(5)(-1, 0, half); }, "Step(step_size 5, gamma 0.1): the step is -1, expected at least 0"},
      {[&] { Cosine()(7, 7, half); }, "Cosine(eta_min 0): the step is 7, expected at least 0 and below 7"},
  };
  for (const Bad& bad : all) CHECK_THROWS_WITH_AS(bad.f(), Contains(bad.says), Error);
  CHECK(says(message([] { Step(0); }), "Step: step_size is 0", __LINE__));
  CHECK(says(message([&] { Scheduler(opt, Cosine()); }), "Cosine(eta_min 0): it needs", __LINE__));
  // Longer than the training is as it is meant: the rest is for another day.
  run(Cosine(100), 10, 10);
  run(MultiStep({5, 50}), 10, 10);
}

TEST_CASE("a step that throws changes nothing") {
  SGD opt({Parameter(ones({1}))}, 0.5);
  Scheduler scheduler(opt, Lambda([](std::int64_t t) { return t == 1 ? -1 : 2.; }));
  for (int i = 0; i < 2; ++i) CHECK_THROWS_WITH_AS(scheduler.step(), Contains("the learning rate is -0.5"), Error);
  CHECK(scheduler.steps() == 0);
  CHECK(opt.lr() == 1);
}

TEST_CASE("the state of another schedule is refused and changes nothing") {
  SGD opt({Parameter(ones({1}))}, SGDOptions(0.5).momentum(0.5)), plain({Parameter(ones({1}))}, 0.5);
  Scheduler scheduler(opt, OneCycle(0.1), 10);
  for (int i = 0; i < 3; ++i) scheduler.step();
  const StateDict good = scheduler.state_dict();
  const double lr = opt.lr(), momentum = opt.momentum();
  const std::string name = scheduler.schedule().description();
  CHECK(good.at(name).item() == 3);
  CHECK(good.at("initial_lr").item() == 0.5);
  auto changed = [&](const std::string& key, const Tensor& value) {
    StateDict state = good;
    state[key] = value;
    return state;
  };
  const std::pair<StateDict, std::string> all[] = {
      {{}, "'" + name + "' is missing; 'initial_lr' is missing; 'initial_momentum' is missing; 'total' is missing"},
      {changed("more", tensor(1.)), "'more' is unexpected"},
      {changed("total", tensor(std::int64_t{11})), "'total' is 11, here 10"},
      {changed(name, tensor(std::int64_t{11})), "its steps are 11, the schedule ends after 10"},
      {changed(name, tensor(std::int64_t{-1})), "is -1, expected at least 0"},
      {changed(name, tensor(3.)), "is int64(), its value float32()"},
      {changed("initial_lr", tensor(NaN, float64)), "'initial_lr' is nan"},
      {changed("initial_momentum", tensor(1., float64)), "'initial_momentum' is 1"},
      {Scheduler(opt, Cosine(), 10).state_dict(), "'" + name + "' is missing; 'Cosine(eta_min 0)' is unexpected"},
      {Scheduler(plain, OneCycle(0.1), 10).state_dict(), "'initial_momentum' is missing"},
  };
  opt.set_lr(lr), opt.set_momentum(momentum);  // which a Cosine's had changed
  for (const auto& [state, what] : all) {
    const std::string said = message([&, &state = state] { scheduler.load_state_dict(state); });
    CHECK(says(said, "Scheduler: the values of load_state_dict do not fit; ", __LINE__ - 1));
    CHECK_MESSAGE(said.find(what) != said.npos, said);
    CHECK(scheduler.steps() == 3);
    CHECK(opt.lr() == lr);
    CHECK(opt.momentum() == momentum);
  }
  scheduler.load_state_dict(good);
}

TEST_CASE("every schedule is in the table and has its formula and source in its docstring") {
  std::set<std::string> tested, found;
  for (const Case& row : rows()) tested.insert(row.name.substr(0, row.name.find(' ')));
  const std::regex declaration("((?:///[^\n]*\n)*)class (\\w+)(?: final)? : public Schedule \\{");
  for (const auto& entry : std::filesystem::directory_iterator(XTAPE_TEST_DIR "/../optim")) {
    if (entry.path().extension() != ".hpp") continue;
    std::ifstream stream(entry.path());
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    for (std::sregex_iterator it(text.begin(), text.end(), declaration), end; it != end; ++it) {
      const std::string doc = (*it)[1], name = (*it)[2];
      found.insert(name);
      CHECK_MESSAGE(tested.count(name) == 1, name, " has no row in the table");
      CHECK_MESSAGE(doc.find("lr = ") != doc.npos, name, " has no formula");
      CHECK_MESSAGE(std::regex_search(doc, std::regex("\\bSource: \\w")), name, " has no source");
    }
  }
  CHECK(found == tested);
}
