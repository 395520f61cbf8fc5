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

/// e^(x - shift), with what rounding takes from the difference: at 100 that is 64 units of a float's last place.
template <class T>
XTAPE_INLINE Real<T> exp_difference(Real<T> x, Real<T> shift) {
  const Real<T> d = x - shift, own = d + shift;
  const Real<T> rest = (x - own) - (shift - (own - d));
  const Reduced<T> e = reduce(d);
  return where(d < (single<T> ? -104 : -746), Real<T>(0), scale(expm1_near(e.r + rest) + 1, e.k));
}

/// y = e^(x - shift), and the sum of these powers; y may be x.
template <class T>
T powers(std::int64_t n, const T* x, T* y) {
  constexpr std::int64_t block = depth * lanes;
  const Real<T> shift = shift_of(n, x);
  typename Sum<T>::Total total = 0;
  for (std::int64_t i = 0; i < n; i += block) {
    const std::int64_t count = std::min(n - i, block);
    map(
        count, [shift](auto v) { return exp_difference(v, shift); }, y + i, x + i);
    total = total + decltype(total)(fold(count, Sum<T>(), Itself(), y + i).v);
  }
  return static_cast<T>(total.v);
}
/// The sum of the powers but for one of the largest, which is 1: its log1p keeps digits that the logarithm of the whole
/// sum has lost. -1 where all x are -inf. `shift` is that of `shift_of`.
template <class T>
T sum_other_powers(std::int64_t n, const T* x, T shift) {
  const Real<T> s = shift;
  const auto others = fold_blocks(
      n, Sum<T>(), [s](auto v) { return where(v == s, v - v, exp_difference(v, s)); }, x);
  const auto largest = fold_blocks(
      n, Sum<T>(), [s](auto v) { return where(v == s, Real<T>(1), Real<T>(0)); }, x);
  return static_cast<T>((others + (largest - 1)).v);
}

}  // namespace xtape::kernel
