// lint: each check on a program with one fault and on the same without it; what is tried, and that nothing of it shows.
#include "folder.hpp"
#include "support.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <sstream>
#include <string>
#include <vector>
#include <xtape.hpp>

using namespace xtape;
using lab::Fault;
using optim::ProgressStyle;
using optim::TensorBatches;

namespace {

using Cost = std::function<Tensor(const Tensor& x, const Tensor& t)>;

/// A training, as a user would write it, and what lint says of it.
struct Training {
  std::function<nn::Sequential()> model;
  Cost cost;
  Tensor x, t;
  double rate = 0.5;
  bool shuffled = true;
  int epochs = 30;

  lab::Findings operator()() const {
    manual_seed(5);
    const nn::Sequential net = model();
    optim::Run run(net, optim::SGD(net.parameters(), rate), TensorBatches(x, t, 15, shuffled),
                   [&](const Tensor& x, const Tensor& t) { return cost(net(x), t); });
    run.seed(1).progress(ProgressStyle::quiet).lint();
    try {
      run.fit(epochs);
    } catch (const Error&) {  // of a loss that is not finite
    }
    return run.findings();
  }
};

/// 60 points around three corners, in turn, and which corner it is.
Tensor corners(const std::vector<double>& of_each, std::int64_t columns) {
  std::vector<double> all;
  for (int i = 0; i < 20; ++i) all.insert(all.end(), of_each.begin(), of_each.end());
  return tensor(all.data(), {60, columns});
}
struct Points {
  Points() {
    manual_seed(1);
    x = (corners({0, 0, 1, 0, 0, 1}, 2) + normal({60, 2}, 0, 0.1)).to(float32);
  }
  Tensor x, labels = corners({0, 1, 2}, 1).to(int64), zero = corners({1, 0, 0}, 1).to(float32),
            one_hot = corners({1, 0, 0, 0, 1, 0, 0, 0, 1}, 3).to(float32);
};
const Points points;
const Tensor classes = flatten(points.labels);

const Cost entropy = [](const Tensor& y, const Tensor& t) { return nn::cross_entropy(y, t); };
const Cost squared = [](const Tensor& y, const Tensor& t) { return nn::mse_loss(y, t); };
const Cost summed = [](const Tensor& y, const Tensor& t) { return sum(square(y - t)); };
Tensor along_batch(const Tensor& x) { return softmax(x, 0); }
Tensor along_classes(const Tensor& x) { return softmax(x, 1); }
Tensor always_dropped(const Tensor& x) { return dropout(x, 0.5); }

std::function<nn::Sequential()> net(std::int64_t out, Tensor (*last)(const Tensor&) = nullptr) {
  return [=] {
    nn::Sequential s{nn::Linear(2, 8), nn::tanh, nn::Linear(8, out)};
    if (last) s.add(last);
    return s;
  };
}
nn::Sequential alike() {
  nn::Sequential s = net(3)();
  for (Parameter p : s.parameters()) p.assign(full(p.shape(), 0.5));
  return s;
}
Tensor logistic(const Tensor& x) { return sigmoid(x); }
Tensor rectified(const Tensor& x) { return relu(x); }

const std::string at_fault(const lab::Findings& findings, Fault kind, const std::string& what) {
  std::string all;
  for (const lab::Finding& f : findings) {
    if (f.kind == kind && f.what.find(what) != std::string::npos) return "found";
    all += std::string(lab::to_string(f.kind)) + ": " + f.what + "; ";
  }
  return all.empty() ? "nothing" : all;
}
std::string text(const lab::Findings& findings) {
  std::ostringstream out;
  out << findings;
  return out.str();
}

}  // namespace

TEST_CASE("lint says what is wrong, and nothing where nothing is") {
  struct Row {
    Fault kind;
    const char* what;
    Training faulty, healthy;
  };
  const Training healthy{net(3), entropy, points.x, classes};
  const auto with = [&](auto change) {
    Training t = healthy;
    change(t);
    return t;
  };
  const Training yes_or_no{net(1, logistic), squared, points.x, points.zero, 2, true, 60};
  const Training number{net(1), squared, points.x, sum(points.x, 1, true) - 2, 0.1, true, 60};
  const Row rows[] = {
      {Fault::activation, "softmax over one unit", {net(1, along_classes), squared, points.x, points.zero}, yes_or_no},
      {Fault::activation, "softmax twice", with([](Training& t) { t.model = net(3, along_classes); }), healthy},
      {Fault::layer, "depend on one another",
       with([](Training& t) { t.model = net(3, along_batch), t.cost = squared, t.t = points.one_hot; }),
       with([](Training& t) { t.model = net(3, along_classes), t.cost = squared, t.t = points.one_hot, t.rate = 2; })},
      {Fault::evaluation, "dropout out of training", with([](Training& t) {
         t.model = [] { return nn::Sequential{nn::Linear(2, 8), always_dropped, nn::Linear(8, 3)}; };
       }),
       with([](Training& t) {
         t.model = [] { return nn::Sequential{nn::Linear(2, 8), nn::Dropout(0.5), nn::Linear(8, 3)}; };
       })},
      {Fault::initialization, "alike", with([](Training& t) { t.model = alike; }), healthy},
      {Fault::learning_rate, "no step changes", with([](Training& t) { t.rate = 1e-12; }), healthy},
      {Fault::learning_rate, "too low", with([](Training& t) { t.rate = 0.003, t.epochs = 10; }), healthy},
      {Fault::activation,
       "cannot give",
       {net(1, rectified), squared, points.x, sum(points.x, 1, true) - 2, 0.1},
       number},
      {Fault::loss, "grows with the batch", {net(1), summed, points.x, sum(points.x, 1, true) - 2, 0.1}, number},
      {Fault::preprocessing,
       "inputs that are not scaled",
       {net(1), squared, points.x * 1000, points.zero, 0.1},
       number},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CHECK(at_fault(row.faulty(), row.kind, row.what) == "found");
    CHECK(text(row.healthy()) == "");
  }
}

