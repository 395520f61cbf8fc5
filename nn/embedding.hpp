// Layers that look up rows of numbers. `weight` (num, dim) starts from N(0, 1), as PyTorch's does.
#pragma once
#include <nn/module.hpp>
#include <optional>

namespace xtape::nn {

/// A row of numbers for each index: (...) of int64 in [0, num) -> (..., dim). The row `padding_idx`, of which a
/// negative number counts from the end, starts as zeros and gets no gradient. Throws when a size is below 1 or there is
/// no row `padding_idx`; at the call when an index is out of range. Source: Bengio et al., "A neural probabilistic
/// language model", JMLR 3, 2003.
class Embedding : public Module<Embedding> {
 public:
  Embedding(std::int64_t num, std::int64_t dim, std::optional<std::int64_t> padding_idx = {}, Site site = Site::here());
  Tensor forward(const Tensor& indices) const;

  Parameter weight;

 private:
  std::optional<std::int64_t> padding_;
};

/// How EmbeddingBag makes one row of several.
enum class BagMode : std::uint8_t { sum, mean, max };

/// The rows of several indices as one: of each line of indices, (batch, n) -> (batch, dim), or of a vector of indices
/// in which bag i begins at `offsets[i]`, (n,), (batch,) -> (batch, dim). With BagMode::sum the rows may be multiplied
/// first, by numbers of the shape of the indices: `bag(indices, offsets, weights)`, where an undefined tensor stands
/// for no offsets. The row `padding_idx` counts as absent; a bag of nothing gives zeros. Offsets make a table of
/// (batch, longest bag, dim), so that `record` refuses them. Throws as Embedding does; at the call when shapes do not
/// fit, and unless offsets start at 0, do not decrease and do not exceed n. Source: Joulin et al., "Bag of tricks for
/// efficient text classification", EACL 2017.
class EmbeddingBag : public Module<EmbeddingBag> {
 public:
  EmbeddingBag(std::int64_t num, std::int64_t dim, BagMode mode = BagMode::mean,
               std::optional<std::int64_t> padding_idx = {}, Site site = Site::here());
  Tensor forward(const Tensor& indices, const Tensor& offsets = {}, const Tensor& weights = {}) const;

  Parameter weight;

 private:
  BagMode mode_;
  std::optional<std::int64_t> padding_;
};

}  // namespace xtape::nn
