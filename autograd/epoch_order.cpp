#include "epoch_order.hpp"

#include <mutex>

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

struct EpochOrder::Kept {
  struct Order {
    Tensor order;
    std::uint64_t seed = 0;
    std::int64_t epoch = 0;  // -1: of data that is not shuffled
  };
  template <class Make>
  Tensor find(std::int64_t n, std::uint64_t seed, std::int64_t epoch, Make make) {
    const std::lock_guard<std::mutex> guard(lock);
    for (int i = 0; i < 2; ++i) {
      const Order& o = orders[i];
      if (!o.order.defined() || o.order.size() != n || o.seed != seed || o.epoch != epoch) continue;
      last = i;
      return o.order;
    }
    Order order{make(), seed, epoch};
    last = 1 - last;
    orders[last] = order;
    return order.order;
  }
  std::mutex lock;
  Order orders[2];
  int last = 0;
};

EpochOrder::EpochOrder() : kept_(std::make_shared<Kept>()) {}

Tensor EpochOrder::operator()(std::int64_t n, std::uint64_t seed, std::int64_t epoch) {
  return kept_->find(n, seed, epoch, [&] { return epoch_order(n, seed, epoch); });
}
Tensor EpochOrder::given(std::int64_t n) {
  return kept_->find(n, 0, -1, [&] { return arange(n); });
}

}  // namespace xtape
