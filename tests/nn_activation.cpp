// Activations; the numbers are PyTorch's, or their sources' formulas (parity/nn_activation.py).
#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <nn/activation.hpp>
#include <nn/gated.hpp>
#include <nn/learned_activation.hpp>
#include <nn/piecewise.hpp>
#include <string>
#include <vector>
#include <xtape.hpp>

#include "nn_table.hpp"
#include "support.hpp"

using namespace xtape;
using nn_table::row;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
const double nan_value = std::nan("");

// Called as an element of a Sequential.
template <class F>
nn_table::Row of(const char* name, F f) {
  return nn_table::function(name, [net = nn::Sequential{f}](const Tensors& x) { return net(x[0]); });
}

template <class M>
M evaluated(M module) {
  module.eval();
  return module;
}

const nn_table::Table table = {
    of("relu", nn::relu),
    of("relu images", nn::relu),
    of("sigmoid", nn::sigmoid),
    of("sigmoid images", nn::sigmoid),
    of("tanh", nn::tanh),
    of("tanh images", nn::tanh),
    of("log_sigmoid", nn::log_sigmoid),
    of("log_sigmoid images", nn::log_sigmoid),
    of("silu", nn::silu),
    of("silu images", nn::silu),
    of("softsign", nn::softsign),
    of("softsign images", nn::softsign),
    of("Softmax", nn::softmax),
    of("Softmax axis 1", nn::Softmax{1}),
    of("LogSoftmax", nn::log_softmax),
    of("LogSoftmax axis 1", nn::LogSoftmax{1}),
    of("Softmin", nn::softmin),
    of("Softmin axis 1", nn::Softmin{1}),
    of("Softmax2d", nn::Softmax2d()),
    of("Softmax2d without batch", nn::Softmax2d()),
    of("Maxout", nn::maxout),
    of("Maxout three pieces of the last axis", nn::Maxout{3, -1}),
    of("ELU", nn::elu),
    of("ELU alpha", nn::ELU{0.5}),
    of("CELU", nn::celu),
    of("CELU alpha", nn::CELU{2.5}),
    of("selu", nn::selu),
    of("selu images", nn::selu),
    of("GELU", nn::gelu),
    of("GELU tanh", nn::GELU{Gelu::tanh}),
    of("Softplus", nn::softplus),
    of("Softplus options", nn::Softplus{2, 10}),
    of("Squareplus", nn::squareplus),
    of("Squareplus b", nn::Squareplus{0.5}),
    of("mish", nn::mish),
    of("mish images", nn::mish),
    of("tanhshrink", nn::tanhshrink),
    of("tanhshrink images", nn::tanhshrink),
    of("lecun_tanh", nn::lecun_tanh),
    of("lecun_tanh images", nn::lecun_tanh),
    of("Sine", nn::sine),
    of("Sine omega", nn::Sine{1.5}),
    of("Gaussian", nn::gaussian),
    of("Gaussian sigma", nn::Gaussian{2.5}),
    of("LeakyReLU", nn::leaky_relu),
    of("LeakyReLU slope", nn::LeakyReLU{0.2}),
    of("Threshold", nn::Threshold{}),
    of("Threshold options", nn::Threshold{0.5, -2}),
    of("Hardtanh", nn::hardtanh),
    of("Hardtanh options", nn::Hardtanh{-2, 0.5}),
    of("relu6", nn::relu6),
    of("relu6 images", nn::relu6),
    of("hardsigmoid", nn::hardsigmoid),
    of("hardsigmoid images", nn::hardsigmoid),
    of("hardswish", nn::hardswish),
    of("hardswish images", nn::hardswish),
    of("Hardshrink", nn::hardshrink),
    of("Hardshrink lambd", nn::Hardshrink{2}),
    of("Softshrink", nn::softshrink),
    of("Softshrink lambd", nn::Softshrink{2}),
    of("GLU", nn::glu),
    of("GLU axis 1", nn::GLU{1}),
    of("ReGLU", nn::reglu),
    of("ReGLU axis 1", nn::ReGLU{1}),
    of("GEGLU", nn::geglu),
    of("GEGLU axis 1", nn::GEGLU{1}),
    of("SwiGLU", nn::swiglu),
    of("SwiGLU axis 1", nn::SwiGLU{1}),
    row("PReLU", nn::PReLU()),
    row("PReLU channels", nn::PReLU(3)),
    row("Swish", nn::Swish()),
    row("Swish channels", nn::Swish(3)),
    row("Snake", nn::Snake()),
    row("Snake channels", nn::Snake(3)),
    row("RReLU eval", evaluated(nn::RReLU())),
    row("RReLU eval options", evaluated(nn::RReLU(0.1, 0.5))),
    row("Rational", nn::Rational()),
    row("Rational images", nn::Rational()),
};

