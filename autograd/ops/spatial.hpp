// What operations on images, sequences and volumes take: x of shape (batch, channels, spatial...) with one to three
// spatial axes, and options for each of them.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <type_traits>
#include <utility>
#include <vector>

namespace xtape {

/// An option of the spatial axes: one number for all of them, or one for each.
class PerAxis {
 public:
  template <class T, class = std::enable_if_t<std::is_integral_v<T>>>
  PerAxis(T all) : values_{static_cast<std::int64_t>(all)} {}
  PerAxis(std::initializer_list<std::int64_t> each) : values_(each) {}
  PerAxis(std::vector<std::int64_t> each) : values_(std::move(each)) {}
  const std::vector<std::int64_t>& values() const { return values_; }

 private:
  std::vector<std::int64_t> values_;
};

}  // namespace xtape
