// The order of the samples in an epoch, the same whoever asks and wherever a training goes on.
#pragma once
#include "tensor.hpp"

namespace xtape {

/// The order in which an epoch takes n samples, a permutation of 0 … n-1 drawn from (seed, epoch) alone: () -> (n,),
/// int64. Throws when n or the epoch is negative.
Tensor epoch_order(std::int64_t n, std::uint64_t seed, std::int64_t epoch, Site site = Site::here());

/// Keeps the order of the epoch that was asked for last; one thread at a time.
class EpochOrder {
 public:
  /// As `epoch_order`.
  const Tensor& operator()(std::int64_t n, std::uint64_t seed, std::int64_t epoch);
  /// 0 … n-1, the order of data that is not shuffled.
  const Tensor& given(std::int64_t n);

 private:
  Tensor order_;
  std::uint64_t seed_ = 0;
  std::int64_t epoch_ = -1;
};

}  // namespace xtape