TEST_CASE("what lint says of one batch, and of a training that nothing mends") {
  struct Row {
    Fault kind;
    const char* what;
    std::function<nn::Sequential()> faulty, healthy;
  };
  const auto scaled = [](double by) {
    return [by] {
      return nn::Sequential{[by](const Tensor& x) { return by * x; }, nn::Linear(2, 8), nn::tanh, nn::Linear(8, 3)};
    };
  };
  const auto hidden = [](Tensor (*f)(const Tensor&)) {
    return [f] { return nn::Sequential{nn::Linear(2, 8), f, nn::Linear(8, 3)}; };
  };
  const auto constant = [](double by) {
    return [by] { return nn::Sequential{nn::Linear(2, 3), [by](const Tensor& x) { return relu(by * square(x)); }}; };
  };
  const Row rows[] = {
      {Fault::activation, "softmax in a hidden layer", hidden(along_classes), hidden(rectified)},
      {Fault::activation, "no gradient", constant(-1), constant(1)},
      {Fault::initialization, "first loss",
       [] {
         return nn::Sequential{nn::Linear(2, 3), [](const Tensor& x) { return 100 * x; }};
       },
       scaled(1)},
      {Fault::activation, "without an activation",
       [] {
         return nn::Sequential{nn::Linear(2, 8), nn::Linear(8, 3)};
       },
       scaled(1)},
  };
  const auto looked = [](const nn::Sequential& net, bool shuffled) {
    optim::SGD opt(net.parameters(), 0.1);
    optim::Run run(net, opt, TensorBatches(points.x, classes, 15, shuffled),
                   [&](const Tensor& x, const Tensor& t) { return nn::cross_entropy(net(x), t); });
    return lab::lint(run);
  };
  manual_seed(3);
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CHECK(at_fault(looked(row.faulty(), true), row.kind, row.what) == "found");
    CHECK(text(looked(row.healthy(), true)) == "");
  }
  CHECK(at_fault(looked(scaled(1)(), false), Fault::data, "same order") == "found");

  // Rows that repeat, one a batch: two epochs begin alike by chance.
  const Tensor bits = reshape(concat({zeros({20}), ones({20})}), {40, 1});
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    const nn::Linear same(1, 1);
    optim::Run single(same, optim::SGD(same.parameters(), 0.1), TensorBatches(bits, bits, 1),
                      [&](const Tensor& x, const Tensor& t) { return nn::mse_loss(same(x), t); });
    CHECK(text(lab::lint(single.seed(seed))) == "");
  }

  const nn::Linear line(2, 1);
  optim::Run residuals(line, optim::LevenbergMarquardt(line.parameters()), TensorBatches(points.x, points.zero, 60),
                       [&](const Tensor& x, const Tensor& t) { return flatten(line(x) - t); });
  CHECK(text(lab::lint(residuals)) == "");

  // Targets that are noise: nothing learns them, and only what is broken is said to be.
  const auto biased = [](double bias, double weight) {
    return [=] {
      nn::Sequential s{nn::Linear(2, 8), weight == 1 ? rectified : logistic, nn::Linear(8, 1)};
      nn::Linear first = s[0].as<nn::Linear>();
      first.bias->assign(full({8}, bias));
      first.weight.assign(weight * first.weight);
      for (Parameter p : first.parameters()) p.freeze();
      return s;
    };
  };
  manual_seed(4);
  const Tensor noise = normal({60, 1});
  const auto untaught = [&](double bias, double weight, double rate) {
    return Training{biased(bias, weight), squared, points.x, noise, rate, true, 3}();
  };
  CHECK(text(untaught(0, 1, 0.01)) == "");
  CHECK(at_fault(untaught(-100, 1, 0.01), Fault::activation, "relus that are dead") == "found");
  CHECK(at_fault(untaught(100, 10, 0.01), Fault::preprocessing, "saturated") == "found");
  CHECK(at_fault(untaught(0, 1, 1e-5), Fault::learning_rate, "hardly move") == "found");
}

