#include "embedding.hpp"

#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/gather.hpp>
#include <autograd/ops/index.hpp>
#include <autograd/ops/join.hpp>
#include <autograd/ops/reduction.hpp>
#include <autograd/ops/shape.hpp>
#include <autograd/ops/slice.hpp>
#include <autograd/random.hpp>
#include <limits>

namespace xtape::nn {
namespace {

Shape checked(const char* layer, std::int64_t num, std::int64_t dim, Site site) {
  if (num < 1 || dim < 1)
    fail(layer, "sizes must be at least 1, got num = " + std::to_string(num) + ", dim = " + std::to_string(dim), site);
  return Shape({num, dim}, site);
}

// Counted from the beginning.
std::optional<std::int64_t> counted(const char* layer, std::optional<std::int64_t> padding, std::int64_t num,
                                    Site site) {
  if (!padding) return {};
  if (*padding < -num || *padding >= num)
    fail(layer, "padding_idx is " + std::to_string(*padding) + ", expected a row of " + std::to_string(num), site);
  return *padding < 0 ? *padding + num : *padding;
}

Tensor start(const Shape& shape, std::optional<std::int64_t> padding, Site site) {
  const Tensor rows = normal(shape, 0, 1, float32, default_generator(), site);
  return padding ? masked_fill(rows, unsqueeze(arange(shape[0]) == *padding, 1), 0) : rows;
}

// The size of the longest bag.
std::int64_t longest_bag(const Tensor& offsets, std::int64_t n) {
  std::vector<std::int64_t> at = offsets.to_vector<std::int64_t>();
  at.push_back(n);
  std::int64_t longest = at[0] == 0 ? 0 : -1;
  for (std::size_t i = 1; i < at.size() && longest >= 0; ++i)
    longest = at[i] < at[i - 1] ? -1 : std::max(longest, at[i] - at[i - 1]);
  if (longest < 0)
    fail("EmbeddingBag",
         "offsets must start at 0, not decrease and not exceed the number of indices, " + std::to_string(n));
  return longest;
}

}  // namespace

Embedding::Embedding(std::int64_t num, std::int64_t dim, std::optional<std::int64_t> padding_idx, Site site)
    : weight([&] {
        const Shape shape = checked("Embedding", num, dim, site);
        return parameter("weight", start(shape, counted("Embedding", padding_idx, num, site), site));
      }()),
      padding_(counted("Embedding", padding_idx, num, site)) {}

Tensor Embedding::forward(const Tensor& indices) const {
  const Tensor rows = embedding(indices, weight);
  return padding_ ? where(unsqueeze(indices == *padding_, -1), rows.detach(), rows) : rows;
}

EmbeddingBag::EmbeddingBag(std::int64_t num, std::int64_t dim, BagMode mode, std::optional<std::int64_t> padding_idx,
                           Site site)
    : weight([&] {
        const Shape shape = checked("EmbeddingBag", num, dim, site);
        return parameter("weight", start(shape, counted("EmbeddingBag", padding_idx, num, site), site));
      }()),
      mode_(mode),
      padding_(counted("EmbeddingBag", padding_idx, num, site)) {}

Tensor EmbeddingBag::forward(const Tensor& indices, const Tensor& offsets, const Tensor& weights) const {
  const bool flat = offsets.defined();
  if (indices.rank() != (flat ? 1 : 2))
    fail("EmbeddingBag", std::string("expected indices ") +
                             (flat ? "(n,) with offsets" : "(batch, n) without offsets") + ", got " +
                             to_string(indices.shape()));
  if (flat && (offsets.dtype() != int64 || offsets.rank() != 1 || offsets.size() == 0))
    fail("EmbeddingBag",
         "expected offsets int64(batch,), got " + std::string(to_string(offsets.dtype())) + to_string(offsets.shape()));
  if (weights.defined() && mode_ != BagMode::sum) fail("EmbeddingBag", "weights come with BagMode::sum only");
  if (weights.defined() && weights.shape() != indices.shape())
    fail("EmbeddingBag", "the weights are " + to_string(weights.shape()) + ", the indices " +
                             to_string(indices.shape()) + "; they must have one shape");

  Tensor k = indices, factors = weights, absent;  // (batch, longest bag)
  if (flat) {
    const std::int64_t n = indices.size();
    const Tensor places = unsqueeze(offsets, 1) + arange(longest_bag(offsets, n));
    const Tensor ends = concat({slice(offsets, 0, Slice(1)), full({1}, n, int64)});
    absent = places >= unsqueeze(ends, 1);
    const Tensor inside = masked_fill(places, absent, 0);
    k = index(indices, 0, inside);
    if (weights.defined()) factors = index(weights, 0, inside);
  }
  if (padding_) absent = flat ? absent | (k == *padding_) : k == *padding_;

  const bool max_of_some = mode_ == BagMode::max && k.shape()[1] > 0;
  Tensor rows = embedding(k, weight);
  if (weights.defined()) rows = rows * unsqueeze(factors, 2);
  if (absent.defined())
    rows = masked_fill(rows, unsqueeze(absent, 2), max_of_some ? -std::numeric_limits<double>::infinity() : 0.);
  if (max_of_some) {
    const Tensor y = max(rows, 1).values;
    return absent.defined() ? masked_fill(y, all(absent, 1, true), 0) : y;
  }
  const Tensor total = sum(rows, 1);
  if (mode_ != BagMode::mean) return total;
  const std::int64_t longest = k.shape()[1];
  if (!absent.defined()) return total / std::max<std::int64_t>(longest, 1);
  return total / maximum(longest - sum(absent, 1, true), 1);
}

}  // namespace xtape::nn