using Activation = std::function<Tensor(const Tensor&)>;

double value(const Activation& f, double x) { return f(full({1}, x, float64)).item(); }
double slope(const Activation& f, double x) {
  const Parameter p(full({1}, x, float64));
  return grad(sum(f(p)), p).item();
}

// Infinities included.
bool near(double a, double b) { return a == b || a == doctest::Approx(b); }

}  // namespace

XTAPE_CHECK_LAYERS("nn_activation", table)

TEST_CASE("activations at kinks have PyTorch's derivative") {
  struct Kink {
    const char* name;
    Activation f;
    double at, value, slope;
  };
  const double s = 1.0507009873554804934, a = 1.6732632423543772848;
  const std::vector<Kink> kinks = {
      {"relu", nn::relu, 0, 0, 0},
      {"relu6", nn::relu6, 0, 0, 0},
      {"relu6", nn::relu6, 6, 6, 0},
      {"LeakyReLU", nn::LeakyReLU{0.2}, 0, 0, 0.2},
      {"ELU", nn::ELU{0.5}, 0, 0, 0.5},
      {"CELU", nn::CELU{2.5}, 0, 0, 1},
      {"selu", nn::selu, 0, 0, s * a},
      {"Threshold", nn::Threshold{0.5, 20}, 0.5, 20, 0},
      {"Hardtanh", nn::hardtanh, -1, -1, 0},
      {"Hardtanh", nn::hardtanh, 1, 1, 0},
      {"hardsigmoid", nn::hardsigmoid, -3, 0, 0},
      {"hardsigmoid", nn::hardsigmoid, 3, 1, 0},
      {"hardswish", nn::hardswish, -3, 0, -0.5},
      {"hardswish", nn::hardswish, 3, 3, 1.5},
      {"Hardshrink", nn::hardshrink, 0.5, 0, 0},
      {"Hardshrink", nn::hardshrink, -0.5, 0, 0},
      {"Softshrink", nn::softshrink, 0.5, 0, 0},
      {"Softshrink", nn::softshrink, -0.5, 0, 0},
      {"softsign", nn::softsign, 0, 0, 1},
      {"PReLU", nn::PReLU(), 0, 0, 0.25},
  };
  for (const Kink& k : kinks) {
    CAPTURE(k.name);
    CAPTURE(k.at);
    CHECK(value(k.f, k.at) == doctest::Approx(k.value));
    CHECK(slope(k.f, k.at) == doctest::Approx(k.slope));
  }
}

