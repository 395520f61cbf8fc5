// Derivatives of functions: products with the Jacobian and the Hessian, and the matrices themselves.
#include <doctest/doctest.h>
#include <autograd/functional.hpp>
#include <autograd/gradcheck.hpp>

#include <functional>
#include <string>
#include <vector>
#include <xtape.hpp>

#include "support.hpp"

using namespace xtape;
using doctest::Contains;

namespace {

using Values = std::vector<double>;
Values values(const Tensor& x) { return x.to_vector<double>(); }

Tensor real(const Shape& shape, double low = -1, double high = 1) {
  static RandomGenerator generator(23);
  return uniform(shape, low, high, float64, generator);
}
bool near(const Tensor& a, const Tensor& b) { return a.dtype() == b.dtype() && allclose(a, b, 1e-12, 1e-13); }

// (3,), (2, 3) -> (2,)
Tensor model(const Tensors& in) { return tanh(matmul(in[1], in[0])) * sum(exp(in[0])); }
Tensor scalar(const Tensors& in) { return sum(square(model(in))); }

// A small network in float64.
struct Net : nn::Module<Net> {
  Parameter w = parameter("w", real({2, 3})), v = parameter("v", real({2}));
  Parameter unused = parameter("unused", real({1}));
  Tensor forward(const Tensor& x) const { return matmul(tanh(matmul(x, w, false, true)), v); }
};

}  // namespace

TEST_CASE("value_and_grad of one tensor and of several and of parameters") {
  const Tensor x = tensor({1., 2., 3.});
  auto [y, g] = value_and_grad([](const Tensor& x) { return sum(x * x); })(x);
  CHECK(y.item() == 14);
  CHECK(values(g) == Values{2, 4, 6});
  CHECK_FALSE(y.is_recorded());
  CHECK_FALSE(g.is_recorded());

  const auto of_two = value_and_grad([](const Tensors& in) { return sum(in[0] * in[1]) + 0 * in[0][0]; });
  auto [z, gs] = of_two({x, tensor({0., 1., 4.})});
  CHECK(z.item() == 14);
  REQUIRE(gs.size() == 2);
  CHECK(values(gs[0]) == Values{0, 1, 4});
  CHECK(values(gs[1]) == Values{1, 2, 3});
  CHECK(of_two({x, zeros({3})}).first.item() == 0);  // it can be used again

  const Net net;
  const auto cost = [&](const Tensor& x, const Tensor& t) { return sum(square(net(x) - t)); };
  const Tensor in = real({4, 3}), t = real({4});
  const Tensors expected = grad(cost(in, t), net.parameters(), allow_unused);
  auto [loss, named] = value_and_grad(cost, net.named_parameters())(in, t);
  CHECK(loss.item() == cost(in, t).item());
  REQUIRE(named.size() == 3);
  CHECK(named[0].first == "w");
  CHECK(values(named[0].second) == values(expected[0]));
  CHECK(named[1].first == "v");
  CHECK(values(named[1].second) == values(expected[1]));
  CHECK(named[2].first == "unused");
  CHECK(values(named[2].second) == Values{0});
  const auto listed = value_and_grad(cost, net.parameters())(in, t).second;
  CHECK(values(listed[1]) == values(expected[1]));
}

