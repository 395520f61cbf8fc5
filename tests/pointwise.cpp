// Functions written as a scalar formula: their derivatives, broadcasting, what they keep, and their messages.
#include <doctest/doctest.h>

#include <algorithm>
#include <autograd/pointwise.hpp>
#include <autograd/record.hpp>
#include <cmath>
#include <cstring>
#include <functional>
#include <string>
#include <vector>
#include <xtape.hpp>

#include "support.hpp"

using namespace xtape;

namespace {

Tensor draw(const Shape& shape, Dtype dtype = float64, double low = -2, double high = 2) {
  static RandomGenerator generator(11);
  return uniform(shape, low, high, dtype, generator);
}

constexpr auto swish = [](auto x, auto beta) { return x * sigmoid(beta * x); };
Tensor swish_of_tensors(const Tensor& x, const Tensor& beta) { return x * sigmoid(beta * x); }
constexpr auto three = [](auto x, auto y, auto z) { return x * sigmoid(y * x) + z * x / (2 + y * y); };
Tensor three_of_tensors(const Tensor& x, const Tensor& y, const Tensor& z) {
  return x * sigmoid(y * x) + z * x / (2 + y * y);
}

using Function = std::function<Tensor(const Tensors&)>;

// Differentiates `order` times, through a different function of the gradients each time.
Tensors derivatives(const Function& f, const Tensors& x, int order) {
  Tensor y = sum(square(f(x)));
  for (int k = 1; k < order; ++k) {
    const Tensors g = grad(y, x, create_graph);
    y = zeros({}, x[0].dtype());
    for (const Tensor& t : g) y += sum(sin(t + k) * t);
  }
  return grad(y, x);
}

void check_same(const Function& a, const Function& b, const Tensors& inputs) {
  const double tolerance = 1e-10;
  Tensors x;
  for (const Tensor& t : inputs) x.push_back(t.requires_grad());
  CHECK(a(x).dtype() == b(x).dtype());
  CHECK(allclose(a(x), b(x), tolerance, tolerance));
  for (int order = 1; order <= 3; ++order) {
    CAPTURE(order);
    const Tensors p = derivatives(a, x, order), q = derivatives(b, x, order);
    for (std::size_t i = 0; i < x.size(); ++i) {
      CAPTURE(i);
      CHECK(p[i].shape() == x[i].shape());
      double most = 1;  // the numbers grow with the order, and sums of them cancel
      for (double v : q[i].to_vector<double>()) most = std::max(most, std::abs(v));
      CHECK(allclose(p[i], q[i], tolerance, tolerance * most));
    }
  }
}

using kernel::Dual;
using kernel::Real;
using R = Real<double>;

// f on nested Duals against differences of itself one order lower, up to the third.
template <class F>
void check_dual(const std::string& name, double x, F f) {
  CAPTURE(name);
  CAPTURE(x);
  const double h = 1e-5;
  auto close = [](double a, double b) { return std::abs(a - b) <= 1e-6 * (1 + std::abs(b)); };
  auto first = [&](double x) { return f(Dual<R>(x, 1)); };
  auto second = [&](double x) { return f(Dual<Dual<R>>(Dual<R>(x, 1), 1)); };
  auto third = [&](double x) { return f(Dual<Dual<Dual<R>>>(Dual<Dual<R>>(Dual<R>(x, 1), 1), 1)); };
  CHECK(first(x).v.v == f(R(x)).v);
  CHECK(close(first(x).d.v, (f(R(x + h)).v - f(R(x - h)).v) / (2 * h)));
  CHECK(second(x).v.d.v == first(x).d.v);
  CHECK(close(second(x).d.d.v, (first(x + h).d.v - first(x - h).d.v) / (2 * h)));
  CHECK(close(third(x).d.d.d.v, (second(x + h).d.d.v - second(x - h).d.d.v) / (2 * h)));
  // Both directions at once.
  using D = kernel::Directions<R, 2>;
  const Dual<R, D> both = f(Dual<R, D>(x, D(1, 2)));
  CHECK(both.d.d[0].v == doctest::Approx(first(x).d.v));
  CHECK(both.d.d[1].v == doctest::Approx(2 * first(x).d.v));
}

}  // namespace

