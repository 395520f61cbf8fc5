#include "activation.hpp"

#include <autograd/ops/reduction.hpp>
#include <autograd/ops/shape.hpp>
#include <autograd/pointwise.hpp>
#include <cmath>

namespace xtape::nn {
namespace {

void check(bool fits, const char* name, const char* option, double value, const char* expected, Site site) {
  if (!fits) fail(name, std::string(option) + " is " + std::to_string(value) + ", expected " + expected, site);
}

// scale x where x > 0, else scale alpha (e^(rate x) - 1).
Tensor exponential_unit(const Arg& x, double alpha, double scale, double rate) {
  return pointwise([=](auto v) { return scale * where(v > 0, v, alpha * expm1(rate * v)); }, x);
}

}  // namespace

Tensor Maxout::forward(const Arg& x) const {
  Scope scope(x.site);
  const Tensor whole = x.is_scalar ? tensor(x.scalar) : x.tensor();
  const Shape& shape = whole.shape();
  const int rank = shape.rank(), place = axis < 0 ? axis + rank : axis;
  if (place < 0 || place >= rank)
    fail("Maxout", "there is no axis " + std::to_string(axis) + " in " + to_string(shape), x.site);
  if (pieces < 1 || shape[place] % pieces != 0)
    fail("Maxout",
         "pieces = " + std::to_string(pieces) + " does not divide axis " + std::to_string(axis) + " of " +
             to_string(shape),
         x.site);
  return amax(unflatten(whole, place, {shape[place] / pieces, pieces}), place + 1);
}

Tensor Softmax2d::forward(const Arg& x) const {
  Scope scope(x.site);
  const Tensor whole = x.is_scalar ? tensor(x.scalar) : x.tensor();
  if (whole.rank() != 3 && whole.rank() != 4)
    fail("Softmax2d",
         std::string("expected ([batch,] channels, height, width), got ") + to_string(whole.dtype()) +
             to_string(whole.shape()),
         x.site);
  return xtape::softmax(whole, -3);
}

Tensor ELU::forward(const Arg& x) const {
  check(std::isfinite(alpha), "ELU", "alpha", alpha, "a finite number", x.site);
  return exponential_unit(x, alpha, 1, 1);
}

Tensor CELU::forward(const Arg& x) const {
  check(std::isfinite(alpha) && alpha != 0, "CELU", "alpha", alpha, "a finite number other than 0", x.site);
  return exponential_unit(x, alpha, 1, 1 / alpha);
}

Tensor selu(const Arg& x) { return exponential_unit(x, 1.6732632423543772848, 1.0507009873554804934, 1); }

Tensor Squareplus::forward(const Arg& x) const {
  check(std::isfinite(b) && b > 0, "Squareplus", "b", b, "a finite number above 0", x.site);
  const double half = 0.5 * b, root = std::sqrt(b);
  auto formula = [=](auto v) {
    const auto h = hypot(v, root);
    return where(v > -1, 0.5 * v + 0.5 * h, 0.5 * half / (0.5 * h - 0.5 * v));
  };
  return pointwise(formula, x);
}

Tensor mish(const Arg& x) {
  return pointwise(
      [](auto v) {
        const auto x = clamp(v, -1000, 1000);  // from there on it is 0 or x, and an infinity is not to meet a 0
        // tanh(log(1 + e^x)) in that of e^x and e^-x which is at most 1, and what 1 lacks.
        const auto above = x > 0;
        const auto e = exp(where(above, -x, x));
        const auto rest = where(above, 2 * e * e, e * (e + 1)) / where(above, 2 * e * (e + 1) + 1, e * (e + 2) + 2);
        const auto gate = where(above, 1, e) * (1 - rest);
        return where(v > 1000, v, x * gate);
      },
      x);
}
Tensor tanhshrink(const Arg& x) {
  return pointwise([](auto v) { return tanhshrink(v); }, x);
}
Tensor lecun_tanh(const Arg& x) {
  return pointwise([](auto v) { return 1.7159 * tanh(v * (2. / 3)); }, x);
}

Tensor Sine::forward(const Arg& x) const {
  check(std::isfinite(omega), "Sine", "omega", omega, "a finite number", x.site);
  return xtape::sin(omega * x);  // any size of angle, which a formula's sin is not for
}

Tensor Gaussian::forward(const Arg& x) const {
  check(std::isfinite(sigma) && sigma > 0, "Gaussian", "sigma", sigma, "a finite number above 0", x.site);
  return pointwise([rate = -0.5 / (sigma * sigma)](auto v) { return exp_square(v, rate); }, x);
}

}  // namespace xtape::nn
