// Worked problems from the literature that need derivatives of derivatives.
#include <doctest/doctest.h>
#include <autograd/custom.hpp>
#include <autograd/functional.hpp>
#include <autograd/gradcheck.hpp>
#include <autograd/ops/solve.hpp>

#include <cmath>
#include <vector>
#include <xtape.hpp>

using namespace xtape;

namespace {

using Values = std::vector<double>;
Values values(const Tensor& x) { return x.to_vector<double>(); }

Tensor real(const Shape& shape, double low = -1, double high = 1) {
  static RandomGenerator generator(31);
  return uniform(shape, low, high, float64, generator);
}
bool near(const Tensor& a, const Tensor& b, double tolerance = 1e-12) { return allclose(a, b, tolerance, tolerance); }
Tensor column(const Tensor& x) { return reshape(x, {-1, 1}); }
Tensor row(const Tensor& x) { return reshape(x, {1, -1}); }
Tensor identity(std::int64_t n) { return one_hot(arange(n), n, float64); }
// Gradients inside a vjp: to be differentiated again if the vjp is.
GradFlags as_recorded() { return is_recording() ? create_graph : grad_defaults; }

// Source: Rosenbrock, "An automatic method for finding the greatest or least value of a function", 1960.
Tensor rosenbrock(const Tensor& x) { return square(1 - x[0]) + 100 * square(x[1] - square(x[0])); }
const Tensor start = tensor({-1.2, 1.}, float64);

}  // namespace

TEST_CASE("Rosenbrock gradient and Hessian have the values of the textbook") {
  CHECK(near(value_and_grad(rosenbrock)(start).second, tensor({-215.6, -88.}, float64)));
  CHECK(near(hessian(rosenbrock, start), tensor({{1330., 480.}, {480., 200.}}, float64)));
  CHECK(values(hessian(rosenbrock, ones({2}, float64))) == Values{802, -400, -400, 200});
  CHECK(values(hvp(rosenbrock, ones({2}, float64), tensor({1., 2.}, float64)).second) == Values{2, 0});
}

TEST_CASE("Newton's method on Rosenbrock takes six steps") {
  // The costs on the way: the second step goes up, as it must. Source: Dennis and Schnabel, 1983, and every course.
  const Values costs = {24.2, 4.73188, 1411.85, 0.0559655, 0.313189, 1.8527e-11, 3.4e-20};
  Tensor x = start;
  for (std::size_t step = 0; step < costs.size(); ++step) {
    CAPTURE(step);
    const auto [cost, g] = value_and_grad(rosenbrock)(x);
    if (step < 6) CHECK(cost.item() == doctest::Approx(costs[step]).epsilon(1e-4));
    else CHECK(cost.item() < 1e-18);
    x -= solve(hessian(rosenbrock, x), g);
  }
  CHECK(near(x, ones({2}, float64)));
}

TEST_CASE("logistic regression has the Hessian and the gradients per example of the textbook") {
  const Tensor X = real({7, 3}), t = tensor({1., 0., 1., 1., 0., 0., 1.}, float64), v = real({3});
  const Parameter w(real({3}));
  const auto cost = [&](const Tensors& batch) {
    const Tensor y = sigmoid(matmul(batch[0], w));
    return -sum(batch[1] * log(y) + (1 - batch[1]) * log(1 - y));
  };
  const auto total = [&] { return cost({X, t}); };
  const Tensor p = no_grad([&] { return sigmoid(matmul(X, w)); });
  // Per example (p - t) x; their sum is the gradient. The Hessian is X^T diag(p (1 - p)) X.
  const Tensor each = per_example_grad(cost, {X, t}, std::vector<Parameter>{w})[0];
  CHECK(near(each, column(p - t) * X));
  CHECK(near(sum(each, 0), grad(total(), w)));
  const Tensor H = hessian(total, std::vector<Parameter>{w})[0][0];
  CHECK(near(H, matmul(X, column(p * (1 - p)) * X, true)));
  CHECK(near(H, transpose(H)));
  CHECK(near(hvp(total, std::vector<Parameter>{w}, {v}).second[0], matmul(H, v)));
}

TEST_CASE("mixed partial derivatives do not depend on the order") {
  const Tensor x = full({}, 1.5, float64).requires_grad(), y = full({}, -2, float64).requires_grad(),
               z = full({}, 0.5, float64).requires_grad();
  const Tensor f = x * x * x * y * y * exp(z);
  const double expected = 3 * 2.25 * 2 * -2 * std::exp(0.5);
  const Tensors order[] = {{x, y, z}, {x, z, y}, {y, x, z}, {y, z, x}, {z, x, y}, {z, y, x}};
  for (const Tensors& by : order) {
    Tensor d = f;
    for (const Tensor& variable : by) d = grad(d, variable, create_graph);
    CHECK(d.item() == doctest::Approx(expected).epsilon(1e-14));
  }
}