#define CHECK_DUAL(x, ...) check_dual(#__VA_ARGS__, x, [](auto v) { return __VA_ARGS__; })

TEST_CASE("every function of a formula has its derivatives") {
  for (double x : {0.3, 0.8, -0.7}) {
    CHECK_DUAL(x, exp(v));
    CHECK_DUAL(x, exp2(v));
    CHECK_DUAL(x, expm1(v));
    CHECK_DUAL(x, log1p(v));
    CHECK_DUAL(x, cbrt(v));
    CHECK_DUAL(x, square(v));
    CHECK_DUAL(x, reciprocal(v));
    CHECK_DUAL(x, sin(v));
    CHECK_DUAL(x, cos(v));
    CHECK_DUAL(x, tan(v));
    CHECK_DUAL(x, asin(v));
    CHECK_DUAL(x, acos(v));
    CHECK_DUAL(x, atan(v));
    CHECK_DUAL(x, sinh(v));
    CHECK_DUAL(x, cosh(v));
    CHECK_DUAL(x, tanh(v));
    CHECK_DUAL(x, asinh(v));
    CHECK_DUAL(x, atanh(v));
    CHECK_DUAL(x, erf(v));
    CHECK_DUAL(x, erfc(v));
    CHECK_DUAL(x, sigmoid(v));
    CHECK_DUAL(x, log_sigmoid(v));
    CHECK_DUAL(x, softplus(v));
    CHECK_DUAL(x, softplus(v, 2, 20));
    CHECK_DUAL(x, silu(v));
    CHECK_DUAL(x, relu(v) * v);
    CHECK_DUAL(x, abs(v) * v);
    CHECK_DUAL(x, frac(v) * v);
    CHECK_DUAL(x, sign(v) * v + floor(v) + ceil(v) * v + round(v) + trunc(v) * v);
    CHECK_DUAL(x, max(v, 0.5) * min(v, -0.5) + max(v * v, v) + min(exp(v), v * v));
    CHECK_DUAL(x, clamp(v, -0.5, 0.5) * v + clamp(v, v * v, 3));
    CHECK_DUAL(x, where(v > 0.5, sin(v), 2) * v);
    CHECK_DUAL(x, where(isnan(v) || isinf(v) || !isfinite(v), 0, v * v));
    CHECK_DUAL(x, pow(v, 3));
    CHECK_DUAL(x, pow(2, v));
    CHECK_DUAL(x, pow(v * v + 1, sin(v)));
    CHECK_DUAL(x, hypot(v, 1 + v));
    CHECK_DUAL(x, atan2(v, 2 + v));
    CHECK_DUAL(x, fmod(7 * v, 2) * v);
    CHECK_DUAL(x, remainder(7 * v, 2.1 + v));
    CHECK_DUAL(x, copysign(v, -v) * v);
    CHECK_DUAL(x, (3 - v) * (v - 3) / 2 + 2 / (3 + v) - (v + 1) / (v + 4) - -v);
  }
  for (double x : {0.3, 1.7}) {
    CHECK_DUAL(x, log(v));
    CHECK_DUAL(x, log2(v));
    CHECK_DUAL(x, log10(v));
    CHECK_DUAL(x, sqrt(v));
    CHECK_DUAL(x, rsqrt(v));
    CHECK_DUAL(x, pow(v, 2.5));
    CHECK_DUAL(x, pow(v, v));
    CHECK_DUAL(x, acosh(v + 1));
  }
}

