// Private: samples in the order of their classes, from which shares of each class are taken evenly.
#pragma once
#include <autograd/random.hpp>
#include <cstdint>
#include <vector>

namespace xtape::datasets {

using Numbers = std::vector<std::int64_t>;

/// Puts them into an order that is drawn, each equally likely.
void shuffle(std::int64_t* begin, std::int64_t* end, RandomStream& random);
/// The samples of each class that occurs, by ascending class, each in an order that is drawn.
std::vector<Numbers> by_class(const Tensor& classes, RandomStream& random);
/// The same one class after another.
Numbers class_order(const Tensor& classes, RandomStream& random);
/// Takes `count` of `numbers` out, evenly from a place that is drawn: of any stretch its share, rounded up or down.
Numbers take_evenly(Numbers& numbers, std::int64_t count, RandomStream& random);

}  // namespace xtape::datasets
