// Layers with weights, buffers and modes; the numbers are PyTorch's (parity/nn_layers.py).
#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>
#include <xtape.hpp>

#include "nn_table.hpp"
#include "support.hpp"

using namespace xtape;
using nn_table::row;

namespace {

using Names = std::vector<std::string>;

template <class Named>
Names names(const Named& named) {
  Names all;
  for (auto& [name, cell] : named) {
    CHECK(cell.name() == name);
    all.push_back(name);
  }
  return all;
}

// What parity/make.py calls weights.
Tensor grid(const Shape& shape, int shift = 0, Dtype dtype = float32) {
  std::vector<double> v;
  for (std::int64_t i = 0; i < shape.size(); ++i) v.push_back(static_cast<double>((7 * i + 3 + shift) % 13 - 6) / 8);
  return tensor(v, shape).to(dtype);
}

// Two steps of training and one out of it, with what they left in the buffers.
template <class M>
Tensor steps(const M& module, const Tensors& x) {
  M bn = module;
  Tensors y = {bn(x[0]), bn(x[1])};
  bn.eval();
  y.push_back(bn(x[2]));
  y.push_back(bn.running_mean->tensor() + (bn.num_batches_tracked->tensor() - 2));
  y.push_back(*bn.running_var);
  return nn_table::joined(y);
}

// Statistics move without a gradient.
const nn_table::Bounds moving{1e-9, 2e-5, 2, false};

nn::Sequential network() {
  nn::Sequential net{nn::Conv2d(1, 3, 3, ConvOptions().padding(1)),
                     nn::BatchNorm2d(3),
                     nn::tanh,
                     nn::AvgPool2d(2),
                     nn::Flatten(),
                     nn::Dropout(0.5),
                     nn::Linear(12, 2)};
  net.eval();
  return net;
}

const nn_table::Table table = {
    row("Lambda", nn::Lambda([](const Tensor& x) { return 2 * sin(x); })),
    row("Lambda of an activation", nn::Lambda(nn::Softmax{0})),
    row("Residual", nn::Residual(nn::Sequential{nn::Linear(3, 4), nn::tanh, nn::Linear(4, 3)})),
    row("Residual with a shortcut", nn::Residual(nn::Conv1d(2, 3, 2), nn::Conv1d(2, 3, 2))),
    row("Conv1d", nn::Conv1d(2, 3, 3, ConvOptions().stride(2).padding(1))),
    row("Conv2d", nn::Conv2d(2, 3, {2, 3})),
    row("Conv2d options", nn::Conv2d(4, 6, 2, ConvOptions().stride({2, 1}).padding({0, 1}).dilation({1, 2}).groups(2))),
    row("Conv2d same without bias", nn::Conv2d(2, 2, 3, ConvOptions().same_padding(), false)),
    row("Conv3d", nn::Conv3d(1, 2, {1, 2, 2}, ConvOptions().padding({1, 0, 0}))),
    row("MaxPool1d", nn::MaxPool1d(2)),
    row("MaxPool2d", nn::MaxPool2d(MaxPoolOptions({2, 3}).stride({1, 2}).padding({1, 0}))),
    row("MaxPool3d", nn::MaxPool3d(MaxPoolOptions(2).stride(1))),
    row("AvgPool1d", nn::AvgPool1d(AvgPoolOptions(3).stride(2).padding(1).count_include_pad(false))),
    row("AvgPool2d", nn::AvgPool2d(2)),
    row("AvgPool3d", nn::AvgPool3d(AvgPoolOptions(2).stride(1))),
    row("Flatten", nn::Flatten()),
    row("Flatten some", nn::Flatten(2, 3)),
    row("LayerNorm", nn::LayerNorm(4)),
    row("LayerNorm of two axes", nn::LayerNorm({3, 4}, 0.1)),
    row("GroupNorm", nn::GroupNorm(2, 4)),
    row("GroupNorm one group", nn::GroupNorm(1, 3, 0.1)),
    row("RMSNorm", nn::RMSNorm(4)),
    row("RMSNorm of two axes", nn::RMSNorm({3, 4}, 0.1)),
    row("Embedding", nn::Embedding(5, 3)),
    row("BatchNorm1d", nn::BatchNorm1d(3)),
    row("BatchNorm1d statistics", nn::BatchNorm1d(3), steps<nn::BatchNorm1d>, moving),
    row("BatchNorm1d sequences", nn::BatchNorm1d(2, nn::BatchNormOptions().eps(0.01).momentum(0.3))),
    row("BatchNorm1d sequences statistics", nn::BatchNorm1d(2, nn::BatchNormOptions().eps(0.01).momentum(0.3)),
        steps<nn::BatchNorm1d>, moving),
    row("BatchNorm2d", nn::BatchNorm2d(2, nn::BatchNormOptions().momentum(1))),
    row("BatchNorm2d statistics", nn::BatchNorm2d(2, nn::BatchNormOptions().momentum(1)), steps<nn::BatchNorm2d>,
        moving),
    row("BatchNorm3d", nn::BatchNorm3d(2, nn::BatchNormOptions().eps(0.1))),
    row("BatchNorm3d statistics", nn::BatchNorm3d(2, nn::BatchNormOptions().eps(0.1)), steps<nn::BatchNorm3d>, moving),
    row("Sequential", network()),
};

}  // namespace

