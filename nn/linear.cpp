#include "linear.hpp"

#include <autograd/ops/linalg.hpp>
#include <autograd/random.hpp>
#include <cmath>

namespace xtape::nn {
namespace {
double bound(std::int64_t in, std::int64_t out, Site site) {
  if (in < 1 || out < 1)
    fail("Linear", "sizes must be at least 1, got in = " + std::to_string(in) + ", out = " + std::to_string(out), site);
  return 1 / std::sqrt(static_cast<double>(in));
}
}  // namespace

Linear::Linear(std::int64_t in, std::int64_t out, Site site)
    : weight(parameter("weight", uniform({out, in}, -bound(in, out, site), bound(in, out, site)))),
      bias(parameter("bias", uniform({out}, -bound(in, out, site), bound(in, out, site)))) {}

Tensor Linear::forward(const Tensor& x) const { return linear(x, weight, bias); }

}  // namespace xtape::nn