TEST_CASE("lint of a loop of one's own") {
  struct Half : nn::Module<Half> {
    nn::Linear used = child("used", nn::Linear(2, 3)), unused = child("unused", nn::Linear(2, 3));
    Tensor forward(const Tensor& x) const { return used(x) + unused(x).detach(); }
  };
  manual_seed(1);
  const Half half;
  optim::SGD opt(half.parameters(), 0.1);
  const optim::StateDict before = half.state_dict();
  const auto cost = [&](const Tensor& x, const Tensor& t) { return nn::cross_entropy(half(x), t); };
  const lab::Findings findings = lab::lint(half, opt, {points.x, classes}, cost);
  CHECK(at_fault(findings, Fault::layer, "does not reach") == "found");
  CHECK(text(findings).find("unused.weight, unused.bias") != std::string::npos);
  for (const auto& [name, value] : half.state_dict()) CHECK(same_bits(value, before.at(name)));

  const nn::Sequential straight{nn::Linear(2, 3), nn::Linear(3, 3)};
  optim::SGD other(straight.parameters(), 0.1);
  const auto of_straight = [&](const Tensor& x, const Tensor& t) { return nn::cross_entropy(straight(20 * x), t); };
  const lab::Findings linear = lab::lint(straight, other, {points.x, classes}, of_straight);
  CHECK(at_fault(linear, Fault::activation, "without an activation") == "found");
  CHECK(linear[0].layer == "1");
  CHECK(std::string(linear[0].site.file).find("lint.cpp") != std::string::npos);
}

TEST_CASE("lint between two steps of a Run leaves them as they are") {
  const auto stepped = [&](bool linted) {
    manual_seed(2);
    const nn::Sequential net{nn::Linear(2, 8), nn::BatchNorm1d(8), nn::Dropout(0.5), nn::Linear(8, 3)};
    optim::Adam opt(net.parameters());
    optim::Run run(net, opt, TensorBatches(points.x, classes, 8),
                   [&](const Tensor& x, const Tensor& t) { return nn::cross_entropy(net(x), t); });
    run.progress(ProgressStyle::quiet);
    for (int i = 0; i < 11; ++i) {
      run.step();
      manual_seed(9);
      if (linted) lab::lint(run);
    }
    optim::StateDict weights = net.state_dict();
    weights.emplace("drawn", uniform({3}));
    return weights;
  };
  const optim::StateDict with = stepped(true), without = stepped(false);
  for (const auto& entry : with) CHECK(same_bits(entry.second, without.at(entry.first)));
}

TEST_CASE("what lint tries leaves a training as it is, to the bit") {
  struct Net : nn::Module<Net> {
    nn::Linear first = child("first", nn::Linear(2, 6));
    nn::BatchNorm1d norm = child("norm", nn::BatchNorm1d(6));
    nn::Dropout drop = child("drop", nn::Dropout(0.25));
    nn::Linear frozen = child("frozen", nn::Linear(6, 6)), last = child("last", nn::Linear(6, 3));
    Tensor forward(const Tensor& x) const { return last(sigmoid(frozen(drop(tanh(norm(first(x))))))); }
  };
  // What it trains, with everything that a Run has; linted or not, in one go or gone on with from a file.
  const auto trained = [&](bool linted, bool resumed, std::size_t* found) {
    const Folder folder;
    optim::StateDict weights;
    for (const int epochs : resumed ? std::vector<int>{2, 4} : std::vector<int>{4}) {
      manual_seed(7);
      Net net;
      for (Parameter p : net.frozen.parameters()) p.freeze();
      optim::AdamW opt(net.parameters(), 1e-6);
      optim::Run run(net, opt, TensorBatches(points.x, classes, 8), [&](const Tensor& x, const Tensor& t) {
        return nn::cross_entropy(checkpoint([&](const Tensor& x) { return net(x); }, x), t);
      });
      run.validate({points.x, classes}, optim::accuracy).accumulate(2).clip_norm(1).average(0.9).seed(3);
      run.react(optim::ReduceOnPlateau(), "validation_loss").progress(ProgressStyle::quiet);
      run.save_to(folder / "run").keep_best("accuracy");
      if (linted) run.lint();
      run.fit(epochs);
      if (!resumed) run.fit(6);
      if (linted) *found = static_cast<std::size_t>(run.findings().trials);
      weights = net.state_dict();
      for (const auto& [name, value] : opt.state_dict()) weights.emplace("optimizer." + name, value);
      weights.emplace("drawn", uniform({3}));
    }
    return weights;
  };
  for (const bool resumed : {false, true}) {
    std::size_t trials = 0;
    const optim::StateDict with = trained(true, resumed, &trials), without = trained(false, resumed, nullptr);
    CHECK(trials > 5);
    CHECK(with.size() == without.size());
    for (const auto& entry : with) {
      CAPTURE(entry.first);
      CHECK(same_bits(entry.second, without.at(entry.first)));
    }
  }
}