TEST_CASE("activations of infinities and very large numbers are their limits, those of NaN are NaN") {
  struct Limit {
    const char* name;
    Activation f;
    double below, above;
  };
  const std::vector<Limit> limits = {
      {"LeakyReLU", nn::leaky_relu, -inf, inf},
      {"ELU", nn::elu, -1, inf},
      {"CELU", nn::CELU{2}, -2, inf},
      {"selu", nn::selu, -1.7580993408473768, inf},
      {"Squareplus", nn::squareplus, 0, inf},
      {"lecun_tanh", nn::lecun_tanh, -1.7159, 1.7159},
      {"Gaussian", nn::gaussian, 0, 0},
      {"tanhshrink", nn::tanhshrink, -inf, inf},
      {"Hardtanh", nn::hardtanh, -1, 1},
      {"relu6", nn::relu6, 0, 6},
      {"hardsigmoid", nn::hardsigmoid, 0, 1},
      {"hardswish", nn::hardswish, 0, inf},
      {"Hardshrink", nn::hardshrink, -inf, inf},
      {"Softshrink", nn::softshrink, -inf, inf},
      {"Threshold", nn::Threshold{0, 7}, 7, inf},
  };
  for (const Limit& l : limits) {
    CAPTURE(l.name);
    CHECK(near(value(l.f, -inf), l.below));
    CHECK(near(value(l.f, inf), l.above));
    CHECK(std::isnan(value(l.f, nan_value)));
    for (double x : {-1e300, -1e30, 1e30, 1e300}) {
      CAPTURE(x);
      CHECK_FALSE(std::isnan(value(l.f, x)));
      CHECK(std::isfinite(slope(l.f, x)));
    }
  }
  CHECK(value(nn::mish, -1e300) == 0);
  CHECK(value(nn::mish, 1e300) == 1e300);
  CHECK(slope(nn::mish, -1e300) == 0);
  CHECK(slope(nn::mish, 1e300) == 1);
  CHECK(std::isnan(value(nn::mish, nan_value)));
  CHECK(value(nn::squareplus, -1e8) == doctest::Approx(1e-8));
}

TEST_CASE("every kind of activation is an element of a Sequential") {
  const Tensor x = tensor({{-1., 0.5, 2., -3.}});
  CHECK(allclose(nn::Sequential{nn::leaky_relu}(x), tensor({{-0.01, 0.5, 2., -0.03}})));
  CHECK(allclose(nn::Sequential{nn::LeakyReLU{0.5}}(x), tensor({{-0.5, 0.5, 2., -1.5}})));
  CHECK(allclose(nn::Sequential{nn::relu6}(x), tensor({{0., 0.5, 2., 0.}})));
  CHECK(allclose(nn::Sequential{nn::Maxout{2}, nn::ReGLU{1}}(x), tensor({{1.}})));
  CHECK(allclose(nn::Sequential{nn::Softmax{0}}(x), ones({1, 4})));
  CHECK(allclose(nn::Sequential{nn::PReLU()}(x), tensor({{-0.25, 0.5, 2., -0.75}})));
}

