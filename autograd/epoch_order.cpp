#include "epoch_order.hpp"

#include "ops/creation.hpp"
#include "random.hpp"

namespace xtape {

Tensor epoch_order(std::int64_t n, std::uint64_t seed, std::int64_t epoch, Site site) {
  if (n < 0 || epoch < 0)
    fail("epoch_order",
         std::to_string(n) + " samples in epoch " + std::to_string(epoch) + ", expected numbers of at least 0", site);
  // Apart from what a generator of the same seed draws, such as the first weights.
  RandomGenerator generator(seed ^ 0x9e3779b97f4a7c15);
  generator.state()->next = static_cast<std::uint64_t>(epoch);
  return permutation(n, generator, site);
}

const Tensor& EpochOrder::operator()(std::int64_t n, std::uint64_t seed, std::int64_t epoch) {
  if (!order_.defined() || order_.size() != n || seed_ != seed || epoch_ != epoch) {
    order_ = epoch_order(n, seed, epoch);
    seed_ = seed, epoch_ = epoch;
  }
  return order_;
}

const Tensor& EpochOrder::given(std::int64_t n) {
  if (!order_.defined() || order_.size() != n || epoch_ != -1) order_ = arange(n), epoch_ = -1;
  return order_;
}

}  // namespace xtape