XTAPE_CHECK_LAYERS("nn_layers", table)

TEST_CASE("parameters and buffers of layers have PyTorch's names and shapes and start as its do") {
  auto shapes = [](const nn::ModuleBase& m) {
    std::vector<Shape> all;
    for (auto& [name, p] : m.named_parameters()) all.push_back(p.shape());
    return all;
  };
  const Names both{"weight", "bias"};
  const nn::Conv3d conv(6, 8, {1, 2, 3}, ConvOptions().groups(2));
  CHECK(names(conv.named_parameters()) == both);
  CHECK(shapes(conv) == std::vector<Shape>{{8, 3, 1, 2, 3}, {8}});
  CHECK(names(nn::Conv1d(1, 1, 1, {}, false).named_parameters()) == Names{"weight"});

  const nn::BatchNorm2d bn(3);
  CHECK(names(bn.named_parameters()) == both);
  CHECK(names(bn.named_buffers()) == Names{"running_mean", "running_var", "num_batches_tracked"});
  CHECK(bn.weight->tensor().to_vector<float>() == std::vector<float>{1, 1, 1});
  CHECK(bn.bias->tensor().to_vector<float>() == std::vector<float>{0, 0, 0});
  CHECK(bn.running_mean->tensor().to_vector<float>() == std::vector<float>{0, 0, 0});
  CHECK(bn.running_var->tensor().to_vector<float>() == std::vector<float>{1, 1, 1});
  CHECK(bn.num_batches_tracked->dtype() == int64);
  CHECK(bn.num_batches_tracked->shape() == Shape{});

  CHECK(names(nn::LayerNorm({2, 3}).named_parameters()) == both);
  CHECK(shapes(nn::LayerNorm({2, 3})) == std::vector<Shape>{{2, 3}, {2, 3}});
  CHECK(names(nn::GroupNorm(2, 4).named_parameters()) == both);
  CHECK(names(nn::RMSNorm(4).named_parameters()) == Names{"weight"});
  CHECK(names(nn::Embedding(5, 3).named_parameters()) == Names{"weight"});
  CHECK(shapes(nn::Embedding(5, 3)) == std::vector<Shape>{{5, 3}});

  manual_seed(3);
  auto largest = [](const Tensor& t) { return max(abs(t)).item(); };
  const nn::Conv2d wide(32, 400, 5, ConvOptions().groups(2));  // 16 * 25 inputs of each output
  CHECK(largest(wide.weight) <= 1 / 20.);
  CHECK(largest(wide.weight) > 0.0499);
  CHECK(largest(*wide.bias) <= 1 / 20.);
  CHECK(largest(*wide.bias) > 0.049);
  const Tensor rows = nn::Embedding(200, 100).weight;
  CHECK(std::abs(mean(rows).item()) < 0.03);
  CHECK(mean(square(rows)).item() == doctest::Approx(1).epsilon(0.03));
  CHECK(largest(rows) > 3);
}

