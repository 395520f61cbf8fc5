// The adaptive softmax; the numbers are PyTorch's (parity/nn_adaptive_softmax.py).
#include <cmath>
#include <nn/adaptive_softmax.hpp>

#include "nn_support.hpp"
#include "nn_table.hpp"

using namespace xtape;
using nn::AdaptiveLogSoftmaxWithLoss;
using nn_table::row;

namespace {

const auto with_loss = [](const AdaptiveLogSoftmaxWithLoss& m, const Tensors& x) {
  const auto [output, loss] = m(x[0], x[1]);
  return nn_table::joined({output, loss});
};

// The target decides which clusters are looked at, and so it is read.
const nn_table::Bounds reads = [] {
  nn_table::Bounds bounds;
  bounds.replays = false;
  return bounds;
}();

const nn_table::Table table = {
    row("AdaptiveLogSoftmaxWithLoss", AdaptiveLogSoftmaxWithLoss(8, 7, {2, 4}, 2), with_loss, reads),
    row("AdaptiveLogSoftmaxWithLoss head bias", AdaptiveLogSoftmaxWithLoss(4, 5, {3}, 1.5, true), with_loss, reads),
    row("AdaptiveLogSoftmaxWithLoss of one", AdaptiveLogSoftmaxWithLoss(4, 5, {2}, 1.25), with_loss, reads),
    row("AdaptiveLogSoftmaxWithLoss log_prob", AdaptiveLogSoftmaxWithLoss(8, 7, {2, 4}, 2),
        [](auto& m, auto& x) { return m.log_prob(x[0]); }),
};

}  // namespace

XTAPE_CHECK_LAYERS("nn_adaptive_softmax", table)

TEST_CASE("the adaptive softmax has PyTorch's parameters, and probabilities that add up to 1") {
  using Names = std::vector<std::string>;
  const AdaptiveLogSoftmaxWithLoss layer(16, 20, {5, 10});
  CHECK(names_of(layer.named_parameters()) ==
        Names{"head.weight", "tail.0.0.weight", "tail.0.1.weight", "tail.1.0.weight", "tail.1.1.weight"});
  CHECK(shapes_of(layer.named_parameters()) == std::vector<Shape>{{7, 16}, {4, 16}, {5, 4}, {1, 16}, {10, 1}});
  manual_seed(2);
  const Tensor x = normal({9, 16}), all = layer.log_prob(x);
  CHECK(allclose(sum(exp(all), 1), ones({9})));
  CHECK(allclose(layer.log_prob(x[3]), all[3]));
  const Tensor best = layer.predict(x);
  CHECK(best.to_vector<std::int64_t>() == argmax(all, 1).to_vector<std::int64_t>());
  const auto [output, loss] = layer(x, best);
  CHECK(allclose(output, amax(all, 1)));
  CHECK(loss.item() == doctest::Approx(-mean(output).item()));
  CHECK(layer(zeros({0, 16}), zeros({0}, int64)).output.shape() == Shape{0});
  CHECK(layer(x, best.to(uint8)).output.to_vector<float>() == output.to_vector<float>());
  AdaptiveLogSoftmaxWithLoss wide = layer.clone();
  wide.to(float64);
  CHECK(wide(x.to(float64), best).loss.dtype() == float64);
  CHECK(no_grad([&] { return layer(x, best).loss; }).item() == loss.item());

  struct Model : nn::Module<Model> {
    AdaptiveLogSoftmaxWithLoss top = child("top", AdaptiveLogSoftmaxWithLoss(16, 20, {5, 10}));
    Tensor forward(const Tensor& x) const { return top.predict(x); }
  };
  CHECK(Model()(x).shape() == Shape{9});
}

TEST_CASE("the adaptive softmax refuses what does not fit") {
  const AdaptiveLogSoftmaxWithLoss layer(8, 7, {2, 4}, 2);
  const Tensor x = ones({2, 8});
  check_misuses({
      {[] { AdaptiveLogSoftmaxWithLoss(0, 7, {2}); },
       "AdaptiveLogSoftmaxWithLoss: sizes must be at least 1, got in = 0"},
      {[] { AdaptiveLogSoftmaxWithLoss(8, 7, {}); },
       "AdaptiveLogSoftmaxWithLoss: the cutoffs must be ascending numbers in [1, 7), got ()"},
      {[] {
         AdaptiveLogSoftmaxWithLoss(8, 7, {4, 4});
       },
       "AdaptiveLogSoftmaxWithLoss: the cutoffs must be ascending numbers in [1, 7), got (4, 4)"},
      {[] { AdaptiveLogSoftmaxWithLoss(8, 7, {7}); },
       "AdaptiveLogSoftmaxWithLoss: the cutoffs must be ascending numbers in [1, 7), got (7,)"},
      {[] {
         AdaptiveLogSoftmaxWithLoss(8, 7, {2, 4});
       },
       "AdaptiveLogSoftmaxWithLoss: div_value is 4.000000, which leaves the last of 2 clusters nothing of in = 8"},
      {[&] {
         layer(ones({2, 7}), zeros({2}, int64));
       },
       "AdaptiveLogSoftmaxWithLoss: expected x (batch, 8) or (8,), got float32(2, 7)"},
      {[&] { layer(x, zeros({3}, int64)); }, "AdaptiveLogSoftmaxWithLoss: expected a target int64(2,), got int64(3,)"},
      {[&] { layer(x, zeros({2})); }, "AdaptiveLogSoftmaxWithLoss: expected a target int64(2,), got float32(2,)"},
      {[&] {
         layer(x, tensor({0, 7}));
       },
       "AdaptiveLogSoftmaxWithLoss: target 7 at 1 is not in [0, 7)"},
  });
  const std::string text = message([&] {
    record([&](const Tensors& in) { return layer(in[0], in[1]).loss; }, {x, zeros({2}, int64)});
  });
  CAPTURE(text);
  CHECK(text.find("record") != std::string::npos);
}
