// A Run takes the steps of a plain loop, watches figures, and goes on from a file to the same bits.
#include "folder.hpp"
#include "support.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <forward_list>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>
#include <xtape.hpp>

using namespace xtape;
using doctest::Contains;
using optim::ProgressStyle;
using optim::SGDOptions;

namespace {

const Tensor inputs = normal({10, 3}, 0, 1, float64), targets = normal({10, 1}, 0, 1, float64);

nn::Sequential small() {
  manual_seed(3);
  nn::Sequential net{nn::Linear(3, 4), nn::tanh, nn::Dropout(0.25), nn::Linear(4, 1)};
  net.to(float64);
  return net;
}
auto cost_of(const nn::Sequential& net) {
  return [net](const Tensor& x, const Tensor& t) { return nn::mse_loss(net(x), t); };
}
void check_same(const nn::Sequential& a, const nn::Sequential& b) {
  for (const auto& [name, value] : a.state_dict()) CHECK(same_bits(value, b.state_dict().at(name)));
}

// A model of one number, which each step of its cost makes smaller by 1.
struct Falling : nn::Module<Falling> {
  Parameter w = parameter("w", tensor({0.}, float64));
  Tensor forward(const Tensor&) const { return w; }
};
const Tensor nothing = zeros({1, 1}, float64);
optim::Run falling(const Falling& net) {
  optim::Run run(net, optim::SGD(net.parameters(), 1), {nothing, nothing},
                 [net](const Tensor&, const Tensor&) { return sum(net.w); });
  run.progress(ProgressStyle::quiet);
  return run;
}
optim::Metric distance_to(double to, const char* name = "distance") {
  return optim::Metric(name, [to](const Tensor& y, const Tensor&) { return abs(y - to); });
}

}  // namespace

TEST_CASE("a run takes the steps of a plain loop") {
  const nn::Linear first(3, 4), last(4, 1);  // a run draws dropout's masks by the step, so without
  nn::Sequential net{first, nn::tanh, last};
  net.to(float64);
  const nn::Sequential plain = net.clone();
  net.eval();
  const optim::TensorBatches batches(inputs, targets, 4);
  optim::Run run(net, optim::Adam(net.parameters(), 0.01), batches, cost_of(net));
  run.seed(7).progress(ProgressStyle::quiet).fit(3);
  optim::Adam opt(plain.parameters(), 0.01);
  for (int epoch = 0; epoch < 3; ++epoch)
    for (int i = 0; i < batches.count(); ++i) {
      const Tensors b = batches.batch(i, epoch, 7);
      opt.step(grad(cost_of(plain)(b[0], b[1]), opt.parameters()));
    }
  check_same(net, plain);
  CHECK(run.steps() == 9);
  CHECK(run.epoch() == 3);
  CHECK(!net.is_training());  // as it was
}

TEST_CASE("accumulated batches are one, and clipped as one") {
  const optim::TensorBatches batches(inputs, targets, 4, false);
  for (const double max_norm : {1e9, 0.01}) {
    CAPTURE(max_norm);
    const nn::Linear a(3, 1), b = a.clone();
    for (auto* net : {&a, &b}) nn::Linear(*net).to(float64);
    optim::Run run(a, optim::SGD(a.parameters(), 0.5), batches,
                   [&](const Tensor& x, const Tensor& t) { return nn::mse_loss(a(x), t); });
    run.accumulate(2).clip_norm(max_norm).progress(ProgressStyle::quiet).fit(1);
    CHECK(run.steps() == 2);
    optim::SGD opt(b.parameters(), 0.5);
    for (const auto& [begin, end] : {std::pair(0, 8), std::pair(8, 10)}) {
      Tensors g = grad(nn::mse_loss(b(slice(inputs, 0, Slice(begin, end))), slice(targets, 0, Slice(begin, end))),
                       opt.parameters());
      const double norm = std::sqrt(sum(square(g[0])).item() + sum(square(g[1])).item());
      for (Tensor& x : g) x = x * std::min(1., max_norm / norm);
      opt.step(g);
    }
    CHECK(allclose(a.weight, b.weight, 1e-13, 1e-15));
    CHECK(allclose(*a.bias, *b.bias, 1e-13, 1e-15));
  }
}

