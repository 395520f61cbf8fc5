// custom and hook: operations and derivatives of the user's own.
#include <doctest/doctest.h>
#include <autograd/core/operation.hpp>
#include <autograd/custom.hpp>
#include <autograd/functional.hpp>
#include <autograd/gradcheck.hpp>
#include <autograd/hook.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>
#include <xtape.hpp>

#include "support.hpp"

using namespace xtape;
using namespace xtape::detail;
using doctest::Contains;

namespace {

using Values = std::vector<double>;
Values values(const Tensor& x) { return x.to_vector<double>(); }

Tensor real(const Shape& shape, double low = 0.5, double high = 2) {
  static RandomGenerator generator(5);
  return uniform(shape, low, high, float64, generator);
}

// A loop over elements, with a rule in operations.
Tensor cube(const Tensor& x) {
  return custom(
      [](const Tensor& x) {
        Values v = values(x);
        for (double& e : v) e = e * e * e;
        return tensor(v, x.shape());
      },
      [](const Tensor& g, const Tensor& x) { return 3 * g * x * x; }, x);
}

// a b + a with everything that a rule can read.
Tensor product_plus(const Tensor& a, const Tensor& b) {
  return custom([](const Tensors& x) { return x[0] * x[1] + x[0]; },
                [](const Tensor& g, const Tensors& x, const Tensor& y) {
                  return Tensors{g * y / x[0], g * x[0]};
                },
                {a, b});
}

}  // namespace

TEST_CASE("custom is right to third order") {
  GradcheckOptions third;
  third.order = 3;
  gradcheck(cube, real({2, 3}), third);
  gradcheck(cube, real({}), third);
  gradcheck(cube, real({0, 2}), third);
  gradcheck([](const Tensors& x) { return product_plus(x[0], x[1]); }, {real({3}), real({3})}, third);
  gradcheck([](const Tensor& x) { return product_plus(x, x); }, real({3}), third);
  gradcheck([](const Tensor& x) { return cube(cube(x) * x); }, real({3}));
  const Tensor x = full({}, 2, float64).requires_grad();
  CHECK(cube(x).item() == 8);
  CHECK(grad(cube(x), x).item() == 12);
  CHECK(grad(grad(cube(x), x, create_graph), x).item() == 12);
}

TEST_CASE("custom takes Parameters and float32 and what has no gradient") {
  const Parameter p(tensor({1., 2.}));
  const Tensor twice =
      custom([](const Tensor& x) { return x * 2; }, [](const Tensor& g, const Tensor&) { return g * 2; }, p);
  CHECK(twice.dtype() == float32);
  CHECK(values(grad(sum(twice), p)) == Values{2, 2});
  // A gather: no gradient flows to the indices, and vjp gives none.
  const Tensor x = tensor({1., 2., 3.}).requires_grad();
  auto pick = [](const Tensor& x, const Tensor& index) {
    return custom([](const Tensors& in) { return in[0][in[1].item<int>()]; },
                  [](const Tensor& g, const Tensors& in) {
                    return Tensors{g * one_hot(in[1], in[0].size(), in[0].dtype()), Tensor()};
                  },
                  {x, index});
  };
  CHECK(pick(x, tensor(1)).item() == 2);
  CHECK(values(grad(pick(x, tensor(1)), x)) == Values{0, 1, 0});
  // No gradient for an input that wants one: it is not reached.
  auto blocked = [](const Tensor& a) {
    return custom([](const Tensor& x) { return x + 0; }, [](const Tensor&, const Tensor&) { return Tensor(); }, a);
  };
  CHECK_THROWS_WITH_AS(grad(sum(blocked(x)), x), Contains("does not depend on target 0"), Error);
  CHECK_FALSE(grad(sum(blocked(x)), {x}, allow_unused)[0].defined());
  CHECK_FALSE(cube(real({2})).is_recorded());
  CHECK_FALSE(no_grad([&] { return blocked(x); }).is_recorded());
}

TEST_CASE("custom records one operation and not what forward does") {
  const Tensor x = real({2}).requires_grad();
  bool recorded = true;
  const MemoryStats before = memory_stats();
  Tensor y = custom(
      [&](const Tensor& x) {
        recorded = is_recording() || x.is_recorded();
        return exp(tanh(x) * x);
      },
      [](const Tensor& g, const Tensor&) { return g; }, x);
  CHECK_FALSE(recorded);
  CHECK(memory_stats().live_nodes - before.live_nodes == 1);
  CHECK(is_recording());
  y = Tensor();
  CHECK(memory_stats().live_nodes == before.live_nodes);
  CHECK(memory_stats().live_bytes == before.live_bytes);
  // forward may hand on its input, whose value and place on the tape stay apart.
  const Tensor same =
      custom([](const Tensor& x) { return x; }, [](const Tensor& g, const Tensor&) { return 7 * g; }, x);
  CHECK(values(grad(sum(same), x)) == Values{7, 7});
  CHECK(values(same) == values(x));
}

