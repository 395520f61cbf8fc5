// Reactions to values that get no better: PyTorch's, Nielsen's and dlib's (reactions/make.py).
#include "declarations.hpp"
#include "support.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optim/descent.hpp>
#include <regex>
#include <set>
#include <string>
#include <vector>
#include <xtape.hpp>

using namespace xtape;
using namespace xtape::optim;
using doctest::Contains;
using Json = nlohmann::json;
using Values = std::vector<double>;

namespace {

const double NaN = std::nan(""), infinity = std::numeric_limits<double>::infinity();

const Json& file() {
  static const Json all = [] {
    std::ifstream stream(XTAPE_TEST_DIR "/reactions/rates.json");
    REQUIRE(stream);
    return Json::parse(stream);
  }();
  return all;
}

// Of each kind at least one, with a sequence of reactions/rates.json to which it reacts.
struct Kind {
  std::string name;
  std::shared_ptr<Reaction> reaction;
  const char* values;
};
const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all{
      {"ReduceOnPlateau", ReduceOnPlateau(ReduceOnPlateauOptions().patience(1).cooldown(3).factor(0.8)).clone(),
       "noise"},
      {"ReduceOnPlateau", ReduceOnPlateau(ReduceOnPlateauOptions().patience(2).maximize().factor(0.8)).clone(),
       "both signs"},
      {"HalveWhenStuck", HalveWhenStuck(3).clone(), "noise"},
      {"ShrinkWhenFlat", ShrinkWhenFlat(ShrinkWhenFlatOptions(30).factor(0.9)).clone(), "noise"},
  };
  return all;
}

SGD sgd(double lr) { return SGD({Parameter(ones({1}))}, lr); }

Values rates(Reaction&& reaction, const Values& values, double lr = 1) {
  SGD opt = sgd(lr);
  Values all;
  for (const double v : values) {
    const double before = opt.lr();
    const bool reacted = reaction.observe(v, opt);
    CHECK(reacted == (opt.lr() != before));
    all.push_back(opt.lr());
  }
  return all;
}

}  // namespace

TEST_CASE("ReduceOnPlateau reduces as PyTorch's does") {
  using Options = ReduceOnPlateauOptions;
  const std::pair<const char*, Options> rows[] = {
      {"default", Options()},
      {"patience", Options().patience(2).factor(0.7)},
      {"impatient", Options().patience(0).factor(0.9).threshold(0.05)},
      {"cooldown", Options().patience(1).factor(0.8).cooldown(4)},
      {"min_lr", Options().patience(3).factor(0.3).min_lr(0.02)},
      {"eps", Options().patience(1).factor(0.5).eps(0.01)},
      {"max", Options().maximize().patience(2).factor(0.6)},
      {"max abs", Options().maximize().patience(4).threshold_mode(ThresholdMode::abs).threshold(0.3).factor(0.5)},
      {"abs", Options().patience(3).threshold_mode(ThresholdMode::abs).threshold(0.01).factor(0.5).cooldown(2)},
  };
  CHECK(file()["plateaus"].size() == std::size(rows));
  for (const auto& [label, options] : rows) {
    const std::string name = label;
    CAPTURE(name);
    const Json& row = file()["plateaus"][name];
    CHECK(rates(ReduceOnPlateau(options), file()["values"][row["values"].get<std::string>()], 0.5) == row["lr"]);
  }
}

TEST_CASE("of negative values better is farther from the best, too") {
  // 1e-4 of -100 is 0.01: -100.005 is no better, -100.02 is.
  const ReduceOnPlateauOptions options = ReduceOnPlateauOptions().patience(0).factor(0.5);
  CHECK(rates(ReduceOnPlateau(options), {-100, -100.005, -100.02, -99.9}) == Values{1, 0.5, 0.5, 0.25});
  CHECK(rates(ReduceOnPlateau(ReduceOnPlateauOptions(options).maximize()), {-100, -99.995, -99.98, -100}) ==
        Values{1, 0.5, 0.5, 0.25});
}

