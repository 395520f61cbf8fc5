// Private: where the largest element of each window lies.
#pragma once
#include <vector>

#include "window.hpp"

namespace xtape {

/// The windows of a maximum: those of `windows`, or, where `adaptive`, window i of an axis is
/// [floor(i x / y), ceil((i + 1) x / y)).
struct MaxWindows {
  Windows windows;
  bool adaptive = false;

  /// Where a window's elements lie along an axis, as far as they are inside.
  struct Taps {
    std::int64_t first, count, step;
  };
  Taps taps(int axis, std::int64_t i) const;
};

/// Each result's largest element, of `planes` channels one after the other; NaN counts as largest.
template <class T>
void max_values(const MaxWindows& w, std::int64_t planes, const T* x, T* y);
/// h where x has its largest elements, the first of equals; of several NaN the last.
template <class T>
void max_select(const MaxWindows& w, std::int64_t planes, const T* h, const T* x, T* y);
/// Its adjoint in h: adds each g to where the largest element was.
template <class T>
void max_spread(const MaxWindows& w, std::int64_t planes, const T* g, const T* x, T* h);
/// Where they are, counted in their channel.
template <class T>
void max_indices(const MaxWindows& w, std::int64_t planes, const T* x, std::int64_t* y);

}  // namespace xtape
