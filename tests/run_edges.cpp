// Where parts of a Run meet: what its functions of the user's do, two of them at once, and what is left as it was.
#include "folder.hpp"
#include "support.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <forward_list>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>
#include <xtape.hpp>

using namespace xtape;
using doctest::Contains;
using optim::ProgressStyle;
using optim::TensorBatches;

namespace {

const Tensor inputs = normal({10, 3}, 0, 1, float64), targets = normal({10, 1}, 0, 1, float64);

const TensorBatches batches(inputs, targets, 4);

struct Net : nn::Module<Net> {
  Net() { to(float64); }
  nn::Linear first = child("first", nn::Linear(3, 4));
  nn::BatchNorm1d norm = child("norm", nn::BatchNorm1d(4));
  nn::Dropout drop = child("drop", nn::Dropout(0.25));
  nn::Linear last = child("last", nn::Linear(4, 1));
  Tensor forward(const Tensor& x) const { return last(drop(tanh(norm(first(x))))); }
};

/// A training of a Net, and what its functions do besides.
struct Training {
  explicit Training(std::uint64_t seed = 1) {
    run.seed(seed).progress(ProgressStyle::quiet);
    run.validate({inputs, targets}, optim::Metric("distance", [this](const Tensor& y, const Tensor& t) {
                   if (in_metric) in_metric();
                   return abs(y - t);
                 }));
  }
  Net net = [] {
    manual_seed(3);
    return Net();
  }();
  optim::Adam opt{net.parameters(), 0.02};
  std::function<void()> in_cost, in_metric;
  optim::Run run{net, opt, batches, [this](const Tensor& x, const Tensor& t) {
                   if (in_cost) in_cost();
                   return nn::mse_loss(net(x), t);
                 }};
};

void check_same(const optim::StateDict& a, const optim::StateDict& b) {
  CHECK(a.size() == b.size());
  for (const auto& [name, value] : a) CHECK(same_bits(value, b.at(name)));
}
std::function<void()> at_call(int call, std::function<void()> f) {
  return [call, f, calls = 0]() mutable {
    if (++calls == call) f();
  };
}
void throws() { throw std::runtime_error("of one's own"); }

}  // namespace

TEST_CASE("a step that throws leaves weights, running statistics and modes as they were") {
  for (const bool of_cost : {true, false}) {
    CAPTURE(of_cost);
    Training a, whole;
    whole.run.fit(2);
    a.net.drop.eval();
    Training frozen_mode;
    frozen_mode.net.drop.eval();
    frozen_mode.run.fit(2);
    optim::StateDict before, state;
    a.run.on_step([&](optim::Run&, double) { before = a.net.state_dict(), state = a.opt.state_dict(); });
    // Of the cost's, after the model has moved its statistics; the loss is not a number, or a callback throws.
    a.in_cost = at_call(2, [&] {
      a.net(inputs);
      if (of_cost) throws();
      a.net.first.bias->assign(full({4}, NAN, float64));
    });
    const optim::StateDict first = a.net.state_dict();
    if (of_cost) {
      CHECK_THROWS_WITH(a.run.fit(2), "of one's own");
      check_same(a.net.state_dict(), before);
    } else {
      CHECK_THROWS_WITH_AS(a.run.fit(2), Contains("parameter 'first.bias' has been nan since an earlier step"), Error);
      a.net.first.bias->assign(before.at("first.bias"));
      check_same(a.net.state_dict(), before);
    }
    check_same(a.opt.state_dict(), state);
    CHECK(a.net.is_training());
    CHECK(!a.net.drop.is_training());
    a.run.fit(2);
    check_same(a.net.state_dict(), frozen_mode.net.state_dict());
    CHECK(!a.net.drop.is_training());
    CHECK(!same_bits(a.net.first.weight.tensor(), whole.net.first.weight.tensor()));
  }
}

TEST_CASE("an epoch whose end throws ends later, and no step is taken twice or too many") {
  for (const int epochs : {1, 2}) {
    Training a, whole;
    whole.run.fit(epochs);
    a.in_metric = at_call(1, throws);
    CHECK_THROWS_WITH(a.run.fit(epochs), "of one's own");
    CHECK(a.run.epoch() == 0);
    CHECK(a.run.steps() == 3);
    if (epochs == 1) a.run.step();
    CHECK(a.run.steps() == 3);
    a.run.fit(epochs);
    CHECK(a.run.steps() == 3 * epochs);
    check_same(a.net.state_dict(), whole.net.state_dict());
    CHECK(a.run.history().epochs.back().values() == whole.run.history().epochs.back().values());
  }
}