TEST_CASE("HalveWhenStuck halves after so many values that are no better, and is done at 1/1024") {
  CHECK(rates(HalveWhenStuck(2), {5, 4, 4, 4, 3, 5, 4, 3, 2}) == Values{1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25});
  CHECK(rates(HalveWhenStuck(HalveWhenStuckOptions(1).maximize()), {5, 4, 6, 6}) == Values{1, 0.5, 0.5, 0.25});
  for (const double least : {1. / 1024, 1. / 8}) {
    HalveWhenStuck reaction(HalveWhenStuckOptions(1).least(least));
    SGD opt = sgd(0.3);
    reaction.observe(1, opt);
    while (!reaction.done()) CHECK(reaction.observe(1, opt));
    CHECK(opt.lr() == 0.3 * least);
  }
}

TEST_CASE("a NaN is no improvement") {
  CHECK(rates(ReduceOnPlateau(ReduceOnPlateauOptions().patience(1).factor(0.5)), {NaN, NaN, 1, NaN, NaN}) ==
        Values{1, 0.5, 0.5, 0.5, 0.25});
  CHECK(rates(HalveWhenStuck(2), {1, NaN, NaN, 0.5, infinity}) == Values{1, 1, 0.5, 0.5, 0.5});
  // Where the losses are no numbers there is nothing to see; the others are seen as if those had not been.
  CHECK(rates(ShrinkWhenFlat(3), Values(10, NaN)) == Values(10, 1));
  CHECK(rates(ShrinkWhenFlat(4), {1, NaN, 1, infinity, 1, -infinity, 1}) == Values{1, 1, 1, 1, 1, 1, 0.1});
}

TEST_CASE("the probability that losses fall is that of their least-squares line") {
  for (const Json& row : file()["probabilities"]) {
    const Values all = file()["losses"][row["losses"].get<std::string>()];
    const Values losses(all.begin() + row["from"].get<int>(), all.begin() + row["to"].get<int>());
    CHECK(std::abs(probability_of_descent(losses) - row["probability"].get<double>()) < 1e-12);
    CHECK(std::abs(probability_of_descent(without_largest(losses)) - row["robust"].get<double>()) < 1e-12);
  }
  CHECK(probability_of_descent({0.1, 0.1, 0.1, 0.1, 0.1}) == 0.5);
  CHECK(probability_of_descent({3, 2, 1}) == 1);
  CHECK(probability_of_descent({1, 2, 3}) == 0);
  CHECK(probability_of_descent({1, 2, 1}) == 0.5);
}

TEST_CASE("ShrinkWhenFlat shrinks where dlib's trainer does") {
  for (const Json& row : file()["flat"]) {
    CAPTURE(row["losses"]);
    const Values losses = file()["losses"][row["losses"].get<std::string>()];
    const std::vector<std::int64_t> expected = row["shrinks"];
    CHECK(expected.size() > 1);
    ShrinkWhenFlat reaction(ShrinkWhenFlatOptions(row["steps"].get<std::int64_t>()).factor(0.5));
    SGD opt = sgd(1);
    std::vector<std::int64_t> got;
    for (std::size_t i = 0; i < losses.size(); ++i)
      if (reaction.observe(losses[i], opt)) got.push_back(static_cast<std::int64_t>(i));
    CHECK(got == expected);
    CHECK(opt.lr() == std::ldexp(1, -static_cast<int>(expected.size())));
  }
}

