// Trainings that cannot be are refused with words that say why, and nothing is lost.
#include "folder.hpp"
#include "support.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <forward_list>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>
#include <xtape.hpp>

using namespace xtape;
using doctest::Contains;
using optim::ProgressStyle;
using optim::SaveOptions;
using optim::TensorBatches;

namespace {

const Tensor inputs = ones({10, 3}), targets = ones({10, 1});

struct Setting {
  Setting() { run.progress(ProgressStyle::quiet); }
  nn::Linear net{3, 1};
  std::function<Tensor(const Tensor&, const Tensor&)> cost = [this](const Tensor& x, const Tensor& t) {
    return nn::mse_loss(net(x), t);
  };
  optim::Run run{net, optim::SGD(net.parameters(), 0.1), TensorBatches(inputs, targets, 4),
                 [this](const Tensor& x, const Tensor& t) { return cost(x, t); }};
};
optim::Metric mae() {
  return optim::Metric("mae", [](const Tensor& y, const Tensor& t) { return abs(y - t); });
}

}  // namespace

TEST_CASE("misuses of a run are refused with what to change") {
  struct Misuse {
    const char* says;
    std::function<void(Setting&)> f;
  };
  const Folder folder;
  std::ofstream(folder / "no_folder") << "a file";
  const Misuse misuses[] = {
      {"TensorBatches: the tensors are (0, 3), (0, 1); expected (samples, ...) with one number of samples, not 0",
       [](Setting&) {
         TensorBatches(zeros({0, 3}), zeros({0, 1}), 1);
       }},
      {"TensorBatches: the tensors are (10, 3), (9, 1)",
       [](Setting&) {
         TensorBatches(inputs, ones({9, 1}), 1);
       }},
      {"TensorBatches: there are no tensors", [](Setting&) { TensorBatches(Tensors{}, 1); }},
      {"TensorBatches: batches of 11 of 10 samples, expected 1 to that many",
       [](Setting&) { TensorBatches(inputs, targets, 11); }},
      {"TensorBatches: batches of 0 of 10 samples", [](Setting&) { TensorBatches(inputs, targets, 0); }},
      {"TensorBatches: batch 3 of 3 does not exist",
       [](Setting&) { TensorBatches(inputs, targets, 4).batch(3, 0, 0); }},
      {"DataLoader: batches of 20 of 8 samples",
       [](Setting&) {
         const datasets::Images images = datasets::synthetic_digits(8, 1);
         datasets::batches(images, 20);
       }},
      {"Run: the optimiser has a parameter that the model has not, 'weight'",
       [](Setting& s) {
         const nn::Linear other(3, 1);
         optim::Run(s.net, optim::SGD(other.parameters(), 0.1), {inputs, targets}, s.cost);
       }},
      {"Run: there are no batches to train on",
       [](Setting& s) {
         struct Empty {
           std::int64_t count() const { return 0; }
           Tensors batch(std::int64_t, std::int64_t, std::uint64_t) const { return {}; }
         };
         optim::Run(s.net, optim::SGD(s.net.parameters(), 0.1), Empty(), s.cost).fit(1);
       }},
      {"Run: epoch 1 has no batches",
       [](Setting& s) {
         optim::Run(s.net, optim::SGD(s.net.parameters(), 0.1), std::forward_list<Tensors>(), s.cost).fit(1);
       }},
      {"Run: a batch has 1 tensors, the cost function takes 2",
       [](Setting& s) { optim::Run(s.net, optim::SGD(s.net.parameters(), 0.1), {inputs}, s.cost).fit(1); }},
      {"Run: a batch has 2 tensors, the cost function takes 1",
       [](Setting& s) {
         optim::Run(s.net, optim::SGD(s.net.parameters(), 0.1), {inputs, targets}, [&](const Tensor& x) {
           return mean(s.net(x));
         }).fit(1);
       }},
      {"Run: the cost function gives float32(10, 1), expected a loss of one number",
       [](Setting& s) {
         optim::Run(s.net, optim::SGD(s.net.parameters(), 0.1), {inputs, targets},
                    [&](const Tensor& x, const Tensor& t) { return s.net(x) - t; })
             .fit(1);
       }},
      {"depends on nothing that gradients flow to: the tape was cut by parameter 'weight' (frozen)",
       [](Setting& s) {
         s.net.freeze();
         s.run.fit(1);
       }},
      {"Run::fit: 0 epochs, expected at least 1", [](Setting& s) { s.run.fit(0); }},
      {"Run::epochs: -1 epochs", [](Setting& s) { s.run.epochs(-1); }},
      {"Run::accumulate: 0 batches, expected at least 1", [](Setting& s) { s.run.accumulate(0); }},
      {"Run::clip_norm: max_norm is 0.000000, expected more than 0", [](Setting& s) { s.run.clip_norm(0); }},
      {"Run::clip_value: max_value is nan", [](Setting& s) { s.run.clip_value(std::nan("")); }},
      {"decay is 1.5", [](Setting& s) { s.run.average(1.5); }},
      {"Run::stop_early: patience is 0, expected at least 1", [](Setting& s) { s.run.stop_early("loss", 0); }},
      {"Run::keep_best: there is no figure 'accuracy', only 'loss', 'lr'; validate() adds those of other data",
       [](Setting& s) { s.run.keep_best("accuracy").fit(1); }},
      {"Run::stop_early: there is no figure 'mse', only 'loss', 'lr', 'validation_loss', 'mae'",
       [](Setting& s) {
         s.run.validate({inputs, targets}, mae()).stop_early("mse", 2).fit(1);
       }},
      {"Run::react: there is no figure 'f1'", [](Setting& s) { s.run.react(optim::ReduceOnPlateau(), "f1").fit(1); }},
      {"Run::react: 'r2' is to become large, ReduceOnPlateau(mode min, ",
       [](Setting& s) {
         s.run.validate({inputs, targets}, optim::r2).react(optim::ReduceOnPlateau(), "r2").fit(1);
       }},
      {"Run::react: 'loss' is to become small, HalveWhenStuck(",
       [](Setting& s) { s.run.react(optim::HalveWhenStuck(optim::HalveWhenStuckOptions(1).maximize())).fit(1); }},
      {"Run::validate: there are two figures named 'mae'",
       [](Setting& s) {
         s.run.validate({inputs, targets}, {mae(), mae()});
       }},
      {"Run::validate: there are two figures named 'loss'",
       [](Setting& s) {
         s.run.validate({inputs, targets}, mae().named("loss"));
       }},
      {"Run::validate: there are two figures named 'seconds'",
       [](Setting& s) {
         s.run.validate({inputs, targets}, mae().named("seconds"));
       }},
      {"Run::measure: there are two figures named 'training_mae'",
       [](Setting& s) {
         s.run.measure({mae(), mae()});
       }},
      {"Run::measure: the name of a metric has several lines", [](Setting& s) { s.run.measure(mae().named("a\nb")); }},
      {"Run::on_step: the function is empty", [](Setting& s) { s.run.on_step({}); }},
      {"Run::on_epoch: the function is empty", [](Setting& s) { s.run.on_epoch({}); }},
      {"Run::report: the name of the file is empty", [](Setting& s) { s.run.report(""); }},
      {"one is the file of save_to() already",
       [&](Setting& s) { s.run.save_to(folder / "one").report((folder.path / "." / "one").string()); }},
      {"one is the file of log_to() already", [&](Setting& s) { s.run.log_to(folder / "one").log_to(folder / "one"); }},
      {"Run: a batch has no samples",
       [](Setting& s) {
         optim::Run(s.net, optim::SGD(s.net.parameters(), 0.1), std::vector<Tensor>{zeros({0, 3})},
                    [&](const Tensor& x) { return sum(s.net(x)); })
             .fit(1);
       }},
      {"Run: the cost function gives no output to measure 'training_mae' on; have it return a LossAndOutput",
       [](Setting& s) { s.run.measure(mae()).fit(1); }},
      {"Run::validate: metrics need the model's outputs",
       [](Setting& s) {
         s.run.validate({inputs, targets}, mae()).predict({}).fit(1);
       }},
      {"Run::schedule: there is one already",
       [](Setting& s) { s.run.schedule(optim::OneCycle(0.1)).schedule(optim::OneCycle(0.1)); }},
      {"needs to know how many steps the training takes",
       [](Setting& s) { s.run.schedule(optim::OneCycle(0.1)).step(); }},
      {"ends after 5 steps, the training takes 6",
       [](Setting& s) { s.run.schedule(optim::OneCycle(optim::OneCycleOptions(0.1).total_steps(5))).fit(2); }},
      {"Run::seed: the training has begun; set this before its first step",
       [](Setting& s) {
         s.run.step();
         s.run.seed(1);
       }},
      {"Run::save_to: the training has begun",
       [&](Setting& s) {
         s.run.step();
         s.run.save_to(folder / "late");
       }},
      {"Run::save: there is no file to save to", [](Setting& s) { s.run.save(); }},
      {"within an epoch, a training on a range cannot be saved",
       [&](Setting&) {
         const std::vector<Tensor> range(3, inputs);
         const nn::Linear net(3, 1);
         optim::Run run(net, optim::SGD(net.parameters(), 0.1), range, [&](const Tensor& x) { return mean(net(x)); });
         run.save_to(folder / "range").step();
         run.save();
       }},
      {"save_to: keep is 0, expected at least 1",
       [&](Setting& s) { s.run.save_to(folder / "k", SaveOptions().keep(0)); }},
      {"Run::save_to: every -1.000000 s",
       [&](Setting& s) { s.run.save_to(folder / "k", SaveOptions().every(std::chrono::seconds(-1))); }},
      {"' is no name of a file", [&](Setting& s) { s.run.save_to(folder.path.string()); }},
      {"no_folder/run: Not a directory, expected a writable directory",
       [&](Setting& s) { s.run.save_to(folder / "no_folder/run"); }},
      {"belongs to another training that is running",
       [&](Setting& s) {
         Setting other;
         other.run.save_to(folder / "both");
         s.run.save_to(folder / "both");
       }},
      {"Run::find_lr: from 1.000000 to 0.100000 in 100 steps, expected 0 < low < high",
       [](Setting& s) { s.run.find_lr(1, 0.1); }},
      {"Run::overfit_one_batch: 0 steps", [](Setting& s) { s.run.overfit_one_batch(0); }},
      {"Run::find_lr: the training has begun",
       [](Setting& s) {
         s.run.step();
         s.run.find_lr();
       }},
      {"clip_grad_norm: the norm of the gradients is inf",
       [](Setting&) {
         Tensors g{full({2}, INFINITY)};
         optim::clip_grad_norm(g, 1);
       }},
      {"clip_grad_value: max_value is -1",
       [](Setting&) {
         Tensors g{ones({2})};
         optim::clip_grad_value(g, -1);
       }},
  };
  CHECK(std::size(misuses) >= 40);
  for (const Misuse& misuse : misuses) {
    Setting s;
    const optim::StateDict before = s.net.state_dict();
    const std::int64_t steps = s.run.steps();
    CHECK_THROWS_WITH_AS(misuse.f(s), Contains(misuse.says), Error);
    if (s.run.steps() == steps)
      for (const auto& [name, value] : s.net.state_dict()) CHECK(same_bits(value, before.at(name)));
    // And the run is usable.
    if (s.run.steps() == steps && s.run.epoch() == 0 && !s.net.weight.is_frozen()) {
      Setting fresh;
      fresh.run.fit(1);
      CHECK(fresh.run.steps() == 3);
    }
  }
}

