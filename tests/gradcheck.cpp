// gradcheck itself: what it accepts, what it catches, and what it says.
#include <doctest/doctest.h>
#include <autograd/custom.hpp>
#include <autograd/gradcheck.hpp>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>
#include <xtape.hpp>

#include "support.hpp"

using namespace xtape;
using doctest::Contains;

namespace {

Tensor real(const Shape& shape, double low = 0.5, double high = 2) {
  static RandomGenerator generator(11);
  return uniform(shape, low, high, float64, generator);
}

GradcheckOptions order(int n) {
  GradcheckOptions options;
  options.order = n;
  return options;
}

// x^2 whose gradient at `wrong` is too large by `factor`.
Tensor faulty_square(const Tensor& x, std::size_t wrong, double factor) {
  return custom([](const Tensor& x) { return x * x; },
                [=](const Tensor& g, const Tensor& x) {
                  std::vector<double> scale(static_cast<std::size_t>(x.size()), 2);
                  scale[wrong] *= factor;
                  return g * x * tensor(scale, x.shape());
                },
                x);
}

}  // namespace

TEST_CASE("gradcheck takes one tensor or several or parameters") {
  gradcheck([](const Tensor& x) { return tanh(x) * x; }, real({3, 4}));
  gradcheck([](const Tensors& x) { return tanh(x[0]) * x[1]; }, {real({3, 4}), real({4})});
  gradcheck([](const auto& x) { return exp(x); }, real({}));
  gradcheck([](const Tensor& x) { return log(x) * sqrt(x); }, real({2, 3}), order(4));
  gradcheck([](const Tensors& x) { return matmul(x[0], x[0], false, true); }, {real({2, 3})}, order(3));
}

TEST_CASE("gradcheck of parameters puts their values back") {
  Parameter w(real({2, 3})), b(real({2}));
  const std::vector<double> before = w.tensor().to_vector<double>();
  const Tensor x = real({4, 3});
  gradcheck([&] { return sigmoid(linear(x, w, b)); }, std::vector<Parameter>{w, b});
  CHECK(w.tensor().to_vector<double>() == before);
  w.set_name("layer.w");
  auto cut = [&] { return sum(exp(w) + exp(w.tensor().detach()), {1}) * b; };
  CHECK_THROWS_WITH_AS(gradcheck(cut, std::vector<Parameter>{w, b}),
                       Contains("element (0, 0) of parameter 'layer.w' of shape (2, 3)"), Error);
  CHECK(w.tensor().to_vector<double>() == before);
  CHECK_FALSE(w.grad().defined());
}

TEST_CASE("gradcheck accepts what depends on no input or on none of its elements") {
  gradcheck([](const Tensors& x) { return square(x[1]); }, {real({3}), real({2})});
  gradcheck([](const Tensor&) { return ones({2}, float64); }, real({3}));
  gradcheck([](const Tensor& x) { return square(x); }, zeros({2, 0}, float64));
  gradcheck([](const Tensor& x) { return sum(softmax(x)); }, real({5}));
  gradcheck([](const Tensor& x) { return 0 * x; }, real({5}));
}

TEST_CASE("gradcheck differentiates under no_grad too") {
  const NoGradGuard guard;
  gradcheck([](const Tensor& x) { return x * x; }, real({3}));
  CHECK_THROWS_AS(gradcheck([](const Tensor& x) { return x.detach() * x; }, real({3})), Error);
  CHECK_FALSE(is_recording());
}

TEST_CASE("gradcheck catches a rule that is wrong by one thousandth") {
  const std::vector<std::pair<const char*, std::function<Tensor(const Tensor&)>>> rows = {
      {"square", [](const Tensor& x) { return square(x); }},
      {"exp", [](const Tensor& x) { return exp(x); }},
      {"log", [](const Tensor& x) { return log(x); }},
      {"sum", [](const Tensor& x) { return sum(x); }},
      {"softmax", [](const Tensor& x) { return softmax(x); }},
      {"matmul", [](const Tensor& x) { return matmul(x, x, false, true); }},
      {"sigmoid", [](const Tensor& x) { return sigmoid(x - 10); }},  // of size 1e-4
      {"large", [](const Tensor& x) { return 1e6 * x + 1e6; }}};
  const Tensor small = real({3, 4}), many = real({20, 50});
  for (const auto& row : rows) {
    const std::function<Tensor(const Tensor&)>& f = row.second;
    CAPTURE(std::string(row.first));
    for (const Tensor& x : {small, many}) {
      CHECK_NOTHROW(gradcheck(f, x, order(1)));
      auto wrong = [&](const Tensor& x) { return f(hook(x, [](const Tensor& g) { return g * 1.001; })); };
      CHECK(message([&] { gradcheck(wrong, x, order(1)); }).find("order 1") != std::string::npos);
    }
  }
}

TEST_CASE("gradcheck finds one wrong element among many and names it") {
  for (std::size_t n : {2, 60, 3000}) {
    CAPTURE(n);
    const Tensor x = real({static_cast<std::int64_t>(n) / 2, 2});
    CHECK_NOTHROW(gradcheck([](const Tensor& x) { return faulty_square(x, 0, 1); }, x));
    const std::string text =
        message([&] { gradcheck([&](const Tensor& x) { return faulty_square(x, n - 1, 1.001); }, x); });
    CHECK(text.find("gradcheck: order 1: the derivative with respect to element (" + std::to_string(n / 2 - 1) +
                    ", 1) of input 0 of shape (" + std::to_string(n / 2) + ", 2) is ") == 0);
    CHECK(text.find("gradcheck.cpp:" + std::to_string(__LINE__ - 3) + "]") != std::string::npos);
  }
}

