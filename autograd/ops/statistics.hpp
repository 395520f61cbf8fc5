// Moments, norms and counts. Variances, deviations and norms reduce over `axes`, by default over all elements; the axes
// disappear, or stay with size 1 under `keepdims`.
#pragma once
#include <limits>

#include "../tensor.hpp"
#include "reduction.hpp"

namespace xtape {

/// What is taken from the number of elements by which a variance is divided: `var(x, 1, false, Correction(0))` is that
/// of a population, with 1, the default, it is the estimate from a sample.
struct Correction {
  explicit constexpr Correction(double n) : n(n) {}
  double n;
};

/// The variance sum (x - mean)^2 / (n - correction), NaN where n = correction = 1. Throws when an axis does not exist
/// or is named twice.
Tensor var(const Arg& x, const Axes& axes = Axes::all(), Keepdims keepdims = false,
           Correction correction = Correction(1));
/// The standard deviation sqrt(var(x)), whose gradient is 0 where it is 0. (PyTorch: `std`, which C++ has given away.)
Tensor stddev(const Arg& x, const Axes& axes = Axes::all(), Keepdims keepdims = false,
              Correction correction = Correction(1));
/// The p-norm (sum |x|^p)^(1/p): for p = 0 the number of elements that are not 0, for inf and -inf the greatest and the
/// least magnitude. The gradient is 0 where the norm is 0, and for p <= 1 where x is 0; equal greatest magnitudes share
/// it evenly. Throws when p is NaN, or infinite and there are no elements.
Tensor norm(const Arg& x, double p = 2, const Axes& axes = Axes::all(), Keepdims keepdims = false);

/// How often each of 0, 1, … occurs in a vector of integers, up to its greatest element and at least `minlength`:
/// (n,) -> (m,), int64. Throws when an element is negative, or larger than can be counted up to.
Tensor bincount(const Arg& x, std::int64_t minlength = 0);
/// The same with a weight for each element, (n,), (n,) -> (m,): sums of weights, to which gradients flow.
Tensor bincount(const Arg& x, const Arg& weights, std::int64_t minlength = 0);
/// How many elements lie in each of `bins` equal parts of [low, high], without those outside or NaN; where both are
/// equal, of the range of x: (...) -> (bins,), of x's dtype. Throws unless bins > 0 and low <= high are finite.
Tensor histc(const Arg& x, std::int64_t bins = 100, double low = 0, double high = 0);

}  // namespace xtape