TEST_CASE("the best weights are given back, and a training without hope ends") {
  const Falling net;
  optim::Run run = falling(net);
  run.validate({nothing, nothing}, distance_to(-3)).keep_best("distance").stop_early("distance", 2).fit(9);
  CHECK(run.epoch() == 5);
  CHECK(run.stopped());
  CHECK(run.best_epoch() == 3);
  CHECK(net.w.tensor().item() == -3);
  std::string best;
  for (const optim::Epoch& e : run.history().epochs) best += e.best ? "*" : ".";
  CHECK(best == "***..");
  CHECK(run.history().epochs[3]["distance"] == 1);
  CHECK(run.history().epochs[3]["loss"] == -3);
  CHECK(run.history().epochs[3]["validation_loss"] == -4);
  CHECK_THROWS_WITH_AS(run.history().epochs[3]["accuracy"],
                       Contains("there is no 'accuracy', only 'loss', 'validation_loss', 'distance', 'lr'"), Error);
}

TEST_CASE("after the best weights a training goes on from its last ones") {
  const Falling net;
  optim::Run run = falling(net);
  run.validate({nothing, nothing}, distance_to(-2)).keep_best("distance").fit(3);
  CHECK(net.w.tensor().item() == -2);
  run.fit(3);  // done: nothing happens
  CHECK(net.w.tensor().item() == -2);
  run.fit(5);
  CHECK(run.history().epochs.back()["distance"] == 3);
}

TEST_CASE("averages of weights") {
  Parameter p(tensor({0.}, float64));
  p.set_name("p");
  optim::ExponentialMovingAverage ema({p}, 0.75);
  optim::StochasticWeightAverage mean({p});
  CHECK_THROWS_WITH_AS((void)ema.show(), Contains("there is no average before the first update()"), Error);
  for (const double x : {4., 8., 0.}) {
    p.assign(tensor({x}, float64));
    ema.update(), mean.update();
  }
  {
    const auto shown = ema.show();
    CHECK(p.tensor().item() == (4 * 0.75 + 8 * 0.25) * 0.75);
  }
  {
    const auto shown = mean.show();
    CHECK(p.tensor().item() == 4);
  }
  CHECK(p.tensor().item() == 0);
  {
    optim::StochasticWeightAverage twice({p, p});
    for (const double x : {2., 4.}) p.assign(tensor({x}, float64)), twice.update();
    const auto shown = twice.show();
    CHECK(p.tensor().item() == 3);
  }
  CHECK(p.tensor().item() == 4);
  {
    const optim::SwappedValues shown({p, p}, {tensor({7.}, float64), tensor({8.}, float64)});
    CHECK(p.tensor().item() == 8);
  }
  CHECK(p.tensor().item() == 4);
  p.assign(tensor({0.}, float64));
  optim::ExponentialMovingAverage again({p}, 0.75);
  again.load_state_dict(ema.state_dict());
  CHECK(again.count() == 3);
  CHECK(same_bits(again.state_dict().at("p.average"), ema.state_dict().at("p.average")));
  CHECK_THROWS_WITH_AS(again.load_state_dict({}), Contains("'count' is missing; 'p.average' is missing"), Error);
  CHECK_THROWS_WITH_AS(optim::ExponentialMovingAverage({p}, 1), Contains("decay is 1"), Error);
  CHECK_THROWS_WITH_AS(optim::StochasticWeightAverage({}), Contains("there are no parameters"), Error);
  // In a run it is what is judged, and what the model has at the end: -1, then 0.5 -1 + 0.5 -2 …
  const Falling net;
  optim::Run run = falling(net);
  run.average(0.5).validate({nothing, nothing}, distance_to(0)).fit(3);
  CHECK(run.history().epochs[1]["distance"] == 1.5);
  CHECK(net.w.tensor().item() == -2.25);
  run.fit(4);
  CHECK(run.history().epochs[3]["loss"] == -3);  // trained on from -3, not from the average
}

