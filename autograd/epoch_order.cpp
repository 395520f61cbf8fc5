#include "epoch_order.hpp"

#include <mutex>
#include <utility>

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
    Tensor numbers;
    std::uint64_t seed = 0;
    std::int64_t epoch = 0;
  };
  Draw draw;
  std::mutex lock;
  Order orders[2];
  int last = 0;
};

EpochOrder::EpochOrder(Draw draw) : kept_(std::make_shared<Kept>()) { kept_->draw = std::move(draw); }

Tensor EpochOrder::operator()(std::uint64_t seed, std::int64_t epoch) const {
  Kept& k = *kept_;
  const std::lock_guard<std::mutex> guard(k.lock);
  for (int i = 0; i < 2; ++i)
    if (const Kept::Order& o = k.orders[i]; o.numbers.defined() && o.seed == seed && o.epoch == epoch)
      return k.last = i, o.numbers;
  Kept::Order order{k.draw(seed, epoch), seed, epoch};
  k.last = 1 - k.last;
  return (k.orders[k.last] = std::move(order)).numbers;
}

}  // namespace xtape