TEST_CASE("jacobian of one tensor has the axes of result and input") {
  const Tensor x = real({2, 3});
  const Tensor J = jacobian([](const Tensor& x) { return square(x); }, x);
  REQUIRE(J.shape() == Shape{2, 3, 2, 3});
  for (std::int64_t i = 0; i < 6; ++i)
    for (std::int64_t j = 0; j < 6; ++j)
      CHECK(values(J)[static_cast<std::size_t>(6 * i + j)] ==
            (i == j ? 2 * values(x)[static_cast<std::size_t>(i)] : 0));
  CHECK(values(jacobian(
            [](const Tensor& x) {
              return matmul(tensor({{1., 2.}, {3., 4.}}), x);
            },
            ones({2}))) == Values{1, 2, 3, 4});
  CHECK(jacobian([](const Tensor& x) { return sum(x); }, x).shape() == Shape{2, 3});
  CHECK(jacobian([](const Tensor& x) { return square(x); }, full({}, 3)).item() == 6);
  CHECK(jacobian([](const Tensor& x) { return square(x); }, zeros({0, 2})).shape() == Shape{0, 2, 0, 2});
  CHECK(jacobian([](const Tensor& x) { return sum(x, 0); }, zeros({0, 2})).shape() == Shape{2, 0, 2});
  CHECK(values(jacobian([](const Tensor&) { return ones({2}); }, ones({2}))) == Values{0, 0, 0, 0});
  CHECK(values(jacobian([](const Tensor& x) { return x; }, ones({2}))) == Values{1, 0, 0, 1});
  CHECK(jacobian(nn::Sequential{nn::Linear(3, 2), nn::tanh}, ones({4, 3})).shape() == Shape{4, 2, 4, 3});
}

TEST_CASE("vjp and jvp agree with the jacobian") {
  const Tensors in = {real({3}), real({2, 3})};
  const Tensors J = jacobian(model, in);
  REQUIRE(J.size() == 2);
  CHECK(J[0].shape() == Shape{2, 3});
  CHECK(J[1].shape() == Shape{2, 2, 3});

  const Tensor v = real({2});
  auto [y, product] = vjp(model, in, v);
  CHECK(near(y, model(in)));
  CHECK(near(product[0], matmul(v, J[0])));
  CHECK(near(reshape(product[1], {6}), matmul(v, reshape(J[1], {2, 6}))));

  const Tensor u = real({3}), w = real({2, 3});
  auto [z, along] = jvp(model, in, {u, w});
  CHECK(near(z, model(in)));
  CHECK(near(along, matmul(J[0], u) + matmul(reshape(J[1], {2, 6}), reshape(w, {6}))));
  CHECK_FALSE(along.is_recorded());

  // One tensor, a result of two axes, and no dependence.
  const auto outer = [](const Tensor& x) { return exp(reshape(x, {3, 1}) * x); };
  const Tensor D = jacobian(outer, u);
  CHECK(near(reshape(jvp(outer, u, w[0]).second, {9}), matmul(reshape(D, {9, 3}), w[0])));
  CHECK(values(jvp([](const Tensor&) { return ones({2}); }, ones({3}), ones({3})).second) == Values{0, 0});
  CHECK(values(jvp([](const Tensor& x) { return x; }, ones({2}), tensor({3., 4.})).second) == Values{3, 4});
  CHECK(values(vjp([](const Tensor&) { return ones({2}); }, ones({3}), ones({2})).second) == Values{0, 0, 0});
  CHECK(jvp([](const Tensor& x) { return relu(x); }, zeros({0}), zeros({0})).second.shape() == Shape{0});
}

TEST_CASE("hessian blocks are symmetric and hvp multiplies by them") {
  const Tensors in = {real({3}), real({2, 3})}, v = {real({3}), real({2, 3})};
  const std::vector<Tensors> H = hessian(scalar, in);
  REQUIRE(H.size() == 2);
  CHECK(H[0][1].shape() == Shape{3, 2, 3});
  CHECK(H[1][0].shape() == Shape{2, 3, 3});
  auto block = [&](std::size_t i, std::size_t j) { return reshape(H[i][j], {in[i].size(), in[j].size()}); };
  for (std::size_t i : {0, 1})
    for (std::size_t j : {0, 1}) CHECK(near(block(i, j), transpose(block(j, i))));
  auto [y, product] = hvp(scalar, in, v);
  CHECK(near(y, scalar(in)));
  for (std::size_t i : {0, 1})
    CHECK(near(reshape(product[i], {-1}), matmul(block(i, 0), v[0]) + matmul(block(i, 1), reshape(v[1], {6}))));

  const auto quadratic = [](const Tensor& x) { return sum(x * x) + x[0] * x[1]; };
  CHECK(values(hessian(quadratic, ones({2}))) == Values{2, 1, 1, 2});
  CHECK(values(hvp(quadratic, ones({2}), tensor({1., 10.})).second) == Values{12, 21});
  CHECK(values(hessian([](const Tensor& x) { return sum(x); }, ones({2}))) == Values{0, 0, 0, 0});
  CHECK(values(hvp([](const Tensor& x) { return sum(x); }, ones({2}), ones({2})).second) == Values{0, 0});
}

