// Planted NaNs and Infs are found where they arise; and errors say more while they are looked for.
#include <doctest/doctest.h>

#include <autograd/anomaly.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <xtape.hpp>

#include "support.hpp"

using namespace xtape;
using namespace xtape::detail;
using doctest::Contains;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();

// A module whose forward is `f`, called at a line of the caller.
struct Planted : nn::Module<Planted> {
  std::function<Tensor(const Tensor&)> f;
  nn::Linear layer = child("layer", nn::Linear(2, 2));
  Tensor forward(const Tensor& x) const { return f ? f(x) : layer(x); }
};
struct Net : nn::Module<Net> {
  Planted planted = child("planted", Planted());
  Tensor forward(const Tensor& x) const { return sum(planted(x)); }
};

}  // namespace

TEST_CASE("ten planted NaNs and Infs are each named by operation and line and module") {
  struct Case {
    std::function<Tensor(const Tensor&)> f;
    int line;
    std::vector<float> input;
    const char* what;
    const char* verdict;
  };
  const char* helps = "in float64 it would be finite";
  const char* no_help = "float64 would not help";
  // clang-format off
  const Case cases[] = {
      {[](const Tensor& x) { return log(x); }, __LINE__, {1, 0}, "'log' gives Inf at element (0, 1)", no_help},
      {[](const Tensor& x) { return x / (x - x); }, __LINE__, {0, 1}, "'div' gives NaN at element (0, 0)", no_help},
      {[](const Tensor& x) { return sqrt(x - 2); }, __LINE__, {3, 1}, "'sqrt' gives NaN at element (0, 1)", no_help},
      {[](const Tensor& x) { return exp(x * 50); }, __LINE__, {1, 2}, "'exp' gives Inf at element (0, 1)", helps},
      {[](const Tensor& x) { return square(1e15 * x); }, __LINE__, {1, 1e9f}, "'square' gives Inf", helps},
      {[](const Tensor& x) { return x - x; }, __LINE__, {1, inf}, "'sub' gives NaN at element (0, 1)", no_help},
      {[](const Tensor& x) { return x * 2; }, __LINE__, {1, NAN}, "'mul' is given NaN at element (0, 1)", no_help},
      {[](const Tensor& x) { return sqrt(x); }, __LINE__, {1, 0}, "the gradient of 'sqrt' for its input 0 is Inf", no_help},
      {[](const Tensor& x) { return where(x > 0, log(x + 0), x); }, __LINE__, {1, 0}, "'log' gives Inf", no_help},
      {[](const Tensor& x) { return 1 / x; }, __LINE__, {1, 1e-25f}, "the gradient of 'div' for its input 1 is Inf", helps},
  };
  // clang-format on
  for (const Case& c : cases) {
    CAPTURE(c.what);
    Net net;
    net.planted.f = c.f;
    const Tensor x = tensor(c.input, {1, 2}).requires_grad();
    const std::string text = message([&] {
      AnomalyGuard guard;
      net(x).backward();
    });
    CAPTURE(text);
    CHECK(text.find("anomaly: ") == 0);
    CHECK(text.find(c.what) != std::string::npos);
    CHECK(text.find(c.verdict) != std::string::npos);
    CHECK(text.find("input 0: float32") != std::string::npos);
    CHECK(text.find("[in Net.planted (Planted), at ") != std::string::npos);
    CHECK(text.find("anomaly.cpp:" + std::to_string(c.line) + "]") != std::string::npos);
    CHECK(message([&] { net(x).backward(); }) == "no error");  // without the guard nobody looks
  }
}

TEST_CASE("anomalies in layers of the library and in sums of gradients are found too") {
  Net net;
  net.planted.layer.weight.assign(tensor({{1., NAN}, {0., 1.}}));
  std::string text = message([&] {
    AnomalyGuard guard;
    net(ones({1, 2}));
  });
  CHECK(text.find("'linear' is given NaN at element (0, 1) of an input") != std::string::npos);
  CHECK(text.find("in Net.planted.layer (Linear)") != std::string::npos);

  const Tensor x = tensor({0.}).requires_grad();
  text = message([&] {
    AnomalyGuard guard;
    const Tensor h = x * 1;
    const Tensor y = h * 2e38 + h * 2e38;
    grad(y, {x}, ones({1}));
  });
  CHECK(text.find("the gradient that reaches 'mul' is Inf") != std::string::npos);

  // A conversion is no reason in float64.
  const Tensor large = tensor({1e300}, float64);
  text = message([&] {
    AnomalyGuard guard;
    static_cast<void>(large.to(float32));
  });
  CHECK(text.find("'to' gives Inf at element (0,); in float64 it would be finite") != std::string::npos);
  text = message([&] {
    AnomalyGuard guard;
    square((large * 1e-280).to(float32));
  });
  CHECK(text.find("'square' gives Inf at element (0,); in float64 it would be finite") != std::string::npos);

  // Second derivatives are looked at as well.
  text = message([&] {
    AnomalyGuard guard;
    const Tensor z = tensor({0.}).requires_grad();
    const Tensor g = grad(sum(sqrt(z * z * z + 1) * sqrt(z + 1e-30)), z, create_graph);
    grad(sum(g), z);
  });
  CHECK(text.find("anomaly: ") == 0);
}

TEST_CASE("what is infinite on purpose passes and healthy programs pass with the same results") {
  AnomalyGuard guard;
  const Tensor mask = tensor({{true, false}, {true, true}}), x = ones({2, 2}).requires_grad();
  const Tensor y = sum(square(softmax(where(mask, x, -inf))));
  CHECK_NOTHROW(y.backward());
  manual_seed(1);
  const nn::Linear layer(3, 2);
  const Tensor in = uniform({4, 3}, -1, 1);
  const Tensor looked = grad(sum(square(layer(in))), layer.weight);
  Tensor plain;
  {
    Unwatched unwatched;
    plain = grad(sum(square(layer(in))), layer.weight);
  }
  CHECK(looked.to_vector<float>() == plain.to_vector<float>());
  // no_grad stays no_grad though every operation has a node now.
  const Tensor cut = no_grad([&] { return exp(x); });
  CHECK_FALSE(cut.is_recorded());
  CHECK(grad(sum(cut * x), x).to_vector<float>() == cut.to_vector<float>());
}

TEST_CASE("in anomaly mode an error about shapes says where the operands were made") {
  AnomalyGuard guard;
  const Tensor a = exp(ones({2, 3}));
  const int line = __LINE__ - 1;
  const std::string text = message([&] { matmul(a, sum(ones({4, 5}), 1)); });
  CHECK(text.find("matmul: ") == 0);
  CHECK(text.find("operand float32(2, 3) was made by 'exp' at ") != std::string::npos);
  CHECK(text.find("anomaly.cpp:" + std::to_string(line)) != std::string::npos);
  CHECK(text.find("operand float32(4,) was made by 'sum' at ") != std::string::npos);
}

TEST_CASE("a long tape that goes wrong in float32 is computed again in float64 without recursion") {
  const std::string text = message([] {
    AnomalyGuard guard;
    Tensor y = tensor({1.}).requires_grad();
    for (int i = 0; i < 100'000; ++i) y = y * 1.001;  // 1.001^88,700 is past the largest float
    y = y * y * y * y * y * y * y * y;
  });
  CHECK(text.find("'mul' gives Inf") != std::string::npos);
  CHECK(text.find("in float64 it would be finite") != std::string::npos);
}
