// Real<T>: what a scalar formula computes with, and the elementary functions for it, without branches, so that loops
// over them vectorise. Numbers written in a formula take the type of the formula.
#pragma once
#include <cstdint>
#include <cstring>
#include <type_traits>

// Never out of line: a file compiled with other flags would share the copy that the linker keeps.
#define XTAPE_INLINE inline __attribute__((always_inline))

namespace xtape::kernel {

template <class T>
struct Real {
  T v;
  Real() = default;
  template <class S, class = std::enable_if_t<std::is_arithmetic_v<S>>>
  constexpr Real(S s) : v(static_cast<T>(s)) {}

  friend XTAPE_INLINE Real operator+(Real a, Real b) { return {static_cast<T>(a.v + b.v)}; }
  friend XTAPE_INLINE Real operator-(Real a, Real b) { return {static_cast<T>(a.v - b.v)}; }
  friend XTAPE_INLINE Real operator*(Real a, Real b) { return {static_cast<T>(a.v * b.v)}; }
  friend XTAPE_INLINE Real operator/(Real a, Real b) { return {static_cast<T>(a.v / b.v)}; }
  friend XTAPE_INLINE Real operator-(Real a) { return {static_cast<T>(-a.v)}; }
  friend XTAPE_INLINE bool operator<(Real a, Real b) { return a.v < b.v; }
  friend XTAPE_INLINE bool operator>(Real a, Real b) { return a.v > b.v; }
  friend XTAPE_INLINE bool operator<=(Real a, Real b) { return a.v <= b.v; }
  friend XTAPE_INLINE bool operator>=(Real a, Real b) { return a.v >= b.v; }
  friend XTAPE_INLINE bool operator==(Real a, Real b) { return a.v == b.v; }
  friend XTAPE_INLINE bool operator!=(Real a, Real b) { return a.v != b.v; }
  friend XTAPE_INLINE Real where(bool condition, Real a, Real b) { return condition ? a : b; }
};

template <class To, class From>
XTAPE_INLINE To bits(From x) {
  static_assert(sizeof(To) == sizeof(From));
  To y;
  std::memcpy(&y, &x, sizeof y);
  return y;
}

// p 2^k in two steps, so that it overflows and underflows as it should. The integers are unsigned because NaN leaves
// anything in k.
template <class T, class U>
XTAPE_INLINE T scale(T p, U k) {
  constexpr int mantissa = sizeof(T) == 4 ? 23 : 52;
  constexpr U bias = sizeof(T) == 4 ? 127 : 1023, even = sizeof(T) == 4 ? 256 : 2048;
  const U half = ((k + even) >> 1) - even / 2;
  return p * bits<T>((half + bias) << mantissa) * bits<T>((k - half + bias) << mantissa);
}

XTAPE_INLINE Real<float> sqrt(Real<float> x) { return __builtin_sqrtf(x.v); }
XTAPE_INLINE Real<double> sqrt(Real<double> x) { return __builtin_sqrt(x.v); }

// exp, log and tanh after Moshier's Cephes library (netlib.org/cephes): argument reduction in two parts, then a minimax
// polynomial or rational. Rounding to an integer is the addition of 1.5 * 2^mantissa, which leaves it in the low bits.
// Within 2 ulp; NaN stays NaN.

/// e^x.
XTAPE_INLINE Real<float> exp(Real<float> a) {
  float x = a.v > 89.f ? 89.f : a.v;
  x = x < -104.f ? -104.f : x;
  const float z = x * 1.44269504088896341f + 12582912.f;
  const float n = z - 12582912.f;
  const std::uint32_t k = bits<std::uint32_t>(z) - 0x4B400000u;
  float r = x - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.f;
  return scale(p, k);
}
XTAPE_INLINE Real<double> exp(Real<double> a) {
  double x = a.v > 710. ? 710. : a.v;
  x = x < -746. ? -746. : x;
  const double z = x * 1.4426950408889634073599 + 6755399441055744.;
  const double n = z - 6755399441055744.;
  const std::uint64_t k = bits<std::uint64_t>(z) - 0x4338000000000000u;
  double r = x - n * 6.93145751953125e-1;
  r = r - n * 1.42860682030941723212e-6;
  const double s = r * r;
  const double p = r * ((1.26177193074810590878e-4 * s + 3.02994407707441961300e-2) * s + 9.99999999999999999910e-1);
  const double q = ((3.00198505138664455042e-6 * s + 2.52448340349684104192e-3) * s + 2.27265548208155028766e-1) * s +
                   2.00000000000000000009e0;
  const double e = 1. + 2. * (p / (q - p));
  return scale(e, k);
}

/// The natural logarithm: -inf at 0, NaN below.
XTAPE_INLINE Real<float> log(Real<float> a) {
  const bool tiny = a.v < 1.17549435e-38f;  // subnormal: scaled up by 2^25 first
  const float x = tiny ? a.v * 33554432.f : a.v;
  const std::int32_t b = bits<std::int32_t>(x);
  float e = static_cast<float>((b >> 23) - 126) - (tiny ? 25.f : 0.f);
  float m = bits<float>((b & 0x007fffff) | 0x3f000000);  // in [0.5, 1)
  const bool low = m < 0.707106781186547524f;
  e = low ? e - 1.f : e;
  m = (low ? m + m : m) - 1.f;
  const float z = m * m;
  float p = 7.0376836292e-2f;
  p = p * m - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  float y = m * (z * p);
  y = y + e * -2.12194440e-4f;
  y = y - 0.5f * z;
  float r = m + y;
  r = r + e * 0.693359375f;
  r = a.v == 0.f ? -__builtin_inff() : r;
  r = a.v < 0.f ? __builtin_nanf("") : r;
  return a.v <= 3.40282347e+38f ? r : a.v;  // inf and NaN
}
XTAPE_INLINE Real<double> log(Real<double> a) {
  const bool tiny = a.v < 2.2250738585072014e-308;
  const double x = tiny ? a.v * 18014398509481984. : a.v;
  const auto b = bits<std::uint64_t>(x);
  // The exponent's bits as a double, by way of 2^52.
  double e = bits<double>((b >> 52) | 0x4330000000000000u) - 4503599627370496. - 1022. - (tiny ? 54. : 0.);
  double m = bits<double>((b & 0x000fffffffffffffu) | 0x3fe0000000000000u);
  const bool low = m < 0.70710678118654752440;
  e = low ? e - 1. : e;
  m = (low ? m + m : m) - 1.;
  const double z = m * m;
  double p = 1.01875663804580931796e-4;
  p = p * m + 4.97494994976747001425e-1;
  p = p * m + 4.70579119878881725854e0;
  p = p * m + 1.44989225341610930846e1;
  p = p * m + 1.79368678507819816313e1;
  p = p * m + 7.70838733755885391666e0;
  double q = m + 1.12873587189167450590e1;
  q = q * m + 4.52279145837532221105e1;
  q = q * m + 8.29875266912776603211e1;
  q = q * m + 7.11544750618563894466e1;
  q = q * m + 2.31251620126765340583e1;
  double y = m * (z * p / q);
  y = y - e * 2.121944400546905827679e-4;
  y = y - 0.5 * z;
  double r = m + y;
  r = r + e * 0.693359375;
  r = a.v == 0. ? -__builtin_inf() : r;
  r = a.v < 0. ? __builtin_nan("") : r;
  return a.v <= 1.7976931348623157e+308 ? r : a.v;
}

/// The hyperbolic tangent: a polynomial near 0, where 1 - 2 / (e^2x + 1) would cancel.
XTAPE_INLINE Real<float> tanh(Real<float> a) {
  const float x = a.v, s = x < 0.f ? -x : x, z = x * x;
  float p = -5.70498872745e-3f;
  p = p * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  const float near = x + x * (z * p);
  const float far = 1.f - 2.f / (exp(Real<float>(s + s)).v + 1.f);
  return s < 0.625f ? near : x < 0.f ? -far : far;
}
XTAPE_INLINE Real<double> tanh(Real<double> a) {
  const double x = a.v, s = x < 0. ? -x : x, z = x * x;
  const double p = (-9.64399179425052238628e-1 * z - 9.92877231001918586564e1) * z - 1.61468768441708447952e3;
  const double q = ((z + 1.12811678491632931402e2) * z + 2.23548839060100448583e3) * z + 4.84406305325125486048e3;
  const double near = x + x * (z * p / q);
  const double far = 1. - 2. / (exp(Real<double>(s + s)).v + 1.);
  return s < 0.625 ? near : x < 0. ? -far : far;
}

/// 1 / (1 + e^-x).
template <class T>
XTAPE_INLINE Real<T> sigmoid(Real<T> x) {
  return 1 / (1 + exp(-x));
}

/// max(0, x); NaN stays NaN.
template <class T>
XTAPE_INLINE Real<T> relu(Real<T> x) {
  return where(x < 0, Real<T>(0), x);
}

}  // namespace xtape::kernel
