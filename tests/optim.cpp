// Optimisers follow PyTorch's trajectories (reference.py), both ways of using them, and refuse bad options.
#include "reference.hpp"
#include "support.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <limits>
#include <memory>
#include <string>
#include <vector>
#include <xtape.hpp>

using namespace xtape;
using doctest::Contains;
using optim::AdamOptions;
using optim::SGDOptions;

namespace {

using Parameters = std::vector<Parameter>;
using Make = std::function<std::unique_ptr<optim::Optimizer>(Parameters)>;

template <class O, class Options>
Make make(Options options) {
  return [options](Parameters p) { return std::make_unique<O>(std::move(p), options); };
}
struct Row {
  std::string name;
  Make make;
};
const Row rows[] = {
    {"sgd", make<optim::SGD>(SGDOptions(2))},
    {"decay", make<optim::SGD>(SGDOptions(2).weight_decay(0.05))},
    {"momentum", make<optim::SGD>(SGDOptions(1).momentum(0.9).weight_decay(0.01))},
    {"nesterov", make<optim::SGD>(SGDOptions(1).momentum(0.9).nesterov(true).weight_decay(0.01))},
    {"adam", make<optim::Adam>(AdamOptions(0.1))},
    {"adam_l2", make<optim::Adam>(AdamOptions(0.1).betas(0.8, 0.95).eps(1e-3).weight_decay(0.1))},
    {"adamw", make<optim::AdamW>(AdamOptions(0.1))},
    {"adamw_decay", make<optim::AdamW>(AdamOptions(0.1).betas(0.8, 0.95).eps(1e-3).weight_decay(0.2))},
};

// What reference.py calls grid.
Tensor grid(const Shape& shape, int shift = 0) {
  std::vector<double> v;
  for (std::int64_t i = 0; i < shape.size(); ++i) v.push_back(static_cast<double>((7 * i + 3 + shift) % 13 - 6) / 8);
  return tensor(v, shape);
}
Tensor loss(const Parameter& w) {
  const Tensor x = (4 * grid({4, 3})).to(w.dtype()), t = tensor({1., 0., 1., 0.}, w.dtype());
  return nn::mse_loss(sigmoid(matmul(x, w)), t);
}

// The weights after each of five steps.
std::vector<double> path(const Make& make, Dtype dtype, bool by_backward) {
  Parameter w(grid({3}, 3).to(dtype));
  const auto opt = make({w});
  std::vector<double> all;
  for (int i = 0; i < 5; ++i) {
    if (by_backward) {
      opt->zero_grad();
      loss(w).backward();
      opt->step();
    } else {
      opt->step(grad(loss(w), opt->parameters()));
    }
    for (double v : w.tensor().to_vector<double>()) all.push_back(v);
  }
  return all;
}

}  // namespace

TEST_CASE("optimisers take the steps of PyTorch") {
  CHECK(reference::trajectories.size() == std::size(rows));
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const std::vector<double>& expected = reference::trajectories.at(row.name);
    for (Dtype dtype : {float64, float32}) {
      const std::vector<double> got = path(row.make, dtype, true);
      REQUIRE(got.size() == expected.size());
      double worst = 0;
      for (std::size_t i = 0; i < got.size(); ++i) worst = std::max(worst, std::abs(got[i] - expected[i]));
      CHECK(worst < (dtype == float64 ? 1e-12 : 1e-6));
    }
  }
}

TEST_CASE("both ways to take a step give the same bits") {
  for (const Row& row : rows)
    for (Dtype dtype : {float32, float64}) {
      CAPTURE(row.name);
      CHECK(path(row.make, dtype, true) == path(row.make, dtype, false));
    }
}

TEST_CASE("large parameters take the same steps as small ones with any number of threads") {
  const std::int64_t n = 200'003;  // several tiles and a rest
  for (const Row& row : rows) {
    CAPTURE(row.name);
    auto train = [&](std::int64_t n, int threads) {
      set_num_threads(threads);
      Parameter w(full({n}, 0.5));
      const auto opt = row.make({w});
      for (int i = 0; i < 3; ++i) opt->step({full({n}, 0.1 * (i + 1))});
      return w.tensor().to_vector<float>();
    };
    const std::vector<float> expected(static_cast<std::size_t>(n), train(1, 1)[0]);
    CHECK(train(n, 1) == expected);
    CHECK(train(n, 3) == expected);
  }
  set_num_threads(1);
}

