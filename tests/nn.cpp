// Modules, layers and costs; the numbers are PyTorch's (reference.py).
#include "reference.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>
#include <xtape.hpp>

using namespace xtape;
using doctest::Contains;

namespace {

using Names = std::vector<std::string>;
Names names(const nn::ModuleBase& module) {
  Names all;
  for (auto& [name, p] : module.named_parameters()) all.push_back(name);
  return all;
}

// What reference.py calls grid.
Tensor grid(const Shape& shape, Dtype dtype, int shift = 0) {
  std::vector<double> v;
  for (std::int64_t i = 0; i < shape.size(); ++i) v.push_back(static_cast<double>((7 * i + 3 + shift) % 13 - 6) / 8);
  return tensor(v, shape).to(dtype);
}

struct Block : nn::Module<Block> {
  nn::Linear fc = child("fc", nn::Linear(3, 3));
  Parameter scale = parameter("scale", ones({3}));
  Tensor forward(const Tensor& x) const { return relu(fc(x)) * scale; }
};
struct Net : nn::Module<Net> {
  Parameter shift = parameter("shift", zeros({3}));
  Block first = child("first", Block());
  nn::Sequential rest = child("rest", nn::Sequential{Block(), nn::tanh, nn::Linear(3, 2)});
  Tensor forward(const Tensor& x) const { return rest(first(x + shift)); }
};
// The second matrix is the first one transposed.
struct Tied : nn::Module<Tied> {
  nn::Linear in = child("in", nn::Linear(3, 2));
  Parameter out = parameter("out", in.weight);
  Tensor forward(const Tensor& x) const { return matmul(in(x), out); }
};

}  // namespace

TEST_CASE("parameters have paths in the order of declaration") {
  const Net net;
  CHECK(names(net) == Names{"shift", "first.scale", "first.fc.weight", "first.fc.bias", "rest.0.scale",
                            "rest.0.fc.weight", "rest.0.fc.bias", "rest.2.weight", "rest.2.bias"});
  CHECK(net.parameters().size() == 9);
  for (auto& [name, p] : net.named_parameters()) CHECK(p.name() == name);
  CHECK(names(nn::Sequential{}).empty());
}

TEST_CASE("a tied parameter is listed once and gets both gradients") {
  const Tied net;
  CHECK(names(net) == Names{"out", "in.bias"});
  const Tensor x = grid({4, 3}, float32), w = net.out.tensor();
  sum(square(net(x))).backward();
  const Tensor in = w.detach().requires_grad(), out = w.detach().requires_grad();
  const Tensors g = grad(sum(square(matmul(linear(x, in, *net.in.bias), out))), {in, out});
  CHECK(allclose(net.out.grad(), g[0] + g[1]));
  optim::SGD(net.parameters(), 1).step();
  CHECK(allclose(net.in.weight.tensor(), w - (g[0] + g[1])));
  CHECK(net.in.weight.is(net.out));
}

TEST_CASE("copying a module aliases its parameters") {
  const Net net;
  Net copy = net, assigned;
  assigned = net;
  for (const Net* other : {&copy, &assigned})
    for (std::size_t i = 0; i < 9; ++i) CHECK(other->parameters()[i].is(net.parameters()[i]));
  copy.first.scale.assign(full({3}, 7));
  CHECK(net.first.scale.tensor()[0].item() == 7);
}

TEST_CASE("clone copies deeply and ties stay ties") {
  const Net net;
  const Tensor x = grid({4, 3}, float32), before = net(x);
  Net copy = net.clone();
  CHECK(names(copy) == names(net));
  for (std::size_t i = 0; i < 9; ++i) {
    CHECK_FALSE(copy.parameters()[i].is(net.parameters()[i]));
    CHECK(copy.parameters()[i].name() == net.parameters()[i].name());
  }
  // What the members compute with is what the clone lists: all of it, in Sequential too.
  for (Parameter p : copy.parameters()) p.assign(p.tensor() * 0 + 1);
  CHECK(net(x).to_vector<float>() == before.to_vector<float>());
  CHECK(allclose(copy(ones({1, 3})), tensor({{3 * std::tanh(22.f) + 1, 3 * std::tanh(22.f) + 1}})));
  const Tied tied, twin = tied.clone();
  CHECK(twin.out.is(twin.in.weight));
  CHECK_FALSE(twin.out.is(tied.out));
  const nn::Sequential chain{nn::Linear(3, 2), nn::tanh}, other = chain.clone();
  optim::SGD(other.parameters(), 1).step({ones({2, 3}), ones({2})});
  CHECK(allclose(chain.parameters()[1].tensor() - 1, other.parameters()[1].tensor()));
  CHECK_FALSE(allclose(chain(x), other(x)));
}

