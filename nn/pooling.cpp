#include "pooling.hpp"

#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/index.hpp>
#include <autograd/ops/reduction.hpp>
#include <cmath>

namespace xtape::nn {
namespace {

double checked_power(const char* layer, double p, Site site) {
  if (!(p > 0 && std::isfinite(p)))
    fail(layer, "p is " + std::to_string(p) + ", expected a positive finite number", site);
  return p;
}

// The slope of the root at 0 is infinite, so it is kept away from there.
Tensor root(const Tensor& sums, double p) {
  const Tensor zero = sums == 0;
  return masked_fill(pow(masked_fill(sums, zero, 1), 1 / p), zero, 0);
}

}  // namespace

LPPool1d::LPPool1d(double p, const AvgPoolOptions& options, Site site)
    : p_(checked_power("LPPool1d", p, site)), options_(AvgPoolOptions(options).divisor_override(1)) {}

Tensor LPPool1d::forward(const Tensor& x) const { return root(avg_pool1d(pow(x, p_), options_), p_); }

LPPool2d::LPPool2d(double p, const AvgPoolOptions& options, Site site)
    : p_(checked_power("LPPool2d", p, site)), options_(AvgPoolOptions(options).divisor_override(1)) {}

Tensor LPPool2d::forward(const Tensor& x) const { return root(avg_pool2d(pow(x, p_), options_), p_); }

Tensor GlobalAvgPool::forward(const Tensor& x) const {
  if (x.rank() < 3) fail("GlobalAvgPool", "expected (batch, channels, spatial...), got " + to_string(x.shape()));
  std::vector<int> spatial;
  for (int axis = 2; axis < x.rank(); ++axis) spatial.push_back(axis);
  return mean(x, spatial);
}

}  // namespace xtape::nn