TEST_CASE("every activation is a function and a type, with its options as plain numbers") {
  const Tensor x = tensor({{-3.5, -0.75, 0.25, 0.625, 2., 7.}});
  struct Pair {
    const char* type;
    Activation function, object;
  };
  const std::vector<Pair> pairs = {
      {"ReLU", nn::relu, nn::ReLU()},
      {"Sigmoid", nn::sigmoid, nn::Sigmoid()},
      {"Tanh", nn::tanh, nn::Tanh()},
      {"SiLU", nn::silu, nn::SiLU()},
      {"LogSigmoid", nn::log_sigmoid, nn::LogSigmoid()},
      {"Softsign", nn::softsign, nn::Softsign()},
      {"SELU", nn::selu, nn::SELU()},
      {"Mish", nn::mish, nn::Mish()},
      {"Tanhshrink", nn::tanhshrink, nn::Tanhshrink()},
      {"ReLU6", nn::relu6, nn::ReLU6()},
      {"Hardsigmoid", nn::hardsigmoid, nn::Hardsigmoid()},
      {"Hardswish", nn::hardswish, nn::Hardswish()},
      {"LeakyReLU", [](const Tensor& x) { return nn::leaky_relu(x, 0.2); }, nn::LeakyReLU(0.2)},
      {"LeakyReLU", [](const Tensor& x) { return nn::leaky_relu(x, 1); }, nn::LeakyReLU(1)},
      {"ELU", [](const Tensor& x) { return nn::elu(x, 0.5); }, nn::ELU(0.5)},
      {"CELU", [](const Tensor& x) { return nn::celu(x, 0.5); }, nn::CELU(0.5)},
      {"GELU", [](const Tensor& x) { return nn::gelu(x, Gelu::tanh); }, nn::GELU(Gelu::tanh)},
      {"Softplus", [](const Tensor& x) { return nn::softplus(x, 2, 3); }, nn::Softplus(2, 3)},
      {"Squareplus", [](const Tensor& x) { return nn::squareplus(x, 2); }, nn::Squareplus(2)},
      {"Sine", [](const Tensor& x) { return nn::sine(x, 2); }, nn::Sine(2)},
      {"Gaussian", [](const Tensor& x) { return nn::gaussian(x, 2); }, nn::Gaussian(2)},
      {"Threshold", [](const Tensor& x) { return nn::threshold(x, 0.1, 20); }, nn::Threshold(0.1, 20)},
      {"Hardtanh", [](const Tensor& x) { return nn::hardtanh(x, -2, 0.5); }, nn::Hardtanh(-2, 0.5)},
      {"Hardshrink", [](const Tensor& x) { return nn::hardshrink(x, 0.7); }, nn::Hardshrink(0.7)},
      {"Softshrink", [](const Tensor& x) { return nn::softshrink(x, 0.7); }, nn::Softshrink(0.7)},
      {"Softmax", [](const Tensor& x) { return nn::softmax(x, 0); }, nn::Softmax(0)},
      {"LogSoftmax", [](const Tensor& x) { return nn::log_softmax(x, 0); }, nn::LogSoftmax(0)},
      {"Softmin", [](const Tensor& x) { return nn::softmin(x, 0); }, nn::Softmin(0)},
      {"Maxout", [](const Tensor& x) { return nn::maxout(x, 3, -1); }, nn::Maxout(3, -1)},
      {"GLU", [](const Tensor& x) { return nn::glu(x, 1); }, nn::GLU(1)},
      {"ReGLU", [](const Tensor& x) { return nn::reglu(x, 1); }, nn::ReGLU(1)},
      {"GEGLU", [](const Tensor& x) { return nn::geglu(x, 1); }, nn::GEGLU(1)},
      {"SwiGLU", [](const Tensor& x) { return nn::swiglu(x, 1); }, nn::SwiGLU(1)},
  };
  for (const Pair& p : pairs) {
    CAPTURE(p.type);
    const Tensor y = p.function(x);
    CHECK(all((p.object(x) == y)).item<bool>());
    CHECK(p.object(zeros({0, 6})).shape()[0] == 0);
    CHECK(p.object(x.to(float64)).dtype() == float64);
  }
  CHECK(nn::Sequential{nn::Linear(6, 2), nn::ReLU()}.named_children()[1].second.type_name() == "ReLU");
  CHECK(nn::Sequential{nn::LeakyReLU(0.2)}.named_children()[0].second.type_name() == "LeakyReLU");
}

TEST_CASE("learned activations start as they say") {
  CHECK(allclose(nn::PReLU(3).weight, full({3}, 0.25)));
  CHECK(allclose(nn::Swish(2).beta, ones({2})));
  CHECK(allclose(nn::Snake(2, 0.5).alpha, full({2}, 0.5)));
  std::vector<std::string> names;
  for (const auto& [name, p] : nn::Rational().named_parameters()) names.push_back(name);
  CHECK(names == std::vector<std::string>{"numerator", "denominator"});
  CHECK(nn::Snake().named_parameters()[0].first == "alpha");
  const Tensor x = linspace(-3, 3, 601);
  CHECK(max(abs(nn::Rational()(x) - nn::leaky_relu(x))).item() < 0.04);
}