TEST_CASE("a loss that is not finite stops a training before its step, and nothing is lost") {
  Setting s;
  const auto good = s.cost;
  int calls = 0;
  s.cost = [&](const Tensor& x, const Tensor& t) { return ++calls == 3 ? good(x, t) * NAN : good(x, t); };
  optim::StateDict before;
  s.run.on_step([&](optim::Run&, double) { before = s.net.state_dict(); });
  CHECK_THROWS_WITH_AS(s.run.fit(2),
                       Contains("Run: the loss is nan in step 3 (epoch 1, batch 3), with the learning "
                                "rate 0.1; the parameters are those before it"),
                       Error);
  for (const auto& [name, value] : s.net.state_dict()) CHECK(same_bits(value, before.at(name)));
  // It goes on with that batch, as if nothing had been.
  s.run.fit(2);
  Setting whole;
  whole.net.load_state_dict(s.net.state_dict());
  CHECK(s.run.steps() == 6);
  CHECK(s.run.history().epochs.size() == 2);
}

TEST_CASE("an exception of a callback or of a metric leaves a training that goes on") {
  Setting s;
  int calls = 0;
  s.run.validate({inputs, targets}, optim::Metric("once", [&](const Tensor& y, const Tensor&) {
                   if (++calls == 1) throw std::runtime_error("a metric of one's own");
                   return y;
                 }));
  CHECK_THROWS_WITH(s.run.fit(2), Contains("a metric of one's own"));
  CHECK(s.net.is_training());
  s.run.fit(2);
  CHECK(s.run.steps() == 6);
  CHECK(s.run.history().epochs.size() == 2);
}