namespace {
struct Block : nn::Module<Block> {
  nn::Conv2d conv = child("conv", nn::Conv2d(1, 2, 1));
  nn::BatchNorm2d norm = child("norm", nn::BatchNorm2d(2));
  nn::Dropout dropout = child("dropout", nn::Dropout(0.5));
  Tensor forward(const Tensor& x) const { return dropout(norm(conv(x))); }
};
struct Net : nn::Module<Net> {
  nn::Buffer steps = buffer("steps", zeros({}, int64));
  nn::Sequential body = child("body", nn::Sequential{Block(), nn::relu, nn::BatchNorm2d(2)});
  Tensor forward(const Tensor& x) const {
    steps.assign(steps.tensor() + 1);
    return body(x);
  }
};
std::vector<double> values(const nn::ModuleBase& m) {
  std::vector<double> all;
  for (const nn::Buffer& b : m.buffers())
    for (double v : b.tensor().to_vector<double>()) all.push_back(v);
  return all;
}
}  // namespace

TEST_CASE("buffers have paths and are no parameters") {
  const Net net;
  CHECK(names(net.named_buffers()) == Names{"steps", "body.0.norm.running_mean", "body.0.norm.running_var",
                                            "body.0.norm.num_batches_tracked", "body.2.running_mean",
                                            "body.2.running_var", "body.2.num_batches_tracked"});
  CHECK(names(net.named_parameters()) == Names{"body.0.conv.weight", "body.0.conv.bias", "body.0.norm.weight",
                                               "body.0.norm.bias", "body.2.weight", "body.2.bias"});
  const nn::BatchNorm2d shared(2);
  CHECK(nn::Sequential{shared, shared}.buffers().size() == 3);
}

TEST_CASE("no gradient reaches a buffer") {
  const nn::Buffer b(tensor({2., 3.}));
  CHECK_FALSE((b.tensor() * 2).is_recorded());
  const Tensor x = ones({2}).requires_grad();
  sum(x * b.tensor()).backward();
  CHECK(x.grad().to_vector<float>() == std::vector<float>{2, 3});
  // A graph keeps the value that it saw.
  const Tensor y = sum(x * b.tensor());
  b.assign(zeros({2}));
  CHECK(grad(y, {x})[0].to_vector<float>() == std::vector<float>{2, 3});
}

TEST_CASE("a buffer keeps shape and dtype, and its name is taken once") {
  const nn::BatchNorm2d bn(2);
  const std::string text = message([&] { bn.running_mean->assign(zeros({3})); });
  CHECK(says(text, "Buffer::assign: 'running_mean' is float32(2,), the value float32(3,) [at ", __LINE__ - 1));
  CHECK(begins(message([&] { bn.num_batches_tracked->assign(zeros({})); }),
               "Buffer::assign: 'num_batches_tracked' is int64(), the value float32()"));
  CHECK(begins(message([] { nn::Buffer b{Tensor()}; }), "Buffer: the value is undefined"));
  struct Twice : nn::Module<Twice> {
    Parameter p = parameter("a", ones({1}));
    nn::Buffer b = buffer("a", ones({1}));
  };
  struct Reversed : nn::Module<Reversed> {
    nn::Buffer b = buffer("a", ones({1}));
    nn::Dropout d = child("a", nn::Dropout());
  };
  CHECK(begins(message([] { Twice(); }), "Twice: the name 'a' is taken"));
  CHECK(begins(message([] { Reversed(); }), "Reversed: the name 'a' is taken"));
}

TEST_CASE("copying a module aliases its buffers and clone copies them deeply") {
  const Net net;
  const Tensor x = grid({3, 1, 4, 4});
  Net copy = net;
  for (std::size_t i = 0; i < 7; ++i) CHECK(copy.buffers()[i].is(net.buffers()[i]));
  copy(x);
  CHECK(net.steps.tensor().item() == 1);
  CHECK(net.body.buffers()[2].tensor().item() == 1);

  Net twin = net.clone();
  CHECK(names(twin.named_buffers()) == names(net.named_buffers()));
  const std::vector<double> before = values(net);
  CHECK(values(twin) == before);
  for (std::size_t i = 0; i < 7; ++i) CHECK_FALSE(twin.buffers()[i].is(net.buffers()[i]));
  twin(x);
  CHECK(values(net) == before);
  // The members of the clone write to what it lists.
  CHECK(twin.named_buffers()[0].second.tensor().item() == 2);
  CHECK(twin.named_buffers()[3].second.tensor().item() == 2);
  CHECK(twin.named_buffers()[6].second.tensor().item() == 2);
  const nn::BatchNorm2d shared(2);
  const nn::Sequential tied{shared, shared};
  CHECK(tied.clone().buffers().size() == 3);
}

