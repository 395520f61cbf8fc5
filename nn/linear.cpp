#include "linear.hpp"

#include <algorithm>
#include <autograd/ops/einsum.hpp>
#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/linalg.hpp>
#include <autograd/random.hpp>
#include <cmath>

namespace xtape::nn {
namespace {

Tensor start(const Shape& shape, std::int64_t in, Site site) {
  const double bound = 1 / std::sqrt(static_cast<double>(in));
  return uniform(shape, -bound, bound, float32, default_generator(), site);
}

Shape linear_weight(std::int64_t in, std::int64_t out, Site site) {
  if (in < 1 || out < 1)
    fail("Linear", "sizes must be at least 1, got in = " + std::to_string(in) + ", out = " + std::to_string(out), site);
  return Shape({out, in}, site);
}

Shape bilinear_weight(std::int64_t in_a, std::int64_t in_b, std::int64_t out, Site site) {
  if (in_a < 1 || in_b < 1 || out < 1)
    fail("Bilinear",
         "sizes must be at least 1, got in_a = " + std::to_string(in_a) + ", in_b = " + std::to_string(in_b) +
             ", out = " + std::to_string(out),
         site);
  return Shape({out, in_a, in_b}, site);
}

}  // namespace

Linear::Linear(std::int64_t in, std::int64_t out, bool with_bias, Site site)
    : weight(parameter("weight", start(linear_weight(in, out, site), in, site))) {
  if (with_bias) bias = parameter("bias", start({out}, in, site));
}

Tensor Linear::forward(const Tensor& x, const Tensor& w) const { return bias ? linear(x, w, *bias) : linear(x, w); }

Bilinear::Bilinear(std::int64_t in_a, std::int64_t in_b, std::int64_t out, bool with_bias, Site site)
    : weight(parameter("weight", start(bilinear_weight(in_a, in_b, out, site), in_a, site))) {
  if (with_bias) bias = parameter("bias", start({out}, in_a, site));
}

Tensor Bilinear::forward(const Tensor& a, const Tensor& b) const {
  const Shape &left = a.shape(), &right = b.shape(), &w = weight.shape();
  const int last = left.rank() - 1;
  if (last < 0 || right.rank() != left.rank() || !std::equal(left.begin(), left.end() - 1, right.begin()) ||
      left[last] != w[1] || right[last] != w[2])
    fail("Bilinear", "expected (..., " + std::to_string(w[1]) + ") and (..., " + std::to_string(w[2]) + "), got " +
                         to_string(left) + " and " + to_string(right));
  const Tensor y = einsum("...i,oij,...j->...o", {a, weight, b});
  return bias ? y + *bias : y;
}

}  // namespace xtape::nn