TEST_CASE("derivatives with respect to parameters come in their order or with their names") {
  const Net net;
  const Tensor x = real({4, 3});
  const auto y = [&] { return net(x); };
  const auto loss = [&] { return sum(square(net(x))); };
  const Tensors J = jacobian(y, net.parameters());
  CHECK(J[0].shape() == Shape{4, 2, 3});
  CHECK(near(J[1], tanh(matmul(x, net.w, false, true))));
  CHECK(values(J[2]) == Values{0, 0, 0, 0});
  const NamedTensors named = jacobian(y, net.named_parameters());
  CHECK(named[1].first == "v");
  CHECK(near(named[1].second, J[1]));

  const Tensor g = real({4});
  CHECK(near(vjp(y, net.parameters(), g).second[1], matmul(g, J[1])));
  const Tensors v = {real({2, 3}), real({2}), real({1})};
  const Tensor expected = matmul(reshape(J[0], {4, 6}), reshape(v[0], {6})) + matmul(J[1], v[1]);
  CHECK(near(jvp(y, net.parameters(), v).second, expected));
  CHECK(near(jvp(y, net.named_parameters(), {{"w", v[0]}, {"v", v[1]}, {"unused", v[2]}}).second, expected));

  const std::vector<Tensors> H = hessian(loss, net.parameters());
  CHECK(near(H[1][1], 2 * matmul(J[1], J[1], true)));
  const NamedTensors Hv = hvp(loss, net.named_parameters(), {{"w", v[0]}, {"v", v[1]}, {"unused", v[2]}}).second;
  CHECK(Hv[1].first == "v");
  CHECK(near(Hv[1].second, matmul(reshape(H[1][0], {2, 6}), reshape(v[0], {6})) + matmul(H[1][1], v[1])));
  gradcheck(y, net.named_parameters());
  CHECK_FALSE(net.w.grad().defined());
}

TEST_CASE("the gradients of each example are those of a loop") {
  const Net net;
  const Tensor x = real({5, 3}), t = real({5});
  const auto loss = [&](const Tensors& batch) {
    CHECK(batch[0].shape() == Shape{1, 3});
    return sum(square(net(batch[0]) - batch[1]));
  };
  const Tensors each = per_example_grad(loss, {x, t}, net.parameters());
  CHECK(each[0].shape() == Shape{5, 2, 3});
  CHECK(each[1].shape() == Shape{5, 2});
  for (std::int64_t i = 0; i < 5; ++i) {
    const Tensors one = grad(sum(square(net(reshape(x[i], {1, 3})) - t[i])), net.parameters(), allow_unused);
    CHECK(values(each[0][i]) == values(one[0]));
    CHECK(values(each[1][i]) == values(one[1]));
  }
  const Tensors all = grad(sum(square(net(x) - t)), net.parameters(), allow_unused);
  CHECK(near(sum(each[0], 0), all[0]));
  CHECK(values(each[2]) == Values(5, 0));

  // One input, names, labels, an empty batch, and again under create_graph.
  const auto norm = [&](const Tensor& x) { return sum(net(x)); };
  CHECK(per_example_grad(norm, x, net.named_parameters())[0].first == "w");
  CHECK(per_example_grad(norm, zeros({0, 3}, float64), net.parameters())[0].shape() == Shape{0, 2, 3});
  const Net net2;
  const auto labelled = [&](const Tensors& b) { return cross_entropy(matmul(b[0], net2.w, false, true), b[1]); };
  CHECK(per_example_grad(labelled, {x, tensor({0, 1, 1, 0, 1})}, net2.parameters())[0].shape() == Shape{5, 2, 3});
  gradcheck([&](const Tensor& x) { return per_example_grad(norm, x, net.parameters(), create_graph)[0]; }, x);
  gradcheck([&] { return per_example_grad(norm, x, net.parameters(), create_graph)[0]; }, net.parameters());
}