TEST_CASE("a file of another training is refused, and what differs is named") {
  const Folder folder;
  auto run = [&](const nn::Sequential& net, double lr, const Tensor& x, std::int64_t size, std::uint64_t seed) {
    optim::Run run(net, optim::Adam(net.parameters(), lr), TensorBatches(x, targets, size),
                   [net](const Tensor& x, const Tensor& t) { return nn::mse_loss(net(x), t); });
    run.seed(seed).progress(ProgressStyle::quiet).save_to(folder / "run");
    return run;
  };
  const nn::Sequential net{nn::Linear(3, 1)}, wide{nn::Linear(3, 2), nn::Linear(2, 1)};
  run(net, 0.1, inputs, 4, 1).fit(1);
  auto said = [&](const nn::Sequential& net, double lr, const Tensor& x, std::int64_t size, std::uint64_t seed) {
    const optim::StateDict before = net.state_dict();
    const std::string text = message([&] { run(net, lr, x, size, seed).fit(1); });
    for (const auto& [name, value] : net.state_dict()) CHECK(same_bits(value, before.at(name)));
    return text;
  };
  CHECK(said(net, 0.2, inputs, 4, 1).find("\n  optimizer: saved Adam(lr 0.1, ") != std::string::npos);
  CHECK(said(net, 0.2, inputs, 4, 1).find(", now Adam(lr 0.2, ") != std::string::npos);
  CHECK(said(net, 0.1, 2 * inputs, 4, 1).find("\n  data: saved float32(10, 3) ") != std::string::npos);
  CHECK(said(net, 0.1, inputs, 5, 1).find("in batches of 5") != std::string::npos);
  CHECK(said(net, 0.1, inputs, 4, 2).find("\n  seed: saved 1, now 2") != std::string::npos);
  CHECK(said(wide, 0.1, inputs, 4, 1)
            .find("\n  model: saved 0.bias float32(1,), 0.weight float32(1, 3), now 0.bias "
                  "float32(2,)") != std::string::npos);
  run(net, 0.1, inputs, 4, 1).fit(2);  // and the right one goes on
}