TEST_CASE("ShrinkWhenFlat has the optimiser begin anew, and is done below its smallest rate") {
  const Parameter a(zeros({1}, float64)), b(zeros({1}, float64));
  Adam opt({a}, 1);
  ShrinkWhenFlat reaction(ShrinkWhenFlatOptions(10).min_lr(0.05));
  CHECK(reaction.of_steps());
  const Tensor g = full({1}, 0.5, float64);
  for (int i = 1; i <= 10; ++i) {
    opt.step({g * i});
    CHECK(reaction.observe(7, opt) == (i == 10));
  }
  CHECK(opt.lr() == 0.1);
  CHECK(!reaction.done());
  const double before = a.tensor().item();
  Adam fresh({b}, 0.1);
  opt.step({g});
  fresh.step({g});
  CHECK(a.tensor().item() - before == doctest::Approx(b.tensor().item()).epsilon(1e-12));
  // 3 of 10 losses were forgotten.
  for (int i = 1; i <= 3; ++i) CHECK(reaction.observe(7, opt) == (i == 3));
  CHECK(reaction.done());
  SGD small = sgd(1e-9);
  ShrinkWhenFlat waits(10);
  waits.observe(1, small);
  CHECK(!waits.done());  // a warm-up may begin below
}

TEST_CASE("a reaction goes on from its state in the middle to the same bits") {
  for (const Kind& kind : kinds()) {
    CAPTURE(kind.name);
    const Values values = file()["values"][kind.values];
    for (const std::size_t at : {std::size_t{0}, std::size_t{1}, values.size() / 3, values.size() / 2}) {
      const std::shared_ptr<Reaction> one = kind.reaction->clone(), other = kind.reaction->clone();
      SGD opt = sgd(0.3);
      int reacted = 0;
      for (std::size_t i = 0; i < at; ++i) one->observe(values[i], opt);
      SGD again = sgd(opt.lr());
      other->load_state_dict(one->state_dict());
      for (std::size_t i = at; i < values.size(); ++i) {
        reacted += one->observe(values[i], opt);
        other->observe(values[i], again);
        CHECK(opt.lr() == again.lr());
        CHECK(one->done() == other->done());
      }
      CHECK(reacted > 1);
      for (const auto& [name, value] : one->state_dict()) CHECK(same_bits(value, other->state_dict().at(name)));
    }
  }
}

TEST_CASE("a state that does not fit a reaction is refused and changes nothing") {
  for (const Kind& kind : kinds()) {
    const std::shared_ptr<Reaction> reaction = kind.reaction->clone();
    SGD opt = sgd(0.3);
    for (const double v : Values{3, 2, 2.5}) reaction->observe(v, opt);
    const StateDict good = reaction->state_dict();
    for (const Kind& another : kinds())
      if (another.name != kind.name)
        CHECK_THROWS_WITH_AS(reaction->load_state_dict(another.reaction->state_dict()),
                             Contains((kind.name + ": the values of load_state_dict do not fit").c_str()), Error);
    for (const auto& [name, value] : good) {
      StateDict bad = good;
      bad[name] = value.dtype() == int64 ? tensor(std::int64_t{-1}) : ones({2}, float64);
      CHECK_THROWS_WITH_AS(reaction->load_state_dict(bad), Contains(("'" + name + "' is ").c_str()), Error);
      if (value.dtype() == float64 && value.size() == 1) {
        bad[name] = tensor(NaN, float64);
        CHECK_THROWS_WITH_AS(reaction->load_state_dict(bad), Contains(("'" + name + "' is nan").c_str()), Error);
      }
    }
    for (const auto& [name, value] : reaction->state_dict()) CHECK(same_bits(value, good.at(name)));
  }
}

