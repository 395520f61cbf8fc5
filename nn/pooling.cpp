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

// (pool of x^p)^(1/p), with the sign of the pool. The elements of a channel are brought near 1 first by a power of 2,
// or their powers would overflow or vanish; the slope of the root at 0 is infinite, so it is kept away from there.
template <class Pool>
Tensor power_pool(const Tensor& x, int rank, double p, const Pool& pool) {
  if (x.rank() <= rank || x.size() == 0) return pool(x);  // which refuses it
  std::vector<int> spatial;
  for (int axis = -rank; axis < 0; ++axis) spatial.push_back(axis);
  const Tensor most = amax(abs(x.detach()), spatial, true);
  const Tensor size = exp2(clamp(floor(log2(where(isfinite(most), most, 1))), -120, 120));
  const Tensor sums = pool(pow(x / size, p)), zero = sums == 0;
  return masked_fill(sign(sums) * pow(abs(masked_fill(sums, zero, 1)), 1 / p), zero, 0) * size;
}

}  // namespace

LPPool1d::LPPool1d(double p, const AvgPoolOptions& options, Site site)
    : p_(checked_power("LPPool1d", p, site)), options_(AvgPoolOptions(options).divisor_override(1)) {}

Tensor LPPool1d::forward(const Tensor& x) const {
  return power_pool(x, 1, p_, [this](const Tensor& v) { return avg_pool1d(v, options_); });
}

LPPool2d::LPPool2d(double p, const AvgPoolOptions& options, Site site)
    : p_(checked_power("LPPool2d", p, site)), options_(AvgPoolOptions(options).divisor_override(1)) {}

Tensor LPPool2d::forward(const Tensor& x) const {
  return power_pool(x, 2, p_, [this](const Tensor& v) { return avg_pool2d(v, options_); });
}

Tensor GlobalAvgPool::forward(const Tensor& x) const {
  if (x.rank() < 3) fail("GlobalAvgPool", "expected (batch, channels, spatial...), got " + to_string(x.shape()));
  std::vector<int> spatial;
  for (int axis = 2; axis < x.rank(); ++axis) spatial.push_back(axis);
  return mean(x, spatial);
}

}  // namespace xtape::nn
