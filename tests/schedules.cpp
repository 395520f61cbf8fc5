// Schedules follow PyTorch's (schedules/make.py) and go on from their state.
#include "declarations.hpp"
#include "support.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <vector>
#include <xtape.hpp>

using namespace xtape;
using namespace xtape::optim;

namespace {

// The first word of the name is the class, the whole of it a row of schedules/trajectories.json.
struct Case {
  std::string name;
  Schedule schedule;
  std::int64_t total = 50;
};
const std::vector<Case>& cases() {
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
  CHECK(expected.size() == cases().size());
  for (const Case& row : cases()) {
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
  for (const Case& row : cases()) {
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
  for (const Case& row : cases()) {
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

TEST_CASE("a rate that others change under a schedule stays changed in proportion, also after it was saved") {
  for (const Case& row : cases()) {
    if (row.total == 2) continue;  // too short
    CAPTURE(row.name);
    const auto opt = optimizer(row.name), plain = optimizer(row.name), other = optimizer(row.name);
    Scheduler scheduler(*opt, row.schedule, row.total), as_planned(*plain, row.schedule, row.total);
    for (int t = 0; t < 7; ++t) scheduler.step(), as_planned.step();
    opt->set_lr(opt->lr() / 3);
    Scheduler again(*other, row.schedule, row.total);
    again.load_state_dict(scheduler.state_dict());
    for (int t = 0; t < 9; ++t) {
      CHECK(opt->lr() == doctest::Approx(plain->lr() / 3).epsilon(1e-12));
      CHECK(opt->lr() == other->lr());
      scheduler.step(), as_planned.step(), again.step();
    }
  }
  SGD opt({Parameter(ones({1}))}, 0.5);
  Scheduler scheduler(opt, Linear(0, 1, 2));
  opt.set_lr(0.25);  // there is no proportion to 0
  scheduler.step();
  CHECK(opt.lr() == 0.25);
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
  const std::string said = message([&] { scheduler.step(); });
  CHECK(says(said, "Scheduler: Linear(start_factor 1, end_factor 0) has ended after 2 steps", __LINE__ - 1));
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
  for (const Case& row : cases()) all.insert(row.schedule.description());
  CHECK(all.size() == cases().size() - 2);  // two are functions, and two the same for another training
}

TEST_CASE("every schedule is in the table and has its formula and source in its docstring") {
  std::set<std::string> tested, found;
  for (const Case& row : cases()) tested.insert(row.name.substr(0, row.name.find(' ')));
  for (const auto& entry : derived_classes()) {
    const std::string& name = entry.first;
    const Declared& declared = entry.second;
    if (declared.base != "Schedule") continue;
    found.insert(name);
    CHECK_MESSAGE(tested.count(name) == 1, name, " has no row in the table");
    CHECK_MESSAGE(declared.doc.find("lr = ") != std::string::npos, name, " has no formula");
    CHECK_MESSAGE(has_source(declared), name, " has no source");
  }
  CHECK(found == tested);
}