TEST_CASE("schedules and reactions set the rate of each step") {
  const Falling net;
  optim::Run run = falling(net);
  std::vector<double> rates;
  run.schedule(optim::Schedule("halves",
                               [](std::int64_t t, std::int64_t, const optim::Rates& first) {
                                 return optim::Rates{std::ldexp(first.lr, static_cast<int>(-t)), {}};
                               }))
      .on_step([&](optim::Run& run, double) { rates.push_back(run.optimizer().lr()); });
  run.fit(3);
  CHECK(net.w.tensor().item() == -1.75);
  CHECK(rates == std::vector<double>{0.5, 0.25, 0.125});  // those of the next step
}

TEST_CASE("a plain loop of two runs") {
  const Falling a, b;
  optim::Run one = falling(a), other = falling(b);
  while (one.epoch() < 3) {
    one.step();
    CHECK(other.step() == 1. - static_cast<double>(one.epoch()));
  }
  CHECK(a.w.tensor().item() == -3);
  CHECK(other.epoch() == 3);
  // Of the same model and seed they draw alike; of others not.
  int epochs = 0;
  for (const optim::Epoch& e : one.epochs(5)) CHECK(e.number() == 4 + epochs++);
  CHECK(epochs == 2);
}

TEST_CASE("any range is data, and a batch may be one tensor") {
  const nn::Linear net(3, 1), plain = net.clone();
  const std::vector<Tensor> batches{ones({2, 3}), zeros({1, 3}), ones({4, 3})};
  optim::Run run(net, optim::SGD(net.parameters(), 0.1), batches,
                 [&](const Tensor& x) { return mean(square(net(x))); });
  run.progress(ProgressStyle::quiet).fit(2);
  CHECK(run.steps() == 6);
  optim::SGD opt(plain.parameters(), 0.1);
  for (int epoch = 0; epoch < 2; ++epoch)
    for (const Tensor& x : batches) opt.step(grad(mean(square(plain(x))), opt.parameters()));
  CHECK(same_bits(net.weight.tensor(), plain.weight.tensor()));
  // One with a size tells schedules when the training ends.
  optim::Run one(net, optim::SGD(net.parameters(), 0.1), batches,
                 [&](const Tensor& x) { return mean(square(net(x))); });
  one.schedule(optim::OneCycle(0.1)).progress(ProgressStyle::quiet).fit(2);
  CHECK(one.steps() == 6);
  CHECK(one.optimizer().lr() == doctest::Approx(0.1 / 25 / 1e4));
  const std::forward_list<Tensor> unsized(batches.begin(), batches.end());
  optim::Run other(net, optim::SGD(net.parameters(), 0.1), unsized,
                   [&](const Tensor& x) { return mean(square(net(x))); });
  other.progress(ProgressStyle::quiet).fit(2);
  CHECK(other.steps() == 6);
}

TEST_CASE("metrics take the output that the cost function gives, of a model that takes no tensor") {
  struct Sum : nn::Module<Sum> {
    Parameter w = parameter("w", tensor({2.}, float64));
    Tensor forward(const Tensor& a, const Tensor& b) const { return a + b * w; }
  } net;
  const std::vector<Tensors> batches{{tensor({1., 2.}, float64), tensor({3., 4.}, float64), tensor({5., 9.}, float64)}};
  auto with_output = [&](const Tensors& batch) {
    const Tensor y = net(batch[0], batch[1]);
    return optim::LossAndOutput{nn::mse_loss(y, batch[2]), y};
  };
  optim::Run run(net, optim::SGD(net.parameters(), 1e-9), batches, with_output);
  run.validate(batches, optim::mae).progress(ProgressStyle::quiet).fit(1);
  CHECK(run.history().epochs[0]["mae"] == doctest::Approx((2 + 1) / 2.));  // 7 - 5 and 10 - 9
  optim::Run none(net, optim::SGD(net.parameters(), 1e-9), batches,
                  [&](const Tensors& batch) { return with_output(batch).loss; });
  none.validate(batches, optim::mae);
  CHECK_THROWS_WITH_AS(none.fit(1), Contains("or have the cost function return a LossAndOutput"), Error);
}

