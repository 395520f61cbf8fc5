#include "class_order.hpp"

#include <map>
#include <utility>

namespace xtape::datasets {

void shuffle(std::int64_t* begin, std::int64_t* end, RandomStream& random) {
  for (std::int64_t n = end - begin; n > 1; --n) std::swap(begin[n - 1], begin[random.integer(n)]);
}

std::vector<Numbers> by_class(const Tensor& classes, RandomStream& random) {
  std::map<std::int64_t, Numbers> groups;
  const auto* c = classes.data<std::int64_t>();
  for (std::int64_t i = 0; i < classes.size(); ++i) groups[c[i]].push_back(i);
  std::vector<Numbers> all;
  for (auto& [key, group] : groups) {
    shuffle(group.data(), group.data() + group.size(), random);
    all.push_back(std::move(group));
  }
  return all;
}

Numbers class_order(const Tensor& classes, RandomStream& random) {
  Numbers order;
  for (const Numbers& group : by_class(classes, random)) order.insert(order.end(), group.begin(), group.end());
  return order;
}

Numbers take_evenly(Numbers& numbers, std::int64_t count, RandomStream& random) {
  const auto n = static_cast<std::int64_t>(numbers.size());
  Numbers taken, left;
  std::int64_t sum = n > 0 ? random.integer(n) : 0;  // each time it passes n, one is taken
  for (const std::int64_t number : numbers) {
    sum += count;
    (sum >= n ? taken : left).push_back(number);
    if (sum >= n) sum -= n;
  }
  numbers = std::move(left);
  return taken;
}

}  // namespace xtape::datasets