TEST_CASE("RReLU draws a slope for each element in training and takes the mean in eval") {
  manual_seed(3);
  nn::RReLU layer(0.25, 0.75);
  const Parameter x(full({1000}, -2.));
  const Tensor y = layer(x), slopes = y / -2.;
  CHECK(min(slopes).item() >= 0.25);
  CHECK(max(slopes).item() < 0.75);
  CHECK(max(slopes).item() - min(slopes).item() > 0.4);
  CHECK(std::abs(mean(slopes).item() - 0.5) < 0.03);
  CHECK(allclose(grad(sum(y), x), slopes));
  CHECK(allclose(layer(full({4}, 2.)), full({4}, 2.)));
  layer.eval();
  CHECK(allclose(layer(x), full({1000}, -1.)));
}

TEST_CASE("activations refuse options and shapes that do not fit") {
  auto refused = [](const std::function<void()>& call, const std::string& with) {
    const std::string text = message(call);
    CAPTURE(text);
    CHECK(begins(text, with));
    CHECK(text.find("nn_activation.cpp:") != std::string::npos);
  };
  const Tensor x = ones({2, 3});
  refused([&] { nn::ELU{inf}(x); }, "ELU: alpha is inf, expected a finite number");
  refused([&] { nn::CELU{0}(x); }, "CELU: alpha is 0.000000, expected a finite number other than 0");
  refused([&] { nn::Softplus{0}(x); }, "softplus: ");
  refused([&] { nn::Squareplus{0}(x); }, "Squareplus: b is 0.000000, expected a finite number above 0");
  refused([&] { nn::Sine{nan_value}(x); }, "Sine: omega is nan, expected a finite number");
  refused([&] { nn::Gaussian{0}(x); }, "Gaussian: sigma is 0.000000, expected a finite number above 0");
  refused([&] { nn::LeakyReLU{inf}(x); }, "LeakyReLU: slope is inf, expected a finite number");
  refused([&] { nn::Threshold{nan_value, 0}(x); }, "Threshold: threshold is nan and value 0.000000, expected numbers");
  refused([&] { nn::Hardtanh{1, 1}(x); }, "Hardtanh: min_val must be below max_val, got 1.000000 and 1.000000");
  refused([&] { nn::Hardshrink{-1}(x); }, "Hardshrink: lambd is -1.000000, expected a finite number of at least 0");
  refused([&] { nn::Softshrink{-1}(x); }, "Softshrink: lambd is -1.000000, expected a finite number of at least 0");
  refused([&] { nn::glu(x); }, "GLU: axis -1 of (2, 3) has no halves: its size is odd");
  refused([&] { nn::SwiGLU{2}(x); }, "SwiGLU: there is no axis 2 in (2, 3)");
  refused([&] { nn::maxout(x); }, "Maxout: pieces = 2 does not divide axis 1 of (2, 3)");
  refused([&] { nn::Maxout{0}(x); }, "Maxout: pieces = 0 does not divide axis 1 of (2, 3)");
  refused([&] { nn::Maxout{1, -3}(x); }, "Maxout: there is no axis -3 in (2, 3)");
  refused([&] { nn::Softmax{2}(x); }, "softmax: ");
  refused([&] { nn::Softmax2d()(x); }, "Softmax2d: expected ([batch,] channels, height, width), got float32(2, 3)");
  refused([&] { nn::leaky_relu(x, inf); }, "LeakyReLU: slope is inf, expected a finite number");
  refused([&] { nn::PReLU(0); }, "PReLU: channels must be at least 1, got 0");
  refused([&] { nn::PReLU(2)(x); }, "PReLU: expected (batch, 2, ...), got float32(2, 3)");
  refused([&] { nn::Swish(3)(ones({3})); }, "Swish: expected (batch, 3, ...), got float32(3,)");
  refused([&] { nn::Snake(1, 0); }, "Snake: init is 0, which it divides by; expected another number");
  refused([&] { nn::RReLU(0.5, 0.25); }, "RReLU: expected finite numbers lower <= upper, got 0.500000 and 0.250000");
}
