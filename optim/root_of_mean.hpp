// Private: the root of a weighted mean of squares, which keeps its range: the state of optimisers that divide by it.
#pragma once
#include <autograd/kernels/loops.hpp>
#include <limits>

namespace xtape::optim {

/// sqrt(a s² + b d²) for s >= 0. A power of 2 near the larger of the two is taken out of both, or the squares of a
/// float32 gradient of 1e21 or 1e-25 would leave its range. Its exponent is one of 1, 5, 9 … of those there are, so
/// that it has an inverse whatever s and d are.
template <class T>
XTAPE_INLINE kernel::Real<T> root_of_mean(kernel::Real<T> a, kernel::Real<T> s, kernel::Real<T> b, kernel::Real<T> d) {
  using R = kernel::Real<T>;
  using U = kernel::Bits<T>;
  constexpr U one = U{1} << (std::numeric_limits<T>::digits - 1);
  constexpr U inverses = 2 * (std::numeric_limits<T>::max_exponent - 1) * one;  // the sum of their exponents
  const U power = (kernel::bits<U>(s + abs(d)) & (inverses - 2 * one)) | one;
  const R inverse = kernel::bits<R>(static_cast<U>(inverses - power));
  const R p = s * inverse, q = d * inverse;
  return sqrt(a * p * p + b * q * q) * kernel::bits<R>(power);
}

/// `eps` as a number that is not 0: then 0 / 0, a gradient that was never there, is no step.
template <class T>
kernel::Real<T> not_zero(double eps) {
  const T v = static_cast<T>(eps);
  return v > std::numeric_limits<T>::denorm_min() ? v : std::numeric_limits<T>::denorm_min();
}

}  // namespace xtape::optim
