// Element types and shapes.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <string>
#include <type_traits>
#include <vector>

#include "error.hpp"

namespace xtape {

/// What a tensor's elements are. Gradients flow through the two floating types; `uint8` is for storage.
enum class Dtype : std::uint8_t { float32, float64, int64, uint8, boolean };
inline constexpr Dtype float32 = Dtype::float32;
inline constexpr Dtype float64 = Dtype::float64;
inline constexpr Dtype int64 = Dtype::int64;
inline constexpr Dtype uint8 = Dtype::uint8;
inline constexpr Dtype boolean = Dtype::boolean;

namespace detail {
template <class T>
struct DtypeOf;
template <>
struct DtypeOf<float> {
  static constexpr Dtype value = float32;
};
template <>
struct DtypeOf<double> {
  static constexpr Dtype value = float64;
};
template <>
struct DtypeOf<std::int64_t> {
  static constexpr Dtype value = int64;
};
template <>
struct DtypeOf<std::uint8_t> {
  static constexpr Dtype value = uint8;
};
template <>
struct DtypeOf<bool> {
  static constexpr Dtype value = boolean;
};
}  // namespace detail
/// The dtype whose elements are of the C++ type T (float, double, int64_t, uint8_t or bool).
template <class T>
inline constexpr Dtype dtype_of = detail::DtypeOf<T>::value;

/// The name of a dtype, as "float32".
const char* to_string(Dtype dtype);
/// Bytes of one element.
constexpr std::int64_t size_of(Dtype dtype) {
  return dtype == float32 ? 4 : dtype == float64 || dtype == int64 ? 8 : 1;
}
/// Whether gradients flow through values of this dtype.
constexpr bool is_floating(Dtype dtype) { return dtype == float32 || dtype == float64; }

namespace detail {
[[noreturn]] void refuse_unsigned(std::uint64_t number, Site site);
/// An integer of any type as int64. Throws when it is too large for that.
template <class T>
constexpr std::int64_t to_int64(T number, Site site = Site::here()) {
  static_assert(std::is_integral_v<T>);
  if constexpr (std::is_unsigned_v<T> && sizeof(T) >= sizeof(std::int64_t))
    if (number > static_cast<T>(INT64_MAX)) refuse_unsigned(number, site);
  return static_cast<std::int64_t>(number);
}
}  // namespace detail

/// The sizes of a tensor's axes, outermost first; rank 0 is a scalar. At most `max_rank` axes, none negative.
class Shape {
 public:
  static constexpr int max_rank = 8;

  Shape() = default;
  /// Throws when there are more than `max_rank` sizes, one is negative, or their product overflows.
  Shape(std::initializer_list<std::int64_t> sizes, Site site = Site::here())
      : Shape(sizes.begin(), sizes.end(), site) {}
  Shape(const std::int64_t* begin, const std::int64_t* end, Site site = Site::here());
  template <class T, class = std::enable_if_t<std::is_integral_v<T>>>
  Shape(const std::vector<T>& sizes, Site site = Site::here()) {
    for (const T n : sizes) push_back(detail::to_int64(n, site), site);
    check(site);
  }
  Shape(const Shape& other) : rank_(other.rank_) { copy(other); }
  Shape& operator=(const Shape& other) {
    rank_ = other.rank_;
    copy(other);
    return *this;
  }

  int rank() const { return rank_; }
  /// The product of the sizes; 1 for a scalar. Throws when it overflows.
  std::int64_t size(Site site = Site::here()) const {
    std::int64_t n = 1;
    bool overflow = false;
    for (std::int64_t d : *this) overflow |= __builtin_mul_overflow(n, d, &n);
    return overflow ? check(site) : n;
  }
  std::int64_t operator[](int axis) const { return sizes_[axis]; }
  std::int64_t& operator[](int axis) { return sizes_[axis]; }
  const std::int64_t* begin() const { return sizes_; }
  const std::int64_t* end() const { return sizes_ + rank_; }
  /// Adds an innermost axis; throws past `max_rank`.
  void push_back(std::int64_t size, Site site = Site::here());

  friend bool operator==(const Shape& a, const Shape& b) {
    if (a.rank_ != b.rank_) return false;
    for (int i = 0; i < a.rank_; ++i)
      if (a.sizes_[i] != b.sizes_[i]) return false;
    return true;
  }
  friend bool operator!=(const Shape& a, const Shape& b) { return !(a == b); }

 private:
  void copy(const Shape& other) {
    for (int i = 0; i < rank_; ++i) sizes_[i] = other.sizes_[i];
  }
  std::int64_t check(Site site) const;  // the size; throws when it overflows, also beside a size of 0
  int rank_ = 0;
  std::int64_t sizes_[max_rank];
};

/// The position, axis by axis, of element `i` of a row-major array of this shape.
Shape unravel(std::int64_t i, const Shape& shape);
/// A shape as it is written in messages and docstrings: "(64, 10)", "(3,)", "()".
std::string to_string(const Shape& shape);
std::ostream& operator<<(std::ostream& out, const Shape& shape);
std::ostream& operator<<(std::ostream& out, Dtype dtype);

}  // namespace xtape
