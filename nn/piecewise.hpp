// Activations in pieces: linear ones and the like, of each element, any shape -> the same. At a kink their derivative
// is PyTorch's.
#pragma once
#include <nn/activation_type.hpp>

namespace xtape::nn {

/// x where x > 0, else slope x; its derivative at 0 is the slope. Throws unless the slope is finite. Source: Maas et
/// al., ICML 2013.
struct LeakyReLU : detail::Activation<LeakyReLU> {
  double slope;
  constexpr LeakyReLU(double slope = 0.01) : slope(slope) {}
  Tensor forward(const Arg& x) const;
};
inline constexpr LeakyReLU leaky_relu;

/// x where x > threshold, else `value`. Throws when an option is NaN.
struct Threshold : detail::Activation<Threshold> {
  double threshold;
  double value;
  constexpr Threshold(double threshold = 0, double value = 0) : threshold(threshold), value(value) {}
  Tensor forward(const Arg& x) const;
};
inline constexpr Threshold threshold;

/// x held in [min_val, max_val]; its derivative at both is 0. Throws unless min_val < max_val. Source: Collobert,
/// thesis at Paris VI, 2004.
struct Hardtanh : detail::Activation<Hardtanh> {
  double min_val;
  double max_val;
  constexpr Hardtanh(double min_val = -1, double max_val = 1) : min_val(min_val), max_val(max_val) {}
  Tensor forward(const Arg& x) const;
};
inline constexpr Hardtanh hardtanh;

/// x held in [0, 6]; its derivative at both is 0. Source: Krizhevsky, "Convolutional deep belief networks on CIFAR-10",
/// 2010.
Tensor relu6(const Arg& x);
/// `relu6` as a type.
struct ReLU6 : detail::Function<relu6> {};
/// (x + 3) / 6 held in [0, 1]; its derivative at ±3 is 0. Source: Howard et al., ICCV 2019.
Tensor hardsigmoid(const Arg& x);
/// `hardsigmoid` as a type.
struct Hardsigmoid : detail::Function<hardsigmoid> {};
/// 0 below -3, x (x + 3) / 6 in [-3, 3], x above; its derivative at -3 is -1/2, at 3 it is 3/2. Source: Howard et al.,
/// ICCV 2019.
Tensor hardswish(const Arg& x);
/// `hardswish` as a type.
struct Hardswish : detail::Function<hardswish> {};

/// x where |x| > lambd, else 0; its derivative at ±lambd is 0. Throws unless lambd is finite and at least 0. Source:
/// Donoho and Johnstone, Biometrika 81, 1994.
struct Hardshrink : detail::Activation<Hardshrink> {
  double lambd;
  constexpr Hardshrink(double lambd = 0.5) : lambd(lambd) {}
  Tensor forward(const Arg& x) const;
};
inline constexpr Hardshrink hardshrink;

/// x - lambd where x > lambd, x + lambd where x < -lambd, else 0; its derivative at ±lambd is 0. Throws unless lambd is
/// finite and at least 0. Source: Donoho and Johnstone, Biometrika 81, 1994.
struct Softshrink : detail::Activation<Softshrink> {
  double lambd;
  constexpr Softshrink(double lambd = 0.5) : lambd(lambd) {}
  Tensor forward(const Arg& x) const;
};
inline constexpr Softshrink softshrink;

}  // namespace xtape::nn