TEST_CASE("Sequential takes layers and functions and lambdas in any number") {
  const nn::Linear layer(3, 2);
  nn::Sequential net{[](const Tensor& x) { return x * 2; }, layer, nn::relu, Block().fc};
  CHECK(net.size() == 4);
  CHECK(names(net) == Names{"1.weight", "1.bias", "3.weight", "3.bias"});
  CHECK(net.parameters()[0].is(layer.weight));
  const Tensor x = grid({4, 3}, float32);
  CHECK_THROWS_AS(net(x), Error);  // the last layer takes three, not two
  const nn::Sequential inner{[](const Tensor&x) { return x * 2; }, layer}, outer{inner, nn::sigmoid};
  CHECK(names(outer) == Names{"0.1.weight", "0.1.bias"});
  CHECK(allclose(outer(x), sigmoid(linear(x * 2, layer.weight, *layer.bias))));
  const Tensor same = nn::Sequential{}(x);
  CHECK(same.data<float>() == x.data<float>());
}

TEST_CASE("a member that was not registered is refused and the error says what to write") {
  struct Forgotten : nn::Module<Forgotten> {
    nn::Linear fc{3, 2};
    Tensor forward(const Tensor& x) const { return fc(x); }
  };
  CHECK_THROWS_WITH_AS(Forgotten()(ones({1, 3})), Contains("Linear name = child(\"name\", Linear(...));"), Error);
  CHECK_THROWS_WITH_AS(Forgotten()(ones({1, 3})), Contains("called inside Forgotten"), Error);
  CHECK(nn::Linear(3, 2)(ones({1, 3})).shape() == Shape{1, 2});  // alone it is no member
}

TEST_CASE("names of members are taken once and are no paths") {
  struct Twice : nn::Module<Twice> {
    nn::Linear a = child("a", nn::Linear(1, 1)), b = child("a", nn::Linear(1, 1));
    Tensor forward(const Tensor& x) const { return x; }
  };
  struct Mixed : nn::Module<Mixed> {
    nn::Linear a = child("a", nn::Linear(1, 1));
    Parameter b = parameter("a", ones({1}));
    Tensor forward(const Tensor& x) const { return x; }
  };
  struct Named : nn::Module<Named> {
    explicit Named(const std::string& name) { parameter(name, ones({1})); }
    Tensor forward(const Tensor& x) const { return x; }
  };
  CHECK_THROWS_WITH_AS(Twice(), "Twice: the name 'a' is taken", Error);
  CHECK_THROWS_WITH_AS(Mixed(), "Mixed: the name 'a' is taken", Error);
  CHECK_THROWS_AS(Named(""), Error);
  CHECK_THROWS_AS(Named("a.b"), Error);
}

TEST_CASE("a forward may take and give what it likes") {
  struct Many : nn::Module<Many> {
    nn::Linear fc = child("fc", nn::Linear(2, 2));
    std::pair<Tensor, int> forward(const Tensor& x, const Tensor& y, int n) const { return {fc(x + y), n + 1}; }
  };
  const auto [y, n] = Many()(ones({1, 2}), ones({1, 2}), 4);
  CHECK(y.shape() == Shape{1, 2});
  CHECK(n == 5);
}

TEST_CASE("a forward may take up to eight inputs and errors name the line of the call") {
  struct Seven : nn::Module<Seven> {
    Tensor forward(const Tensor& a, const Tensor& b, const Tensor& c, const Tensor& d, const Tensor& e, double f,
                   const Tensor& g = Tensor()) const {
      return concat({a, b, c, d, e * f, g.defined() ? g : e}, 0);
    }
  };
  struct Eight : nn::Module<Eight> {
    double forward(int a, int b, int c, int d, int e, int f, int g, double h) const {
      if (a < 0) fail("Eight", "a is negative", Site());
      return a + b + c + d + e + f + g + h;
    }
  };
  const Seven seven;
  const Tensor x = ones({1, 2});
  CHECK(seven(x, x, x, x, x, 2).shape() == Shape{6, 2});
  CHECK(seven(x, x, x, x, x, 2, x).shape() == Shape{6, 2});
  CHECK(Eight()(1, 2, 3, 4, 5, 6, 7, 8.5) == 36.5);
  const std::string line = "nn.cpp:" + std::to_string(__LINE__ + 1);
  CHECK_THROWS_WITH_AS(Eight()(-1, 2, 3, 4, 5, 6, 7, 8), Contains(line.c_str()), Error);
}