TEST_CASE("kinks of a formula are as documented") {
  auto slope = [](auto f, double x) { return f(Dual<R>(x, 1)).d.v; };
  CHECK(slope([](auto x) { return relu(x); }, 0) == 0);
  CHECK(slope([](auto x) { return abs(x); }, 0) == 0);
  CHECK(slope([](auto x) { return max(x, 0); }, 0) == 0.5);
  CHECK(slope([](auto x) { return min(3 * x, x); }, 0) == 2);
  CHECK(slope([](auto x) { return clamp(x, -1, 1); }, 1) == 1);
  CHECK(slope([](auto x) { return clamp(x, -1, 1); }, -1) == 1);
  CHECK(slope([](auto x) { return clamp(x, -1, 1); }, 1.5) == 0);
  CHECK(slope([](auto x) { return clamp(0, x, 1); }, 0.5) == 1);
  CHECK(slope([](auto x) { return where(x > 0, x, 2 * x); }, 0) == 2);
  CHECK(std::isinf(slope([](auto x) { return sqrt(x); }, 0)));
  CHECK(slope([](auto x) { return pow(x, 0); }, 0) == 0);
  CHECK(slope([](auto x) { return pow(0, x); }, 2) == 0);
  CHECK(slope([](auto x) { return 2 * x + 1; }, HUGE_VAL) == 2);
  CHECK(slope([](auto x) { return sqrt(0 * x) + x; }, 1) == 1);  // what does not depend on x has no slope in it
  {
    const Tensor x = tensor({-2., 0., 3.}).requires_grad(), n = tensor({3., 2., 1.}).requires_grad();
    const Tensors g = grad(sum(pointwise([](auto x, auto n) { return pow(x, n) + n / (x + 2); }, x, n)), {x, n});
    CHECK(g[0].to_vector<float>()[1] == -0.5f);
    CHECK(g[1].to_vector<float>()[1] == 0.5f);
  }
  const double nan = std::nan("");
  CHECK(std::isnan(max(Dual<R>(nan, 1), Dual<R>(0, 0)).v.v));
  CHECK(std::isnan(clamp(Dual<R>(nan, 1), Dual<R>(0, 0), Dual<R>(1, 0)).v.v));
  const Tensor x = tensor({-1., 0., 2.}).requires_grad();
  const Tensor y = pointwise([](auto x) { return max(x, 0) + abs(x) + clamp(x, -1, 0); }, x);
  CHECK(grad(sum(y), x).to_vector<double>() == std::vector<double>{0, 1.5, 2});
}

TEST_CASE("gradients of formulas agree with differences") {
  const Function two = [](const Tensors& in) { return pointwise(swish, in[0], in[1]); };
  const std::pair<Shape, Shape> pairs[] = {{{}, {}},
                                           {{3}, {}},
                                           {{}, {2, 3}},
                                           {{2, 3}, {2, 3}},
                                           {{4, 3}, {3}},
                                           {{4, 3}, {4, 1}},
                                           {{1}, {2, 1, 3}},
                                           {{2, 3, 1}, {1, 1, 2}},
                                           {{2, 0}, {2, 1}},
                                           {{1, 1, 1}, {1}},
                                           {{2, 1, 3, 1, 2}, {1, 2, 1, 2, 1}}};
  for (const auto& pair : pairs) {
    const Shape &a = pair.first, &b = pair.second;
    CAPTURE(a);
    CAPTURE(b);
    gradcheck(two, {draw(a), draw(b)});
  }
  gradcheck([](const Tensors& in) { return pointwise(three, in[0], in[1], in[2]); },
            {draw({3, 4}), draw({4}), draw({})});
  gradcheck([](const Tensors& in) { return pointwise_mean(three, in[0], in[1], in[2]); },
            {draw({3, 4}), draw({3, 1}), draw({4})});
  gradcheck([](const Tensors& in) { return pointwise_sum(swish, in[0], in[1]); }, {draw({3, 4}), draw({1, 4})});
}