TEST_CASE("gradcheck names both numbers") {
  const Tensor x = full({1}, 3, float64);
  const std::string text = message([&] { gradcheck([](const Tensor& x) { return faulty_square(x, 0, 2); }, x); });
  const auto tape = std::stod(text.substr(text.find(" is ") + 4)),
             truth = std::stod(text.substr(text.find(" and ") + 5));
  CHECK(tape == doctest::Approx(2 * truth));
  CHECK(truth >= 3);  // 6 times a weight in [0.5, 1.5)
  CHECK(truth < 9);
}

TEST_CASE("gradcheck names the order and the input that are wrong") {
  // The second derivative of x^2 y with respect to y is missing a term.
  auto second = [](const Tensors& in) {
    return custom([](const Tensors& x) { return x[0] * x[0] * x[1]; },
                  [](const Tensor& g, const Tensors& x) {
                    return Tensors{g * 2 * x[0] * x[1].detach(), g * x[0] * x[0]};
                  },
                  in);
  };
  const Tensors in = {real({2}), real({2})};
  CHECK_NOTHROW(gradcheck(second, in, order(1)));
  CHECK_THROWS_WITH_AS(gradcheck(second, in),
                       Contains("order 2: the derivative with respect to element (0,) of input 1"), Error);
  auto first = [](const Tensors& x) { return x[0] * exp(x[1].detach()); };
  CHECK_THROWS_WITH_AS(gradcheck(first, in),
                       Contains("order 1: the derivative with respect to element (0,) of input 1"), Error);
}

TEST_CASE("gradcheck lets no NaN pass") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH_AS(gradcheck([](const Tensor& x) { return log(x); }, full({2}, -1, float64)),
                       Contains("not finite"), Error);
  CHECK_THROWS_AS(gradcheck([](const Tensor& x) { return sqrt(x); }, zeros({2}, float64)), Error);
  auto broken = [=](const Tensor& x) {
    return custom([](const Tensor& x) { return x * x; }, [=](const Tensor& g, const Tensor& x) { return g * x * nan; },
                  x);
  };
  CHECK_THROWS_WITH_AS(gradcheck(broken, real({2})), Contains("is nan by the tape"), Error);
  // NaN only ahead of x: seen by the differences.
  const Tensor edge = full({1}, 1, float64);
  CHECK_THROWS_WITH_AS(gradcheck([](const Tensor& x) { return sqrt(1.0000001 - x); }, edge),
                       Contains("nan by differences"), Error);
}

TEST_CASE("gradcheck passes where the function bends sharply") {
  gradcheck([](const Tensor& x) { return 1 / x; }, full({3}, 0.05, float64));
  gradcheck([](const Tensor& x) { return exp(20 * x); }, real({3}, -1, 1));
}

TEST_CASE("gradcheck reports a function that changes from call to call") {
  RandomGenerator generator(3);
  auto noisy = [&](const Tensor& x) { return x * uniform({2}, 0.5, 1.5, float64, generator); };
  CHECK_THROWS_WITH_AS(gradcheck(noisy, real({2})), Contains("two results for the same inputs"), Error);
  int calls = 0;
  auto growing = [&](const Tensor& x) { return x * ++calls; };
  CHECK_THROWS_WITH_AS(gradcheck(growing, real({2})), Contains("two results"), Error);
}

TEST_CASE("gradcheck asks for float64 and for options that make sense") {
  auto identity = [](const Tensor& x) { return x; };
  CHECK_THROWS_WITH_AS(gradcheck(identity, ones({2})), Contains("input 0 is float32; differences need float64"), Error);
  CHECK_THROWS_WITH_AS(gradcheck([](const Tensors& x) { return x[0]; }, {real({2}), tensor({1, 2})}),
                       Contains("input 1 is int64"), Error);
  CHECK_THROWS_WITH_AS(gradcheck(identity, Tensor()), Contains("input 0 is undefined"), Error);
  CHECK_THROWS_WITH_AS(gradcheck([](const Tensor& x) { return argmax(x); }, real({2})),
                       Contains("the result is int64, which has no derivative"), Error);
  CHECK_THROWS_WITH_AS(gradcheck([](const Tensor& x) { return x.to(float32); }, real({2})),
                       Contains("the result is float32"), Error);
  const nn::Linear narrow(2, 1);
  CHECK_THROWS_WITH_AS(gradcheck(
                           [&] {
                             return narrow(ones({1, 2}));
                           },
                           narrow.named_parameters()),
                       Contains("parameter 'weight' is float32"), Error);
  CHECK_THROWS_WITH_AS(gradcheck(identity, real({2}), order(0)), Contains("expected order >= 1"), Error);
  GradcheckOptions options;
  options.step = 0;
  CHECK_THROWS_AS(gradcheck(identity, real({2}), options), Error);
  options = {};
  options.tolerance = 1;
  CHECK_NOTHROW(gradcheck([](const Tensor& x) { return faulty_square(x, 0, 1.1); }, real({2}), options));
}