TEST_CASE("custom keeps the output only for a vjp that reads it") {
  const Tensor x = real({1 << 16}).requires_grad();
  const std::int64_t block = x.size() * 8, before = memory_stats().live_bytes;
  const Tensor without = sum(
      custom([](const Tensor& x) { return exp(x); }, [](const Tensor& g, const Tensor& x) { return g * exp(x); }, x));
  CHECK(memory_stats().live_bytes - before < block / 2);
  const Tensor with = sum(custom([](const Tensor& x) { return exp(x); },
                                 [](const Tensor& g, const Tensor&, const Tensor& y) { return g * y; }, x));
  CHECK(memory_stats().live_bytes - before > block / 2);
  CHECK(values(grad(with, x)) == values(grad(without, x)));
  CHECK(memory_stats().live_bytes - before < block / 2);  // released
  CHECK_THROWS_WITH_AS(grad(with, x), Contains("retain_graph"), Error);
}

TEST_CASE("custom runs again as one operation on other values") {
  const Tensor x = real({3}).requires_grad(), y = cube(x);
  const auto& node = static_cast<const Operation&>(*y.node_ref());
  CHECK(std::string(node.op) == "custom");
  const Tensor z = real({3});
  const Array* in[] = {&z.array()};
  CHECK(values(Tensor(node.run(in))) == values(z * z * z));
  const Tensor other = z.requires_grad(), again = apply_again(node, {other});
  CHECK(allclose(grad(sum(again), other), 3 * z * z, 1e-14));
}

TEST_CASE("gradients of custom stay off the tape without create_graph") {
  const Tensor x = real({2}).requires_grad(), scale = real({2}).requires_grad();
  const Tensor y =
      sum(custom([](const Tensor& x) { return x * 1; }, [&](const Tensor&, const Tensor&) { return scale; }, x));
  const Tensor h = sum(hook(x, [&](const Tensor&) { return scale; }));
  CHECK_FALSE(grad(y, x, retain_graph).is_recorded());
  CHECK(grad(y, x, create_graph).is_recorded());
  CHECK_FALSE(grad(h, x, retain_graph).is_recorded());
  CHECK(grad(h, x, create_graph).is_recorded());
}

TEST_CASE("custom says what is wrong and where") {
  const Tensor x = real({2, 3}).requires_grad(), w = real({3}).requires_grad();
  auto run = [&](const std::function<Tensor(const Tensors&)>& f,
                 const std::function<Tensors(const Tensor&, const Tensors&)>& vjp) {
    return message([&] { grad(sum(custom(f, vjp, {x, w})), {x, w}); });
  };
  const int line = __LINE__ - 2;
  auto product = [](const Tensors& x) { return x[0] * x[1]; };
  CHECK(says(run(product, [](const Tensor& g, const Tensors&) { return Tensors{g}; }),
             "custom: vjp gave 1 gradients for 2 inputs", line));
  CHECK(says(run(product,
                 [](const Tensor& g, const Tensors& x) {
                   return Tensors{g * x[1], g * x[0]};
                 }),
             "custom: vjp gave the gradient float64(2, 3) for input 1, which is float64(3,)", line));
  CHECK(says(run(product,
                 [](const Tensor& g, const Tensors&) {
                   return Tensors{g.to(float32), Tensor()};
                 }),
             "custom: vjp gave the gradient float32(2, 3) for input 0, which is float64(2, 3)", line));
  auto none = [](const Tensor&, const Tensors&) { return Tensors(); };
  CHECK(says(run([](const Tensors&) { return Tensor(); }, none), "custom: forward gave an undefined tensor", line));
  CHECK(says(run([](const Tensors& x) { return argmax(x[1]); }, none), "custom: forward gave int64()", line));
  CHECK(says(message([&] { custom(product, none, {x, Tensor()}); }), "custom: input 1 is undefined", __LINE__));
  CHECK(says(message([&] { custom(product, none, Tensors{}); }), "custom: expected at least one input", __LINE__));
  CHECK(says(run([](const Tensors& x) { return matmul(x[0], x[0]); }, none), "matmul: the inner sizes", __LINE__));
}