TEST_CASE("three derivatives of a formula agree with those of operations") {
  const Function two[] = {[](const Tensors& in) { return pointwise(swish, in[0], in[1]); },
                          [](const Tensors& in) { return swish_of_tensors(in[0], in[1]); }};
  const std::pair<Shape, Shape> pairs[] = {{{}, {}},         {{5}, {}},        {{4, 3}, {3}},
                                           {{4, 3}, {4, 1}}, {{4, 3}, {4, 3}}, {{2, 1, 3, 1, 2}, {1, 2, 1, 2, 1}},
                                           {{0, 3}, {3}},    {{3}, {2, 3}}};
  for (const auto& pair : pairs) {
    const Shape &a = pair.first, &b = pair.second;
    CAPTURE(a);
    CAPTURE(b);
    check_same(two[0], two[1], {draw(a), draw(b)});
  }
  check_same([](const Tensors& in) { return pointwise(three, in[0], in[1], in[2]); },
             [](const Tensors& in) { return three_of_tensors(in[0], in[1], in[2]); },
             {draw({3, 4}), draw({4}), draw({})});
  check_same([](const Tensors& in) { return pointwise_mean(three, in[0], in[1], in[2]); },
             [](const Tensors& in) { return mean(three_of_tensors(in[0], in[1], in[2])); },
             {draw({3, 4}), draw({3, 1}), draw({2, 1, 4})});
  check_same([](const Tensors& in) { return pointwise_sum(three, in[0], in[1], in[2]); },
             [](const Tensors& in) { return sum(three_of_tensors(in[0], in[1], in[2])); },
             {draw({3, 4}), draw({3, 1}), draw({4})});
  // An argument used twice, and one that is a result of another formula.
  check_same([](const Tensors& in) { return pointwise(three, in[0], in[0], pointwise(swish, in[0], in[1])); },
             [](const Tensors& in) { return three_of_tensors(in[0], in[0], swish_of_tensors(in[0], in[1])); },
             {draw({3, 4}), draw({4})});
}

TEST_CASE("a fourth derivative of a formula is refused with the remedy") {
  const Tensor x = draw({3}).requires_grad();
  Tensor y = pointwise([](auto x) { return exp(x) * x; }, x);
  for (int k = 0; k < 3; ++k) y = grad(sum(y), x, create_graph);
  CHECK(allclose(y, exp(x) * (x + 3)));
  const std::string text = message([&] { grad(sum(y), x); });
  CHECK(text.find("pointwise: ") == 0);
  CHECK(text.find("third order") != std::string::npos);
  CHECK(text.find("compose") != std::string::npos);
  CHECK(text.find(__FILE__) != std::string::npos);
}

TEST_CASE("one argument of many is wanted") {
  auto four = [](auto a, auto b, auto c, auto d) { return a * b + sin(c) * d + a * d; };
  const Tensor t[] = {draw({3, 4}), draw({4}), draw({3, 1}), draw({})};
  for (unsigned mask = 1; mask < 16; ++mask) {
    CAPTURE(mask);
    Tensors x(t, t + 4), wanted;
    for (std::size_t i = 0; i < 4; ++i)
      if (mask >> i & 1) wanted.push_back(x[i] = x[i].requires_grad());
    const Tensors p = grad(sum(square(pointwise(four, x[0], x[1], x[2], x[3]))), wanted),
                  q = grad(sum(square(x[0] * x[1] + sin(x[2]) * x[3] + x[0] * x[3])), wanted);
    for (std::size_t i = 0; i < wanted.size(); ++i) CHECK(allclose(p[i], q[i], 1e-12, 1e-12));
  }
}

