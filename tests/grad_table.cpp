// Every differentiable op has a row here, or every_op_is_checked fails. Each row is checked in float64, first and
// second order, over all its cases: broadcast, empty, of size 1 and with one input used twice.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>
#include <xtape.hpp>

using namespace xtape;

namespace {

using Function = std::function<Tensor(const Tensors&)>;

// Inputs that are drawn the same way in every run.
Tensor real(const Shape& shape, double low = -2, double high = 2) {
  static Generator generator(7);
  return uniform(shape, low, high, float64, generator);
}
Tensor positive(const Shape& shape) { return real(shape, 0.5, 3); }
// Away from 0, where an op has a kink or a pole.
Tensor nonzero(const Shape& shape) {
  const Tensor x = real(shape);
  return where(x < 0, x - 0.3, x + 0.3);
}
using Draw = Tensor (*)(const Shape&);
Tensor plain(const Shape& shape) { return real(shape); }

// The shapes that every unary op is checked on.
std::vector<Tensors> one(Draw draw) {
  std::vector<Tensors> cases;
  for (const Shape& s : {Shape{}, Shape{1}, Shape{0}, Shape{11}, Shape{3, 4}, Shape{2, 0, 3}, Shape{2, 1, 2, 1, 3}})
    cases.push_back({draw(s)});
  return cases;
}
// The pairs of shapes that every binary op is checked on.
std::vector<Tensors> two(Draw a, Draw b) {
  const std::vector<std::pair<Shape, Shape>> shapes = {
      {{}, {}},         {{3, 4}, {3, 4}},       {{3, 4}, {4}},
      {{4}, {3, 4}},    {{3, 4}, {3, 1}},       {{3, 1}, {1, 4}},
      {{3, 4}, {}},     {{1}, {2, 3}},          {{2, 3, 4}, {3, 1}},
      {{0, 3}, {1, 3}}, {{2, 1, 3}, {1, 4, 1}}, {{2, 1, 2}, {1, 2, 1, 1, 2}}};
  std::vector<Tensors> cases;
  for (auto& [p, q] : shapes) cases.push_back({a(p), b(q)});
  return cases;
}

struct Row {
  const char* op;
  Function f;
  std::vector<Tensors> cases;
};

const Tensor labels = tensor({2, 0, 1});
const Tensor mask = tensor({{true, false, true, true}, {false, true, false, true}, {true, true, false, false}});

const std::vector<Row> rows = {
    {"add", [](auto& x) { return x[0] + x[1]; }, two(plain, plain)},
    {"add to itself", [](auto& x) { return x[0] + x[0]; }, one(plain)},
    {"sub", [](auto& x) { return x[0] - x[1]; }, two(plain, plain)},
    {"mul", [](auto& x) { return x[0] * x[1]; }, two(plain, plain)},
    {"mul by itself", [](auto& x) { return x[0] * x[0]; }, one(plain)},
    {"mul by a number", [](auto& x) { return 3 * x[0] * 0.5; }, one(plain)},
    {"div", [](auto& x) { return x[0] / x[1]; }, two(plain, nonzero)},
    {"div of a number", [](auto& x) { return 2 / x[0]; }, one(nonzero)},
    {"neg", [](auto& x) { return -x[0]; }, one(plain)},
    {"exp", [](auto& x) { return exp(x[0]); }, one(plain)},
    {"log", [](auto& x) { return log(x[0]); }, one(positive)},
    {"sqrt", [](auto& x) { return sqrt(x[0]); }, one(positive)},
    {"square", [](auto& x) { return square(x[0]); }, one(plain)},
    {"tanh", [](auto& x) { return tanh(x[0]); }, one(plain)},
    {"sigmoid", [](auto& x) { return sigmoid(x[0]); }, one(plain)},
    {"relu", [](auto& x) { return relu(x[0]); }, one(nonzero)},
    {"where",
     [](auto& x) { return where(mask, x[0], x[1]); },
     {{real({3, 4}), real({3, 4})}, {real({4}), real({3, 1})}, {real({}), real({2, 3, 4})}}},
    {"where of itself", [](auto& x) { return where(x[0] > 0, x[0] * x[0], -x[0]); }, one(nonzero)},
    {"sum", [](auto& x) { return square(sum(x[0])); }, one(plain)},
    {"sum over axes",
     [](auto& x) {
       return square(sum(x[0], {0, 2}));
     },
     {{real({2, 3, 4})}, {real({2, 0, 3})}}},
    {"sum keeping axes", [](auto& x) { return square(sum(x[0], {-1}, true)); }, {{real({2, 3, 4})}, {real({1, 1})}}},
    {"mean", [](auto& x) { return square(mean(x[0])); }, {{real({3, 4})}, {real({})}}},
    {"mean over axes", [](auto& x) { return square(mean(x[0], {1})); }, {{real({2, 3, 4})}, {real({3, 1})}}},
    {"sum_to",
     [](auto& x) {
       return square(sum_to(x[0], {3, 1}));
     },
     {{real({3, 4})}, {real({2, 3, 4})}, {real({3, 1})}}},
    {"reshape",
     [](auto& x) {
       return square(reshape(x[0], {2, -1}));
     },
     {{real({3, 4})}, {real({2, 0})}, {real({2})}}},
    {"permute",
     [](auto& x) {
       return square(permute(x[0], {2, 0, 1}));
     },
     {{real({2, 3, 4})}, {real({1, 0, 2})}}},
    {"transpose", [](auto& x) { return square(transpose(x[0])); }, {{real({3, 4})}, {real({2, 3, 4})}, {real({1, 1})}}},
    {"broadcast_to",
     [](auto& x) {
       return square(broadcast_to(x[0], {2, 3, 4}));
     },
     {{real({})}, {real({4})}, {real({3, 1})}, {real({2, 3, 4})}}},
    {"index", [](auto& x) { return square(x[0][-1]) * x[0][0]; }, {{real({3, 4})}, {real({1})}, {real({2, 0})}}},
    {"to", [](auto& x) { return square(x[0].to(float64)); }, one(plain)},
    {"matmul",
     [](auto& x) { return matmul(x[0], x[1]); },
     {{real({3, 4}), real({4, 2})},
      {real({1, 1}), real({1, 1})},
      {real({3, 0}), real({0, 2})},
      {real({4}), real({4, 2})},
      {real({3, 4}), real({4})},
      {real({4}), real({4})}}},
    {"matmul transposing the left", [](auto& x) { return matmul(x[0], x[1], true); }, {{real({4, 3}), real({4, 2})}}},
    {"matmul transposing the right",
     [](auto& x) { return matmul(x[0], x[1], false, true); },
     {{real({3, 4}), real({2, 4})}}},
    {"matmul transposing both", [](auto& x) { return matmul(x[0], x[1], true, true); }, {{real({4, 3}), real({2, 4})}}},
    {"matmul with itself", [](auto& x) { return matmul(x[0], x[0], false, true); }, {{real({3, 4})}}},
    {"linear",
     [](auto& x) { return linear(x[0], x[1], x[2]); },
     {{real({5, 3}), real({2, 3}), real({2})},
      {real({3}), real({2, 3}), real({2})},
      {real({0, 3}), real({2, 3}), real({2})},
      {real({2, 5, 3}), real({2, 3}), real({2})}}},
    {"softmax", [](auto& x) { return softmax(x[0]); }, {{real({3, 4})}, {real({5})}, {real({2, 1})}, {real({0, 3})}}},
    {"softmax along the first axis", [](auto& x) { return softmax(x[0], 0); }, {{real({3, 2, 2})}}},
    {"log_softmax",
     [](auto& x) { return log_softmax(x[0]); },
     {{real({3, 4})}, {real({5})}, {real({2, 1})}, {real({0, 3})}}},
    {"log_softmax along a middle axis", [](auto& x) { return log_softmax(x[0], 1); }, {{real({2, 3, 2})}}},
    {"logsumexp",
     [](auto& x) { return logsumexp(x[0]); },
     {{real({3, 4})}, {real({5})}, {real({2, 1})}, {real({0, 3})}}},
    {"logsumexp along the first axis", [](auto& x) { return logsumexp(x[0], 0); }, {{real({3, 2, 2})}}},
    {"cross_entropy", [](auto& x) { return cross_entropy(x[0], labels); }, {{real({3, 4})}, {real({3, 3})}}},
};

}  // namespace