TEST_CASE("every derivative can be differentiated again under create_graph") {
  const Tensors in = {real({3}), real({2, 3})}, v = {real({3}), real({2, 3})};
  const Tensor u = real({2});
  gradcheck([&](const Tensors& x) { return value_and_grad(scalar, create_graph)(x).second[1]; }, in);
  gradcheck([&](const Tensors& x) { return value_and_grad(scalar, create_graph)(x).first; }, in);
  gradcheck(
      [&](const Tensors& x) {
        return vjp(model, Tensors{x[0], x[1]}, x[2], create_graph).second[0];
      },
      {in[0], in[1], u});
  gradcheck(
      [&](const Tensors& x) {
        return jvp(model, Tensors{x[0], x[1]}, {x[2], x[3]}, create_graph).second;
      },
      {in[0], in[1], v[0], v[1]});
  gradcheck([&](const Tensors& x) { return jacobian(model, x, create_graph)[1]; }, in);
  GradcheckOptions first;
  first.order = 1;
  gradcheck([&](const Tensors& x) { return hessian(scalar, x, create_graph)[0][1]; }, in, first);
  gradcheck(
      [&](const Tensors& x) {
        return hvp(scalar, Tensors{x[0], x[1]}, {x[2], x[3]}, create_graph).second[0];
      },
      {in[0], in[1], v[0], v[1]}, first);
  // What f reads besides is differentiated as well.
  gradcheck(
      [&](const Tensor& w) {
        return jacobian([&](const Tensor& x) { return sum(exp(w * x), 1); }, in[0], create_graph);
      },
      in[1]);
  // Without create_graph nothing comes back on the tape, and the caller's own tape stays usable.
  const Tensor x = in[0].requires_grad(), w = in[1].requires_grad();
  const Tensor above = sum(exp(x));
  const auto f = [&](const Tensor& z) { return matmul(w, tanh(z)); };
  CHECK_FALSE(jacobian(f, x).is_recorded());
  CHECK_FALSE(jvp(f, x, v[0]).second.is_recorded());
  CHECK_FALSE(vjp(f, x, u).first.is_recorded());
  CHECK_FALSE(hessian([&](const Tensor& z) { return sum(f(z)); }, x).is_recorded());
  CHECK(near(grad(above, x), exp(x)));
}

TEST_CASE("derivatives nest and compose") {
  const auto f = [](const Tensor& x) { return sum(tanh(x) * x * x[0]); };
  const Tensor x = real({3});
  const Tensor twice = jacobian([&](const Tensor& x) { return jacobian(f, x, create_graph); }, x);
  CHECK(near(twice, hessian(f, x)));
  const Tensor third = jacobian([&](const Tensor& x) { return hessian(f, x, create_graph); }, x);
  CHECK(third.shape() == Shape{3, 3, 3});
  CHECK(near(third, permute(third, {2, 1, 0})));
  CHECK(near(third, permute(third, {1, 0, 2})));
  // Forward over reverse: the derivative of the gradient along v is H v.
  const Tensor v = real({3});
  const auto gradient = [&](const Tensor& x) { return value_and_grad(f, create_graph)(x).second; };
  CHECK(near(jvp(gradient, x, v).second, hvp(f, x, v).second));
}

TEST_CASE("derivatives are taken under no_grad too") {
  const NoGradGuard guard;
  const auto f = [](const Tensor& x) { return sum(x * x * x); };
  const Tensor x = tensor({1., 2.});
  CHECK(values(value_and_grad(f)(x).second) == Values{3, 12});
  CHECK(values(hessian(f, x)) == Values{6, 0, 0, 12});
  CHECK(values(jvp(f, x, ones({2})).second) == Values{15});
  CHECK_FALSE(is_recording());
}