TEST_CASE("a damaged file is named, and the one before is used") {
  const Folder folder;
  auto train = [&](std::int64_t epochs, std::ostream& out) {
    manual_seed(1);
    const nn::Linear net(3, 1);
    optim::Run run(net, optim::SGD(net.parameters(), 0.1), TensorBatches(inputs, targets, 4),
                   [net](const Tensor& x, const Tensor& t) { return nn::mse_loss(net(x), t); });
    run.save_to(folder / "run").progress(ProgressStyle::lines, &out).fit(epochs);
    return net.weight.tensor();
  };
  std::ostringstream quiet, said;
  const Tensor whole = train(3, quiet);
  for (const char* how : {"a bit", "cut", "empty"}) {
    CAPTURE(how);
    const std::string path = folder / "run";
    std::string bytes = content(path);
    if (how[0] == 'a') bytes[bytes.size() - 3] ^= 4;
    else bytes.resize(how[0] == 'c' ? bytes.size() / 2 : 0);
    std::ofstream(path) << bytes;
    said.str("");
    CHECK(same_bits(train(3, said), whole));
    CHECK(said.str().find(path + ": ") != std::string::npos);
    CHECK(said.str().find("going on from ") != std::string::npos);
  }
  for (const char* name : {"run", "run.1"}) std::ofstream(folder / name) << "nothing";
  CHECK_THROWS_WITH_AS(train(3, quiet),
                       Contains(("no saved training that is whole is left of " + folder / "run").c_str()), Error);
}