TEST_CASE("gradients of every op agree with central differences to second order") {
  for (const Row& row : rows) {
    const std::string op = row.op;
    CAPTURE(op);
    CHECK(!row.cases.empty());
    for (const Tensors& inputs : row.cases) {
      CAPTURE(inputs[0].shape());
      CHECK_NOTHROW(gradcheck(row.f, inputs));
    }
  }
}

TEST_CASE("rules that run as one loop agree with rules that are recorded and float32 agrees with float64") {
  for (const Row& row : rows) {
    const std::string op = row.op;
    CAPTURE(op);
    for (const Tensors& inputs : row.cases) {
      auto gradients = [&](Dtype dtype, GradFlags flags) {
        Tensors x;
        for (const Tensor& t : inputs) x.push_back(t.to(dtype).requires_grad());
        return grad(sum(square(row.f(x))), x, flags);
      };
      const Tensors fused = gradients(float64, grad_defaults), recorded = gradients(float64, create_graph);
      for (std::size_t i = 0; i < fused.size(); ++i) CHECK(allclose(fused[i], recorded[i], 1e-12, 1e-12));
      if (op == "to") continue;  // its row converts to float64
      const Tensors narrow = gradients(float32, grad_defaults);
      for (std::size_t i = 0; i < fused.size(); ++i) CHECK(allclose(narrow[i].to(float64), fused[i], 1e-4, 1e-4));
    }
  }
}

