// The order of the samples in an epoch, the same whoever asks and wherever a training goes on.
#pragma once
#include <functional>
#include <memory>

#include "tensor.hpp"

namespace xtape {

/// The order in which an epoch takes n samples, a permutation of 0 … n-1 drawn from (seed, epoch) alone: () -> (n,),
/// int64. Throws when n or the epoch is negative.
Tensor epoch_order(std::int64_t n, std::uint64_t seed, std::int64_t epoch, Site site = Site::here());

/// Keeps the orders of the two epochs that were asked for last, such as of two trainings that take turns. Any number of
/// threads may ask, of which one draws at a time; copies keep the same.
class EpochOrder {
 public:
  /// The order of an epoch that is not kept.
  using Draw = std::function<Tensor(std::uint64_t seed, std::int64_t epoch)>;
  explicit EpochOrder(Draw draw);
  /// Throws what the drawing throws, and then keeps what it kept.
  Tensor operator()(std::uint64_t seed, std::int64_t epoch) const;

 private:
  struct Kept;
  std::shared_ptr<Kept> kept_;
};

}  // namespace xtape
