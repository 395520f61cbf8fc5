// Private: a sum of doubles that rounds once, when it is read.
#pragma once
#include <array>
#include <cstdint>

namespace xtape::optim {

/// The sum of up to 2^63 doubles, kept without rounding as an integer of 2176 bits in units of 2^-1074: it has the same
/// bits in whatever order and in whatever batches they came. Of infinities it keeps which there were. Source: Neal,
/// "Fast exact summation using small and large superaccumulators", 2015; Kulisch, 2008.
class ExactSum {
 public:
  static constexpr int digits = 34;
  /// Two's complement to the base 2^64, the lowest digit first; then 1 where inf was added, plus 2 where -inf was.
  using Words = std::array<std::int64_t, digits + 1>;

  ExactSum() : words_{} {}
  explicit ExactSum(const Words& words) : words_(words) {}
  /// A NaN counts as both infinities.
  void add(double x);
  void add(const ExactSum& other);
  /// The double nearest to it; NaN where it is inf - inf.
  double value() const;
  const Words& words() const { return words_; }

 private:
  Words words_;
};

}  // namespace xtape::optim