TEST_CASE("derivatives at special points are those of PyTorch") {
  constexpr double inf = std::numeric_limits<double>::infinity();
  auto derivative = [](const Function& f, double at) {
    const Tensor x = tensor({at}, float64).requires_grad();
    return grad(sum(f({x})), x).item();
  };
  CHECK(derivative([](auto& x) { return relu(x[0]); }, 0) == 0);
  CHECK(derivative([](auto& x) { return sqrt(x[0]); }, 0) == inf);
  CHECK(derivative([](auto& x) { return log(x[0]); }, 0) == inf);
  CHECK(derivative([](auto& x) { return sigmoid(x[0]); }, 1000) == 0);
  CHECK(derivative([](auto& x) { return sigmoid(x[0]); }, -1000) == 0);
  CHECK(derivative([](auto& x) { return tanh(x[0]); }, 1000) == 0);
  CHECK(std::isnan(derivative([](auto& x) { return square(relu(x[0])); }, std::nan(""))));

  const Tensor x = tensor({{1000., 0., -1000.}}, float64).requires_grad();
  CHECK(allclose(grad(cross_entropy(x, tensor({1})), x), tensor({{1., -1., 0.}}, float64)));
  CHECK(cross_entropy(x, tensor({1})).item() == doctest::Approx(1000));
  CHECK(allclose(grad(sum(logsumexp(x)), x), tensor({{1., 0., 0.}}, float64)));
  CHECK(allclose(log_softmax(x), tensor({{0., -1000., -2000.}}, float64)));
}

TEST_CASE("gradcheck names what is wrong") {
  // The gradient of the second factor is cut.
  auto wrong = [](const Tensors& x) { return x[0] * x[1].detach(); };
  CHECK_THROWS_WITH_AS(gradcheck(wrong, {positive({2}), positive({2})}),
                       doctest::Contains("gradcheck: order 1: the derivative with respect to element 0 of input 1"),
                       Error);
  auto wrong_again = [](const Tensors& x) { return x[0] * x[0].detach() * 2 - square(x[0].detach()); };
  CHECK_THROWS_WITH_AS(gradcheck(wrong_again, {positive({2})}), doctest::Contains("gradcheck: order 2"), Error);
  CHECK_THROWS_WITH_AS(gradcheck(wrong, {ones({2})}), doctest::Contains("differences need float64"), Error);
}
