// Private: the powers of e along a row of logits, which softmax, its logarithm and the costs of logits have in common.
#pragma once
#include "sum_kernel.hpp"

namespace xtape::kernel {

// The largest of what is a number. What is none makes the sum of the powers NaN anyway, and so this is one instruction.
template <class T>
struct Largest : Max<T> {
  Real<T> operator()(Real<T> a, Real<T> b) const { return where(b > a, b, a); }
};

/// What is subtracted before e^x is taken: the largest element, or 0 where all are -inf.
template <class T>
T shift_of(T max) {
  return max == -infinity<T> ? T(0) : max;
}
template <class T>
T shift_of(std::int64_t n, const T* x) {
  return shift_of(fold(n, Largest<T>(), Itself(), x).v);
}

/// e^(v - shift) / factor, for one shift that is no less than v. Both are reduced by themselves, v = r + k ln 2, as
/// their difference is rounded: by 64 units of a float's last place where it is 100.
template <class T>
class PowersBeside {
 public:
  explicit PowersBeside(Real<T> shift) : lowest_(shift - (single<T> ? 104 : 746)) {
    // Differences from a large one are exact.
    const bool large = !(abs(shift) <= (single<T> ? 256 : 2048));
    const Reduced<T> e = reduce(where(large, Real<T>(0), shift), more);
    base_ = where(large, shift, Real<T>(0));
    k_ = e.k;
    factor = expm1_near(-e.r) + 1;
  }
  XTAPE_INLINE Real<T> operator()(Real<T> v) const {
    const Reduced<T> e = reduce(v - base_, more);
    return where(v < lowest_, Real<T>(0), scale(expm1_near(e.r) + 1, static_cast<Bits<T>>(e.k - k_)));
  }
  Real<T> factor;

 private:
  static constexpr std::uint32_t more = 3000;
  Real<T> lowest_, base_;
  Bits<T> k_;
};

/// y = e^(x - shift), and the sum of these powers, both divided by the same factor; y may be x.
template <class T>
T powers(std::int64_t n, const T* x, T* y) {
  constexpr std::int64_t block = depth * lanes;
  const PowersBeside<T> power(shift_of(n, x));
  Running<Sum<T>> total;
  for (std::int64_t i = 0; i < n; i += block) {
    const std::int64_t count = std::min(n - i, block);
    map(
        count, [power](auto v) { return power(v); }, y + i, x + i);
    total.add(fold(count, Sum<T>(), Itself(), y + i).v);
  }
  return static_cast<T>(total.value().v);
}
/// The sum of the powers but for one of the largest, which is 1: its log1p keeps digits that the logarithm of the whole
/// sum has lost. -1 where all x are -inf. `shift` is that of `shift_of`.
template <class T>
T sum_other_powers(std::int64_t n, const T* x, T shift) {
  const Real<T> s = shift;
  const PowersBeside<T> power(s);
  const auto others = fold_blocks(
      n, Sum<T>(), [s, power](auto v) { return where(v == s, v - v, power(v)); }, x);
  const auto largest = fold_blocks(
      n, Sum<T>(), [s](auto v) { return where(v == s, Real<T>(1), Real<T>(0)); }, x);
  return static_cast<T>((others * decltype(others)(power.factor.v) + (largest - 1)).v);
}

}  // namespace xtape::kernel
