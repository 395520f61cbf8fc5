#include "learned_activation.hpp"

#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/shape.hpp>
#include <autograd/ops/slice.hpp>
#include <autograd/pointwise.hpp>
#include <autograd/random.hpp>
#include <cmath>

namespace xtape::nn {
namespace {

Tensor start(const char* layer, std::int64_t channels, double init, Site site) {
  if (channels < 1) fail(layer, "channels must be at least 1, got " + std::to_string(channels), site);
  const Scope scope(site);
  return full({channels}, init);
}

// The parameter in a shape that broadcasts along axis 1 of x.
Tensor along_channels(const char* layer, const Parameter& w, const Tensor& x) {
  const std::int64_t n = w.shape()[0];
  if (n == 1) return reshape(w, Shape{});
  const Shape& shape = x.shape();
  if (shape.rank() < 2 || shape[1] != n)
    fail(layer, "expected (batch, " + std::to_string(n) + ", ...), got " + to_string(x.dtype()) + to_string(shape));
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(shape.rank() - 1), 1);
  sizes[0] = n;
  return reshape(w, sizes);
}

// x where x > 0, else slope x.
template <class Slope>
Tensor leaky(const Tensor& x, const Slope& slope) {
  return pointwise([](auto v, auto s) { return where(v > 0, v, s * v); }, x, slope);
}

double checked_start(const char* layer, double init, Site site) {
  if (init == 0) fail(layer, "init is 0, which it divides by; expected another number", site);
  return init;
}

}  // namespace

PReLU::PReLU(std::int64_t channels, double init, Site site)
    : weight(parameter("weight", start("PReLU", channels, init, site))) {}
Tensor PReLU::forward(const Tensor& x) const { return leaky(x, along_channels("PReLU", weight, x)); }

Swish::Swish(std::int64_t channels, double init, Site site)
    : beta(parameter("beta", start("Swish", channels, init, site))) {}
Tensor Swish::forward(const Tensor& x) const {
  return pointwise([](auto v, auto b) { return v * sigmoid(b * v); }, x, along_channels("Swish", beta, x));
}

Snake::Snake(std::int64_t channels, double init, Site site)
    : alpha(parameter("alpha", start("Snake", channels, checked_start("Snake", init, site), site))) {}
Tensor Snake::forward(const Tensor& x) const {
  return pointwise([](auto v, auto a) { return v + square(sin(a * v)) / a; }, x, along_channels("Snake", alpha, x));
}

RReLU::RReLU(double lower, double upper, Site site) : lower_(lower), upper_(upper) {
  if (!(std::isfinite(lower) && std::isfinite(upper) && lower <= upper))
    fail("RReLU",
         "expected finite numbers lower <= upper, got " + std::to_string(lower) + " and " + std::to_string(upper),
         site);
}
Tensor RReLU::forward(const Tensor& x) const {
  if (!is_training()) return leaky(x, 0.5 * (lower_ + upper_));
  return leaky(x, uniform(x.shape(), lower_, upper_, x.dtype() == float64 ? float64 : float32));
}

Rational::Rational()
    : numerator(parameter("numerator", tensor({0.0336, 0.505, 1.6527, 2.0081, 0.9306, 0.1521}))),
      denominator(parameter("denominator", tensor({0., 3.9765, 0., 0.3013}))) {}
Tensor Rational::forward(const Tensor& x) const {
  const Tensor a = numerator, b = denominator;
  auto at = [](const Tensor& t, std::int64_t i) { return select(t, 0, i); };
  // In two parts: a formula has at most 8 arguments.
  const Tensor bottom = pointwise(
      [](auto v, auto b1, auto b2, auto b3, auto b4) { return 1 + abs(v * (b1 + v * (b2 + v * (b3 + v * b4)))); }, x,
      at(b, 0), at(b, 1), at(b, 2), at(b, 3));
  return pointwise([](auto v, auto a0, auto a1, auto a2, auto a3, auto a4, auto a5,
                      auto below) { return (a0 + v * (a1 + v * (a2 + v * (a3 + v * (a4 + v * a5))))) / below; },
                   x, at(a, 0), at(a, 1), at(a, 2), at(a, 3), at(a, 4), at(a, 5), bottom);
}

}  // namespace xtape::nn
