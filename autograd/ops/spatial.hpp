// What operations on images, sequences and volumes take: x of shape (batch, channels, spatial...) with one to three
// spatial axes, and options for each of them. Where an operation says how many axes these are, by its name or its
// weight, x may be one example (channels, spatial...), whose result has no batch either.
#pragma once
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

namespace xtape {

/// An option of the spatial axes: one number for all of them, or one for each. Neither `true` nor `{}` is one.
class PerAxis {
 public:
  template <class... T,
            class = std::enable_if_t<(sizeof...(T) > 0) && ((std::is_integral_v<T> && !std::is_same_v<T, bool>)&&...)>>
  PerAxis(T... each) : values_{static_cast<std::int64_t>(each)...} {}
  PerAxis(std::vector<std::int64_t> each) : values_(std::move(each)) {}
  const std::vector<std::int64_t>& values() const { return values_; }

 private:
  std::vector<std::int64_t> values_;
};

}  // namespace xtape
