// Transforms that bend images: each is moved, turned and stretched by numbers of its own.
#pragma once
#include <cstdint>

#include "transform.hpp"

namespace xtape::datasets {

/// Where a number is drawn from, uniformly: [-v, v) for one number, `{low, high}` for two.
struct Between {
  Between(double v) : low(0 - v), high(v) {}  // never -0
  Between(double low, double high) : low(low), high(high) {}
  double low, high;
};

/// What is drawn for each image: `DistortOptions().rotate(15).shift(2).elastic(34, 4)`. What is not set stays as it is.
///
/// An image is scaled, sheared and turned about its middle and then moved, as by torchvision's RandomAffine, and then
/// distorted by an elastic field, all in one resampling by `warp`.
class DistortOptions {
 public:
  /// Degrees, clockwise.
  DistortOptions& rotate(Between degrees) { return rotate_ = degrees, *this; }
  /// Whole pixels up or down and left or right, each of -pixels … pixels equally likely.
  DistortOptions& shift(std::int64_t pixels) { return shift(pixels, pixels); }
  DistortOptions& shift(std::int64_t rows, std::int64_t cols) { return rows_ = rows, cols_ = cols, *this; }
  /// A factor; above 1 what is seen becomes larger.
  DistortOptions& scale(double low, double high) { return scale_ = {low, high}, *this; }
  /// Degrees by which vertical lines lean, and horizontal ones.
  DistortOptions& shear(Between x, Between y = 0) { return shear_x_ = x, shear_y_ = y, *this; }
  /// Displacements of all pixels in both directions, uniform in [-alpha, alpha), smoothed by a Gaussian of the standard
  /// deviation `sigma`, in pixels, which ends at 4 sigma and at the borders; the paper found 34 and 4 best for MNIST.
  /// Source: Simard, Steinkraus and Platt, "Best practices for convolutional neural networks applied to visual document
  /// analysis", ICDAR 2003.
  DistortOptions& elastic(double alpha, double sigma) { return alpha_ = alpha, sigma_ = sigma, *this; }
  /// What lies beyond the image; 0 by default.
  DistortOptions& fill(double v) { return fill_ = v, *this; }

 private:
  friend class Distortion;
  Between rotate_ = 0, scale_ = {1, 1}, shear_x_ = 0, shear_y_ = 0;
  std::int64_t rows_ = 0, cols_ = 0;
  double alpha_ = 0, sigma_ = 1, fill_ = 0;
};

/// Images distorted as the options say: (n, channels, rows, cols) -> the same. Throws when the ends of a range are not
/// finite or low > high, a shift is negative, a factor of scale is not positive, a shear reaches 90 degrees, alpha is
/// negative or sigma not positive.
Transform distort(const DistortOptions& options, Site site = Site::here());
/// Only one of them; what lies beyond the image is 0.
Transform rotate(Between degrees, Site site = Site::here());
Transform shift(std::int64_t pixels, Site site = Site::here());
Transform scale(double low, double high, Site site = Site::here());
Transform shear(Between x, Between y = 0, Site site = Site::here());
Transform elastic(double alpha = 34, double sigma = 4, Site site = Site::here());

/// Fields (n, rows, cols) smoothed by a Gaussian of the standard deviation `sigma`, which ends at 4 sigma; beyond the
/// borders lies 0. Throws unless sigma is positive and finite.
Tensor smoothed(const Tensor& fields, double sigma, Site site = Site::here());

}  // namespace xtape::datasets
