// Special functions of Real<T>. erf and erfc are without branches or calls, so that loops over them vectorise; the
// others are computed in double, element by element. NaN stays NaN.
#pragma once
#include <math.h>

#include "elementary.hpp"

namespace xtape::kernel {

// erf(x) for x in [-1, 1].
template <class T>
XTAPE_INLINE Real<T> erf_near(Real<T> x) {
  const Real<T> z = x * x;
  if constexpr (single<T>)
    return x + x * polynomial(z, 7.88909551e-5f, -8.020834299e-4f, 5.189534593e-3f, -2.685444424e-2f, 1.128360017e-1f,
                              -3.761262714e-1f, 1.283791659e-1f);
  else
    return x + x * polynomial(z, -7.8011851207958129e-10, 1.3722972882344427e-8, -1.6209174760622413e-7,
                              1.6447517471221341e-6, -1.4924744641209114e-5, 0.00012055295319010615,
                              -0.00085483259896339313, 0.0052239776074218293, -0.026866170643275972,
                              0.11283791670945251, -0.37612638903183547, 0.12837916709551257);
}
// e^(x^2) erfc(x) for x in [1/2, 28]: 1 / (1 + 2x) times a polynomial of (x - 3) / (x + 3), after Shepherd and
// Laframboise, Math. Comp. 36, 1981.
template <class T>
XTAPE_INLINE Real<T> erfcx_far(Real<T> x) {
  const Real<T> q = (x - 3) / (x + 3);
  Real<T> p;
  if constexpr (single<T>)
    p = polynomial(q, -5.238622437e-4f, 1.837113938e-3f, 2.387120071e-3f, -2.376441371e-2f, 6.833908471e-2f,
                   -1.19273526e-1f, 1.296425062e-1f, -4.75623238e-2f, -1.356210435e-1f, 1.253008058f);
  else
    p = polynomial(q, -1.442576607574065e-8, 2.2016430084120835e-8, 1.0924711200144652e-7, -1.1937151838356137e-7,
                   -6.2712373732501712e-7, 3.423014545183831e-7, 3.4799560933786422e-6, -7.2554033462383628e-7,
                   -2.010379088030805e-5, 4.9479004213846778e-6, 0.00012510021034754813, -0.00010515952775180615,
                   -0.00077983241443786965, 0.0018886903295686239, 0.002529391830232272, -0.023770514916700537,
                   0.06830802734320317, -0.11927366341537732, 0.1296451587027801, -0.047562294353449765,
                   -0.13562110612458132, 1.2530080582697296);
  return p / (1 + 2 * x);
}
// e^x where it is a normal number.
template <class T>
XTAPE_INLINE Real<T> exp_normal(Real<T> x) {
  const ReducedArgument<T> e = reduce(x);
  return (expm1_near(e.r) + 1) * bits<Real<T>>((e.k + (single<T> ? 127 : 1023)) << (single<T> ? 23 : 52));
}

/// The error function, 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x.
XTAPE_INLINE Real<float> erf(Real<float> x) {
  Real<float> a = abs(x);
  a = where(a > 4, Real<float>(4), a);
  // -log(1 - erf(a)) in [1, 4].
  const Real<float> p = polynomial(a, -1.863746179e-4f, 2.947614066e-3f, -2.183788872e-2f, 1.031063904e-1f,
                                   6.381452509e-1f, 1.127088939f, 3.415849366e-4f);
  return where(a < 1, erf_near(x), copysign(1 - exp_normal(-p), x));
}
XTAPE_INLINE Real<double> erf(Real<double> x) {
  Real<double> a = abs(x);
  a = where(a > 6, Real<double>(6), a);
  return where(a < 1, erf_near(x), copysign(1 - exp_normal(-a * a) * erfcx_far(a), x));
}

/// 1 - erf(x), without cancellation.
template <class T>
XTAPE_INLINE Real<T> erfc(Real<T> x) {
  constexpr T end = single<T> ? 11 : 28;
  Real<T> a = abs(x);
  a = where(a > end, Real<T>(end), a);
  const Real<T> far = exp_square_times(a, -1, erfcx_far(a));
  return where(a < 0.5, 1 - erf_near(x), where(x < 0, 2 - far, far));
}

/// The distribution function of the normal distribution, erfc(-x / sqrt(2)) / 2, also where that argument rounds.
template <class T>
XTAPE_INLINE Real<T> normal_cdf(Real<T> x) {
  Real<T> a = abs(x);
  a = where(a > 39, Real<T>(39), a);
  const Real<T> far = exp_square_times(a, -0.5, 0.5 * erfcx_far(a * 0.70710678118654752440));
  const Real<T> near = 0.5 + 0.5 * erf_near(x * 0.70710678118654752440);
  return where(a < 0.70710678118654752440, near, where(x < 0, far, 1 - far));
}

/// The inverse of erf: infinite at -1 and 1, NaN beyond. A polynomial of w = -log(1 - x^2) (Giles, GPU Computing Gems,
/// 2011) or of its root to six digits, then a step of Halley's.
XTAPE_INLINE Real<double> erfinv(Real<double> x) {
  using R = Real<double>;
  const R a = abs(x), w = -log((1 - a) * (1 + a)), s = sqrt(w);
  R y = where(w < 5,
              a * horner(w, 2.853658446e-8, -2.270048025e-7, -4.550195552e-6, 6.868101529e-5, -0.000167216091,
                         -0.002297875228, 0.01153214432, 0.232016649, 0.8862268427),
              horner(s, -1.231058949e-6, 3.96094167e-5, -0.0005311066827, 0.003749458432, -0.01389926391, 0.01714886406,
                     0.05902338288, 0.7618575423, 0.07634861513));
  y = where(y > 6, R(6), y);
  // Near 1 by what 1 lacks, which is exact.
  const R error = where(a < 0.5, erf_near(y) - a, (1 - a) - erfc(y));
  const R step = error * 0.88622692545275801365 * exp(y * y);
  y = y - step / (1 + y * step);
  return where(a < 1, copysign(y, x), x / (1 - a) * where(a > 1, R(not_a_number<double>), R(1)));
}
XTAPE_INLINE Real<float> erfinv(Real<float> x) { return erfinv(Real<double>(x.v)).v; }

/// The derivative of erfinv: near 1 by e^(-y^2) = erfc(y) / (e^(y^2) erfc(y)), where erfc(y) = 1 - x is exact.
XTAPE_INLINE Real<double> erfinv_slope(Real<double> x) {
  using R = Real<double>;
  const R a = abs(x), y = abs(erfinv(x)), held = where(y > 6, R(6), y);
  return 0.88622692545275801365 * where(a < 0.5, exp_square(held, 1), erfcx_far(held) / (1 - a));
}
XTAPE_INLINE Real<float> erfinv_slope(Real<float> x) { return erfinv_slope(Real<double>(x.v)).v; }

/// log |Gamma(x)|.
XTAPE_INLINE Real<double> lgamma(Real<double> x) {
  int sign;  // std::lgamma would write it to a global variable
  return ::lgamma_r(x.v, &sign);
}
XTAPE_INLINE Real<float> lgamma(Real<float> x) { return lgamma(Real<double>(x.v)).v; }

/// The derivative of lgamma: from 10 on by the asymptotic series (Abramowitz and Stegun, 6.3), below by psi(x + 1) =
/// psi(x) + 1 / x from [1, 2], where it is the distance from its zero, held to 90 bits, times a rational function
/// (Maddock et al., Boost's digamma); negative x by reflection. Infinite at 0, NaN at the negative integers.
XTAPE_INLINE Real<double> digamma(Real<double> x) {
  constexpr double pi = 3.14159265358979323846;
  if (x == 0) return -1 / x;
  Real<double> y = 0;
  if (x < 0) {
    const Real<double> fraction = x - round(x);
    if (fraction == 0 || isinf(x)) return not_a_number<double>;
    y = -pi / tan(pi * fraction);
    x = 1 - x;
  }
  if (!(x < 10)) {
    const Real<double> z = 1 / (x * x);
    const Real<double> tail = z * horner(z, 1. / 12, -691. / 32760, 1. / 132, -1. / 240, 1. / 252, -1. / 120, 1. / 12);
    return y + (log(x) - 0.5 / x - tail);
  }
  for (; x > 2;) {
    x = x - 1;
    y = y + 1 / x;
  }
  if (x < 1) {
    y = y - 1 / x;
    x = x + 1;
  }
  const Real<double> from_zero =
      x - 1569415565. / 1073741824 - 381566830. / 1073741824 / 1073741824 - 0.9016312093258695918615e-19;
  const Real<double> t = x - 1;
  const Real<double> r = horner(t, -0.0020713321167745952, -0.045251321448739056, -0.28919126444774784,
                                -0.65031853770896507, -0.32555031186804491, 0.25479851061131551) /
                         horner(t, -0.55789841321675513e-6, 0.0021284987017821144, 0.054151797245674225,
                                0.43593529692665969, 1.4606242909763515, 2.0767117023730469, 1.);
  return y + (from_zero * 0.99558162689208984375 + from_zero * r);
}
XTAPE_INLINE Real<float> digamma(Real<float> x) { return digamma(Real<double>(x.v)).v; }

/// The Hurwitz zeta function, the sum over k >= 0 of (x + k)^-s, for integers s > 1 and x > 0, by Euler and Maclaurin.
XTAPE_INLINE Real<double> zeta(int s, Real<double> x) {
  constexpr double bernoulli[] = {1. / 6, -1. / 30, 1. / 42, -1. / 30, 5. / 66, -691. / 2730, 7. / 6, -3617. / 510};
  if (isinf(x)) return 0;
  // From the least term on.
  const double below = 16 + s - x.v, terms = below > 0 ? __builtin_ceil(below) : 0;
  Real<double> head = 0;
  for (double k = terms - 1; k >= 0; --k) head = head + __builtin_powi(x.v + k, -s);
  x = x + terms;
  // From here on the integral, half the first term, and B_2j / (2j)! s (s + 1) ... (s + 2j - 2) x^(1 - s - 2j).
  const Real<double> first = __builtin_powi(x.v, -s);
  Real<double> sum = __builtin_powi(x.v, 1 - s) / (s - 1) + first / 2;
  Real<double> factor = first * s / (2 * x);
  int j = 2;
  for (double b : bernoulli) {
    sum = sum + b * factor;
    factor = factor * ((s + j - 1.) * (s + j) / ((j + 1.) * (j + 2.))) / (x * x);
    j += 2;
  }
  return sum + head;
}

/// The n-th derivative of digamma, (-1)^(n + 1) n! zeta(n + 1, x) for n > 0; negative x by reflection of the zeta
/// function. Infinite at 0 and the negative integers, NaN where n is negative; n up to 170.
XTAPE_INLINE Real<double> polygamma(std::int64_t n, Real<double> x) {
  if (n == 0) return digamma(x);
  if (n < 0 || n > 170 || isnan(x) || x == -infinity<double>) return not_a_number<double>;
  const int s = static_cast<int>(n) + 1;
  const double sign = n % 2 ? 1 : -1;
  Real<double> y;
  if (x > 0) {
    y = zeta(s, x);
  } else if (x == round(x)) {
    y = infinity<double>;
  } else {
    const Real<double> below = -x - floor(-x);  // how far an integer is below -x
    y = (zeta(s, 1 - below) + sign * zeta(s, below)) - sign * zeta(s, 1 - x);
  }
  for (int i = 2; i < s; ++i) y = y * i;
  return sign * y;
}
XTAPE_INLINE Real<float> polygamma(std::int64_t n, Real<float> x) { return polygamma(n, Real<double>(x.v)).v; }

}  // namespace xtape::kernel
