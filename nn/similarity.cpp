#include "similarity.hpp"

#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/reduction.hpp>
#include <autograd/ops/statistics.hpp>

namespace xtape::nn {

CosineSimilarity::CosineSimilarity(int axis, double eps, Site site) : axis_(axis), eps_(eps) {
  if (!(eps > 0)) fail("CosineSimilarity", "eps is " + std::to_string(eps) + ", expected more than 0", site);
}

Tensor CosineSimilarity::forward(const Tensor& a, const Tensor& b) const {
  if (a.rank() != b.rank() || a.size(axis_) != b.size(axis_))
    fail("CosineSimilarity", "expected tensors of one rank and one size of axis " + std::to_string(axis_) + ", got " +
                                 to_string(a.shape()) + " and " + to_string(b.shape()));
  // Divided first: the product of two lengths may overflow.
  auto direction = [this](const Tensor& x) { return x / maximum(norm(x, 2, axis_, true), eps_); };
  return sum(direction(a) * direction(b), axis_);
}

PairwiseDistance::PairwiseDistance(double p, double eps, bool keepdim, Site site)
    : p_(p), eps_(eps), keepdim_(keepdim) {
  if (!(p >= 0)) fail("PairwiseDistance", "p is " + std::to_string(p) + ", expected at least 0", site);
  if (!(eps >= 0)) fail("PairwiseDistance", "eps is " + std::to_string(eps) + ", expected at least 0", site);
}

Tensor PairwiseDistance::forward(const Tensor& a, const Tensor& b) const {
  if (a.rank() == 0 || a.shape() != b.shape())
    fail("PairwiseDistance",
         "expected two tensors (..., n) of one shape, got " + to_string(a.shape()) + " and " + to_string(b.shape()));
  return norm(a - b + eps_, p_, -1, keepdim_);
}

}  // namespace xtape::nn
