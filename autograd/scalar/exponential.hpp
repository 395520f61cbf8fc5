// Exponentials, logarithms, roots and powers of Real<T>, without branches or calls. Exponentials and logarithms are
// after Moshier's Cephes library (netlib.org/cephes): argument reduction in two parts, then a minimax polynomial or
// rational. Within 2 ulp unless said otherwise; NaN stays NaN.
#pragma once
#include "real.hpp"

namespace xtape::kernel {

template <class T>
inline constexpr bool single = sizeof(T) == 4;

/// (((c_0 x + c_1) x + c_2) x ...).
template <class T, class First, class... C>
XTAPE_INLINE Real<T> horner(Real<T> x, First first, C... c) {
  Real<T> p = first;
  ((p = p * x + c), ...);
  return p;
}

// The same as two chains of every second coefficient, half as long: for long polynomials, where the processor would
// wait for each step.
template <class T>
XTAPE_INLINE Real<T> two_chains(Real<T> x, Real<T>, Real<T> p, Real<T> q) {
  return p * x + q;
}
template <class T, class... C>
XTAPE_INLINE Real<T> two_chains(Real<T> x, Real<T> square, Real<T> p, Real<T> q, Real<T> next, C... c) {
  return two_chains(x, square, q, p * square + next, c...);
}
template <class T, class... C>
XTAPE_INLINE Real<T> polynomial(Real<T> x, C... c) {
  return two_chains(x, x * x, Real<T>(c)...);
}

// p 2^k in two steps, so that it overflows and underflows as it should; k is at least twice the least exponent. The
// integers are unsigned because NaN leaves anything in k.
template <class T>
XTAPE_INLINE Real<T> scale(Real<T> p, Bits<T> k) {
  constexpr int mantissa = single<T> ? 23 : 52;
  constexpr Bits<T> bias = single<T> ? 127 : 1023;
  const Bits<T> both = k + 2 * bias, half = both >> 1;
  return p * bits<Real<T>>(half << mantissa) * bits<Real<T>>((both - half) << mantissa);
}

// Rounding to an integer is the addition of 1.5 * 2^mantissa, which leaves it in the low bits.
template <class T>
inline constexpr T rounder = single<T> ? T(12582912) : T(6755399441055744);
template <class T>
XTAPE_INLINE Bits<T> low_bits(Real<T> z) {
  return bits<Bits<T>>(z) - bits<Bits<T>>(rounder<T>);
}
// Where e^x and 2^x overflow, x is cut off. For float it is the integer in z, at infinity's exponent and `more`: GCC
// takes that for a minimum, where it splits all that follows a comparison in two. The rational for double needs r in
// range.
XTAPE_INLINE Real<float> cut(Real<float> z, std::uint32_t more = 0) {
  const std::uint32_t most = bits<std::uint32_t>(rounder<float>) + 128 + more, i = bits<std::uint32_t>(z);
  return bits<Real<float>>(i < most ? i : most);
}
XTAPE_INLINE Real<double> at_most(Real<double> x, double most) { return where(x > most, Real<double>(most), x); }

// x = r + k ln 2, r at most half of ln 2, or more where k is cut off.
template <class T>
struct ReducedArgument {
  Real<T> r;
  Bits<T> k;
};
template <class T>
inline constexpr T log2_e = T(1.4426950408889634073599);
XTAPE_INLINE Real<float> less_ln2(Real<float> x, Real<float> n) { return x - n * 0.693359375f + n * 2.12194440e-4f; }
XTAPE_INLINE Real<double> less_ln2(Real<double> x, Real<double> n) {
  return x - n * 6.93145751953125e-1 - n * 1.42860682030941723212e-6;
}
XTAPE_INLINE ReducedArgument<float> reduce(Real<float> x, std::uint32_t more = 0) {
  const Real<float> z = cut(x * log2_e<float> + rounder<float>, more);
  return {less_ln2(x, z - rounder<float>), low_bits(z)};
}
XTAPE_INLINE ReducedArgument<double> reduce(Real<double> x, std::uint32_t more = 0) {
  x = at_most(x, 710 + more);
  const Real<double> z = x * log2_e<double> + rounder<double>;
  return {less_ln2(x, z - rounder<double>), low_bits(z)};
}
// e^r - 1 for such an r; for float a minimax polynomial of one degree less than Cephes's, within 4e-9 as it is.
XTAPE_INLINE Real<float> expm1_near(Real<float> r) {
  const Real<float> p = horner(r, 1.381448237e-3f, 8.368745446e-3f, 4.166839272e-2f, 1.666652113e-1f, 4.999999404e-1f);
  return p * (r * r) + r;
}
XTAPE_INLINE Real<double> expm1_near(Real<double> r) {
  const Real<double> s = r * r;
  const Real<double> p = r * horner(s, 1.26177193074810590878e-4, 3.02994407707441961300e-2, 9.99999999999999999910e-1);
  const Real<double> q = horner(s, 3.00198505138664455042e-6, 2.52448340349684104192e-3, 2.27265548208155028766e-1,
                                2.00000000000000000009e0);
  return 2 * (p / (q - p));
}
/// e^x.
template <class T>
XTAPE_INLINE Real<T> exp(Real<T> x) {
  const ReducedArgument<T> e = reduce(x);
  return where(x < (single<T> ? -104 : -746), Real<T>(0), scale(expm1_near(e.r) + 1, e.k));
}

// e^x 2^shift = (1 + p) power where that is a normal number, infinite above: in fewer steps than e^x, as what is
// rounded to has the exponent of the result in its low bits, and one power of 2 scales it. Where shift is positive, x
// is not.
template <class T>
struct Shifted {
  Real<T> p, power;
};
template <int shift, class T>
XTAPE_INLINE Shifted<T> shifted_exp(Real<T> x) {
  constexpr int mantissa = single<T> ? 23 : 52, bias = single<T> ? 127 : 1023;
  constexpr T base = rounder<T> + (bias + shift);
  if constexpr (!single<T> && shift <= 0) x = at_most(x, (bias - shift) * 0.6931);
  Real<T> z = x * log2_e<T> + base;
  if constexpr (single<T> && shift <= 0) z = cut(z, bias - 1);
  return {expm1_near(less_ln2(x, z - base)), bits<Real<T>>(bits<Bits<T>>(z) << mantissa)};
}
/// e^x for x <= 0, in fewer steps than of any x.
template <class T>
XTAPE_INLINE Real<T> exp_of_negative(Real<T> x) {
  const Shifted<T> e = shifted_exp<64>(x);
  return where(x < (single<T> ? -104 : -746), Real<T>(0), (e.p + 1) * e.power * 0x1p-64);
}
/// e^x / 2, which overflows later than e^x; x is not negative.
template <class T>
XTAPE_INLINE Real<T> half_exp(Real<T> x) {
  const Shifted<T> e = shifted_exp<-4>(x);
  return (e.p + 1) * e.power * 8;
}

// q e^(k x^2), where k is 1, -1, -1/2 or another power of 2, for a positive x that is not large. What the square loses
// by rounding is put back: h has half of x's bits, and the square's last bit is cleared so that no fused operation
// takes the unrounded one for it.
template <class T>
XTAPE_INLINE Real<T> exp_square_times(Real<T> x, double k, Real<T> q) {
  const Real<T> square = bits<Real<T>>(bits<Bits<T>>(x * x) & ~Bits<T>(1));
  const Real<T> h = bits<Real<T>>(bits<Bits<T>>(x) & (single<T> ? ~Bits<T>(0xfff) : ~Bits<T>(0x7ffffff)));
  const Real<T> rest = (h * h - square) + (x - h) * (x + h);
  return exp(k * square) * (q + q * (k * rest));
}
/// e^(k x^2), to the last places where k is a power of 2.
template <class T>
XTAPE_INLINE Real<T> exp_square(Real<T> x, double k) {
  const Real<T> a = abs(x);
  return exp_square_times(where(a > 1e18, Real<T>(1e18), a), k, Real<T>(1));
}

/// 2^x.
template <class T>
XTAPE_INLINE Real<T> exp2(Real<T> x) {
  Real<T> z;
  if constexpr (single<T>) z = cut(x + rounder<T>);
  else z = (x = at_most(x, 1025)) + rounder<T>;
  const Real<T> y = scale(expm1_near((x - (z - rounder<T>)) * 0.69314718055994530942) + 1, low_bits(z));
  return where(x < (single<T> ? -151 : -1076), Real<T>(0), y);
}

/// e^x - 1.
template <class T>
XTAPE_INLINE Real<T> expm1(Real<T> x) {
  const ReducedArgument<T> e = reduce(x);
  const Real<T> s = scale(Real<T>(0.5), e.k);  // half of 2^k: the whole one overflows too early
  const Real<T> y = (s * expm1_near(e.r) + (s - 0.5)) * 2;
  return where(x < -40, Real<T>(-1), where(abs(x) < std::numeric_limits<T>::epsilon() / 4, x, y));
}

// x = 2^e (1 + m), with m in [sqrt(1/2) - 1, sqrt(2) - 1); log(1 + m) = m - m^2 / 2 + y.
template <class T>
struct Logarithm {
  Real<T> e, m, y;
};
XTAPE_INLINE Logarithm<float> logarithm(Real<float> a) {
  const bool tiny = a < 1.17549435e-38f;  // subnormal: scaled up by 2^25 first
  const Real<float> x = where(tiny, a * 33554432.f, a);
  const auto b = bits<std::int32_t>(x);
  Real<float> e = static_cast<float>((b >> 23) - 126) - where(tiny, Real<float>(25), Real<float>(0));
  Real<float> m = bits<Real<float>>((b & 0x007fffff) | 0x3f000000);  // in [0.5, 1)
  const bool low = m < 0.707106781186547524f;
  e = where(low, e - 1, e);
  m = where(low, m + m, m) - 1;
  const Real<float> p =
      horner(m, 7.0376836292e-2f, -1.1514610310e-1f, 1.1676998740e-1f, -1.2420140846e-1f, 1.4249322787e-1f,
             -1.6668057665e-1f, 2.0000714765e-1f, -2.4999993993e-1f, 3.3333331174e-1f);
  return {e, m, m * (m * m * p)};
}
XTAPE_INLINE Logarithm<double> logarithm(Real<double> a) {
  const bool tiny = a < 2.2250738585072014e-308;
  const Real<double> x = where(tiny, a * 18014398509481984., a);
  const auto b = bits<std::uint64_t>(x);
  // The exponent's bits as a double, by way of 2^52.
  Real<double> e = bits<Real<double>>((b >> 52) | 0x4330000000000000u) - 4503599627370496. - 1022. -
                   where(tiny, Real<double>(54), Real<double>(0));
  Real<double> m = bits<Real<double>>((b & 0x000fffffffffffffu) | 0x3fe0000000000000u);
  const bool low = m < 0.70710678118654752440;
  e = where(low, e - 1, e);
  m = where(low, m + m, m) - 1;
  const Real<double> p = horner(m, 1.01875663804580931796e-4, 4.97494994976747001425e-1, 4.70579119878881725854e0,
                                1.44989225341610930846e1, 1.79368678507819816313e1, 7.70838733755885391666e0);
  const Real<double> q = horner(m, 1, 1.12873587189167450590e1, 4.52279145837532221105e1, 8.29875266912776603211e1,
                                7.11544750618563894466e1, 2.31251620126765340583e1);
  return {e, m, m * (m * m * p / q)};
}
// The ends: -inf at 0, NaN below; inf and NaN as they are.
template <class T>
XTAPE_INLINE Real<T> logarithm_ends(Real<T> x, Real<T> y) {
  y = where(x == 0, Real<T>(-infinity<T>), y);
  y = where(x < 0, Real<T>(not_a_number<T>), y);
  return where(x <= std::numeric_limits<T>::max(), y, x);
}
// ln 2 = 0.693359375 - rest.
template <class T>
inline constexpr T ln2_rest = single<T> ? T(2.12194440e-4f) : T(2.121944400546905827679e-4);

/// The natural logarithm: -inf at 0, NaN below.
template <class T>
XTAPE_INLINE Real<T> log(Real<T> x) {
  const Logarithm<T> l = logarithm(x);
  Real<T> y = l.y - l.e * ln2_rest<T>;
  y = y - 0.5 * (l.m * l.m);
  y = l.m + y;
  return logarithm_ends(x, y + l.e * 0.693359375);
}

/// log(1 + x). What 1 + x loses is put back to first order.
template <class T>
XTAPE_INLINE Real<T> log1p(Real<T> x) {
  const Real<T> u = 1 + x;
  const Logarithm<T> l = logarithm(u);
  Real<T> y = l.y - l.e * ln2_rest<T>;
  y = y + (x - (u - 1)) / u;
  y = y - 0.5 * (l.m * l.m);
  y = l.m + y;
  return where(u == 1, x, logarithm_ends(u, y + l.e * 0.693359375));
}

/// The logarithm of base 2; exact for powers of 2.
template <class T>
XTAPE_INLINE Real<T> log2(Real<T> x) {
  const Logarithm<T> l = logarithm(x);
  const Real<T> y = l.y - 0.5 * (l.m * l.m);
  constexpr T rest = 0.44269504088896340736;  // of log2(e) above 1
  return logarithm_ends(x, y * rest + l.m * rest + y + l.m + l.e);
}

/// The logarithm of base 10.
template <class T>
XTAPE_INLINE Real<T> log10(Real<T> x) {
  const Logarithm<T> l = logarithm(x);
  const Real<T> y = l.y - 0.5 * (l.m * l.m);
  // log10(e) and log10(2) in two parts each.
  Real<T> z = (l.m + y) * 7.00731903251827651129e-4;
  z = z + y * 4.3359375e-1 + l.m * 4.3359375e-1;
  return logarithm_ends(x, z + l.e * 2.48745663981195213739e-4 + l.e * 3.0078125e-1);
}

/// The square root, rounded to the nearest; NaN below 0.
template <class T>
XTAPE_INLINE Real<T> sqrt(Real<T> x) {
#if defined(__NO_MATH_ERRNO__)
  if constexpr (single<T>) return __builtin_sqrtf(x.v);
  else return __builtin_sqrt(x.v);
#else
  // Compilers do not vectorise the instruction, which does not set errno. Newton's iteration for 1 / sqrt(x), then a
  // correction of the root by what x lacks of its square; that is exact, because the root's upper half has an exact
  // square. Far from 1 the square would overflow or underflow.
  const bool low = x<(single<T> ? 1e-25 : 1e-250), high = x>(single<T> ? 1e25 : 1e250);
  constexpr double unit = single<T> ? 0x1p60 : 0x1p500;
  const Real<T> a = x * where(low, Real<T>(unit), where(high, Real<T>(1 / unit), Real<T>(1)));
  const Real<T> half = a * 0.5;
  Real<T> r = bits<Real<T>>((single<T> ? Bits<T>(0x5f3759df) : Bits<T>(0x5fe6eb50c7b537a9)) - (bits<Bits<T>>(a) >> 1));
  r = r * (1.5 - half * r * r);
  r = r * (1.5 - half * r * r);
  r = r * (1.5 - half * r * r);
  if constexpr (!single<T>) r = r * (1.5 - half * r * r);
  const Real<T> s = a * r;
  const Real<T> upper = bits<Real<T>>(bits<Bits<T>>(s) & (single<T> ? ~Bits<T>(0xfff) : ~Bits<T>(0x7ffffff)));
  const Real<T> lower = s - upper, lack = a - upper * upper - 2 * upper * lower - lower * lower;
  Real<T> y = s + lack * (0.5 * r);
  y = y * where(low, Real<T>(single<T> ? 0x1p-30 : 0x1p-250),
                where(high, Real<T>(single<T> ? 0x1p30 : 0x1p250), Real<T>(1)));
  y = where(any(x == 0, x == infinity<T>), x, y);
  return where(x < 0, Real<T>(not_a_number<T>), y);
#endif
}

/// 1 / sqrt(x).
template <class T>
XTAPE_INLINE Real<T> rsqrt(Real<T> x) {
  return 1 / sqrt(x);
}

// Kahan's: a guess from the exponent over 3, a polynomial to 23 bits, one Newton step; after Sun's fdlibm s_cbrt.c.
XTAPE_INLINE Real<double> cbrt(Real<double> x) {
  const Real<double> a = abs(x);
  const bool tiny = a < 2.2250738585072014e-308;
  const Real<double> b = where(tiny, a * 0x1p54, a);
  const std::uint64_t third = ((bits<std::uint64_t>(b) >> 32) * 0xaaaaaaabu) >> 33;
  Real<double> t = bits<Real<double>>((third + 715094163) << 32);
  const Real<double> s = (t * t) * (t / b);
  t = t * horner(s, 0.145996192886612446982, -0.758397934778766047437, 1.621429720105354466140, -1.88497979543377169875,
                 1.87595182427177009643);
  t = bits<Real<double>>((bits<std::uint64_t>(t) + 0x80000000u) & 0xffffffffc0000000u);
  const Real<double> q = b / (t * t);
  t = t + t * ((q - t) / (t + t + q));
  t = copysign(t * where(tiny, Real<double>(0x1p-18), Real<double>(1)), x);
  return where(all(a > 0, a < infinity<double>), t, x);
}
/// The cube root.
XTAPE_INLINE Real<float> cbrt(Real<float> x) { return cbrt(Real<double>(x.v)).v; }

/// The derivative of cbrt: inf at 0.
XTAPE_INLINE Real<double> cbrt_slope(Real<double> x) {
  const Real<double> y = cbrt(x);
  return 1 / (3 * (y * y));
}
XTAPE_INLINE Real<float> cbrt_slope(Real<float> x) { return cbrt_slope(Real<double>(x.v)).v; }

// Derivatives of inverse circular and hyperbolic functions: without the cancellation of 1 - x^2 near 1, without
// overflow of the square; for float in double.
/// 1 / sqrt(1 - x^2).
XTAPE_INLINE Real<double> rsqrt_one_minus_square(Real<double> x) { return 1 / sqrt((1 - x) * (1 + x)); }
/// 1 / sqrt(1 + x^2).
XTAPE_INLINE Real<double> rsqrt_one_plus_square(Real<double> x) {
  const Real<double> a = abs(x);
  return 1 / where(a > 1e150, a, sqrt(1 + a * a));
}
/// 1 / sqrt(x^2 - 1) for x >= 1, NaN below.
XTAPE_INLINE Real<double> rsqrt_square_minus_one(Real<double> x) {
  const Real<double> y = 1 / where(x > 1e150, x, sqrt((x - 1) * (x + 1)));
  return where(x < 1, Real<double>(not_a_number<double>), y);
}
/// 1 / (1 + x^2).
XTAPE_INLINE Real<double> reciprocal_one_plus_square(Real<double> x) {
  const Real<double> a = abs(x), r = 1 / a;
  return where(a > 1e150, r * r, 1 / (1 + a * a));
}
/// 1 / (1 - x^2).
XTAPE_INLINE Real<double> reciprocal_one_minus_square(Real<double> x) { return 1 / ((1 - x) * (1 + x)); }
#define XTAPE_IN_DOUBLE(f) \
  XTAPE_INLINE Real<float> f(Real<float> x) { return f(Real<double>(x.v)).v; }
XTAPE_IN_DOUBLE(rsqrt_one_minus_square)
XTAPE_IN_DOUBLE(rsqrt_one_plus_square)
XTAPE_IN_DOUBLE(rsqrt_square_minus_one)
XTAPE_IN_DOUBLE(reciprocal_one_plus_square)
XTAPE_IN_DOUBLE(reciprocal_one_minus_square)
#undef XTAPE_IN_DOUBLE

// The upper 21 bits of x, whose products with their like are exact.
XTAPE_INLINE Real<double> upper(Real<double> x) {
  return bits<Real<double>>(bits<std::uint64_t>(x) & 0xffffffff00000000u);
}
// x^2 + y^2 with what rounding takes from the squares and from the sum, or the roots and quotients of it would be an
// ulp farther off.
XTAPE_INLINE Real<double> square_sum(Real<double> x, Real<double> y) {
  const auto lost = [](Real<double> v, Real<double> square) {
    const Real<double> h = upper(v), l = v - h;
    return (h * h - square) + l * (h + v);
  };
  const Real<double> a = x * x, b = y * y, sum = a + b;
  const Real<double> rest = where(a > b, (a - sum) + b, (b - sum) + a);
  return sum + (rest + (lost(x, a) + lost(y, b)));
}
// sqrt(x^2 + y^2), scaled so that the squares neither overflow nor underflow.
XTAPE_INLINE Real<double> hypot(Real<double> x, Real<double> y) {
  const Real<double> a = abs(x), b = abs(y), m = where(a > b, a, b);
  const bool low = m<1e-140, high = m> 1e140;
  const Real<double> down = where(low, Real<double>(0x1p600), where(high, Real<double>(0x1p-600), Real<double>(1)));
  const Real<double> up = where(low, Real<double>(0x1p-600), where(high, Real<double>(0x1p600), Real<double>(1)));
  const Real<double> p = a * down, q = b * down, r = sqrt(square_sum(p, q)) * up;
  return where(any(a == infinity<double>, b == infinity<double>), Real<double>(infinity<double>), r);
}
/// sqrt(x^2 + y^2) without overflow on the way; inf if either is, also beside NaN.
XTAPE_INLINE Real<float> hypot(Real<float> x, Real<float> y) { return hypot(Real<double>(x.v), Real<double>(y.v)).v; }

// x / (x^2 + y^2) and x / sqrt(x^2 + y^2), with the squares scaled as there.
XTAPE_INLINE Real<double> scale_of(Real<double> x, Real<double> y) {
  const Real<double> a = abs(x), b = abs(y), m = where(a > b, a, b);
  return where(m < 1e-140, Real<double>(0x1p600), where(m > 1e140, Real<double>(0x1p-600), Real<double>(1)));
}
/// x / (x^2 + y^2), the derivative of an angle: 0 at (0, 0) and at infinity.
XTAPE_INLINE Real<double> over_square_sum(Real<double> x, Real<double> y) {
  const Real<double> s = scale_of(x, y), p = x * s, q = y * s, r = p / square_sum(p, q) * s;
  const bool origin = all(x == 0, y == 0), infinite = any(isinf(x), isinf(y));
  return where(all(any(origin, infinite), x == x, y == y), Real<double>(0), r);
}
XTAPE_INLINE Real<float> over_square_sum(Real<float> x, Real<float> y) {
  return over_square_sum(Real<double>(x.v), Real<double>(y.v)).v;
}
/// x / sqrt(x^2 + y^2), the cosine of the angle of (x, y): 0 at (0, 0).
XTAPE_INLINE Real<double> cosine(Real<double> x, Real<double> y) {
  const Real<double> s = scale_of(x, y), p = x * s, q = y * s, r = p / sqrt(square_sum(p, q));
  const Real<double> at_infinity = where(isinf(y), Real<double>(0), copysign(Real<double>(1), x));
  return where(all(x == 0, y == 0), Real<double>(0), where(any(isinf(x), isinf(y)), at_infinity, r));
}
XTAPE_INLINE Real<float> cosine(Real<float> x, Real<float> y) { return cosine(Real<double>(x.v), Real<double>(y.v)).v; }

// |x|^y for finite y: y log2(x) in two doubles, after Sun's fdlibm e_pow.c.
XTAPE_INLINE Real<double> power(Real<double> x, Real<double> y) {
  using R = Real<double>;
  R a = abs(x);
  const bool tiny = a < 2.2250738585072014e-308;
  a = where(tiny, a * 18014398509481984., a);
  const auto b = bits<std::uint64_t>(a);
  R n = bits<R>((b >> 52) | 0x4330000000000000u) - 4503599627370496. - 1023. - where(tiny, R(54), R(0));
  a = bits<R>((b & 0x000fffffffffffffu) | 0x3ff0000000000000u);  // in [1, 2)
  const bool high = a >= 1.7320508075688772, middle = all(a >= 1.2247448713915890, !high);
  n = where(high, n + 1, n);
  a = where(high, a * 0.5, a);
  // log2(a / c), c = 1 or 1.5, from s = (a - c) / (a + c) as s_h + s_l.
  const R c = where(middle, R(1.5), R(1));
  const R u = a - c, v = 1 / (a + c), s = u * v, s_h = upper(s);
  const R d_h = upper(a + c), d_l = a - (d_h - c), s_l = v * ((u - s_h * d_h) - s_h * d_l);
  const R s2 = s * s, h2 = s_h * s_h;
  const R r = s2 * s2 *
                  horner(s2, 2.06975017800338417784e-01, 2.30660745775561754067e-01, 2.72728123808534006489e-01,
                         3.33333329818377432918e-01, 4.28571428578550184252e-01, 5.99999999999994648725e-01) +
              s_l * (s_h + s);
  const R t_h = upper(3 + h2 + r), t_l = r - ((t_h - 3) - h2);
  const R p = s_h * t_h, q = s_l * t_h + t_l * s, p_h = upper(p + q), p_l = q - (p_h - p);
  // times 2 / (3 ln 2), and log2(c)
  const R c_h = where(middle, R(5.84962487220764160156e-01), R(0)),
          c_l = where(middle, R(1.35003920212974897128e-08), R(0));
  const R z_h = 9.61796700954437255859e-01 * p_h;
  const R z_l = -7.02846165095275826516e-09 * p_h + p_l * 9.61796693925975554329e-01 + c_l;
  const R l_h = upper(z_h + z_l + c_h + n), l_l = z_l - (((l_h - n) - c_h) - z_h);
  // y log2(x) = e_h + e_l, and 2 to it.
  const R y_h = upper(y);
  const R rest = (y - y_h) * l_h + y * l_l;
  R product = y_h * l_h;
  product = where(x == 0, copysign(R(2000), -y), product);
  product = where(abs(x) == infinity<double>, copysign(R(2000), y), product);
  const R e = rest + product;
  const bool over = e > 1100, under = e < -1100;
  const R e_h = where(over, R(1100), where(under, R(-1100), product)), e_l = where(any(over, under), R(0), rest);
  const R z = e_h + e_l + rounder<double>, k = z - rounder<double>;
  const R f_h = e_h - k, f = upper(f_h + e_l), f_l = e_l - (f - f_h);
  const R g = f * 6.93147182464599609375e-01, h = f_l * 6.93147180559945286227e-01 + f * -1.90465429995776804525e-09;
  const R w = g + h, w_l = h - (w - g), w2 = w * w;
  const R m = w - w2 * horner(w2, 4.13813679705723846039e-08, -1.65339022054652515390e-06, 6.61375632143793436117e-05,
                              -2.77777777770155933842e-03, 1.66666666666666019037e-01);
  return scale(1 - ((w * m) / (m - 2) - (w_l + w * w_l) - w), low_bits(z));
}
XTAPE_INLINE Real<double> power(Real<float> x, Real<float> y) { return exp(y.v * log(Real<double>(abs(x).v))); }
template <class T>
XTAPE_INLINE Real<T> signed_power(Real<T> x, Real<T> y) {
  using R = Real<T>;
  R p = power(x, clamp(y, R(single<T> ? -1e30 : -1e300), R(single<T> ? 1e30 : 1e300))).v;
  const R a = abs(y), half = a * 0.5;
  const bool integer = any(a >= integers<T>, a + integers<T> - integers<T> == a);
  const bool odd = all(integer, half < integers<T>, half + integers<T> - integers<T> != half);
  p = where(odd, copysign(p, x), p);
  p = where(all(x<0, x> - infinity<T>, !integer), R(not_a_number<T>), p);
  p = where(any(x != x, y != y), x + y, p);
  return where(any(x == 1, y == 0), R(1), p);
}
/// x^y: NaN where x is negative and y not an integer, else as std::pow; 1 where x is 1 or y is 0.
XTAPE_INLINE Real<float> pow(Real<float> x, Real<float> y) { return signed_power(x, y); }
XTAPE_INLINE Real<double> pow(Real<double> x, Real<double> y) { return signed_power(x, y); }

}  // namespace xtape::kernel
