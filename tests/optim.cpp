// What single optimisers do at the edges, what states are called, and what is refused.
#include "optimisers_table.hpp"
#include "support.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>
#include <xtape.hpp>

using namespace xtape;
using doctest::Contains;
using optim::AdamOptions;
using optim::SGDOptions;
using optimisers_table::Make;
using optimisers_table::make;
using optimisers_table::Parameters;

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
}

TEST_CASE("parameters that modules share are held once") {
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
