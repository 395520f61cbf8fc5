#include "embedding.hpp"

#include <autograd/ops/gather.hpp>
#include <autograd/random.hpp>

namespace xtape::nn {
namespace {
Shape checked(std::int64_t num, std::int64_t dim, Site site) {
  if (num < 1 || dim < 1)
    fail("Embedding", "sizes must be at least 1, got num = " + std::to_string(num) + ", dim = " + std::to_string(dim),
         site);
  return {num, dim};
}
}  // namespace

Embedding::Embedding(std::int64_t num, std::int64_t dim, Site site)
    : weight(parameter("weight", normal(checked(num, dim, site)))) {}

Tensor Embedding::forward(const Tensor& indices) const { return embedding(weight, indices); }

}  // namespace xtape::nn