TEST_CASE("options of reactions out of their range are refused") {
  struct Bad {
    std::function<void()> f;
    const char* says;
  };
  using Reduce = ReduceOnPlateauOptions;
  using Halve = HalveWhenStuckOptions;
  using Shrink = ShrinkWhenFlatOptions;
  const Bad all[] = {
      {[] { ReduceOnPlateau(Reduce().factor(1)); }, "ReduceOnPlateau: factor is 1, expected a number in (0, 1)"},
      {[] { ReduceOnPlateau(Reduce().factor(NaN)); }, "ReduceOnPlateau: factor is nan"},
      {[] { ReduceOnPlateau(Reduce().patience(-1)); }, "ReduceOnPlateau: patience is -1, expected at least 0"},
      {[] { ReduceOnPlateau(Reduce().threshold(-1)); },
       "ReduceOnPlateau: threshold is -1, expected a finite number of"},
      {[] { ReduceOnPlateau(Reduce().cooldown(-2)); }, "ReduceOnPlateau: cooldown is -2, expected at least 0"},
      {[] { ReduceOnPlateau(Reduce().min_lr(infinity)); }, "ReduceOnPlateau: min_lr is inf, expected a finite number"},
      {[] { ReduceOnPlateau(Reduce().eps(-1)); }, "ReduceOnPlateau: eps is -1"},
      {[] { HalveWhenStuck(0); }, "HalveWhenStuck: epochs is 0, expected at least 1"},
      {[] { HalveWhenStuck(Halve().least(1)); }, "HalveWhenStuck: least is 1, expected a number in (0, 1)"},
      {[] { ShrinkWhenFlat(2); }, "ShrinkWhenFlat: steps is 2, expected at least 3"},
      {[] { ShrinkWhenFlat(Shrink().factor(0)); }, "ShrinkWhenFlat: factor is 0, expected a number in (0, 1)"},
      {[] { ShrinkWhenFlat(Shrink().probability(0.5)); },
       "ShrinkWhenFlat: probability is 0.5, expected a number in (0"},
      {[] { ShrinkWhenFlat(Shrink().min_lr(-1)); },
       "ShrinkWhenFlat: min_lr is -1, expected a finite number of at least"},
  };
  for (const Bad& bad : all) CHECK_THROWS_WITH_AS(bad.f(), Contains(bad.says), Error);
  CHECK(says(message([] { ShrinkWhenFlat(2); }), "ShrinkWhenFlat: steps is 2", __LINE__));
}

TEST_CASE("what a reaction is called has its options") {
  CHECK(ReduceOnPlateau().description() ==
        "ReduceOnPlateau(mode min, factor 0.1, patience 10, threshold 1e-04, threshold_mode rel, cooldown 0, min_lr 0, "
        "eps 1e-08)");
  CHECK(HalveWhenStuck(HalveWhenStuckOptions().maximize()).description() ==
        "HalveWhenStuck(epochs 10, mode max, least 0.0009765625)");
  CHECK(ShrinkWhenFlat().description() == "ShrinkWhenFlat(steps 2000, factor 0.1, probability 0.51, min_lr 1e-05)");
}

TEST_CASE("a reaction beside a schedule: what it changes stays") {
  SGD opt = sgd(0.5);
  Scheduler scheduler(opt, WarmUp(4));
  HalveWhenStuck reaction(1);
  Values lr;
  for (int epoch = 0; epoch < 3; ++epoch) {
    for (int step = 0; step < 2; ++step) lr.push_back(opt.lr()), scheduler.step();
    reaction.observe(1, opt);
  }
  CHECK(lr == Values{0.125, 0.25, 0.375, 0.5, 0.25, 0.25});
}

TEST_CASE("every reaction is in the table, has its formula and source in its docstring, and state") {
  std::set<std::string> tested, found;
  for (const Kind& kind : kinds()) {
    tested.insert(kind.name);
    CHECK(kind.reaction->state_dict().size() > 1);
  }
  for (const auto& entry : derived_classes()) {
    const std::string& name = entry.first;
    const Declared& declared = entry.second;
    if (declared.base != "Reaction") continue;
    found.insert(name);
    CHECK_MESSAGE(tested.count(name) == 1, name, " is not tested");
    CHECK_MESSAGE(declared.doc.find("lr <- ") != std::string::npos, name, " has no formula");
    CHECK_MESSAGE(has_source(declared), name, " has no source");
  }
  CHECK(found == tested);
}
