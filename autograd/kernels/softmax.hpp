// Private: the powers of e along a row of logits, which softmax, its logarithm and the costs of logits have in common.
#pragma once
#include "sum.hpp"

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

/// e^(v - shift) / factor, for a shift that is no less than v. Both are reduced by themselves, as r + k ln 2, because
/// their difference is rounded: by 64 units of a float's last place where it is 100.
template <class T>
struct PowersBeside {
  Real<T> lowest, base, place, factor;

  XTAPE_INLINE explicit PowersBeside(Real<T> shift) : lowest(shift - (single<T> ? 104 : 746)) {
    // Differences from a large one are exact.
    const bool large = !(abs(shift) <= (single<T> ? 256 : 2048));
    const ReducedArgument<T> e = reduce(where(large, Real<T>(0), shift), more);
    base = where(large, shift, Real<T>(0));
    place = bits<Real<T>>(bits<Bits<T>>(Real<T>(rounder<T>)) + e.k);
    factor = expm1_near(-e.r) + 1;
  }
  XTAPE_INLINE Real<T> operator()(Real<T> v) const { return of(v, lowest, base, place); }
  XTAPE_INLINE static Real<T> of(Real<T> v, Real<T> lowest, Real<T> base, Real<T> place) {
    const ReducedArgument<T> e = reduce(v - base, more);
    const auto k = static_cast<Bits<T>>(e.k - low_bits<T>(place));
    return where(v < lowest, Real<T>(0), scale(expm1_near(e.r) + 1, k));
  }

 private:
  static constexpr std::uint32_t more = 3000;  // so much further than the greatest power
};

/// Makes the largest of n such powers, which are `step` apart, 1 where it is all of their sum, as quotients by the sum
/// need not be; gives the sum.
template <class T>
T alone(std::int64_t n, std::int64_t step, T shift, T total, T* y) {
  const PowersBeside<T> power(shift);
  T largest;
  map(
      1, [power](auto v) { return power(v); }, &largest, &shift);
  if (total != largest) return total;
  for (std::int64_t k = 0; k < n * step; k += step) y[k] = y[k] == largest ? 1 : (y[k] * power.factor).v;
  return 1;
}

/// y = e^(x - shift), and the sum of these powers, both divided by the same factor; y may be x.
template <class T>
T powers(std::int64_t n, const T* x, T* y) {
  constexpr std::int64_t block = depth * lanes;
  const T shift = shift_of(n, x);
  const PowersBeside<T> power(shift);
  Running<Sum<T>> total;
  for (std::int64_t i = 0; i < n; i += block) {
    const std::int64_t count = std::min(n - i, block);
    map(
        count, [power](auto v) { return power(v); }, y + i, x + i);
    total.add(fold(count, Sum<T>(), Itself(), y + i).v);
  }
  return alone(n, 1, shift, static_cast<T>(total.value().v), y);
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