TEST_CASE("the Laplacian of a harmonic function is zero") {
  const auto u = [](const Tensor& x) { return log(sum(square(x))); };  // in two dimensions
  const Tensor H = hessian(u, tensor({0.7, -1.3}, float64));
  CHECK(std::abs((H[0][0] + H[1][1]).item()) < 1e-14);
  CHECK(std::abs(H[0][0].item()) > 0.1);
}

TEST_CASE("the Hessian of a network with respect to its parameters is symmetric and hvp multiplies by it") {
  struct Net : nn::Module<Net> {
    Parameter w = parameter("w", real({4, 3})), b = parameter("b", real({4})), v = parameter("v", real({4}));
    Tensor forward(const Tensor& x) const { return matmul(tanh(linear(x, w, b)), v); }
  } net;
  const Tensor x = real({6, 3}), t = real({6});
  const auto cost = [&] { return mean(square(net(x) - t)); };
  const auto parameters = net.named_parameters();
  const std::vector<Tensors> H = hessian(cost, parameters);
  NamedTensors v;
  for (auto& [name, p] : parameters) v.emplace_back(name, real(p.shape()));
  const NamedTensors product = hvp(cost, parameters, v).second;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const std::int64_t n = parameters[i].second.size();
    Tensor expected = zeros({n}, float64);
    for (std::size_t j = 0; j < parameters.size(); ++j) {
      const std::int64_t m = parameters[j].second.size();
      CHECK(near(reshape(H[i][j], {n, m}), transpose(reshape(H[j][i], {m, n}))));
      expected += matmul(reshape(H[i][j], {n, m}), reshape(v[j].second, {m}));
    }
    CHECK(product[i].first == parameters[i].first);
    CHECK(near(reshape(product[i].second, {n}), expected));
  }
}

namespace {

// A x = b by Gauss's elimination. The derivative is another solution: for w with A^T w = g, dA = -w x^T and db = w.
Tensor eliminate(const Tensor& A, const Tensor& b) {
  const auto forward = [](const Tensors& in) {
    Values a = values(in[0]), x = values(in[1]);
    const std::size_t n = x.size();
    for (std::size_t k = 0; k < n; ++k)
      for (std::size_t i = k + 1; i < n; ++i) {
        const double factor = a[i * n + k] / a[k * n + k];
        for (std::size_t j = k; j < n; ++j) a[i * n + j] -= factor * a[k * n + j];
        x[i] -= factor * x[k];
      }
    for (std::size_t k = n; k-- > 0;) {
      for (std::size_t j = k + 1; j < n; ++j) x[k] -= a[k * n + j] * x[j];
      x[k] /= a[k * n + k];
    }
    return tensor(x);
  };
  const auto vjp = [](const Tensor& g, const Tensors& in, const Tensor& x) {
    const Tensor w = eliminate(transpose(in[0]), g);
    return Tensors{-column(w) * row(x), w};
  };
  return custom(forward, vjp, {A, b});
}

// The z with z = tanh(W z + x). Along it (1 - J) dz = dF, so that for w with (1 - J)^T w = g the gradients of W and x
// are those of F(z, W, x) weighted by w.
// Source: Bai, Kolter and Koltun, "Deep Equilibrium Models", NeurIPS 2019.
Tensor step(const Tensors& in) { return tanh(matmul(in[0], in[2]) + in[1]); }
Tensor equilibrium(const Tensor& W, const Tensor& x) {
  const auto forward = [](const Tensors& in) {
    Tensor z = zeros(in[1].shape(), float64);
    for (int i = 0; i < 200; ++i) z = step({in[0], in[1], z});
    return z;
  };
  const auto implicit = [](const Tensor& g, const Tensors& in, const Tensor& z) {
    const Tensor J = jacobian(step, {in[0], in[1], z}, as_recorded())[2];
    const Tensor w = eliminate(identity(z.size()) - transpose(J), g);
    const Tensors gradients = vjp(step, {in[0], in[1], z}, w, as_recorded()).second;
    return Tensors{gradients[0], gradients[1]};
  };
  return custom(forward, implicit, {W, x});
}

}  // namespace