TEST_CASE("a training that is stopped anywhere goes on to the same bits") {
  const Folder folder;
  auto make = [&](const nn::Sequential& net, const std::string& file, std::int64_t every) {
    optim::Run run(net, optim::Adam(net.parameters(), 0.02), optim::TensorBatches(inputs, targets, 3),
                   [net](const Tensor& x, const Tensor& t) {
                     const Tensor y = net(x + normal(x.shape(), 0, 0.1, float64));
                     return optim::LossAndOutput{nn::mse_loss(y, t), y};
                   });
    run.measure(distance_to(0)).validate({inputs, targets}, distance_to(1)).keep_best("distance").average(0.9);
    run.seed(5).progress(ProgressStyle::quiet).clip_norm(1).save_to(file, optim::SaveOptions().every_steps(every));
    return run;
  };
  const nn::Sequential whole = small();
  optim::Run uninterrupted = make(whole, folder / "whole", 1);
  uninterrupted.fit(4);
  for (const std::int64_t at : {1, 3, 4, 6, 7, 15}) {
    CAPTURE(at);
    const std::string file = folder / std::to_string(at);
    const nn::Sequential net = small();
    {
      optim::Run run = make(net, file, at % 2);  // 0: only when it is stopped
      run.on_step([&](optim::Run& run, double) {
        if (run.steps() == at) run.stop();
      });
      run.fit(4);
      CHECK(run.steps() == at);
    }
    manual_seed(99);
    normal({3});  // what else is drawn changes nothing
    nn::Sequential later{nn::Linear(3, 4), nn::tanh, nn::Dropout(0.25), nn::Linear(4, 1)};
    later.to(float64);
    optim::Run run = make(later, file, 1);
    run.fit(4);
    check_same(whole, later);
    REQUIRE(run.history().epochs.size() == 4);
    for (std::size_t i = 0; i < 4; ++i)
      CHECK(run.history().epochs[i].values() == uninterrupted.history().epochs[i].values());
    CHECK(run.history().loss.points() == uninterrupted.history().loss.points());
  }
}

TEST_CASE("Ctrl-C ends a training after its step and says how to go on") {
  const Folder folder;
  const Falling net;
  std::ostringstream said;
  {
    optim::Run run = falling(net);
    run.save_to(folder / "run").progress(ProgressStyle::lines, &said).on_step([](optim::Run& run, double) {
      if (run.steps() == 2) std::raise(SIGINT);
    });
    run.fit(5);
    CHECK(run.steps() == 2);
    CHECK(run.stopped());
    CHECK(said.str().find("stopped in epoch 3 after 2 steps; " + folder / "run" + " has them") != std::string::npos);
  }
  const Falling again;
  optim::Run run = falling(again);
  run.save_to(folder / "run").fit(5);
  CHECK(again.w.tensor().item() == -5);
  // Within an epoch of a range nothing is saved, and it is not said that it were.
  const std::vector<Tensor> range(3, nothing);
  for (const auto& [steps, words] : {std::pair(2, "nothing is saved before the end of the first epoch"),
                                     std::pair(4, "range has those until the end of the last epoch")}) {
    optim::Run run(again, optim::SGD(again.parameters(), 1), range, [&](const Tensor&) { return sum(again.w); });
    said.str("");
    run.save_to(folder / "range").progress(ProgressStyle::lines, &said).on_step([at = steps](optim::Run& run, double) {
      if (run.steps() == at) std::raise(SIGINT);
    });
    run.fit(5);
    CHECK(said.str().find(words) != std::string::npos);
    CHECK(std::filesystem::exists(folder / "range") == (steps > 3));
  }
}