TEST_CASE("a parameter without a gradient stays as it is and so does its state") {
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Parameter a(grid({3})), b(grid({3}));
    const auto both = row.make({a, b});
    const Tensor g = grid({3}, 1);
    both->step({g, g});
    const std::vector<double> held = b.tensor().to_vector<double>();
    both->step({g, Tensor()});
    CHECK(b.tensor().to_vector<double>() == held);
    both->step({Tensor(), g});
    CHECK(a.tensor().to_vector<double>() == b.tensor().to_vector<double>());  // each has taken two steps
    both->zero_grad();
    both->step();
    CHECK(a.tensor().to_vector<double>() == b.tensor().to_vector<double>());
  }
}

TEST_CASE("Adam steps by the rate whatever the size of the gradient") {
  for (Dtype dtype : {float32, float64})
    for (double size : {1e-25, 1e-12, 1., 1e12, 1e21, dtype == float64 ? 1e200 : 1e30}) {
      CAPTURE(size);
      Parameter w(zeros({3}, dtype));
      optim::Adam opt({w}, AdamOptions(0.1).eps(0));
      for (int i = 1; i <= 3; ++i) {
        opt.step({tensor({size, -size, 0.}, dtype)});
        CHECK(allclose(w.tensor(), tensor({-0.1 * i, 0.1 * i, 0.}, dtype), 1e-5, 0));
      }
    }
}

TEST_CASE("after a huge gradient Adam goes on") {
  Parameter w(zeros({1}));
  optim::Adam opt({w}, AdamOptions(0.1).betas(0, 0.5));
  opt.step({tensor({1e21})});
  for (int i = 0; i < 150; ++i) opt.step({tensor({1.})});
  CHECK(w.tensor().item() < -1);
}

TEST_CASE("the learning rate can be changed between steps") {
  Parameter w(tensor({1.}, float64));
  optim::SGD opt({w}, 0.5);
  CHECK(opt.lr() == 0.5);
  opt.step({tensor({1.}, float64)});
  opt.set_lr(0.25);
  opt.step({tensor({1.}, float64)});
  CHECK(w.tensor().item() == 0.25);
  opt.set_lr(0);
  opt.step({tensor({1.}, float64)});
  CHECK(w.tensor().item() == 0.25);
  CHECK_THROWS_WITH_AS(opt.set_lr(-1), Contains("-1"), Error);
  CHECK(opt.lr() == 0);
}

TEST_CASE("bad options are refused with the value and what was expected") {
  const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  struct Bad {
    Make make;
    const char* says;
  };
  const Bad all[] = {
      {make<optim::SGD>(SGDOptions(nan)), "SGD: the learning rate is nan, expected a finite number of at least 0"},
      {make<optim::SGD>(SGDOptions(-0.1)), "SGD: the learning rate is -0.1"},
      {make<optim::SGD>(SGDOptions(infinity)), "SGD: the learning rate is inf"},
      {make<optim::SGD>(SGDOptions(1).momentum(1)), "SGD: momentum is 1.000000, expected a number in [0, 1)"},
      {make<optim::SGD>(SGDOptions(1).momentum(-0.5)), "SGD: momentum is -0.5"},
      {make<optim::SGD>(SGDOptions(1).momentum(nan)), "SGD: momentum is nan"},
      {make<optim::SGD>(SGDOptions(1).nesterov(true)), "SGD: momentum is 0.000000, expected more than 0 with nesterov"},
      {make<optim::SGD>(SGDOptions(1).weight_decay(-1)), "SGD: weight_decay is -1"},
      {make<optim::SGD>(SGDOptions(1).weight_decay(infinity)), "SGD: weight_decay is inf"},
      {make<optim::Adam>(AdamOptions(nan)), "Adam: the learning rate is nan"},
      {make<optim::Adam>(AdamOptions(1).betas(1, 0.9)), "Adam: beta1 is 1.000000, expected a number in [0, 1)"},
      {make<optim::Adam>(AdamOptions(1).betas(0.9, -0.1)), "Adam: beta2 is -0.1"},
      {make<optim::Adam>(AdamOptions(1).betas(nan, 0.9)), "Adam: beta1 is nan"},
      {make<optim::Adam>(AdamOptions(1).eps(-1e-3)), "Adam: eps is -0.001"},
      {make<optim::Adam>(AdamOptions(1).weight_decay(-1)), "Adam: weight_decay is -1"},
      {make<optim::AdamW>(AdamOptions(1).weight_decay(-1)), "AdamW: weight_decay is -1"},
      {make<optim::AdamW>(AdamOptions(1).weight_decay(nan)), "AdamW: weight_decay is nan"},
  };
  for (const Bad& bad : all) CHECK_THROWS_WITH_AS(bad.make({Parameter(ones({2}))}), Contains(bad.says), Error);
  for (const Row& row : rows) CHECK_THROWS_WITH_AS(row.make({}), Contains("there are no parameters"), Error);
}