TEST_CASE("formulas over shapes that span tiles and buffers") {
  const std::pair<Shape, Shape> pairs[] = {
      {{100'003}, {100'003}},  {{100'003}, {}},          {{3000, 40}, {40}},          {{3000, 40}, {3000, 1}},
      {{9, 20'000}, {20'000}}, {{9, 20'000}, {9, 1}},    {{3, 40'000}, {}},           {{3, 40'000}, {40'000}},
      {{8, 16, 700}, {16, 1}}, {{50, 7, 300}, {7, 1}},   {{20'000, 7}, {7}},          {{20'000, 7}, {20'000, 1}},
      {{60'000, 2}, {2}},      {{30, 1, 1100}, {40, 1}}, {{40, 30, 50}, {40, 1, 50}}, {{70, 3, 5, 90}, {3, 1, 90}}};
  for (const auto& pair : pairs) {
    const Shape &a = pair.first, &b = pair.second;
    CAPTURE(a);
    CAPTURE(b);
    const Tensor x = draw(a).requires_grad(), beta = draw(b).requires_grad();
    const Tensor y = pointwise(swish, x, beta), expected = swish_of_tensors(x, beta);
    CHECK(allclose(y, expected, 1e-12, 1e-12));
    const Tensor seed = draw(y.shape());
    const Tensors g = grad(y, {x, beta}, seed), e = grad(expected, {x, beta}, seed);
    for (std::size_t i = 0; i < 2; ++i) CHECK(allclose(g[i], e[i], 1e-9, 1e-9));
    const Tensor only = grad(pointwise(swish, x.detach(), beta), {beta}, seed)[0];
    CHECK(allclose(only, e[1], 1e-9, 1e-9));
    CHECK(pointwise_sum(swish, x, beta).item() == doctest::Approx(sum(expected).item()).epsilon(1e-10));
    CHECK(pointwise_mean(swish, beta, x).item() ==
          doctest::Approx(mean(swish_of_tensors(beta, x)).item()).epsilon(1e-10));
    const Tensors m = grad(pointwise_mean(swish, x, beta), {x, beta}),
                  n = grad(mean(swish_of_tensors(x, beta)), {x, beta});
    for (std::size_t i = 0; i < 2; ++i) CHECK(allclose(m[i], n[i], 1e-9, 1e-12));
  }
}

TEST_CASE("formulas give the same bits with any number of threads") {
  for (const auto& pair : {std::pair<Shape, Shape>{{300'000}, {}},
                           {{3000, 100}, {100}},
                           {{3000, 100}, {3000, 1}},
                           {{5, 60'000}, {60'000}}}) {
    const Shape &a = pair.first, &b = pair.second;
    CAPTURE(a);
    const Tensor x = draw(a, float32).requires_grad(), beta = draw(b, float32).requires_grad();
    check_same_bits([&] {
      Tensors all{pointwise(swish, x, beta), pointwise_mean(swish, x, beta)};
      for (std::size_t i = 0; i < 2; ++i)
        for (const Tensor& g : grad(all[i], {x, beta}, ones(all[i].shape()))) all.push_back(g);
      return all;
    });
  }
}

TEST_CASE("dtypes of a formula") {
  const Tensor x = draw({1000}, float32), beta = draw({1000}, float32);
  const Tensor narrow = pointwise(swish, x, beta), wide = pointwise(swish, x.to(float64), beta.to(float64));
  CHECK(narrow.dtype() == float32);
  CHECK(wide.dtype() == float64);
  CHECK(allclose(narrow.to(float64), wide, 1e-5, 1e-6));
  CHECK(pointwise(swish, x, beta.to(float64)).dtype() == float64);
  CHECK(same_bits(pointwise(swish, x, 2), pointwise(swish, x, tensor(2.))));
  CHECK(pointwise(swish, x.to(float64), 0.1).dtype() == float64);
  CHECK(allclose(pointwise([](auto x) { return x / 2; }, tensor({1, 2, 3})), tensor({0.5, 1., 1.5})));
  CHECK(pointwise([](auto x) { return x + x; }, tensor({true, false})).to_vector<double>() ==
        std::vector<double>{2, 0});
  CHECK(pointwise(swish, 1, 2.).shape() == Shape{});
  Tensors x32{x.requires_grad(), beta.requires_grad()},
      x64{x.to(float64).requires_grad(), beta.to(float64).requires_grad()};
  const Function f = [](const Tensors& in) { return pointwise(swish, in[0], in[1]); };
  for (int order = 1; order <= 3; ++order) {
    const Tensors a = derivatives(f, x32, order), b = derivatives(f, x64, order);
    for (std::size_t i = 0; i < 2; ++i) CHECK(allclose(a[i].to(float64), b[i], 1e-3, 1e-3));
  }
  // Mixed: the gradient comes back in each argument's own dtype.
  const Tensor mixed = grad(sum(pointwise(swish, x32[0], x64[1])), Targets{x32[0]})[0];
  CHECK(mixed.dtype() == float32);
}

TEST_CASE("a formula keeps its arguments and nothing else") {
  constexpr std::int64_t n = 1 << 16;
  const Tensor x = draw({n}, float32).requires_grad(), beta = tensor(0.5).requires_grad();
  const auto before = memory_stats();
  {
    Tensor total;
    {
      const Tensor y = pointwise(swish, x, beta);
      CHECK(memory_stats().live_bytes - before.live_bytes < 6 * n);  // y itself
      total = sum(y);
    }
    CHECK(memory_stats().live_bytes - before.live_bytes < 8192);
    const Tensors g = grad(total, {x, beta});
    CHECK(g[0].shape() == x.shape());
    CHECK(message([&] { grad(total, {x, beta}); }).find("released") != std::string::npos);
  }
  CHECK(memory_stats().live_bytes == before.live_bytes);
  CHECK(memory_stats().live_nodes == before.live_nodes);
  const Tensor cost = pointwise_mean(swish, x, beta);
  CHECK(memory_stats().live_bytes - before.live_bytes < 8192);
}

TEST_CASE("formulas in modules and with Parameters") {
  const Parameter beta(tensor(1.5));
  const nn::Sequential net{nn::Linear(4, 8), [beta](const Tensor& x) { return pointwise(swish, x, beta); },
                           nn::Linear(8, 1)};
  const Tensor x = draw({16, 4}, float32);
  const Tensor loss = pointwise_mean([](auto y, auto t) { return softplus(abs(y - t)); }, net(x), 0.25);
  const Tensors g = grad(loss, {beta});
  CHECK(std::abs(g[0].item()) > 0);
  CHECK(grad(pointwise_mean([](auto y, auto t) { return square(y - t); }, net(x), x[0][0]), net.parameters()).size() ==
        4);
}

TEST_CASE("a formula is replayed") {
  const Tensor x = draw({300, 40}, float32), beta = draw({40}, float32), c = draw({300, 1}, float32);
  const std::function<Tensors(const Tensors&)> step = [](const Tensors& in) {
    const Tensors leaves{in[0].requires_grad(), in[1].requires_grad(), in[2].requires_grad()};
    const Tensor y = pointwise_mean(three, leaves[0], leaves[1], leaves[2]);
    Tensors results = grad(y, leaves);
    results.push_back(y);
    return results;
  };
  Replay replay = record(step, {x, beta, c});
  const Tensors other{draw({300, 40}, float32), draw({40}, float32), draw({300, 1}, float32)};
  const Tensors a = replay(other), b = step(other);
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(same_bits(a[i], b[i]));
}

TEST_CASE("a formula may branch and capture numbers") {
  const double slope = 0.25;
  auto leaky = [slope](auto x) {
    if (x > 0) return x;
    return slope * x;
  };
  const Tensor x = draw({1000}).requires_grad();
  const Tensor y = pointwise(leaky, x), expected = where(x > 0, x, slope * x);
  CHECK(allclose(y, expected));
  CHECK(allclose(grad(sum(square(y)), x), grad(sum(square(expected)), x)));
  // A loop over a polynomial's terms.
  auto series = [](auto x) {
    auto sum = x;
    for (int k = 2; k < 6; ++k) sum = sum * x + k;
    return sum;
  };
  gradcheck([&](const Tensors& in) { return pointwise(series, in[0]); }, {draw({5})});
}

TEST_CASE("empty formulas and NaN") {
  const Tensor none = draw({0}).requires_grad(), beta = draw({}).requires_grad();
  CHECK(pointwise(swish, none, beta).shape() == Shape{0});
  CHECK(grad(sum(pointwise(swish, none, beta)), beta).item() == 0);
  CHECK(pointwise_sum(swish, none, beta).item() == 0);
  CHECK(std::isnan(pointwise_mean(swish, none, beta).item()));
  const double nan = std::nan("");
  const std::vector<double> y = pointwise(swish, tensor({nan, 1.}), 1).to_vector<double>();
  CHECK(std::isnan(y[0]));
  CHECK(!std::isnan(y[1]));
}

TEST_CASE("what a formula refuses") {
  const Tensor x = draw({2, 3}), y = draw({4});
  std::string text = message([&] { pointwise(swish, x, y); });
  const std::string line = std::to_string(__LINE__ - 1);
  CHECK(text.find("pointwise: the arguments' shapes (2, 3), (4,) do not broadcast: axis -1 is 3 and 4") == 0);
  CHECK(text.find("pointwise.cpp:" + line) != std::string::npos);
  text = message([&] { pointwise_mean(swish, 2, Tensor()); });
  CHECK(text.find("pointwise_mean: the tensor is undefined") == 0);
  text = message([&] { pointwise_sum(three, x, 1, y); });
  CHECK(text.find("pointwise_sum: ") == 0);
  CHECK(text.find("(2, 3), (), (4,)") != std::string::npos);
}
