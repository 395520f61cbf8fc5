// Circular functions of Real<T> and their inverses, without branches or calls: argument reduction, then a polynomial
// that is minimax for the relative error. Within 2 ulp unless said otherwise; NaN stays NaN.
#pragma once
#include "exponential.hpp"

namespace xtape::kernel {

// |x| = r + k pi / 2, r at most pi / 4, by Cody and Waite: pi / 2 in parts that are short enough for exact products,
// up to 1e8 (float) and 1e9 (double); farther out r is off by about 1e-16 |x|. What r lacks is `rest`.
template <class T>
struct Turned {
  Real<T> r;
  Bits<T> k;
  Real<T> rest;
};
XTAPE_INLINE Turned<float> reduce_turns(Real<float> x) {
  const Real<double> a = abs(x).v, z = a * 0.63661977236758134308 + rounder<double>, n = z - rounder<double>;
  const Real<double> r = a - n * 0x1.921fb54000000p+0 - n * 0x1.10b4611a62633p-30;
  const Real<float> near = r.v;
  return {near, static_cast<std::uint32_t>(low_bits(z)), (r - Real<double>(near.v)).v};
}
XTAPE_INLINE Turned<double> reduce_turns(Real<double> x) {
  const Real<double> a = abs(x), z = a * 0.63661977236758134308 + rounder<double>, n = z - rounder<double>;
  const Real<double> far = a - n * 0x1.921fb40000000p+0 - n * 0x1.4442d00000000p-24, third = n * 0x1.8469800000000p-48;
  const Real<double> near = far - third, fourth = n * 0x1.3198a2e037073p-69, r = near - fourth;
  return {r, low_bits(z), (far - near - third) + (near - r - fourth)};
}
// sin(r) - r and 1 - cos(r).
XTAPE_INLINE Real<float> sin_tail(Real<float> r) {
  const Real<float> z = r * r;
  return r * (z * horner(z, -1.951511751e-4f, 8.332159579e-3f, -1.666665459e-1f));
}
XTAPE_INLINE Real<double> sin_tail(Real<double> r) {
  const Real<double> z = r * r;
  return r * (z * horner(z, 1.58961464856088e-10, -2.5050746362761807e-8, 2.7557313612738739e-6,
                         -0.00019841269829565527, 0.0083333333333220898, -0.16666666666666631));
}
XTAPE_INLINE Real<float> cos_tail(Real<float> r) {
  const Real<float> z = r * r;
  return 0.5 * z - z * z * horner(z, 2.443296802e-5f, -1.388731463e-3f, 4.166664565e-2f);
}
XTAPE_INLINE Real<double> cos_tail(Real<double> r) {
  const Real<double> z = r * r;
  return 0.5 * z - z * z *
                       horner(z, -1.1358479346209901e-11, 2.0875699765932666e-9, -2.7557314171596534e-7,
                              2.4801587288825826e-5, -0.0013888888888873016, 0.041666666666666593);
}
// sin of r + k pi / 2.
template <class T>
XTAPE_INLINE Real<T> sin_of(Turned<T> t) {
  const Real<T> y = blend(-(t.k & 1), 1 - cos_tail(t.r), t.r + sin_tail(t.r));
  return bits<Real<T>>(bits<Bits<T>>(y) ^ ((t.k >> 1) << (8 * sizeof(T) - 1)));
}
template <class T>
XTAPE_INLINE Real<T> with_sign_of(Real<T> y, Real<T> x) {
  return bits<Real<T>>(bits<Bits<T>>(y) ^ (bits<Bits<T>>(x) & sign_bit<T>));
}
template <class T>
XTAPE_INLINE Real<T> within_turns(Real<T> x, Real<T> y) {
  return where(abs(x) < 3e15, y, Real<T>(not_a_number<T>));
}

/// sin(x). Beyond 1e8 (float) or 1e9 (double) the error grows by 1e-16 |x|; NaN where no digit would be left, above
/// 3e15.
template <class T>
XTAPE_INLINE Real<T> sin(Real<T> x) {
  return within_turns(x, with_sign_of(sin_of(reduce_turns(x)), x));
}
/// cos(x), with the limits of sin.
template <class T>
XTAPE_INLINE Real<T> cos(Real<T> x) {
  Turned<T> t = reduce_turns(x);
  t.k += 1;
  return within_turns(x, sin_of(t));
}
/// tan(x), with the limits of sin.
XTAPE_INLINE Real<double> tan(Real<double> x) {
  using R = Real<double>;
  const Turned<double> t = reduce_turns(x);
  const R sine = sin_tail(t.r), cosine = cos_tail(t.r);
  const R s = t.r + (sine + t.rest * (1 - cosine)), c = 1 - (cosine + t.rest * (t.r + sine));
  const Bits<double> odd = -(t.k & 1);
  return within_turns(x, with_sign_of(blend(odd, -c, s) / blend(odd, s, c), x));
}
XTAPE_INLINE Real<float> tan(Real<float> x) { return tan(Real<double>(x.v)).v; }

/// 1 / cos(x)^2, the derivative of tan, with the limits of sin.
XTAPE_INLINE Real<double> sec_squared(Real<double> x) {
  const Real<double> c = cos(x);
  return 1 / (c * c);
}
XTAPE_INLINE Real<float> sec_squared(Real<float> x) { return sec_squared(Real<double>(x.v)).v; }

// A multiple of pi / 4 less or more something, with what the constant lacks.
template <class T>
inline constexpr T half_pi = T(1.57079632679489661923);
template <class T>
inline constexpr T half_pi_rest = single<T> ? T(-4.37113883e-8) : T(6.123233995736766e-17);

// asin(s) for s in [0, 1/2], z = s^2.
template <class T>
XTAPE_INLINE Real<T> asin_near(Real<T> s, Real<T> z) {
  Real<T> p;
  if constexpr (single<T>)
    p = polynomial(z, 0.04223023284f, 0.02414117661f, 0.04547830721f, 0.07495232895f, 0.1666675413f);
  else
    p = polynomial(z, 0.032702264507519172, -0.021116908506861322, 0.021790800246402958, 0.003672113492678442,
                   0.010789342599147194, 0.011397288741667196, 0.013981019123743129, 0.017351595445854169,
                   0.02237221590919413, 0.030381942675154412, 0.044642857175288827, 0.074999999999700955,
                   0.16666666666666763);
  return s + s * (z * p);
}
/// asin(x): NaN outside [-1, 1]. Above 1/2 by asin(x) = pi / 2 - 2 asin(sqrt((1 - x) / 2)).
template <class T>
XTAPE_INLINE Real<T> asin(Real<T> x) {
  const Real<T> a = abs(x);
  const bool far = a > 0.5;
  const Real<T> z = where(far, (1 - a) * 0.5, a * a), y = asin_near(where(far, sqrt(z), a), z);
  return copysign(where(far, half_pi<T> - (2 * y - half_pi_rest<T>), y), x);
}
/// acos(x): NaN outside [-1, 1].
template <class T>
XTAPE_INLINE Real<T> acos(Real<T> x) {
  const Real<T> a = abs(x);
  const bool far = a > 0.5;
  const Real<T> z = where(far, (1 - a) * 0.5, a * a), y = asin_near(where(far, sqrt(z), a), z);
  const Real<T> beyond = where(x < 0, 2 * (half_pi<T> - (y - half_pi_rest<T>)), 2 * y);
  return where(far, beyond, half_pi<T> - (copysign(y, x) - half_pi_rest<T>));
}

// atan(s / l) for 0 <= s <= l, l > 0: above tan(pi / 8) as pi / 4 + atan((s - l) / (s + l)).
template <class T>
XTAPE_INLINE Real<T> atan_octant(Real<T> s, Real<T> l) {
  const bool far = s > l * 0.41421356237309504880;
  const Real<T> t = where(far, s - l, s) / where(far, s + l, l), z = t * t;
  Real<T> p;
  if constexpr (single<T>)
    p = polynomial(z, -0.06082427918f, 0.1059561772f, -0.142437998f, 0.1999848701f, -0.3333331547f);
  else
    p = polynomial(z, -0.012984379933801783, 0.029616690907709694, -0.040553835132477995, 0.047056905381573585,
                   -0.052555818539992081, 0.058816287519798482, -0.066666176431548725, 0.076923053758808374,
                   -0.090909090167409781, 0.1111111110958184, -0.14285714285695659, 0.19999999999999886,
                   -0.33333333333333333);
  const Real<T> y = t + t * (z * p);
  return where(far, 0.5 * half_pi<T> + (y + 0.5 * half_pi_rest<T>), y);
}
/// atan(x).
template <class T>
XTAPE_INLINE Real<T> atan(Real<T> x) {
  const Real<T> a = abs(x);
  const bool far = a > 1;
  const Real<T> y = atan_octant(where(far, Real<T>(1), a), where(far, a, Real<T>(1)));
  return copysign(where(far, half_pi<T> - (y - half_pi_rest<T>), y), x);
}

template <class T>
XTAPE_INLINE Real<T> angle(Real<T> y, Real<T> x) {
  using R = Real<T>;
  R a = abs(x), b = abs(y);
  // Large ones are scaled down so that their sum does not overflow; two infinities count as equal, as do two zeros,
  // whose angle is that of x's sign.
  constexpr T large = single<T> ? T(1e30) : T(1e300);
  const R unit = where(any(a > large, b > large), R(0.25), R(1));
  const bool infinite = all(a == infinity<T>, b == infinity<T>), zero = all(a == 0, b == 0);
  a = where(any(infinite, zero), R(1), a * unit);
  b = where(infinite, R(1), where(zero, R(0), b * unit));
  const bool steep = b > a;
  R t = atan_octant(where(steep, a, b), where(steep, b, a));
  t = where(steep, half_pi<T> - (t - half_pi_rest<T>), t);
  t = where(copysign(R(1), x) < 0, 2 * half_pi<T> - (t - 2 * half_pi_rest<T>), t);
  return where(any(x != x, y != y), x + y, copysign(t, y));
}
/// The angle of the point (x, y) in [-pi, pi], as std::atan2.
XTAPE_INLINE Real<float> atan2(Real<float> y, Real<float> x) { return angle(y, x); }
XTAPE_INLINE Real<double> atan2(Real<double> y, Real<double> x) { return angle(y, x); }

}  // namespace xtape::kernel