TEST_CASE("parts of a step may stop a run and nothing else") {
  const Folder folder;
  Training a;
  a.run.save_to(folder / "run");
  const std::function<void()> uses[] = {[&] { a.run.step(); }, [&] { a.run.fit(3); }, [&] { a.run.save(); },
                                        [&] { a.run.epochs(3); }, [&] { a.run.find_lr(); }};
  for (const auto& use : uses)
    for (auto* place : {&a.in_cost, &a.in_metric}) {
      *place = at_call(1, use);
      CHECK_THROWS_WITH_AS(a.run.fit(1), Contains("called by what is a part of a step, such as the cost function"),
                           Error);
    }
  const std::int64_t steps = a.run.steps();
  a.in_cost = at_call(2, [&] { a.run.stop(); });  // after that of the validation
  a.run.fit(3);
  CHECK(a.run.steps() == steps + 1);
  // What is called after a step may do all that.
  Training b;
  b.run.save_to(folder / "b").on_step([&](optim::Run& run, double) {
    run.save();
    if (run.steps() == 2) run.step();
  });
  b.run.on_epoch([&](optim::Run& run, const optim::Epoch& e) {
    if (e.number() == 1) run.fit(2);
  });
  b.run.fit(4);
  CHECK(b.run.steps() == 12);
  check_same(b.net.state_dict(), [] {
    Training whole;
    whole.run.fit(4);
    return whole.net.state_dict();
  }());
}

TEST_CASE("two runs in two threads come to what each comes to alone") {
  std::signal(SIGINT, SIG_DFL);
  manual_seed(5);
  Training a(1), b(2), alone_a(1), alone_b(2);
  alone_a.run.fit(20), alone_b.run.fit(30);
  manual_seed(6);
  std::thread other([&] { b.run.fit(30); });
  a.run.fit(20);
  other.join();
  check_same(a.net.state_dict(), alone_a.net.state_dict());
  check_same(b.net.state_dict(), alone_b.net.state_dict());
  CHECK((std::signal(SIGINT, SIG_DFL) == SIG_DFL));
  CHECK(default_generator().seed() == 6);
  CHECK(default_generator().next() == 0);
}

TEST_CASE("two runs that take turns on one data") {
  const Training start;
  std::forward_list<Tensors> list;
  for (const int begin : {6, 3, 0}) {
    const Slice rows(begin, begin + 3);
    list.push_front({slice(inputs, 0, rows), slice(targets, 0, rows)});
  }
  for (const optim::Data& data :
       {optim::Data(batches), optim::Data(list), optim::Data(std::vector(list.begin(), list.end()))}) {
    auto train = [&](const optim::Data& first, const optim::Data& second) {
      const Net a = start.net.clone(), b = start.net.clone();
      auto cost = [](const Net& net) {
        return [net](const Tensor& x, const Tensor& t) { return nn::mse_loss(net(x), t); };
      };
      optim::Run one(a, optim::SGD(a.parameters(), 0.1), first, cost(a));
      optim::Run two(b, optim::SGD(b.parameters(), 0.1), second, cost(b));
      one.seed(1).validate(first).progress(ProgressStyle::quiet), two.seed(2).progress(ProgressStyle::quiet);
      for (int i = 0; i < 7; ++i) one.step(), two.step(), two.step();
      return a.first.weight + b.first.weight;
    };
    const auto own = [&] { return data->seeks() ? optim::Data(batches) : optim::Data(list); };
    CHECK(same_bits(train(data, data), train(own(), own())));
  }
}

TEST_CASE("after the best weights a run goes on from its last ones, unless the model was given others") {
  const Folder folder;
  for (const bool changed : {false, true}) {
    CAPTURE(changed);
    Training a, whole;
    whole.run.average(0.5).keep_best("distance").fit(4);
    a.run.average(0.5).keep_best("distance").save_to(folder / std::to_string(changed));
    optim::StateDict last;
    a.run.on_epoch([&](optim::Run&, const optim::Epoch&) { last = a.net.state_dict(); });
    a.run.fit(2);
    const optim::StateDict best = a.net.state_dict();
    CHECK(!same_bits(best.at("first.weight"), last.at("first.weight")));
    a.run.save();
    check_same(a.net.state_dict(), best);
    const Tensor own = full({1}, 7, float64);
    if (changed) a.net.last.bias->assign(own);
    else a.net(inputs);  // moves its running statistics alone
    a.in_cost = at_call(1, [&] {
      CHECK(same_bits(a.net.last.bias->tensor(), changed ? own : last.at("last.bias")));
      CHECK(same_bits(a.net.first.weight.tensor(), (changed ? best : last).at("first.weight")));
    });
    a.run.fit(4);
    if (!changed) check_same(a.net.state_dict(), whole.net.state_dict());
  }
}