TEST_CASE("an implicit layer is differentiated through its equation") {
  const Tensor W = 0.4 * real({3, 3}), x = real({3});
  GradcheckOptions third;
  third.order = 3;
  gradcheck([](const Tensors& in) { return eliminate(in[0] + 3 * identity(3), in[1]); }, {real({3, 3}), x}, third);
  gradcheck([](const Tensors& in) { return equilibrium(in[0], in[1]); }, {W, x});
  const Tensor z = equilibrium(W, x);
  CHECK(near(z, step({W, x, z}), 1e-14));
  // The same as through all the steps, for one node instead of six hundred.
  const Tensors leaves = {W.requires_grad(), x.requires_grad()};
  Tensor unrolled = zeros({3}, float64);
  for (int i = 0; i < 200; ++i) unrolled = step({leaves[0], leaves[1], unrolled});
  const Tensors expected = grad(sum(square(unrolled)), leaves);
  const std::int64_t before = memory_stats().live_nodes;
  const Tensor solved = equilibrium(leaves[0], leaves[1]);
  CHECK(memory_stats().live_nodes - before == 1);
  const Tensors g = grad(sum(square(solved)), leaves);
  CHECK(near(g[0], expected[0]));
  CHECK(near(g[1], expected[1]));
}

TEST_CASE("gradients through two steps of SGD are those of the learning rate and of the start") {
  // Source: Maclaurin, Duvenaud and Adams, "Gradient-based Hyperparameter Optimization through Reversible Learning",
  // ICML 2015; Finn, Abbeel and Levine, "Model-Agnostic Meta-Learning", ICML 2017.
  const Tensor X = real({8, 3}), t = real({8}), validation = real({5, 3}), truth = real({5});
  const auto cost = [](const Tensor& w, const Tensor& X, const Tensor& t) {
    return mean(square(tanh(matmul(X, w)) - t));
  };
  const auto after = [&](int steps) {
    return [=](const Tensors& in) {
      Tensor w = in[1];
      for (int i = 0; i < steps; ++i) w -= in[0] * grad(cost(w, X, t), w, create_graph);
      return cost(w, validation, truth);
    };
  };
  for (int steps : {1, 2}) {
    gradcheck(after(steps), {full({}, 0.3, float64), real({3})});
    const auto g = value_and_grad(after(steps))({full({}, 0.3, float64), real({3})}).second;
    CHECK(std::abs(g[0].item()) > 1e-3);  // the learning rate matters
  }
  // On a/2 w^2 every step multiplies w by 1 - a lr.
  const double a = 1.7, lr = 0.2, w0 = 3, shrink = 1 - a * lr;
  const auto parabola = [&](const Tensors& in) {
    Tensor w = in[1];
    for (int i = 0; i < 2; ++i) w -= in[0] * grad(a / 2 * w * w, w, create_graph);
    return w * w / 2;
  };
  const auto [value, g] = value_and_grad(parabola)({full({}, lr, float64), full({}, w0, float64)});
  const double w2 = w0 * shrink * shrink;
  CHECK(value.item() == doctest::Approx(w2 * w2 / 2).epsilon(1e-14));
  CHECK(g[0].item() == doctest::Approx(w2 * w0 * 2 * shrink * -a).epsilon(1e-14));
  CHECK(g[1].item() == doctest::Approx(w2 * shrink * shrink).epsilon(1e-14));
}

TEST_CASE("a network learns to solve a differential equation") {
  // u'' = -pi^2 sin(pi x) on [0, 1] with u = 0 at both ends, whose solution is sin(pi x). The cost is made of second
  // derivatives of the network's output, and its gradient of third ones.
  // Source: Raissi, Perdikaris and Karniadakis, "Physics-informed neural networks", Journal of Computational Physics
  // 2019; the ends by the form of u, after Lagaris, Likas and Fotiadis, 1998.
  const double pi = 3.141592653589793;
  manual_seed(1);
  const nn::Sequential net{nn::Linear(1, 16), nn::tanh, nn::Linear(16, 1)};
  const auto u = [&](const Tensor& x) { return x * (1 - x) * net(x); };
  std::vector<float> points, source, solution;
  for (int i = 0; i < 32; ++i) {
    points.push_back(static_cast<float>((i + 0.5) / 32));
    source.push_back(static_cast<float>(-pi * pi * std::sin(pi * points.back())));
    solution.push_back(static_cast<float>(std::sin(pi * points.back())));
  }
  const Tensor x = column(tensor(points)).requires_grad(), f = column(tensor(source));
  optim::Adam optimizer(net.parameters(), 0.02);
  double first = 0, last = 0;
  for (int i = 0; i < 800; ++i) {
    const Tensor slope = grad(sum(u(x)), x, create_graph), curvature = grad(sum(slope), x, create_graph);
    const Tensor cost = nn::mse_loss(curvature, f);
    if (i == 0) first = cost.item();
    last = cost.item();
    optimizer.step(grad(cost, optimizer.parameters(), allow_unused));
  }
  CHECK(first > 1);
  CHECK(last < 1e-2);
  const Values found = values(u(x));
  double error = 0;
  for (std::size_t i = 0; i < found.size(); ++i) error = std::max(error, std::abs(found[i] - solution[i]));
  CHECK(error < 5e-3);
}
