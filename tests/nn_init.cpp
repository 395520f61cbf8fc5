// How parameters start.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>
#include <xtape.hpp>

#include "support.hpp"

using namespace xtape;
namespace init = nn::init;

namespace {
double spread(const Tensor& t) { return std::sqrt(mean(square(t)).item()); }
double largest(const Tensor& t) { return max(abs(t)).item(); }
// Wide enough for a sample of 60,000, too narrow for another formula.
doctest::Approx about(double value) { return doctest::Approx(value).epsilon(0.015); }
Parameter weight(const Shape& shape, Dtype dtype = float32) { return Parameter(full(shape, 7, dtype)); }
}  // namespace

TEST_CASE("constants, identities and Dirac kernels are set") {
  Parameter p = weight({2, 3}, float64);
  init::constant(p, 0.5);
  CHECK(p.tensor().to_vector<double>() == std::vector<double>(6, 0.5));
  init::zeros(p);
  CHECK(p.tensor().to_vector<double>() == std::vector<double>(6, 0));
  init::ones(p);
  CHECK(p.tensor().to_vector<double>() == std::vector<double>(6, 1));
  init::eye(p);
  CHECK(p.tensor().to_vector<double>() == std::vector<double>{1, 0, 0, 0, 1, 0});

  // A convolution that starts so passes on its channels, in each group the first ones.
  const Tensor x = normal({2, 4, 5, 6});
  nn::Conv2d conv(4, 4, 3, ConvOptions().padding(1), false);
  init::dirac(conv.weight);
  CHECK(allclose(conv(x), x));
  nn::Conv2d grouped(4, 6, {3, 5}, ConvOptions().padding({1, 2}).groups(2), false);
  init::dirac(grouped.weight, 2);
  const Tensor y = grouped(x);
  for (auto [to, from] : {std::pair{0, 0}, {1, 1}, {3, 2}, {4, 3}})
    CHECK(allclose(select(y, 1, to), select(x, 1, from)));
  CHECK(largest(select(y, 1, 2)) == 0);
  CHECK(largest(select(y, 1, 5)) == 0);
  Parameter three = weight({2, 2, 3, 1, 2});
  init::dirac(three);
  CHECK(sum(three).item() == 2);
  CHECK(three.tensor()[1][1][1][0][1].item() == 1);
}

TEST_CASE("what is drawn has the spread that its source states") {
  manual_seed(5);
  // fan_in 3 * 100 = 300, fan_out 200 * 100 = 20000.
  Parameter p = weight({200, 3, 10, 10});
  const double in = 300, out = 20000;
  auto uniform_within = [&](double bound) {
    CHECK(largest(p) <= bound);
    CHECK(largest(p) > 0.999 * bound);
    CHECK(spread(p) == about(bound / std::sqrt(3.)));
    CHECK(std::abs(mean(p).item()) < 0.01 * bound);
  };
  auto normal_of = [&](double stddev) {
    CHECK(spread(p) == about(stddev));
    CHECK(largest(p) > 3.5 * stddev);
    CHECK(std::abs(mean(p).item()) < 0.02 * stddev);
  };
  init::uniform(p, -3, 3);
  uniform_within(3);
  init::uniform(p);
  CHECK(mean(p).item() == about(0.5));
  init::normal(p, 0, 2);
  normal_of(2);
  init::normal(p, 5, 0.1);
  CHECK(mean(p).item() == about(5));
  init::truncated_normal(p);
  CHECK(largest(p) <= 2);
  CHECK(spread(p) == about(0.8796));  // 1 - 4 phi(2) / (2 Phi(2) - 1), its root
  init::xavier_uniform(p, 3);
  uniform_within(3 * std::sqrt(6 / (in + out)));
  init::xavier_normal(p, 3);
  normal_of(3 * std::sqrt(2 / (in + out)));
  init::kaiming_uniform(p);
  uniform_within(std::sqrt(6 / in));
  init::kaiming_uniform(p, 1, init::Fan::out);
  uniform_within(std::sqrt(3 / out));
  init::kaiming_normal(p);
  normal_of(std::sqrt(2 / in));
  init::kaiming_normal(p, 5. / 3, init::Fan::out);
  normal_of(5. / 3 / std::sqrt(out));
  init::lecun_uniform(p);
  uniform_within(std::sqrt(3 / in));
  init::lecun_normal(p);
  normal_of(1 / std::sqrt(in));

  manual_seed(6);
  init::lecun_normal(p);
  const std::vector<float> once = p.tensor().to_vector<float>();
  manual_seed(6);
  init::lecun_normal(p);
  CHECK(p.tensor().to_vector<float>() == once);
}

TEST_CASE("orthogonal weights have orthonormal rows or columns, in every direction alike") {
  manual_seed(7);
  for (const Shape& s : {Shape{4, 9}, Shape{9, 4}, Shape{5, 5}, Shape{3, 2, 2, 2}}) {
    Parameter p = weight(s, float64);
    init::orthogonal(p, 2);
    const Tensor m = reshape(p, {s[0], -1});
    const bool wide = m.size(1) > m.size(0);
    const Tensor square = wide ? matmul(m, m, false, true) : matmul(m, m, true, false);
    CHECK(allclose(square, 4 * eye(square.size(0), {}, float64), 1e-12, 1e-12));
  }
  // Without the signs, LAPACK's q would have a negative mean on its diagonal.
  double total = 0;
  for (int i = 0; i < 400; ++i) {
    Parameter p = weight({2, 2}, float64);
    init::orthogonal(p);
    total += p.tensor()[0][0].item();
  }
  CHECK(std::abs(total / 400) < 0.12);
}