TEST_CASE("what a training prints") {
  const Falling net;
  std::ostringstream said;
  optim::Run run = falling(net);
  run.validate({nothing, nothing},
               optim::Metric(
                   "accuracy", [](const Tensor& y, const Tensor&) { return y < -1; }, optim::Better::larger));
  run.keep_best("accuracy").progress(ProgressStyle::lines, &said).fit(2);
  CHECK(said.str().find("epoch 1  loss 0  validation_loss -1  accuracy 0.00 %  lr 1  ") == 0);
  CHECK(said.str().find("\nepoch 2  loss -1  validation_loss -2  accuracy 100.00 %  lr 1  ") != std::string::npos);
  CHECK(said.str().find("  best\nthe model has the weights of epoch 2, the best by accuracy\n") != std::string::npos);
  said.str("");
  optim::Run idle = falling(net);
  idle.validate({nothing, nothing}, distance_to(1e9)).stop_early("distance", 1).progress(ProgressStyle::lines, &said);
  idle.fit(9);
  CHECK(said.str().find("\nthe training ends: distance has not become better for 1 epochs\n") != std::string::npos);
}

TEST_CASE("the learning rate finder and the overfitting check leave all as it was") {
  const nn::Sequential net = small(), before = small();
  optim::Adam opt(net.parameters(), 0.01);
  optim::Run run(net, opt, {inputs, targets}, cost_of(net));
  run.progress(ProgressStyle::quiet);
  const auto test = run.find_lr(1e-5, 10, 60);
  CHECK(test.suggestion > 1e-4);
  CHECK(test.suggestion < 1);
  CHECK(test.losses.front().first == 1e-5);
  const std::vector<double> losses = run.overfit_one_batch(80);
  CHECK(losses.size() == 80);
  CHECK(losses.back() < losses.front() / 2);
  check_same(net, before);
  CHECK(opt.lr() == 0.01);
  CHECK(opt.state_dict().at("0.weight.step").item() == 0);
  // By hand: w' = w - lr; the loss is w, so each loss is less by the last rate.
  const Falling line;
  optim::Run straight = falling(line);
  const auto rates = straight.find_lr(1, 4, 3);
  CHECK(rates.losses[1].first == 2);
  CHECK(rates.losses[1].second == doctest::Approx((0.98 * 0 + 0.02 * -1) / (1 - 0.98 * 0.98)));
}

TEST_CASE("what goes to files is the same, in one training or in two") {
  const Folder folder;
  auto text = [&](const std::string& name) { return content(folder / name); };
  auto train = [&](const std::string& name, std::int64_t stop_at) {
    const Falling net;
    optim::Run run = falling(net);
    run.validate({nothing, nothing}, distance_to(-2)).save_to(folder / name + ".run").log_to(folder / name + ".csv");
    run.log_to(folder / name + ".jsonl").log_to(folder / name + "_events").report(folder / name + ".html", "Falling");
    run.on_step([&](optim::Run& run, double) {
      if (run.steps() == stop_at) run.stop();
    });
    run.fit(4);
  };
  train("whole", 0);
  train("parts", 2);
  train("parts", 0);
  auto without_times = [](std::string s, const char* from, const char* to) {
    for (std::size_t at = 0; (at = s.find(from, at)) != s.npos;) s.erase(at, s.find(to, at) - at);
    return s;
  };
  CHECK(text("whole.csv").find("epoch,loss,validation_loss,distance,lr,seconds\n1,0,-1,1,1,") == 0);
  CHECK(without_times(text("whole.jsonl"), "\"seconds\"", "\n") ==
        without_times(text("parts.jsonl"), "\"seconds\"", "\n"));
  CHECK(text("whole.jsonl").find("{\"epoch\":1,\"loss\":0.0,") == 0);
  const std::string whole = without_times(text("whole.html"), ">Times<", "</section>");
  CHECK(whole.find("<title>Falling") != std::string::npos);
  CHECK(whole == without_times(text("parts.html"), ">Times<", "</section>"));
  std::size_t events = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "parts_events"))
    events += entry.file_size() > 0;
  CHECK(events == 2);  // one of each part
}