TEST_CASE("train and eval reach nested children, and clone keeps the mode") {
  Net net;
  const Block block;
  net.body.add(block);
  const Tensor x = grid({3, 1, 4, 4});
  CHECK(net.is_training());
  net.eval();
  CHECK_FALSE(net.is_training());
  CHECK_FALSE(net.body.is_training());
  CHECK_FALSE(block.dropout.is_training());
  CHECK_FALSE(block.norm.is_training());
  Net twin = net.clone();
  CHECK_FALSE(twin.is_training());
  CHECK_FALSE(twin.body.is_training());
  twin.train();
  CHECK(twin.body.is_training());
  CHECK_FALSE(net.body.is_training());
  CHECK_FALSE(block.dropout.is_training());
  net.train();
  CHECK(block.dropout.is_training());
  net.train(false);
  CHECK_FALSE(block.dropout.is_training());
  net.body.train();
  CHECK_FALSE(net.is_training());
  CHECK(block.dropout.is_training());
}

TEST_CASE("BatchNorm takes its statistics in training only, and none of an empty batch") {
  nn::BatchNorm1d bn(2);
  bn(tensor({{1., 2.}, {3., 6.}}));
  CHECK(allclose(bn.running_mean->tensor(), tensor({0.2, 0.4})));
  CHECK(allclose(bn.running_var->tensor(), tensor({0.9 + 0.2, 0.9 + 0.8})));  // unbiased variances 2 and 8
  const std::vector<double> before = values(bn);
  bn(ones({0, 2}));
  CHECK(values(bn) == before);
  CHECK_THROWS_AS(bn(ones({1, 2})), Error);
  CHECK(values(bn) == before);
  bn.eval();
  const Tensor y = bn(tensor({{0.2, 0.4}, {1.2, 0.4}}));
  CHECK(allclose(y, tensor({{0., 0.}, {1 / std::sqrt(1.1 + 1e-5), 0.}}), 1e-5, 1e-6));
  CHECK(values(bn) == before);
}

TEST_CASE("a recorded step of training moves buffers in each replay and not while it is recorded") {
  const nn::BatchNorm1d bn(2), eager = bn.clone();
  const Tensor a = grid({4, 2}), b = grid({4, 2}, 5);
  Replay step = record([&](const Tensors& in) { return bn(in[0]); }, {a});
  CHECK(values(bn) == values(eager));
  for (const Tensor& x : {b, a, b}) {
    CHECK(step({x})[0].to_vector<float>() == eager(x).to_vector<float>());
    CHECK(values(bn) == values(eager));
  }
  CHECK(bn.num_batches_tracked->tensor().item() == 3);
}

TEST_CASE("checkpoint takes the statistics of a batch once and gives buffers no gradient") {
  nn::BatchNorm1d bn(2), plain = bn.clone();
  for (bool training : {true, false}) {
    bn.train(training);
    plain.train(training);
    const Tensor x = grid({4, 2}).requires_grad(), same = grid({4, 2}).requires_grad();
    const Tensor y = checkpoint(bn, x), z = plain(same);
    CHECK(y.to_vector<float>() == z.to_vector<float>());
    sum(y * grid({4, 2}, 3)).backward();
    sum(z * grid({4, 2}, 3)).backward();
    CHECK(x.grad().to_vector<float>() == same.grad().to_vector<float>());
    CHECK(bn.weight->grad().to_vector<float>() == plain.weight->grad().to_vector<float>());
    CHECK(values(bn) == values(plain));
    for (const nn::Buffer& b : bn.buffers()) CHECK_FALSE(b.leaf()->grad.defined());
  }
}