TEST_CASE("sparse weights have so many zeros in each column") {
  manual_seed(8);
  Parameter p = weight({30, 40});
  init::sparse(p, 0.31, 2);
  const Tensor zeros_of = sum(Tensor(p) == 0, 0);
  for (std::int64_t n : zeros_of.to_vector<std::int64_t>()) CHECK(n == 10);  // ceil(9.3)
  CHECK(spread(p) == doctest::Approx(2 * std::sqrt(20 / 30.)).epsilon(0.07));
  CHECK((Tensor(p)[0] == 0).to_vector<bool>() != (Tensor(p)[1] == 0).to_vector<bool>());
  init::sparse(p, 0);
  CHECK(sum(Tensor(p) == 0).item() == 0);
  init::sparse(p, 1);
  CHECK(largest(p) == 0);
}

TEST_CASE("gains are PyTorch's by name and found by integration for any function") {
  CHECK(init::calculate_gain("linear") == 1);
  CHECK(init::calculate_gain("conv") == 1);
  CHECK(init::calculate_gain("sigmoid") == 1);
  CHECK(init::calculate_gain("tanh") == 5. / 3);
  CHECK(init::calculate_gain("relu") == std::sqrt(2.));
  CHECK(init::calculate_gain("leaky_relu") == std::sqrt(2 / 1.0001));
  CHECK(init::calculate_gain("leaky_relu", 0.5) == std::sqrt(2 / 1.25));
  CHECK(init::calculate_gain("selu") == 0.75);
  auto near = [](double value) { return doctest::Approx(value).epsilon(1e-8); };
  CHECK(init::calculate_gain([](const Tensor& x) { return x; }) == near(1));
  CHECK(init::calculate_gain(nn::relu) == near(std::sqrt(2.)));
  CHECK(init::calculate_gain([](const Tensor& x) { return where(x < 0, 0.5 * x, x); }) == near(std::sqrt(2 / 1.25)));
  CHECK(init::calculate_gain([](const Tensor& x) { return exp(x); }) == near(std::exp(-1.)));  // E e^2z = e^2
  // From SciPy's quad.
  CHECK(init::calculate_gain(nn::tanh) == near(1.5925374197228312));

  // Twenty layers with a user's own activation keep the size of what goes through them.
  manual_seed(9);
  auto own = [](const Tensor& x) { return pointwise([](auto x) { return x * sigmoid(2 * x); }, x); };
  const double gain = init::calculate_gain(own);
  Tensor x = normal({200, 300});
  for (int i = 0; i < 20; ++i) {
    nn::Linear layer(300, 300);
    init::kaiming_normal(layer.weight, gain);
    init::zeros(*layer.bias);
    x = layer(own(x));
  }
  CHECK(spread(x) > 0.5);
  CHECK(spread(x) < 2);
}

TEST_CASE("malformed initialisations are refused and change nothing") {
  Parameter p = weight({3}), kernel = weight({4, 2, 3}), matrix = weight({2, 2}), empty = weight({0, 2});
  auto refused = [](const std::function<void()>& f, const std::string& with) {
    const std::string text = message(f);
    CAPTURE(text);
    CHECK(begins(text, with + " [at "));
    CHECK(text.find("nn_init.cpp:") != std::string::npos);
  };
  const std::string uncountable = ": expected a weight (out, in, ...), got (3,), whose inputs cannot be counted";
  refused([&] { init::xavier_uniform(p); }, "init::xavier_uniform" + uncountable);
  refused([&] { init::xavier_normal(p); }, "init::xavier_normal" + uncountable);
  refused([&] { init::kaiming_uniform(p); }, "init::kaiming_uniform" + uncountable);
  refused([&] { init::kaiming_normal(p); }, "init::kaiming_normal" + uncountable);
  refused([&] { init::lecun_uniform(p); }, "init::lecun_uniform" + uncountable);
  refused([&] { init::lecun_normal(p); }, "init::lecun_normal" + uncountable);
  refused([&] { init::orthogonal(p); }, "init::orthogonal" + uncountable);
  refused([&] { init::orthogonal(empty); }, "init::orthogonal: the weight (0, 2) has no elements");
  refused([&] { init::eye(p); }, "init::eye: expected a matrix, got (3,)");
  refused([&] { init::sparse(kernel, 0.5); }, "init::sparse: expected a matrix, got (4, 2, 3)");
  refused([&] { init::sparse(matrix, 1.5); }, "init::sparse: sparsity is 1.500000, expected a share in [0, 1]");
  refused([&] { init::dirac(matrix); },
          "init::dirac: expected the weight (out, in, k...) of a convolution, got (2, 2)");
  refused([&] { init::dirac(kernel, 3); }, "init::dirac: groups = 3 does not divide out = 4");
  refused([&] { init::calculate_gain("swish"); },
          "init::calculate_gain: no gain is known for 'swish'; there are linear, conv, sigmoid, tanh, relu, leaky_relu "
          "and selu. For another activation give the function itself");
  refused([&] { init::calculate_gain([](const Tensor& x) { return sum(x); }); },
          "init::calculate_gain: the activation makes () of (16385,)");
  refused([&] { init::calculate_gain([](const Tensor& x) { return x * 0; }); },
          "init::calculate_gain: the mean square of the activation is 0.000000, which no gain makes 1");
  CHECK(begins(message([&] { init::uniform(p, 1, 0); }), "uniform: "));
  CHECK(begins(message([&] { init::normal(p, 0, -1); }), "normal: "));
  CHECK(begins(message([&] { init::truncated_normal(p, 0, 1, 2, 1); }), "truncated_normal: "));
  for (const Parameter& q : {p, kernel, matrix}) CHECK(largest(q - 7) == 0);
}
