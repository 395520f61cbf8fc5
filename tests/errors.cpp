// What users read when something is wrong: the op, what it met and where in their program it was.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <iterator>
#include <string>
#include <xtape.hpp>

#include "support.hpp"

using namespace xtape;

namespace {

// "errors.cpp:LINE]", the end of a message that points here.
std::string at(int line) { return "errors.cpp:" + std::to_string(line) + "]"; }

struct Inner : nn::Module<Inner> {
  nn::Linear fc = child("fc", nn::Linear(4, 2));
  Tensor forward(const Tensor& x) const { return sigmoid(fc(x)); }
};
constexpr int line_of_fc = __LINE__ - 2;
struct Outer : nn::Module<Outer> {
  Inner inner = child("inner", Inner());
  Parameter scale = parameter("scale", ones({3}));
  Tensor forward(const Tensor& x) const { return inner(x) * scale; }
};
constexpr int line_of_scale = __LINE__ - 2;

Tensor halve(const Tensor& x) { return matmul(x, ones({2, 2})); }
constexpr int line_of_halve = __LINE__ - 1;

}  // namespace

TEST_CASE("a wrong shape in a direct op names op and shapes and line") {
  const Tensor a = ones({2, 3}), b = ones({4, 5});
  std::string text = message([&] { matmul(a, b); });
  CHECK(text.find("matmul: the inner sizes of (2, 3) x (4, 5) differ: 3 and 4") == 0);
  CHECK(ends(text, at(__LINE__ - 2)));
  text = message([&] { a + b; });
  CHECK(text.find("add: shapes (2, 3) and (4, 5) do not broadcast") == 0);
  CHECK(ends(text, at(__LINE__ - 2)));
  text = message([&] { 2.0 * a + 1 * b; });
  CHECK(ends(text, at(__LINE__ - 1)));
}

TEST_CASE("a wrong shape in a Linear inside a module names the path and the line that calls it") {
  const Outer net;
  const std::string text = message([&] { net(ones({5, 3})); });
  CHECK(text.find("linear: input (5, 3), weight (2, 4) and bias (2,) do not fit") == 0);
  CHECK(text.find("in Outer.inner.fc (Linear)") != std::string::npos);
  CHECK(ends(text, at(line_of_fc)));
}

TEST_CASE("a wrong shape in the user's forward names the module and that line") {
  const Outer net;
  const std::string text = message([&] { net(ones({5, 4})); });
  CHECK(text.find("mul: shapes (5, 2) and (3,) do not broadcast") == 0);
  CHECK(text.find("in Outer, at ") != std::string::npos);
  CHECK(ends(text, at(line_of_scale)));
}

TEST_CASE("a wrong shape in what was given to Sequential names it and the line") {
  const nn::Sequential lambda{nn::Linear(4, 3), [](const Tensor& x) { return x + ones({2}); }};
  const int line = __LINE__ - 1;
  std::string text = message([&] { lambda(ones({5, 4})); });
  CHECK(text.find("add: shapes (5, 3) and (2,)") == 0);
  CHECK(text.find("in Sequential.1 (Lambda), at ") != std::string::npos);
  CHECK(ends(text, at(line)));

  const nn::Sequential function{nn::Linear(4, 3), halve};
  text = message([&] { function(ones({5, 4})); });
  CHECK(ends(text, at(line_of_halve)));

  // An op as an element has no line in the user's program but that of the call.
  const nn::Sequential op{nn::Linear(4, 3), nn::relu, nn::Linear(2, 2)};
  text = message([&] { op(ones({5, 4})); });
  CHECK(text.find("in Sequential.2 (Linear)") != std::string::npos);
  CHECK(ends(text, at(__LINE__ - 2)));
  const nn::Sequential softmax_of_scalar{[](const Tensor& x) { return sum(x); },
                                         std::function<Tensor(const Arg&)>([](const Arg& x) { return softmax(x); })};
  text = message([&] { softmax_of_scalar(ones({2})); });
  CHECK(text.find("softmax: there is no axis -1 in shape ()") == 0);
  CHECK(text.find("errors.cpp") != std::string::npos);
}

