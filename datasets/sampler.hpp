// Samplers: the order in which an epoch takes the samples of a data set.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "dataset.hpp"

namespace xtape::datasets {

/// What an order is drawn for: the data, the size of the batches that it is cut into, and the epoch of which seed.
struct Sampling {
  const Dataset& data;
  std::int64_t batch_size, epoch;
  std::uint64_t seed;
};

/// The order in which an epoch takes samples: their numbers, some of them several times or never. It is a function of
/// what a Sampling says alone, and so the same wherever a training goes on. One of one's own draws from the default
/// generator, whose numbers are then those of (seed, epoch):
///
///   datasets::Sampler("100 a time", [](const datasets::Sampling& s) {
///     return slice(permutation(s.data.size()), 0, Slice(0, 100));
///   });
class Sampler {
 public:
  using Function = std::function<Tensor(const Sampling& sampling)>;
  /// `order` gives the numbers of the samples, (n,), int64, as many in each epoch; `description` tells it from others.
  /// Throws when there is no function.
  Sampler(std::string description, Function order, Site site = Site::here());
  /// Throws unless 1 <= batch_size <= 2^31 and epoch >= 0, and when what comes out is not int64 (n,) with an n of at
  /// least 1.
  Tensor operator()(const Sampling& sampling) const;
  const std::string& description() const { return description_; }

 private:
  std::string description_;
  Function order_;
};

/// 0, 1, …, as the samples lie. (PyTorch's SequentialSampler.)
class SequentialSampler : public Sampler {
 public:
  SequentialSampler();
};

/// A permutation of all samples, each equally likely; with a `count`, the first so many of it. (PyTorch's
/// RandomSampler.)
class RandomSampler : public Sampler {
 public:
  RandomSampler();
  /// Throws when count is below 1, and, when it draws, where it is more than there are.
  explicit RandomSampler(std::int64_t count, Site site = Site::here());
};

/// `count` samples, each time sample i with the probability weights_i / sum_k weights_k; without replacement none comes
/// twice. As many as there are by default. (PyTorch's WeightedRandomSampler.)
class WeightedSampler : public Sampler {
 public:
  /// `weights` (samples,). Throws when one is negative or not finite, all are 0, or count is negative; when it draws,
  /// where there is not a weight for each sample, or, without replacement, too few are above 0.
  explicit WeightedSampler(const Tensor& weights, std::int64_t count = 0, bool replacement = true,
                           Site site = Site::here());
  explicit WeightedSampler(const std::vector<double>& weights, std::int64_t count = 0, bool replacement = true,
                           Site site = Site::here());
};

/// All samples in an order of which each batch has of each class its share of the data, rounded up or down.
/// `classes` (samples,), int64, are those of the data by default.
class StratifiedSampler : public Sampler {
 public:
  explicit StratifiedSampler(const Tensor& classes = {});
};

/// As many whole batches as the data fill, at least one, each with the same number of samples of each class: those of a
/// rare class come again, but none before all others of its class did, and of a frequent class some are left out,
/// others in each epoch. `classes` (samples,), int64, are those of the data by default. When it draws, it throws unless
/// the size of a batch is a multiple of the number of classes that occur.
class BalancedSampler : public Sampler {
 public:
  explicit BalancedSampler(const Tensor& classes = {});
};

/// What process `rank` of `ranks` takes of the order that another sampler draws: rank r its batches r, r + ranks, …, so
/// that together they take all of it, in steps that have the same size on each; where it does not come out even, the
/// last step is smaller and has up to ranks - 1 samples of the order's beginning again. All have the same seed.
/// (PyTorch's DistributedSampler.)
class DistributedSampler : public Sampler {
 public:
  /// Throws unless 0 <= rank < ranks <= 2^20.
  DistributedSampler(std::int64_t rank, std::int64_t ranks, const Sampler& sampler = RandomSampler(),
                     Site site = Site::here());
};

}  // namespace xtape::datasets