TEST_CASE("layers and costs and their gradients are PyTorch's") {
  using F = std::function<Tensor(const Tensors&)>;
  struct Row {
    std::string name;
    F f;
    Tensors inputs;
  };
  for (Dtype dtype : {float32, float64}) {
    const Tensor labels = tensor({2, 0, 3, 2, 1}), y = grid({5, 4}, dtype), target = grid({5, 4}, dtype, 4);
    std::vector<Row> rows = {
        {"linear",
         [](auto& x) { return linear(x[0], x[1], x[2]); },
         {grid({5, 3}, dtype), grid({4, 3}, dtype, 1), grid({4}, dtype, 2)}},
        {"mse", [](auto& x) { return nn::mse_loss(x[0], x[1]); }, {y, target}},
        {"quadratic", [](auto& x) { return nn::quadratic_cost(x[0], x[1]); }, {y, target}},
        {"cross_entropy", [&](auto& x) { return nn::cross_entropy(x[0], labels); }, {8 * y}},
        {"cross_entropy", [&](auto& x) { return nn::cross_entropy(x[0], labels.to(uint8)); }, {8 * y}}};
    for (int axis = -3; axis < 3; ++axis) {
      const std::string k = std::to_string(axis < 0 ? axis + 3 : axis);
      const Tensor x = 4 * grid({2, 3, 4}, dtype);
      rows.push_back({"softmax" + k, [axis](auto& x) { return softmax(x[0], axis); }, {x}});
      rows.push_back({"log_softmax" + k, [axis](auto& x) { return log_softmax(x[0], axis); }, {x}});
      rows.push_back({"logsumexp" + k, [axis](auto& x) { return logsumexp(x[0], axis); }, {x}});
    }
    const double tolerance = dtype == float64 ? 1e-14 : 2e-6;
    for (const Row& row : rows)
      for (GradFlags flags : {grad_defaults, create_graph}) {
        CAPTURE(row.name);
        CAPTURE(dtype);
        Tensors x;
        for (const Tensor& t : row.inputs) x.push_back(t.requires_grad());
        const Tensor y = row.f(x);
        auto is = [&](const Tensor& t, const std::string& name) {
          return t.dtype() == dtype &&
                 allclose(t.to(float64), tensor(reference::values.at(name), t.shape()), tolerance, tolerance);
        };
        CHECK(is(y, row.name));
        const Tensors g = grad(sum(y.rank() ? y * grid(y.shape(), dtype, 5) : y), x, flags);
        for (std::size_t i = 0; i < g.size(); ++i) CHECK(is(g[i], row.name + "_gradient" + std::to_string(i)));
      }
  }
}

TEST_CASE("parameters start with the spread that the sources state") {
  auto spread = [](const Tensor& t) { return std::sqrt(mean(square(t)).item()); };
  auto largest = [](const Tensor& t) {
    double most = 0;
    for (double v : t.to_vector<double>()) most = std::max(most, std::abs(v));
    return most;
  };
  manual_seed(6);
  const nn::Sequential net{nn::Linear(400, 300), nn::sigmoid, nn::Linear(300, 1000)};
  const std::vector<Parameter> p = net.parameters();
  CHECK(largest(p[0]) <= 1 / 20.);
  CHECK(largest(p[0]) > 0.0499);
  CHECK(largest(p[1]) <= 1 / 20.);
  CHECK(spread(p[0]) == doctest::Approx(1 / 20. / std::sqrt(3.)).epsilon(0.02));
  nn::init::nielsen_large(net);
  for (const Parameter& q : p) {
    CHECK(spread(q) == doctest::Approx(1).epsilon(0.1));
    CHECK(std::abs(mean(q).item()) < 0.15);
  }
  CHECK(spread(p[0]) == doctest::Approx(1).epsilon(0.02));
  nn::init::nielsen_default(net);
  CHECK(spread(p[0]) == doctest::Approx(1 / 20.).epsilon(0.02));
  CHECK(spread(p[2]) == doctest::Approx(1 / std::sqrt(300.)).epsilon(0.02));
  CHECK(spread(p[3]) == doctest::Approx(1).epsilon(0.1));
  manual_seed(6);
  const nn::Sequential again{nn::Linear(400, 300), nn::sigmoid, nn::Linear(300, 1000)};
  nn::init::nielsen_large(again);
  nn::init::nielsen_default(again);
  CHECK(again.parameters()[2].tensor().to_vector<float>() == p[2].tensor().to_vector<float>());
  CHECK_THROWS_AS(nn::Linear(3, 0), Error);
}

TEST_CASE("softmax and its logarithm are elements of Sequential") {
  const Tensor x = tensor({{1., 2., 3.}});
  CHECK(allclose(nn::Sequential{nn::softmax}(x), softmax(x)));
  CHECK(allclose(nn::Sequential{nn::log_softmax}(x), log_softmax(x)));
  CHECK(allclose(nn::softmax(x, 0), ones({1, 3})));
}

TEST_CASE("a tied parameter keeps the path it had first") {
  struct Twice : nn::Module<Twice> {
    nn::Linear a = child("a", nn::Linear(3, 3));
    struct B : nn::Module<B> {
      explicit B(const Parameter& tied) : w(parameter("w", tied)) {}
      Parameter w;
    } b = child("b", B(a.weight));
    Tensor forward(const Tensor& x) const { return a(x); }
  } net;
  CHECK(net.a.weight.name() == "a.weight");
  CHECK(net.b.w.is(net.a.weight));
  CHECK(net.parameters().size() == 2);
}