TEST_CASE("a wrong shape in a cost names the cost and both shapes and the line") {
  std::string text = message([] { nn::quadratic_cost(ones({5, 10}), ones({5})); });
  CHECK(text.find("quadratic_cost: the prediction is (5, 10), the target (5,)") == 0);
  CHECK(text.find("one_hot(labels, classes)") != std::string::npos);
  CHECK(ends(text, at(__LINE__ - 3)));
  text = message([] { nn::mse_loss(ones({5}), ones({5, 1})); });
  CHECK(ends(text, at(__LINE__ - 1)));
  text = message([] { nn::cross_entropy(ones({2, 3}), tensor({0, 3})); });
  CHECK(text.find("cross_entropy: label 3 at 1 is not in [0, 3)") == 0);
  CHECK(ends(text, at(__LINE__ - 2)));
}

TEST_CASE("an error in the second derivative names the line of the first") {
  const Tensor x = ones({2}).requires_grad();
  const Tensor y = sum(exp(x));
  const int line = __LINE__ - 1;
  y.backward();
  const std::string text = message([&] { y.backward(); });
  CHECK(text.find("'exp' of ") != std::string::npos);
  CHECK(text.find("errors.cpp:" + std::to_string(line)) != std::string::npos);
  CHECK(text.find("retain_graph") != std::string::npos);
}

