// Schedules, totals and states that do not fit.
#include "support.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>
#include <xtape.hpp>

using namespace xtape;
using namespace xtape::optim;
using doctest::Contains;

namespace {

const double NaN = std::nan(""), infinity = std::numeric_limits<double>::infinity();

}  // namespace

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
      {{},
       "'" + name +
           "' is missing; 'initial_lr' is missing; 'lr' is missing; 'lr_set' is missing; 'scale' is missing; "
           "'initial_momentum'"},
      {changed("more", tensor(1.)), "'more' is unexpected"},
      {changed("total", tensor(std::int64_t{11})), "'total' is 11, here 10"},
      {changed(name, tensor(std::int64_t{11})), "its steps are 11, the schedule ends after 10"},
      {changed(name, tensor(std::int64_t{-1})), "is -1, expected at least 0"},
      {changed(name, tensor(3.)), "is int64(), its value float32()"},
      {changed("initial_lr", tensor(NaN, float64)), "'initial_lr' is nan"},
      {changed("momentum", tensor(1., float64)), "'momentum' is 1"},
      {changed("scale", tensor(-1., float64)), "'scale' is -1"},
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
