#include "piecewise.hpp"

#include <autograd/pointwise.hpp>
#include <cmath>

namespace xtape::nn {
namespace {

Tensor held(const Arg& x, double low, double high) {
  return pointwise([=](auto v) { return where(v <= low, low, where(v >= high, high, v)); }, x);
}

void check_lambd(const char* name, double lambd, Site site) {
  if (!(lambd >= 0 && std::isfinite(lambd)))
    fail(name, "lambd is " + std::to_string(lambd) + ", expected a finite number of at least 0", site);
}

}  // namespace

Tensor LeakyReLU::forward(const Arg& x) const {
  if (!std::isfinite(slope))
    fail("LeakyReLU", "slope is " + std::to_string(slope) + ", expected a finite number", x.site);
  return pointwise([s = slope](auto v) { return where(v > 0, v, s * v); }, x);
}

Tensor Threshold::forward(const Arg& x) const {
  if (std::isnan(threshold) || std::isnan(value))
    fail("Threshold",
         "threshold is " + std::to_string(threshold) + " and value " + std::to_string(value) + ", expected numbers",
         x.site);
  return pointwise([t = threshold, y = value](auto v) { return where(v <= t, y, v); }, x);
}

Tensor Hardtanh::forward(const Arg& x) const {
  if (!(min_val < max_val))
    fail("Hardtanh",
         "min_val must be below max_val, got " + std::to_string(min_val) + " and " + std::to_string(max_val), x.site);
  return held(x, min_val, max_val);
}

Tensor relu6(const Arg& x) { return held(x, 0, 6); }
Tensor hardsigmoid(const Arg& x) {
  return pointwise([](auto v) { return where(v <= -3, 0, where(v >= 3, 1, (v + 3) * (1. / 6))); }, x);
}
Tensor hardswish(const Arg& x) {
  return pointwise([](auto v) { return where(v < -3, 0, where(v <= 3, v * (v + 3) * (1. / 6), v)); }, x);
}

Tensor Hardshrink::forward(const Arg& x) const {
  check_lambd("Hardshrink", lambd, x.site);
  return pointwise([l = lambd](auto v) { return where(abs(v) <= l, 0, v); }, x);
}

Tensor Softshrink::forward(const Arg& x) const {
  check_lambd("Softshrink", lambd, x.site);
  // 0 * v keeps a NaN.
  return pointwise([l = lambd](auto v) { return where(v > l, v - l, where(v < -l, v + l, 0 * v)); }, x);
}

}  // namespace xtape::nn