TEST_CASE("gradients that do not fit change nothing") {
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Parameter a(ones({2})), b(ones({3}));
    b.set_name("layer.bias");
    const auto opt = row.make({a, b});
    CHECK_THROWS_WITH_AS(opt->step({ones({2})}), Contains("1 gradients for 2 parameters"), Error);
    CHECK_THROWS_WITH_AS(opt->step({ones({2}), ones({2})}),
                         Contains("gradient 1 is float32(2,), its parameter 'layer.bias' float32(3,)"), Error);
    CHECK_THROWS_WITH_AS(opt->step({ones({2}), ones({3}, float64)}), Contains("float64(3,)"), Error);
    CHECK(a.tensor().to_vector<double>() == std::vector<double>(2, 1));
    CHECK(b.tensor().to_vector<double>() == std::vector<double>(3, 1));
  }
}

TEST_CASE("a parameter that is given twice takes one step") {
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Parameter a(grid({3})), b(grid({3}));
    const auto twice = row.make({a, a, b, a}), once = row.make({b});
    CHECK(twice->parameters().size() == 2);
    sum(a * a + b * b).backward();
    twice->step();
    CHECK(a.tensor().to_vector<double>() == b.tensor().to_vector<double>());
  }
  Parameter p(ones({1}));
  optim::SGD opt({p, p}, 0.1);
  opt.step(grad(sum(p), opt.parameters()));
  CHECK(p.tensor().item<float>() == 0.9f);
  // A layer in two models.
  const nn::Linear shared(2, 2);
  const nn::Sequential one{shared, nn::relu}, other{shared, nn::tanh};
  Parameters all = one.parameters();
  for (const Parameter& q : other.parameters()) all.push_back(q);
  CHECK(optim::SGD(all, 0.1).parameters().size() == 2);
}

TEST_CASE("an optimiser goes on after its parameters have changed their dtype") {
  for (const Row& row : rows) {
    CAPTURE(row.name);
    auto weights = [&](Dtype first, Dtype then, int at) {
      nn::Linear net(3, 1, false);
      net.weight.assign(grid({1, 3}).to(float32));
      net.to(first);
      const auto opt = row.make(net.parameters());
      for (int i = 0; i < 4; ++i) {
        if (i == at) net.to(then);
        opt->zero_grad();
        sum(square(net(grid({4, 3}).to(net.weight.dtype())))).backward();
        opt->step();
      }
      CHECK(net.weight.dtype() == then);
      return net.weight.tensor().to(float64);
    };
    const Tensor expected = weights(float64, float64, 0);
    for (int at = 0; at < 4; ++at) {  // before the first step and between steps, up and down: momentum goes on
      CHECK(allclose(weights(float32, float64, at), expected, 1e-4, 1e-5));
      CHECK(allclose(weights(float64, float32, at), expected, 1e-4, 1e-5));
    }
  }
}

