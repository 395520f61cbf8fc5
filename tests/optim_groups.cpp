// Groups of parameters, closures, directions, averages shown for a while: what every optimiser has from its base.
#include "support.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>
#include <xtape.hpp>

using namespace xtape;
using doctest::Contains;
using optim::GroupOptions;
using optim::SGDOptions;

namespace {

Parameter named(const char* name, double value) {
  Parameter p(tensor({value}, float64));
  p.set_name(name);
  return p;
}
double value(const Parameter& p) { return p.tensor().item(); }
const Tensor one = tensor({1.}, float64);

}  // namespace

TEST_CASE("groups have rates and decays of their own, which follow the optimiser's in proportion") {
  Parameter a = named("body.weight", 1), b = named("body.bias", 1), c = named("head.weight", 1);
  optim::SGD opt({a, b, c}, SGDOptions(0.5).weight_decay(0.5));
  opt.group("*.bias", GroupOptions().weight_decay(0))
      .group([](const Parameter& p) { return p.name().find("head") == 0; }, GroupOptions().lr(0.125));
  opt.step({one, one, one});
  CHECK(value(a) == 1 - 0.5 * 1.5);
  CHECK(value(b) == 1 - 0.5 * 1);
  CHECK(value(c) == 1 - 0.125 * 1.5);
  opt.set_lr(0.25);
  const double before = value(c);
  opt.step({one, one, one});
  CHECK(value(b) == 0.5 - 0.25 * 1);
  CHECK(value(c) == before - 0.0625 * (1 + 0.5 * before));
}

TEST_CASE("a frozen group stays as it is until it thaws") {
  Parameter a = named("body.weight", 1), b = named("head.weight", 1);
  optim::Adam opt({a, b}, 0.5);
  opt.group("body.*", GroupOptions().frozen());
  CHECK(a.is_frozen());
  opt.step({Tensor(), one});
  CHECK(value(a) == 1);
  CHECK(value(b) != 1);
  a.freeze(false);
  opt.step({one, one});
  CHECK(value(a) != 1);
}

TEST_CASE("patterns of names") {
  for (const auto& row : std::vector<std::pair<const char*, std::string>>{
           {"*", "abc"}, {"*.bias", "b"}, {"0.*", "ab"}, {"?.weight", "a"}, {"*w*t", "ac"}, {"1.?.w*", "c"}}) {
    const char* pattern = row.first;
    CAPTURE(pattern);
    Parameter a = named("0.weight", 0), b = named("0.bias", 0), c = named("1.1.weight", 0);
    optim::SGD opt({a, b, c}, 1.);
    opt.group(pattern, GroupOptions().lr(2));
    opt.step({one, one, one});
    CHECK(std::string(value(a) == -2 ? "a" : "") + (value(b) == -2 ? "b" : "") + (value(c) == -2 ? "c" : "") ==
          row.second);
  }
}

TEST_CASE("a group that cannot be is refused and changes nothing") {
  Parameter a = named("body.weight", 1), b = named("head.weight", 1);
  optim::SGD opt({a, b}, 0.5);
  opt.group("body.*", GroupOptions().lr(0.25));
  CHECK_THROWS_WITH_AS(opt.group("*.weight", GroupOptions().lr(1)),
                       Contains("SGD: '*.weight' selects 'body.weight', which is in a group already"), Error);
  CHECK_THROWS_WITH_AS(opt.group("*.bias", GroupOptions().lr(1)),
                       Contains("SGD: '*.bias' selects no parameter; there are 'body.weight', 'head.weight'"), Error);
  CHECK_THROWS_WITH_AS(opt.group([](const Parameter&) { return false; }, GroupOptions().lr(1)),
                       Contains("this predicate selects no parameter"), Error);
  CHECK_THROWS_WITH_AS(opt.group("head.*", GroupOptions().lr(-1)), Contains("rate of a group is -1"), Error);
  CHECK_THROWS_WITH_AS(opt.group("head.*", GroupOptions().weight_decay(-1)), Contains("decay of a group is -1"), Error);
  opt.step({one, one});
  CHECK(value(a) == 0.75);
  CHECK(value(b) == 0.5);
  optim::SGD still({a}, 0);
  CHECK_THROWS_WITH_AS(still.group("*", GroupOptions().lr(1)), Contains("in proportion to the optimiser's, which is 0"),
                       Error);
}

TEST_CASE("maximize goes up") {
  Parameter a = named("a", 1), b = named("b", 1);
  optim::SGD up({a}, SGDOptions(0.5).momentum(0.5).maximize()), down({b}, SGDOptions(0.5).momentum(0.5));
  for (int i = 0; i < 3; ++i) up.step({one}), down.step({-one});
  CHECK(value(a) == value(b));
  CHECK(value(a) > 1);
}

TEST_CASE("a closure gives the loss, with or without a call of backward") {
  Parameter a = named("a", 1), b = named("b", 1);
  optim::SGD with({a}, 0.25), without({b}, 0.25);
  for (int i = 0; i < 3; ++i) {
    const Tensor loss = with.step([&] {
      with.zero_grad();
      const Tensor loss = sum(a * a);
      loss.backward();
      return loss;
    });
    CHECK(loss.item() == without.step([&] { return sum(b * b); }).item());
    CHECK(value(a) == value(b));
  }
  CHECK(value(a) == 0.125);
  CHECK_THROWS_WITH_AS(without.step([&] {
    return concat({b, b});
  }),
                       Contains("SGD: the closure gives float64(2,), expected a loss of one number"), Error);
}

TEST_CASE("parameters show other values within a scope, and no step is lost in it") {
  Parameter a = named("a", 1);
  optim::SGD opt({a}, 0.5);
  {
    const optim::SwappedValues scope({a}, {3 * one});
    CHECK(value(a) == 3);
    CHECK_THROWS_WITH_AS(opt.step({one}), Contains("'a' shows the value of an average for now"), Error);
    CHECK_THROWS_WITH_AS((void)optim::SwappedValues({a}, {one}), Contains("shows the value of another scope already"),
                         Error);
  }
  CHECK(value(a) == 1);
  CHECK_THROWS_WITH_AS((void)optim::SwappedValues({a}, {ones({2})}),
                       Contains("'a' is float64(1,), its value float32(2,)"), Error);
  CHECK_THROWS_WITH_AS((void)optim::SwappedValues({a, a}, {one}), Contains("1 values for 2 parameters"), Error);
  { const auto scope = opt.averaged(); }  // of an optimiser that averages nothing
  opt.step({one});
  CHECK(value(a) == 0.5);
}

TEST_CASE("after reset the next step is as the first") {
  Parameter a = named("a", 1), b = named("b", 1);
  optim::Adam opt({a}, 0.5), fresh({b}, 0.5);
  opt.step({-3 * one});
  opt.reset();
  a.assign(one);
  opt.step({one}), fresh.step({one});
  CHECK(value(a) == value(b));
}
