// Dropout layers; the numbers come from their formulas (parity/nn_dropout.py).
#include <algorithm>
#include <cmath>

#include "nn_support.hpp"
#include "nn_table.hpp"

using namespace xtape;
using nn_table::row;

namespace {

template <class M>
M out_of_training(M module) {
  module.eval();
  return module;
}

const nn_table::Table table = {
    row("Dropout", nn::Dropout(0.4)),
    row("Dropout eval", out_of_training(nn::Dropout(0.4))),
    row("Dropout1d", nn::Dropout1d(0.3)),
    row("Dropout1d eval", out_of_training(nn::Dropout1d())),
    row("Dropout2d", nn::Dropout2d()),
    row("Dropout2d eval", out_of_training(nn::Dropout2d())),
    row("Dropout3d", nn::Dropout3d()),
    row("Dropout3d eval", out_of_training(nn::Dropout3d())),
    row("AlphaDropout", nn::AlphaDropout(0.4)),
    row("AlphaDropout eval", out_of_training(nn::AlphaDropout())),
    row("FeatureAlphaDropout", nn::FeatureAlphaDropout()),
    row("FeatureAlphaDropout eval", out_of_training(nn::FeatureAlphaDropout())),
};

}  // namespace

XTAPE_CHECK_LAYERS("nn_dropout", table)

TEST_CASE("Dropout drops in training and not in eval") {
  manual_seed(4);
  nn::Sequential net{nn::Dropout(0.25)};
  const Tensor x = full({100, 100}, 3).requires_grad(), y = net(x);
  auto count = [](const Tensor& t, float value) {
    const std::vector<float> v = t.to_vector<float>();
    return std::count(v.begin(), v.end(), value);
  };
  CHECK(count(y, 0) == doctest::Approx(2500).epsilon(0.07));
  CHECK(count(y, 0) + count(y, 4) == 10000);
  CHECK(net(x).to_vector<float>() != y.to_vector<float>());
  CHECK(allclose(grad(sum(y), {x})[0] * 3, y));
  net.eval();
  CHECK(net(x).data<float>() == x.data<float>());
  CHECK(sum(nn::Dropout(1)(ones({9}))).item() == 0);
  CHECK(nn::Dropout(0)(x).data<float>() == x.data<float>());
  CHECK(count(nn::Dropout()(x), 0) == doctest::Approx(5000).epsilon(0.05));
}

TEST_CASE("Dropout1d, Dropout2d and Dropout3d drop whole channels of examples") {
  manual_seed(4);
  auto check = [](auto layer, const Shape& shape) {
    const Tensor x = full(shape, 3), y = layer(x), channels = flatten(y, 2);
    const std::vector<float> first = amin(channels, 2).template to_vector<float>();
    CHECK(first == amax(channels, 2).template to_vector<float>());
    const auto dropped = std::count(first.begin(), first.end(), 0.f);
    CHECK(dropped == doctest::Approx(1000).epsilon(0.1));
    CHECK(dropped + std::count(first.begin(), first.end(), 4.f) == 4000);
    CHECK(layer(x).template to_vector<float>() != y.template to_vector<float>());
    layer.eval();
    CHECK(layer(x).template data<float>() == x.template data<float>());
  };
  check(nn::Dropout1d(0.25), {40, 100, 3});
  check(nn::Dropout2d(0.25), {40, 100, 1, 2});
  check(nn::Dropout3d(0.25), {40, 100, 2, 1, 2});
  CHECK(sum(nn::Dropout2d(1)(ones({2, 2, 2, 2}))).item() == 0);
}

TEST_CASE("AlphaDropout keeps mean 0 and variance 1") {
  manual_seed(5);
  const Tensor x = normal({200, 500});
  for (double p : {0.1, 0.5, 0.9}) {
    const Tensor y = nn::AlphaDropout(p)(x);
    CHECK(std::abs(mean(y).item()) < 0.02);
    CHECK(var(y).item() == doctest::Approx(1).epsilon(0.03));
  }
  CHECK(count_nonzero(nn::AlphaDropout(1)(x)).item() == 0);
  CHECK(nn::AlphaDropout(0)(x).data<float>() == x.data<float>());
}

TEST_CASE("FeatureAlphaDropout keeps mean 0 and variance 1 and drops whole channels of examples") {
  manual_seed(5);
  const Tensor x = normal({100, 200, 5});
  for (double p : {0.1, 0.5, 0.9}) {
    const Tensor y = nn::FeatureAlphaDropout(p)(x);
    CHECK(std::abs(mean(y).item()) < 0.03);
    CHECK(var(y).item() == doctest::Approx(1).epsilon(0.05));
    const Tensor spread = amax(y, 2) - amin(y, 2), dropped = spread == 0;
    CHECK(mean(dropped.to(float32)).item() == doctest::Approx(p).epsilon(0.05));
  }
  CHECK(count_nonzero(nn::FeatureAlphaDropout(1)(x)).item() == 0);
  CHECK(nn::FeatureAlphaDropout(0)(x).data<float>() == x.data<float>());
  CHECK(nn::FeatureAlphaDropout()(ones({0, 3, 2})).shape() == Shape{0, 3, 2});
  CHECK(nn::FeatureAlphaDropout()(ones({1, 1}, float64)).dtype() == float64);
}

TEST_CASE("a recorded dropout drops anew in each replay") {
  manual_seed(6);
  const nn::Dropout2d channels;
  const nn::AlphaDropout alpha;
  const nn::FeatureAlphaDropout features;
  const Tensor x = ones({4, 50, 2, 2});
  Replay step = record([&](const Tensors& in) { return Tensors{channels(in[0]), alpha(in[0]), features(in[0])}; }, {x});
  const Tensors a = step({x}), b = step({x});
  for (std::size_t i = 0; i < 3; ++i) CHECK(a[i].to_vector<float>() != b[i].to_vector<float>());
  CHECK(count_nonzero(a[0]).item<std::int64_t>() % 4 == 0);
}

TEST_CASE("dropout refuses what does not fit") {
  const Tensor x = ones({2, 3, 5, 5});
  check_misuses({
      {[] { nn::Dropout1d(1.5); }, "Dropout1d: p is 1.500000, expected a probability in [0, 1]"},
      {[] { nn::Dropout3d(-0.5); }, "Dropout3d: p is -0.500000, expected a probability in [0, 1]"},
      {[] { nn::AlphaDropout(2); }, "AlphaDropout: p is 2.000000, expected a probability in [0, 1]"},
      {[] { nn::FeatureAlphaDropout(2); }, "FeatureAlphaDropout: p is 2.000000, expected a probability in [0, 1]"},
      {[] { nn::FeatureAlphaDropout()(ones({3})); },
       "FeatureAlphaDropout: expected (batch, channels, ...), got float32(3,)"},
      {[&] { nn::Dropout1d()(x); }, "Dropout1d: expected (batch, channels, length), got float32(2, 3, 5, 5)"},
      {[&] {
         nn::Dropout2d()(ones({3, 5, 5}));
       },
       "Dropout2d: expected (batch, channels, height, width), got float32(3, 5, 5)"},
      {[&] { nn::Dropout3d()(x); }, "Dropout3d: expected (batch, channels, depth, height, width), got"},
  });
}
