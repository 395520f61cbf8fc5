// Private: how rows of work, which know nothing of one another, are cut into tiles.
#pragma once
#include <algorithm>
#include <cstdint>

#include "loops.hpp"

namespace xtape {

/// Calls f(begin, end) for tiles of `rows` pieces of work. Each costs about what `cost` elements of an elementwise
/// operation do, and as many go together as make a tile of those; where the cuts are depends on nothing else.
template <class F>
void parallel_rows(std::int64_t rows, std::int64_t cost, const F& f) {
  const std::int64_t together = std::max<std::int64_t>(1, kernel::tile_size / std::max<std::int64_t>(1, cost));
  parallel_for((rows + together - 1) / together,
               [&](std::int64_t t) { f(t * together, std::min(rows, (t + 1) * together)); });
}

}  // namespace xtape