TEST_CASE("malformed calls each give one line that says what was met and leave everything usable") {
  struct Call {
    std::function<void()> f;
    const char* says;
  };
  const Tensor m = ones({2, 3}), k = tensor({1, 2});
  const Call calls[] = {
      {[&] { exp(Tensor()); }, "exp: the tensor is undefined"},
      {[&] { Tensor() + 1; }, "add: the tensor is undefined"},
      {[&] { Tensor().shape(); }, "the tensor is undefined"},
      {[&] { sum(m, 2); }, "sum: there is no axis 2 in shape (2, 3)"},
      {[&] {
         sum(m, {0, -2});
       },
       "sum: axis -2 of shape (2, 3) is named twice"},
      {[&] { mean(m, -3); }, "there is no axis -3"},
      {[&] {
         argmax(ones({2, 0}));
       },
       "argmax: axis 0 or 1 of (2, 0) is empty"},
      {[&] { argmax(ones({}), -1); }, "argmax: there is no axis -1 in shape ()"},
      {[&] { reshape(m, {4}); }, "reshape: shape (2, 3) has 6 elements, (4,) would have 4"},
      {[&] {
         reshape(m, {-1, -1});
       },
       "only one size may be -1"},
      {[&] {
         reshape(m, {-1, 4});
       },
       "do not divide into groups of 4"},
      {[&] { permute(m, {0}); }, "permute: the order must name each of the 2 axes"},
      {[&] {
         permute(m, {0, 0});
       },
       "permute: the order must name each of the 2 axes"},
      {[&] { transpose(ones({3})); }, "transpose: there is no axis -2 in shape (3,)"},
      {[&] {
         broadcast_to(m, {3, 3});
       },
       "broadcast_to"},
      {[&] { broadcast_to(m, {1}); }, "broadcast_to: shape (2, 3) does not stretch to (1,)"},
      {[&] { sum_to(m, {4}); }, "sum_to: shape (2, 3) is not broadcast from (4,)"},
      {[&] { matmul(m, 2); }, "matmul: expected a tensor, not a number"},
      {[&] { matmul(m, k); }, "matmul: both operands must be float32 or both float64"},
      {[&] {
         matmul(ones({2, 2, 2}), ones({3, 2, 2}));
       },
       "matmul: the batches of"},
      {[&] {
         linear(m, ones({2, 2}), ones({2}));
       },
       "linear: input (2, 3), weight (2, 2)"},
      {[&] { where(m, m, m); }, "where: the condition must be boolean"},
      {[&] { one_hot(m, 3); }, "one_hot: labels must be int64 or uint8"},
      {[&] { one_hot(k, 2); }, "one_hot: label 2 at 1 is not in [0, 2)"},
      {[&] { cross_entropy(m, k.to(float32)); },
       "cross_entropy: logits float32(2, 3) and labels float32(2,) do not fit"},
      {[&] { cross_entropy(m, tensor({1})); }, "do not fit: expected (batch, classes)"},
      {[&] { m[2]; }, "index: index 2 is out of range for axis 0 of shape (2, 3)"},
      {[&] { ones({})[0]; }, "index: a scalar has no axis"},
      {[&] { m.item(); }, "item: expected one element, got shape (2, 3)"},
      {[&] { m.data<double>(); }, "data: the tensor is float32(2, 3), asked for as float64"},
      {[&] { m.size(5); }, "there is no axis 5"},
      {[&] {
         tensor({{1., 2.}, {3.}});
       },
       "tensor: the lists are not of equal lengths"},
      {[&] {
         tensor({{1., 2.}, 3.});
       },
       "tensor: the lists are not of equal lengths"},
      {[&] {
         tensor(std::vector<float>{1, 2}, {3});
       },
       "tensor: 2 values do not fill shape (3,)"},
      {[&] { tensor({1.5}, int64).item(); }, "no error"},
      {[&] { tensor({1e30}, int64); }, "has no counterpart in int64"},
      {[&] { tensor({-1}, uint8); }, "tensor: -1 has no counterpart in uint8"},
      {[&] { zeros({-1}); }, "Shape: size -1 of axis 0 is negative"},
      {[&] {
         zeros({1, 1, 1, 1, 1, 1, 1, 1, 1});
       },
       "at most 8 axes"},
      {[&] {
         zeros({std::int64_t{1} << 40, std::int64_t{1} << 40});
       },
       "would have more elements than can be counted"},
      {[&] { zeros({std::int64_t{1} << 43}); }, "no memory for a float32 tensor of shape (8796093022208,)"},
      {[&] { arange(-1); }, "is negative"},
      {[&] { allclose(m, ones({3})); }, "allclose: shapes (2, 3) and (3,) differ"},
      {[&] { (void)k.requires_grad(); }, "requires_grad: gradients flow through float32 and float64, not int64"},
      {[&] { m.backward(); }, "depends on nothing that gradients flow to"},
      {[&] { m.requires_grad().backward(); }, "not one element; reduce it with sum() or mean()"},
      {[&] { m.grad(); }, "only a leaf gathers gradients"},
      {[&] { grad(sum(m.requires_grad()), m); }, "target 0 is not on the tape"},
      {[&] { grad(sum(m.requires_grad()), m.requires_grad()); }, "does not depend on target 0"},
      {[&] { grad(m.requires_grad(), Targets{m.requires_grad()}, ones({2})); },
       "the seed is float32(2,), the result float32(2, 3)"},
      {[&] { Parameter p{k}; }, "Parameter: a parameter is float32 or float64, not int64"},
      {[&] { Parameter(m).assign(ones({3})); }, "is float32(2, 3), the value float32(3,)"},
      {[&] { Parameter(m).mutable_data<double>(); }, "the parameter is float32, asked for as float64"},
      {[&] { uniform({2}, 2, 1); }, "uniform: [2.000000, 1.000000) is empty"},
      {[&] { normal({2}, 0, -1); }, "normal: a standard deviation is not -1"},
      {[&] { normal({2}, 0, 1, int64); }, "normal: draws float32 or float64, not int64"},
      {[&] { permutation(-1); }, "is negative"},
      {[&] { RandomStream(1).integer(0); }, "there is no integer in [0, 0)"},
      {[&] { set_num_threads(0); }, "the number of threads must be at least 1, not 0"},
      {[&] { nn::Linear(0, 3); }, "Linear: sizes must be at least 1, got in = 0, out = 3"},
      {[&] { optim::SGD({}, 0.1); }, "SGD: there are no parameters"},
      {[&] { optim::SGD({Parameter(m)}, std::nan("")); }, "SGD: the learning rate is nan, expected a finite number"},
      {[&] { optim::Adam({Parameter(m)}, optim::AdamOptions().betas(0.9, 1)); }, "Adam: beta2 is 1.000000, expected"},
      {[&] { optim::SGD({Parameter(m)}, 0.1).step({ones({3})}); }, "gradient 0 is float32(3,)"},
      {[&] { optim::SGD({Parameter(m)}, 0.1).step(Tensors()); }, "SGD: 0 gradients for 1 parameters"},
      {[&] { concat({}); }, "concat: "},
      {[&] {
         concat({m, ones({3, 4})});
       },
       "concat: "},
      {[&] {
         stack({m, ones({3, 2})});
       },
       "stack: "},
      {[&] { split(m, 0, 1); }, "split: "},
      {[&] { squeeze(m, 5); }, "squeeze: there is no axis 5"},
      {[&] { slice(m, 2, Slice(0, 1)); }, "slice: there is no axis 2"},
      {[&] { slice(m, 0, Slice(0, 1, 0)); }, "slice: "},
      {[&] {
         gather(m, 1, tensor({{0, 3}, {0, 0}}));
       },
       "gather: "},
      {[&] { index_select(m, 0, tensor({2})); }, "index_select: "},
      {[&] { take_along(m, k.to(float32), 1); }, "take_along: "},
      {[&] { pad(m, {1}); }, "pad: "},
      {[&] {
         pad(m, {-4, 0});
       },
       "pad: "},
      {[&] { tile(m, {-1}); }, "tile: "},
      {[&] { flip(m, 2); }, "flip: there is no axis 2"},
      {[&] { tril(ones({3})); }, "tril: "},
      {[&] { masked_select(m, m); }, "masked_select: "},
      {[&] { cumsum(m, 4); }, "cumsum: there is no axis 4"},
      {[&] { topk(m, 9); }, "topk: "},
      {[&] { amax(ones({0})); }, "amax: "},
      {[&] { bincount(tensor({-1})); }, "bincount: "},
      {[&] { einsum("ij,jk->ik", {m}); }, "einsum: "},
      {[&] {
         einsum("ij,jk->ik", {m, m});
       },
       "einsum: "},
      {[&] { solve(m, m); }, "solve: "},
      {[&] {
         inverse(zeros({2, 2}));
       },
       "inverse: "},
      {[&] {
         cholesky(-ones({2, 2}));
       },
       "cholesky: "},
      {[&] { det(m); }, "det: "},
      {[&] { cross(ones({2}), ones({2})); }, "cross: "},
      {[&] { conv2d(m, m); }, "conv2d: "},
      {[&] {
         conv1d(ones({1, 2, 5}), ones({1, 3, 2}));
       },
       "conv"},
      {[&] {
         conv1d(ones({1, 1, 3}), ones({1, 1, 5}));
       },
       "conv"},
      {[&] {
         max_pool2d(ones({1, 1, 3, 3}), 4);
       },
       "max_pool2d: "},
      {[&] {
         layer_norm(m, Shape{3, 3});
       },
       "layer_norm: "},
      {[&] { dropout(m, 1.5); }, "dropout: "},
      {[&] { bernoulli({2}, -0.5); }, "bernoulli: "},
      {[&] { randint(3, 3, {2}); }, "randint: "},
      {[&] { multinomial(ones({3}), 4, false); }, "multinomial: "},
      {[&] {
         scaled_dot_product_attention(m, ones({2, 4}), m);
       },
       "scaled_dot_product_attention: "},
      {[&] { binary_cross_entropy_with_logits(m, ones({3})); }, "binary_cross_entropy_with_logits: "},
      {[&] { pointwise([](auto x, auto y) { return x * y; }, m, ones({4})); },
       "pointwise: the arguments' shapes (2, 3), (4,) do not broadcast"},
      {[&] { record([](const Tensors& in) { return in[0]; }, {Tensor()}); }, "record: input 0 is undefined"},
      {[&] { checkpoint([](const Tensor& x) { return x; }, Tensor()); }, "checkpoint: input 0 is undefined"},
      {[&] { tape(m); }, "tape: the tensor (2, 3) is not recorded"},
      {[&] { to_dot(m); }, "to_dot: the tensor (2, 3) is not recorded"},
      {[&] { fmod(k, 0); }, "fmod: an integer is divided by 0"},
      {[&] { clamp(m, std::nan("")); }, "clamp: the bounds are nan"},
      {[&] { polygamma(-1, m); }, "polygamma: the order -1"},
      {[&] { sum(argmax(m.requires_grad()).to(float32)).backward(); }, "the tape was cut by 'argmax' of "},
      {[&] { sum(m.requires_grad().detach() * 2).backward(); }, "the tape was cut by 'detach' of "},
      {[&] {
         const Tensor x = m.requires_grad();
         grad(sum(x * 0 + ones({3}).requires_grad()), exp(x).detach());
       },
       "target 0 is not on the tape: it was cut from it by 'detach'"},
      {[&] {
         const Tensor x = m.requires_grad(), w = ones({3}).requires_grad();
         grad(sum(x * w.detach()), w);
       },
       "the tape was cut by 'detach' of "},
  };
  CHECK(std::size(calls) >= 110);
  for (const Call& call : calls) {
    const std::string text = message(call.f);
    CAPTURE(text);
    CAPTURE(call.says);
    CHECK(text.find(call.says) != std::string::npos);
    CHECK(text.find('\n') == std::string::npos);
  }
  CHECK(sum(m).item() == 6);
}