TEST_CASE("the best epochs are those of the figure that is kept") {
  Training a(5);
  a.run.keep_best("distance").stop_early("loss", 9).fit(9);
  double best = 1e9;
  std::int64_t number = 0;
  for (const optim::Epoch& e : a.run.history().epochs) {
    CHECK(e.best == (e["distance"] < best));
    if (e.best) best = e["distance"], number = e.number();
  }
  CHECK(a.run.best_epoch() == number);
}

TEST_CASE("a training that cannot begin leaves the optimiser as it was") {
  const Folder folder;
  {
    Training other(9);
    other.run.save_to(folder / "run").fit(1);
  }
  Training a;
  const optim::StateDict before = a.opt.state_dict(), weights = a.net.state_dict();
  a.run.schedule(optim::WarmUp(10)).save_to(folder / "run");
  CHECK_THROWS_WITH_AS(a.run.fit(1), Contains("is of another training"), Error);
  check_same(a.opt.state_dict(), before);
  check_same(a.net.state_dict(), weights);
  a.run.save_to(folder / "another").fit(1);
  Training b;
  b.run.schedule(optim::WarmUp(10)).fit(1);
  check_same(a.net.state_dict(), b.net.state_dict());
}

TEST_CASE("a training does not go beyond its schedule, and says so before it does") {
  Training a;
  a.run.schedule(optim::OneCycle(0.05)).fit(2);
  const optim::StateDict before = a.net.state_dict();
  a.run.fit(1);  // done
  CHECK_THROWS_WITH_AS(a.run.fit(3), Contains("ends with epoch 2, after 6 steps; a training of 3 epochs"), Error);
  CHECK_THROWS_WITH_AS(a.run.step(), Contains("has ended after 6 steps"), Error);
  check_same(a.net.state_dict(), before);
  CHECK(a.run.steps() == 6);
  Training b;
  b.run.schedule(optim::OneCycle(optim::OneCycleOptions(0.05).total_steps(5)));
  for (int i = 0; i < 5; ++i) b.run.step();
  const optim::StateDict after = b.net.state_dict();
  CHECK_THROWS_WITH_AS(b.run.step(), Contains("has ended after 5 steps"), Error);
  check_same(b.net.state_dict(), after);
  // Stopped before its end, it goes on to it.
  Training c, whole;
  whole.run.schedule(optim::OneCycle(0.05)).fit(3);
  c.run.schedule(optim::OneCycle(0.05)).on_step([](optim::Run& run, double) {
    if (run.steps() == 4) run.stop();
  });
  c.run.fit(3);
  c.run.fit(2);
  CHECK(c.run.epoch() == 2);
  c.run.fit(3);
  check_same(c.net.state_dict(), whole.net.state_dict());
}

TEST_CASE("a plain loop knows the epochs of the file that it goes on from") {
  const Folder folder;
  for (int i = 0; i < 3; ++i) {
    Training a;
    a.run.save_to(folder / "run");
    CHECK(a.run.epoch() == (i == 0 ? 0 : 2));
    while (a.run.epoch() < 2) a.run.step();
    CHECK(a.run.steps() == 6);
  }
}

TEST_CASE("where the loss is to become large, the best is the largest") {
  Parameter w(tensor({0.}, float64));
  w.set_name("w");
  struct Rising {
    Parameter w;
    std::vector<Parameter> parameters() const { return {w}; }
    optim::StateDict state_dict() const { return {{"w", w.tensor().detach()}}; }
    void load_state_dict(const optim::StateDict& values) { w.assign(values.at("w")); }
  };
  optim::Run run(Rising{w}, optim::SGD({w}, optim::SGDOptions(1).maximize()), {inputs, targets},
                 [&](const Tensor&, const Tensor&) { return sum(w) - 9; });
  run.progress(ProgressStyle::quiet).keep_best("loss").stop_early("loss", 1);
  run.react(optim::ShrinkWhenFlat(optim::ShrinkWhenFlatOptions(4)));
  const optim::Run::RateTest test = run.find_lr(0.01, 1, 20);
  CHECK(test.losses.size() == 20);
  CHECK(test.losses.front().second == doctest::Approx(-9));
  CHECK(test.suggestion > 0.1);
  CHECK(run.overfit_one_batch(3) == std::vector<double>{-9, -8, -7});
  run.fit(12);
  CHECK(run.epoch() == 12);
  CHECK(run.best_epoch() == 12);
  CHECK(run.optimizer().lr() == 1);
}

TEST_CASE("the learning rate finder takes the steps of the training") {
  Training a, b;
  std::vector<double> losses;
  a.run.accumulate(2).clip_norm(0.1).on_step([&](optim::Run&, double loss) { losses.push_back(loss); });
  b.run.accumulate(2).clip_norm(0.1);
  a.run.schedule(optim::Lambda([](std::int64_t t) { return std::pow(2, static_cast<double>(t)); }));
  a.opt.set_lr(1e-3);
  for (int i = 0; i < 5; ++i) a.run.step();
  double mean = 0;
  const auto found = b.run.find_lr(1e-3, 16e-3, 5).losses;
  for (std::size_t i = 0; i < 5; ++i) {
    mean = 0.98 * mean + 0.02 * losses[i];
    CHECK(found[i].second == doctest::Approx(mean / (1 - std::pow(0.98, i + 1.))).epsilon(1e-12));
  }
  check_same(b.net.state_dict(), Training().net.state_dict());
}