TEST_CASE("hook sees the summed gradient once and may replace it") {
  const Tensor x = tensor({1., -2.}, float64).requires_grad();
  std::vector<Values> seen;
  auto through = [&](auto f) {
    seen.clear();
    const Tensor h = hook(x, f);
    return values(grad(sum(h * h + 3 * h), x));
  };
  CHECK(through([&](const Tensor& g) { seen.push_back(values(g)); }) == Values{5, -1});
  CHECK(seen == std::vector<Values>{{5, -1}});
  CHECK(through([&](const Tensor& g) { return seen.push_back(values(g)), g * 10; }) == Values{50, -10});
  CHECK(seen == std::vector<Values>{{5, -1}});
  CHECK(through([](const Tensor& g) { return zeros(g.shape(), g.dtype()); }) == Values{0, 0});
  CHECK(through([](auto& g) { return where(g > 1, ones({}, float64), g); }) == Values{1, -1});
  // The value is x itself, and several hooks follow one another.
  const Tensor twice = hook(hook(x, [](const Tensor& g) { return g + 1; }), [](const Tensor& g) { return g * 2; });
  CHECK(twice.data<double>() == x.data<double>());
  CHECK(values(grad(sum(twice), x)) == Values{3, 3});
  // Through backward, on a Parameter, and mutable state in the hook.
  Parameter p(ones({2}));
  int calls = 0;
  const Tensor h = hook(p, [n = 0, &calls](const Tensor&) mutable { calls = ++n; });
  sum(h * 2).backward(retain_graph);
  CHECK(calls == 1);
  CHECK(values(p.grad()) == Values{2, 2});
}

TEST_CASE("hook is not called when nobody asks for that gradient") {
  const Tensor x = real({2}).requires_grad(), other = real({2}).requires_grad();
  int calls = 0;
  const Tensor y = sum(hook(x, [&](const Tensor&) { ++calls; }) * other);
  grad(y, {other}, retain_graph);
  CHECK(calls == 0);
  grad(y, x);
  CHECK(calls == 1);
  CHECK(values(hook(tensor({1., 2.}), [&](const Tensor&) { ++calls; })) == Values{1, 2});
  CHECK_FALSE(hook(ones({2}), [&](const Tensor&) { ++calls; }).is_recorded());
  CHECK(calls == 1);
}

TEST_CASE("hook is differentiated with the rest") {
  // The gradient of sum(h^3) is 3 x^2; the hook squares it, so what is differentiated on is 9 x^4.
  const Tensor x = tensor({0.5, 2.}, float64).requires_grad();
  int calls = 0;
  const Tensor h = hook(x, [&](const Tensor& g) { return ++calls, g * g; });
  const Tensor g = grad(sum(h * h * h), x, create_graph);
  CHECK(calls == 1);
  CHECK(allclose(g, 9 * x * x * x * x, 1e-14));
  // Its derivative passes h again, whose gradient the hook squares as well: through x^2 in 3 h^2 to (6 h 2 (3 h^2))^2.
  const Tensor second = grad(sum(g), x, create_graph);
  CHECK(calls == 2);
  CHECK(allclose(second, square(36 * x * x * x), 1e-14));
  CHECK(grad(sum(second), x).shape() == x.shape());
  CHECK(calls == 3);
  // A hook that only looks, or multiplies by one, leaves every order right.
  gradcheck([](const Tensor& x) { return square(hook(exp(x), [](const Tensor& g) { return g * 1; })); }, real({3}));
  gradcheck([](const Tensor& x) { return square(hook(exp(x), [](const Tensor&) {})); }, real({3}));
}

TEST_CASE("hook says what is wrong and where") {
  const Tensor x = real({2, 3}).requires_grad();
  const auto text = [&](auto f) { return message([&] { grad(sum(hook(x, f)), x); }); };
  const int line = __LINE__ - 1;
  CHECK(says(text([](const Tensor& g) { return sum(g); }), "hook: the gradient float64(2, 3) was replaced by float64()",
             line));
  CHECK(says(text([](const Tensor& g) { return g.to(float32); }),
             "hook: the gradient float64(2, 3) was replaced by float32(2, 3)", line));
  CHECK(says(text([](const Tensor&) { return Tensor(); }),
             "hook: the gradient float64(2, 3) was replaced by an undefined tensor", line));
  const Tensor labels = tensor({1, 2});
  const std::string wrong = message([&] { hook(labels, [](const Tensor&) {}); });
  CHECK(says(wrong, "hook: no gradient flows to int64(2,)", __LINE__ - 1));
  CHECK(says(message([] { hook(Tensor(), [](const Tensor&) {}); }), "hook: the tensor is undefined", __LINE__));
}