TEST_CASE("derivatives leave nothing behind") {
  const MemoryStats before = memory_stats();
  {
    const Tensor x = real({3});
    const auto f = [](const Tensor& x) { return sum(exp(x) * x); };
    hessian(f, x);
    hvp(f, x, x, create_graph);
    jvp(f, x, x, create_graph);
    try {
      jacobian([](const Tensor& x) { return x + ones({2}); }, x);
    } catch (const Error&) {}
  }
  CHECK(memory_stats().live_nodes == before.live_nodes);
  CHECK(memory_stats().live_bytes == before.live_bytes);
}

TEST_CASE("derivatives say what is wrong and where") {
  const auto square_of = [](const Tensor& x) { return x * x; };
  const auto pair = [](const Tensors& x) { return sum(x[0] * x[1]); };
  const Tensor x = ones({2});
  std::string text;
  text = message([&] { value_and_grad(square_of)(x); });
  CHECK(says(text, "value_and_grad: f gave float32(2,); expected one element", __LINE__ - 1));
  text = message([&] { hessian(square_of, x); });
  CHECK(says(text, "hessian: f gave float32(2,); expected one element", __LINE__ - 1));
  text = message([&] { hvp(square_of, x, x); });
  CHECK(says(text, "hvp: f gave float32(2,); expected one element", __LINE__ - 1));
  text = message([&] { vjp(square_of, x, ones({3})); });
  CHECK(says(text, "vjp: v is float32(3,), f's result float32(2,)", __LINE__ - 1));
  text = message([&] { vjp(square_of, x, Tensor()); });
  CHECK(says(text, "vjp: v is undefined", __LINE__ - 1));
  text = message([&] { jvp(square_of, x, ones({2}, float64)); });
  CHECK(says(text, "jvp: vector 0 is float64(2,), its input float32(2,)", __LINE__ - 1));
  text = message([&] { hvp(pair, {x, x}, {x}); });
  CHECK(says(text, "hvp: got 1 vectors for 2 inputs", __LINE__ - 1));
  text = message([&] { jacobian(square_of, tensor({1, 2})); });
  CHECK(says(text, "jacobian: input 0 is int64(2,)", __LINE__ - 1));
  text = message([&] { jacobian(square_of, Tensor()); });
  CHECK(says(text, "jacobian: input 0 is undefined", __LINE__ - 1));
  text = message([&] { jacobian([](const Tensor& x) { return argmax(x); }, x); });
  CHECK(says(text, "jacobian: f gave int64()", __LINE__ - 1));
  text = message([&] { jacobian([](const Tensor&) { return Tensor(); }, x); });
  CHECK(says(text, "jacobian: f gave an undefined tensor", __LINE__ - 1));
  const Tensor deep = ones({1, 1, 1, 1, 2});
  text = message([&] { jacobian(square_of, deep); });
  CHECK(says(text, "jacobian: a derivative of (1, 1, 1, 1, 2) by (1, 1, 1, 1, 2) would", __LINE__ - 1));
  const Net net;
  const auto loss = [&](const Tensors& b) { return sum(net(b[0])) + sum(b[1]); };
  const Tensor three = real({3, 3}), two = real({2}), none = real({});
  text = message([&] { per_example_grad(loss, {three, two}, net.parameters()); });
  CHECK(says(text, "per_example_grad: expected a batch of shapes (n, ...) with one n, got [", __LINE__ - 1));
  text = message([&] { per_example_grad(loss, {three, none}, net.parameters()); });
  CHECK(says(text, "per_example_grad: expected a batch", __LINE__ - 1));
  const auto rows = [&](const Tensor& b) { return net.w * b; };
  text = message([&] { per_example_grad(rows, three, net.parameters()); });
  CHECK(says(text, "per_example_grad: f gave float64(2, 3)", __LINE__ - 1));
  const auto cost = [&] { return sum(net(real({2, 3}))); };
  text = message([&] { hvp(cost, net.named_parameters(), {{"v", x}, {"w", x}, {"unused", x}}); });
  CHECK(says(text, "hvp: vector 0 is named 'v', the parameter 'w'", __LINE__ - 1));
  text = message([&] { jacobian([](const Tensor& x) { return x + ones({5}); }, x); });
  CHECK(says(text, "add: shapes", __LINE__ - 1));
}
