// What single optimisers do besides, and what states are called.
#include "optimisers_table.hpp"
#include "support.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>
#include <xtape.hpp>

using namespace xtape;
using doctest::Contains;
using optim::AdamOptions;
using optim::SGDOptions;
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

TEST_CASE("the book's penalties leave biases apart, or what is named") {
  for (const bool l1 : {false, true}) {
    auto after = [&](optim::RegularizedSGDOptions options, bool grouped) {
      Parameter w(full({1, 1}, 2, float64)), b(full({1}, 2, float64));
      w.set_name("weight"), b.set_name("bias");
      optim::RegularizedSGD opt({w, b}, options.weight_decay(8).training_size(16).l1(l1));
      if (grouped) opt.group("*", optim::GroupOptions().weight_decay(4));
      opt.step({full({1, 1}, 1, float64), full({1}, 1, float64)});
      return std::pair(w.tensor().item(), b.tensor().item());
    };
    const double whole = l1 ? 0.25 * 0.5 : 0.25 * 0.5 * 2;  // η λ/n sgn(w), or η λ/n w
    CHECK(after({0.25}, false) == std::pair(1.75 - whole, 1.75));
    CHECK(after(optim::RegularizedSGDOptions(0.25).without_penalty("weight"), false) == std::pair(1.75, 1.75 - whole));
    CHECK(after({0.25}, true) == std::pair(1.75 - whole / 2, 1.75 - whole / 2));
  }
}

TEST_CASE("Muon takes hidden matrices and leaves the rest to AdamW") {
  auto named = [](const char* name, const Shape& shape) {
    Parameter p(optimisers_table::grid(shape));
    p.set_name(name);
    return p;
  };
  const Parameters all{named("embed.weight", {3, 2}), named("conv.weight", {2, 2, 2}), named("hidden.weight", {2, 2}),
                       named("hidden.bias", {2}),     named("head.weight", {2, 2}),    named("scale", {})};
  auto by_muon = [&](optim::MuonOptions options) {
    std::string names;
    const optim::Muon opt(all, options);
    for (const auto& [name, value] : opt.state_dict())
      if (name.find("momentum_buffer") != std::string::npos) names += name.substr(0, name.find('.')) + " ";
    return names;
  };
  CHECK(by_muon({}) == "conv hidden ");
  CHECK(by_muon(optim::MuonOptions().adamw_for("hidden.*")) == "conv embed head ");
  CHECK(by_muon(optim::MuonOptions().adamw_for([](const Parameter& p) { return p.shape().rank() == 2; })) == "conv ");
  // The rates are in proportion; a group's is its own.
  const Tensor g = ones({2}, float64);
  for (const double lr : {0.02, 0.01}) {
    Parameter p = named("bias", {2}), q = named("group", {2});
    const Tensor before = p;
    optim::Muon opt({p, q}, optim::MuonOptions(0.02).adamw_lr(0.5));
    opt.group("group", optim::GroupOptions().lr(0.25));
    opt.set_lr(lr);
    opt.step({g, g});
    CHECK(allclose(before - p, full({2}, 0.5 * lr / 0.02)));
    CHECK(allclose(before - q, full({2}, 0.25 * lr / 0.02)));
  }
}

TEST_CASE("Newton-Schulz brings singular values near 1 and keeps the vectors") {
  for (const auto& [m, n] :
       std::vector<std::pair<std::int64_t, std::int64_t>>{{4, 6}, {6, 4}, {5, 5}, {1, 3}, {3, 1}}) {
    const Tensor x = uniform({m, n}, -1, 1, float64);
    const Tensor y = optim::newton_schulz(x, 8);
    CHECK(y.shape() == x.shape());
    for (const double s : svdvals(y).to_vector<double>()) CHECK((s > 0.6 && s < 1.25));
    const Tensor product = matmul(x, y, true, false);  // V S U^T U S' V^T
    CHECK(allclose(product, transpose(product), 1e-9, 1e-12));
  }
  CHECK_THROWS_WITH_AS(optim::newton_schulz(ones({2, 2, 2})), Contains("newton_schulz: x is float32(2, 2, 2)"), Error);
  CHECK_THROWS_WITH_AS(optim::newton_schulz({}), Contains("x is undefined, expected a floating matrix"), Error);
}

TEST_CASE("SOAP preconditions a vector as a matrix of one column") {
  const auto options = optim::SOAPOptions(0.1).precondition_1d().precondition_frequency(2);
  Parameter a(optimisers_table::grid({5})), b(optimisers_table::grid({5, 1}));
  optim::SOAP vector({a}, options), matrix({b}, options);
  for (int i = 0; i < 6; ++i) {
    const Tensor g = optimisers_table::grid({5}, 3 * i);
    vector.step({g}), matrix.step({reshape(g, {5, 1})});
  }
  CHECK(allclose(a, reshape(b, {5})));
  CHECK(!allclose(a, optimisers_table::grid({5}), 0.1));
}

TEST_CASE("Prodigy finds a rate, by all parameters whose rate is not 0") {
  Parameter a(tensor({1.}, float64)), b(tensor({1.}, float64)), still(tensor({1.}, float64));
  optim::Prodigy alone({a}), beside({b, still});
  beside.group([&](const Parameter& p) { return p.is(still); }, optim::GroupOptions().lr(0));
  for (int i = 0; i < 100; ++i) {
    alone.step([&] { return sum(abs(a)); });
    beside.step([&] { return sum(abs(b)) + 5 * sum(abs(still)); });
  }
  CHECK(alone.d() > 1e-3);
  CHECK(beside.d() == alone.d());
  CHECK(a.tensor().item() == b.tensor().item());
  CHECK(still.tensor().item() == 1);
  const double d = alone.d();
  alone.step({tensor({0.}, float64)});  // no gradient is no information; the means go on
  CHECK(alone.d() == d);
}

TEST_CASE("Schedule-Free shows the average of its steps and goes on from where it was") {
  Parameter w(tensor({8.}, float64)), late(tensor({8.}, float64));
  optim::SGDScheduleFree opt({w, late}, optim::SGDScheduleFreeOptions(0.5).momentum(0.5));
  // z is 8, 7, 6, 5; x the mean of all but the first.
  for (int i = 0; i < 3; ++i) opt.step({tensor({2.}, float64), Tensor()});
  const double y = w.tensor().item();
  CHECK(y == 0.5 * 5 + 0.5 * 6);
  {
    const auto scope = opt.averaged();
    CHECK(w.tensor().item() == doctest::Approx(6).epsilon(1e-14));
    CHECK(late.tensor().item() == 8);
    CHECK_THROWS_WITH_AS(opt.step({Tensor(), Tensor()}), Contains("shows the value of an average"), Error);
  }
  CHECK(w.tensor().item() == y);
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
