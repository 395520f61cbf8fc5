// Private: how operations go along an axis, column by column.
#pragma once
#include "panels.hpp"
#include "sum.hpp"

namespace xtape {

/// step(i, before, k) gives the state with element i, the k-th of its column, from the one before it; elements go down
/// or, in reverse, up, several columns at a time.
template <class State, class F>
void scan_columns(const Split& s, bool reverse, State first, const F& step) {
  for_panels(s, [&](std::int64_t at, std::int64_t, std::int64_t width) {
    State state[panel_width];
    std::fill_n(state, width, first);
    State one = first;  // of a single column, which a register holds
    for (std::int64_t i = 0; i < s.n; ++i) {
      const std::int64_t k = reverse ? s.n - 1 - i : i, row = at + k * s.inner;
      if (width == 1) one = step(row, one, k);
      else
        for (std::int64_t j = 0; j < width; ++j) state[j] = step(row + j, state[j], k);
    }
  });
}

}  // namespace xtape