TEST_CASE("to converts parameters, their gradients and floating buffers in place") {
  nn::BatchNorm1d bn(2);
  const nn::BatchNorm1d alias = bn;
  const Tensor x = grid({4, 2});
  sum(square(bn(x))).backward();
  const Tensor g = bn.bias->grad(), old = bn.weight->tensor();
  bn.to(float64);
  CHECK(alias.weight->dtype() == float64);
  CHECK(alias.weight->tensor().dtype() == float64);
  CHECK(alias.running_var->dtype() == float64);
  CHECK(alias.running_var->tensor().dtype() == float64);
  CHECK(alias.num_batches_tracked->dtype() == int64);
  CHECK(bn.bias->grad().to_vector<float>() == g.to_vector<float>());
  CHECK(bn.bias->grad().dtype() == float64);
  CHECK(old.dtype() == float32);
  sum(square(bn(x.to(float64)))).backward();
  CHECK(bn.bias->grad().dtype() == float64);
  CHECK(bn.num_batches_tracked->tensor().item() == 2);
  CHECK(begins(message([&] { bn.to(int64); }), "BatchNorm1d: parameters are float32 or float64, not int64"));
  CHECK_THROWS_AS(record([&](const Tensors& in) { return bn.to(float32), in[0] * 2; }, {x}), Error);
}

TEST_CASE("malformed layers are refused where they are made") {
  auto refused = [](const std::function<void()>& make, const std::string& with) {
    const std::string text = message(make);
    CAPTURE(text);
    CHECK(begins(text, with + " [at "));
    CHECK(text.find("nn_layers.cpp:") != std::string::npos);
  };
  refused([] { nn::Conv2d(0, 3, 2); }, "Conv2d: channels must be at least 1, got in = 0, out = 3");
  refused([] { nn::Conv1d(3, 0, 2); }, "Conv1d: channels must be at least 1, got in = 3, out = 0");
  refused([] { nn::Conv2d(4, 6, 3, ConvOptions().groups(4)); },
          "Conv2d: groups = 4 does not divide in = 4 and out = 6");
  refused([] { nn::Conv2d(4, 6, 3, ConvOptions().groups(3)); },
          "Conv2d: groups = 3 does not divide in = 4 and out = 6");
  refused([] { nn::Conv2d(4, 6, 3, ConvOptions().groups(0)); },
          "Conv2d: groups = 0 does not divide in = 4 and out = 6");
  refused([] { nn::Conv3d(1, 1, {2, 2}); }, "Conv3d: the kernel size has 2 numbers, expected one, or 3");
  refused([] { nn::Conv2d(1, 1, {2, 0}); }, "Conv2d: the kernel size must be at least 1, got 0");
  refused([] { nn::Conv2d(1, 1, {2, -1}); }, "Conv2d: the kernel size must be at least 1, got -1");
  refused([] { nn::Dropout(1.5); }, "Dropout: p is 1.500000, expected a probability in [0, 1]");
  refused([] { nn::Dropout(std::nan("")); }, "Dropout: p is nan, expected a probability in [0, 1]");
  refused([] { nn::BatchNorm1d(0); }, "BatchNorm1d: channels must be at least 1, got 0");
  refused([] { nn::BatchNorm3d(2, nn::BatchNormOptions().eps(-1)); },
          "BatchNorm3d: eps is -1.000000, expected at least 0");
  refused([] { nn::BatchNorm2d(2, nn::BatchNormOptions().momentum(2)); },
          "BatchNorm2d: momentum is 2.000000, expected a number in [0, 1]");
  refused([] { nn::LayerNorm(0); }, "LayerNorm: expected sizes of at least 1, got (0,)");
  refused([] { nn::LayerNorm(Shape{}); }, "LayerNorm: expected sizes of at least 1, got ()");
  refused([] { nn::LayerNorm({2, 3}, -1); }, "LayerNorm: eps is -1.000000, expected at least 0");
  refused([] { nn::RMSNorm({2, 0}); }, "RMSNorm: expected sizes of at least 1, got (2, 0)");
  refused([] { nn::RMSNorm(2, -1.); }, "RMSNorm: eps is -1.000000, expected at least 0");
  refused([] { nn::GroupNorm(3, 4); }, "GroupNorm: groups = 3 does not divide channels = 4");
  refused([] { nn::GroupNorm(0, 4); }, "GroupNorm: groups = 0 does not divide channels = 4");
  refused([] { nn::GroupNorm(1, 0); }, "GroupNorm: channels must be at least 1, got 0");
  refused([] { nn::GroupNorm(2, 4, -1); }, "GroupNorm: eps is -1.000000, expected at least 0");
  refused([] { nn::Embedding(0, 3); }, "Embedding: sizes must be at least 1, got num = 0, dim = 3");
  refused([] { nn::Embedding(3, 0); }, "Embedding: sizes must be at least 1, got num = 3, dim = 0");
}