TEST_CASE("an optimiser that searches is given the loss of the step's batches") {
  for (const bool residuals : {false, true}) {
    CAPTURE(residuals);
    auto optimiser = [&](const nn::Linear& net) -> std::shared_ptr<optim::Optimizer> {
      if (residuals) return std::make_shared<optim::LevenbergMarquardt>(net.parameters());
      return std::make_shared<optim::LBFGS>(net.parameters(), optim::LBFGSOptions());
    };
    nn::Linear a(3, 1);
    a.to(float64);
    const nn::Linear b = a.clone();
    auto cost = [&](const nn::Linear& net, const Tensor& x, const Tensor& t) {
      return residuals ? flatten(net(x) - t) : nn::mse_loss(net(x), t);
    };
    const auto opt = optimiser(a), plain = optimiser(b);
    optim::Run run(a, opt, TensorBatches(inputs, targets, 4, false),
                   [&](const Tensor& x, const Tensor& t) { return cost(a, x, t); });
    run.progress(ProgressStyle::quiet).accumulate(2).fit(1);
    for (const auto& [begin, end] : {std::pair(0, 8), std::pair(8, 10)}) {
      const Tensor x = slice(inputs, 0, Slice(begin, end)), t = slice(targets, 0, Slice(begin, end));
      plain->step([&] { return cost(b, x, t); });
    }
    CHECK(allclose(a.weight, b.weight, 1e-9, 1e-12));
    CHECK(run.steps() == 2);
    // One number for each call within a step, dropout or not, and statistics that move once.
    Training once;
    Net net = once.net.clone();
    optim::LBFGS lbfgs(net.parameters(), optim::LBFGSOptions());
    std::vector<double> at_first;
    optim::Run search(net, lbfgs, {inputs, targets}, [&](const Tensor& x, const Tensor& t) {
      const Tensor loss = nn::mse_loss(net(x), t);
      if (same_bits(net.first.weight.tensor(), once.net.first.weight.tensor())) at_first.push_back(loss.item());
      return loss;
    });
    search.progress(ProgressStyle::quiet).step();
    CHECK(at_first.size() >= 1);
    CHECK(net.norm.num_batches_tracked->tensor().item() == 1);
    for (const double loss : at_first) CHECK(loss == at_first[0]);
    CHECK_THROWS_WITH_AS(
        optim::Run(a, opt, {inputs, targets}, [&](const Tensor& x, const Tensor& t) { return cost(a, x, t); })
            .clip_norm(1)
            .fit(1),
        Contains("searches along the loss; there is no gradient to clip"), Error);
  }
}

TEST_CASE("a run that was moved, and one where nothing is recorded") {
  std::optional<Training> a(std::in_place);
  optim::Run other = std::move(a->run);
  CHECK_THROWS_WITH_AS(a->run.step(), Contains("it was moved to another one"), Error);
  CHECK_THROWS_WITH_AS(a->run.keep_best("loss"), Contains("it was moved to another one"), Error);
  CHECK_THROWS_WITH_AS(a->run.history(), Contains("it was moved to another one"), Error);
  {
    const NoGradGuard guard;
    other.fit(1);
  }
  a->run = std::move(other);
  a->run.fit(2);
  CHECK(a->run.steps() == 6);
  // A cost that takes gradients itself, as of the inputs, where a validation records nothing.
  for (const bool records : {false, true}) {
    optim::Run run(a->net, a->opt, batches, [&](const Tensor& x, const Tensor&) {
      const Recording recording(records || is_recording());
      const Tensor z = x.requires_grad();
      return mean(square(grad(sum(square(a->net(z))), Tensors{z}, create_graph)[0]));
    });
    run.validate({inputs, targets}).progress(ProgressStyle::quiet);
    const std::string said = message([&] { run.fit(1); });
    CHECK((said == "no error") == records);
    if (!records) CHECK(said.find("begins with Recording recording(true)") != said.npos);
  }
}

TEST_CASE("numbers without end") {
  const Folder folder;
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  for (int i = 1; i < 3; ++i) {
    Training a;
    a.run.accumulate(most).save_to(folder / "run", optim::SaveOptions().keep(most)).schedule(optim::Cosine());
    a.run.on_step([&](optim::Run& run, double) { run.stop(); }).fit(most);
    CHECK(a.run.steps() == i);
  }
  CHECK(folder.files().size() == 2);
}