TEST_CASE("an optimiser that is made again goes on from its state to the same bits") {
  for (const Row& row : rows) {
    CAPTURE(row.name);
    for (const Dtype dtype : {float32, float64}) {
      nn::Sequential net{nn::Linear(3, 4), nn::tanh, nn::Linear(4, 1)};
      net.to(dtype);
      const Tensor x = grid({5, 3}).to(dtype);
      auto train = [&](const nn::Sequential& net, optim::Optimizer& opt, int steps) {
        for (int i = 0; i < steps; ++i) {
          opt.zero_grad();
          mean(square(net(x) - 1)).backward();
          opt.step();
        }
      };
      const auto opt = row.make(net.parameters());
      train(net, *opt, 3);
      opt->set_lr(opt->lr() / 2);
      const optim::StateDict state = opt->state_dict();
      CHECK(state.at("0.weight.step").item() == 3);
      const nn::Sequential copy = net.clone();
      const auto again = row.make(copy.parameters());
      again->load_state_dict(state);
      CHECK(again->lr() == opt->lr());
      train(net, *opt, 4);  // the state is a value: these steps do not reach it
      train(copy, *again, 4);
      for (std::size_t i = 0; i < 4; ++i) CHECK(same_bits(net.parameters()[i].tensor(), copy.parameters()[i].tensor()));
      for (const auto& [name, value] : opt->state_dict()) CHECK(same_bits(value, again->state_dict().at(name)));
    }
  }
}

TEST_CASE("what an optimiser's state is called") {
  auto names = [](const optim::Optimizer& opt) {
    std::vector<std::string> all;
    for (const auto& entry : opt.state_dict()) all.push_back(entry.first);
    return all;
  };
  const nn::Linear net(2, 1);
  using Names = std::vector<std::string>;
  CHECK(names(optim::SGD(net.parameters(), 1)) == Names{"bias.step", "lr", "weight.step"});
  CHECK(names(optim::SGD({net.weight}, SGDOptions(1).momentum(0.5))) ==
        Names{"lr", "momentum", "weight.momentum_buffer", "weight.step"});
  CHECK(names(optim::Adam({net.weight})) ==
        Names{"lr", "momentum", "weight.exp_avg", "weight.root_exp_avg_sq", "weight.step"});
  // Without a name, or with one that two have, by place.
  const nn::Linear other(2, 1);
  CHECK(names(optim::SGD(Parameters{net.weight, Parameter(ones({1})), other.weight, *other.bias}, 1)) ==
        Names{"0.step", "1.step", "2.step", "bias.step", "lr"});
  // After a change of dtype, as the next step would have it.
  nn::Linear wide(2, 1);
  optim::Adam opt(wide.parameters());
  wide.to(float64);
  CHECK(opt.state_dict().at("weight.exp_avg").dtype() == float64);
}

TEST_CASE("a state that does not fit is refused in one message and changes nothing") {
  const nn::Linear net(2, 1);
  optim::Adam opt(net.parameters(), 0.5);
  opt.step({ones({1, 2}), ones({1})});
  const optim::StateDict good = opt.state_dict();
  optim::StateDict bad = good;
  bad.erase("weight.exp_avg");
  bad["weight.more"] = ones({1});
  bad["bias.exp_avg"] = ones({2});
  bad["bias.root_exp_avg_sq"] = ones({1}, float64);
  bad["bias.step"] = tensor(std::int64_t{-1});
  bad["weight.step"] = Tensor();
  bad["lr"] = tensor(0.25, float64);
  const std::string said = message([&] { opt.load_state_dict(bad); });
  CHECK(says(said, "Adam: the values of load_state_dict do not fit", __LINE__ - 1));
  for (const char* part :
       {"; 'weight.exp_avg' is missing", "; 'weight.more' is unexpected",
        "; 'bias.exp_avg' is float32(1,), its value float32(2,)",
        "; 'bias.root_exp_avg_sq' is float32(1,), its value float64(1,)", "; 'bias.step' is -1, expected at least 0",
        "; 'weight.step' is int64(), its value undefined"})
    CHECK_MESSAGE(said.find(part) != std::string::npos, part);
  bad = good;
  bad["lr"] = tensor(-1., float64);
  CHECK_THROWS_WITH_AS(opt.load_state_dict(bad), Contains("do not fit; the learning rate is -1.000000"), Error);
  for (const auto& [name, value] : opt.state_dict()) CHECK(same_bits(value, good.at(name)));
  CHECK_THROWS_WITH_AS(optim::SGD(net.parameters(), 1).load_state_dict(good), Contains("'bias.exp_avg' is unexpected"),
                       Error);
  opt.load_state_dict(good);
}