TEST_CASE("calls of layers that do not fit name the layer, what it met and the user's line") {
  auto refused = [](const std::function<void()>& call, const std::string& with, const std::string& in) {
    const std::string text = message(call);
    CAPTURE(text);
    CHECK(begins(text, with));
    const std::size_t place = text.find(" [in " + in + ", at ");
    REQUIRE(place != std::string::npos);
    CHECK(text.find("nn_layers.cpp:", place) != std::string::npos);
  };
  const Tensor x = ones({2, 3, 5, 5});
  const nn::Sequential net{nn::BatchNorm2d(4)};
  refused([&] { net(x); }, "BatchNorm2d: expected (batch, 4, height, width), got float32(2, 3, 5, 5)",
          "Sequential.0 (BatchNorm2d)");
  refused([&] { nn::BatchNorm1d(3)(x); }, "BatchNorm1d: expected (batch, 3 [, length]), got float32(2, 3, 5, 5)",
          "BatchNorm1d");
  refused(
      [&] {
        nn::BatchNorm2d(3)(ones({2, 3}));
      },
      "BatchNorm2d: expected (batch, 3, height, width), got float32(2, 3)", "BatchNorm2d");
  refused([&] { nn::BatchNorm3d(3)(x); }, "BatchNorm3d: expected (batch, 3, depth, height, width), got", "BatchNorm3d");
  refused([&] { nn::GroupNorm(1, 4)(x); }, "GroupNorm: expected (batch, 4, ...), got float32(2, 3, 5, 5)", "GroupNorm");
  refused([&] { nn::GroupNorm(1, 4)(ones({4})); }, "GroupNorm: expected (batch, 4, ...), got float32(4,)", "GroupNorm");
  refused([&] { nn::LayerNorm(4)(x); }, "layer_norm: the last axes of an input (2, 3, 5, 5) are not (4,)", "LayerNorm");
  refused(
      [&] {
        nn::RMSNorm({3, 4})(x);
      },
      "rms_norm: the last axes of an input (2, 3, 5, 5) are not (3, 4)", "RMSNorm");
  refused([&] { nn::Conv2d(4, 1, 3)(x); }, "conv2d: x (2, 3, 5, 5) and weight (1, 4, 3, 3) do not fit", "Conv2d");
  refused([&] { nn::Conv2d(3, 1, 6)(x); }, "conv2d: the kernel of weight (1, 3, 6, 6)", "Conv2d");
  refused([&] { nn::Conv1d(3, 1, 3)(x); }, "conv1d: expected ([batch,] channels, length), got", "Conv1d");
  refused([&] { nn::Conv3d(3, 1, 3)(x[0]); }, "conv3d: expected ([batch,] channels, depth, height, width), got",
          "Conv3d");
  refused([&] { nn::MaxPool1d(2)(x); }, "max_pool1d: expected ([batch,] channels, length), got", "MaxPool1d");
  refused([&] { nn::AvgPool3d(2)(x[0]); }, "avg_pool3d: expected ([batch,] channels, depth, height, width), got",
          "AvgPool3d");
  refused([&] { nn::Flatten(3, 1)(x); }, "flatten: ", "Flatten");
  refused([&] { nn::Embedding(5, 2)(tensor({1, 5})); }, "embedding: ", "Embedding");
}
