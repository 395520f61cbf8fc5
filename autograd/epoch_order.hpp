// The order of the samples in an epoch, the same whoever asks and wherever a training goes on.
#pragma once
#include <memory>

#include "tensor.hpp"

namespace xtape {

/// The order in which an epoch takes n samples, a permutation of 0 … n-1 drawn from (seed, epoch) alone: () -> (n,),
/// int64. Throws when n or the epoch is negative.
Tensor epoch_order(std::int64_t n, std::uint64_t seed, std::int64_t epoch, Site site = Site::here());

/// Keeps the orders of the two epochs that were asked for last, such as of two trainings that take turns. Any number of
/// threads may ask; copies keep the same.
class EpochOrder {
 public:
  EpochOrder();
  /// As `epoch_order`.
  Tensor operator()(std::int64_t n, std::uint64_t seed, std::int64_t epoch);
  /// 0 … n-1, the order of data that is not shuffled.
  Tensor given(std::int64_t n);

 private:
  struct Kept;
  std::shared_ptr<Kept> kept_;
};

}  // namespace xtape
