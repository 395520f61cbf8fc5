#include "weight_norm.hpp"

#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/statistics.hpp>

namespace xtape::detail {

Tensor length_along(const Tensor& v, int axis, Site site) {
  if (axis < 0 || axis >= v.rank())
    fail("WeightNorm", "a weight " + to_string(v.shape()) + " has no axis " + std::to_string(axis), site);
  std::vector<int> others;
  for (int i = 0; i < v.rank(); ++i)
    if (i != axis) others.push_back(i);
  return norm(v, 2, others, true);
}

Tensor with_length(const Tensor& v, const Tensor& g, int axis) { return v * (g / length_along(v, axis, {})); }

}  // namespace xtape::detail
