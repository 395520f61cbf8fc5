// Hyperbolic functions and activations of Real<T>, and all the elementary functions with them.
#pragma once
#include "exponential.hpp"
#include "trigonometry.hpp"

namespace xtape::kernel {

// (1 + e^x) / 2^64 for x >= -43: e^x overflows only where 1 / (1 + e^x) is below all numbers.
template <class T>
XTAPE_INLINE Real<T> one_plus_exp(Real<T> x) {
  const Shifted<T> e = shifted_exp<-64>(x);
  return e.power + (e.p * e.power + 0x1p-64);  // of the smaller ones first
}
// The lesser of sigmoid(x) and sigmoid(-x), which has all digits of both: the other is 1 less it.
template <class T>
XTAPE_INLINE Real<T> sigmoid_below(Real<T> x) {
  return 0x1p-64 / one_plus_exp(abs(x));
}

/// The hyperbolic tangent: a polynomial near 0 (Cephes), where 1 - 2 / (e^2x + 1) would cancel.
template <class T>
XTAPE_INLINE Real<T> tanh(Real<T> x) {
  const Real<T> s = abs(x), z = x * x;
  Real<T> p;
  if constexpr (single<T>)
    p = z * horner(z, -5.70498872745e-3f, 2.06390887954e-2f, -5.37397155531e-2f, 1.33314422036e-1f, -3.33332819422e-1f);
  else
    p = z * horner(z, -9.64399179425052238628e-1, -9.92877231001918586564e1, -1.61468768441708447952e3) /
        horner(z, 1, 1.12811678491631932402e2, 2.23548839060100448583e3, 4.84406305325125486048e3);
  const Real<T> far = 1 - 2 * sigmoid_below(2 * x);
  return copysign(where(s < 0.625, s + s * p, far), x);
}
/// x - tanh(x): a polynomial near 0, where the difference would cancel.
template <class T>
XTAPE_INLINE Real<T> tanhshrink(Real<T> x) {
  const Real<T> z = x * x;
  Real<T> p;
  if constexpr (single<T>)
    p = polynomial(z, 8.618064384e-4f, -3.305804899e-3f, 8.790826795e-3f, -2.185986319e-2f, 5.396763695e-2f,
                   -1.333333184e-1f, 3.333333333e-1f);
  else
    p = polynomial(z, -6.479872903773145e-6, 3.1190227403637119e-5, -9.2561530331699227e-5, 2.3758584037923322e-4,
                   -5.8965917042425271e-4, 1.4557751173968822e-3, -3.5921217137873303e-3, 8.8632351002970424e-3,
                   -2.1869488518873554e-2, 5.3968253967893843e-2, -1.3333333333333039e-1, 3.3333333333333333e-1);
  return where(abs(x) < 0.625, x * (z * p), x - tanh(x));
}
/// The hyperbolic sine: a polynomial in [-1, 1].
template <class T>
XTAPE_INLINE Real<T> sinh(Real<T> x) {
  const Real<T> a = abs(x), z = x * x, h = half_exp(a);
  Real<T> p;
  if constexpr (single<T>) p = horner(z, 2.817438332e-6f, 1.983606649e-4f, 8.333350597e-3f, 1.666666649e-1f);
  else
    p = horner(z, 7.7593127160454034e-13, 1.6057240325212463e-10, 2.5052123398745497e-8, 2.7557319155335839e-6,
               0.00019841269841437683, 0.0083333333333331388, 0.16666666666666667);
  return where(a < 1, x + x * (z * p), copysign(h - 0.25 / h, x));
}
/// The hyperbolic cosine.
template <class T>
XTAPE_INLINE Real<T> cosh(Real<T> x) {
  const Real<T> h = half_exp(abs(x));
  return h + 0.25 / h;
}

// log(x) for large x, log1p of something else before the squares of such would overflow.
template <class T>
XTAPE_INLINE Real<T> log_sum(Real<T> x, Real<T> sum) {
  const bool large = x > 0x1p60;
  return log1p(where(large, x, sum)) + where(large, Real<T>(0.69314718055994530942), Real<T>(0));
}
/// The inverse of sinh, within 4 ulp.
template <class T>
XTAPE_INLINE Real<T> asinh(Real<T> x) {
  const Real<T> a = abs(x), s = a * a;
  return copysign(log_sum(a, a + s / (1 + sqrt(1 + s))), x);
}
/// The inverse of cosh, within 4 ulp: NaN below 1.
template <class T>
XTAPE_INLINE Real<T> acosh(Real<T> x) {
  const Real<T> t = x - 1;
  return where(x < 1, Real<T>(not_a_number<T>), log_sum(x, t + sqrt(2 * t + t * t)));
}
/// The inverse of tanh, within 4 ulp: NaN outside [-1, 1].
template <class T>
XTAPE_INLINE Real<T> atanh(Real<T> x) {
  const Real<T> a = abs(x);
  return copysign(0.5 * log1p(2 * a / (1 - a)), x);
}

/// 1 / (1 + e^-x).
template <class T>
XTAPE_INLINE Real<T> sigmoid(Real<T> x) {
  const Real<T> y = sigmoid_below(x);
  return where(x < 0, y, 1 - y);
}
/// The derivative of sigmoid, e^-x / (1 + e^-x)^2, also the density of the logistic distribution; 4 times that of 2x is
/// the square of sech(x). Beside sigmoid and tanh it costs next to nothing.
template <class T>
XTAPE_INLINE Real<T> logistic_density(Real<T> x) {
  const Real<T> y = sigmoid_below(x);
  return y - y * y;
}
/// e^a / (e^a + e^b), also where a - b rounds; half where both are the same infinity.
template <class T>
XTAPE_INLINE Real<T> share(Real<T> a, Real<T> b) {
  const Real<T> d = a - b, p = a - d, lost = (a - (d + p)) + (p - b), y = sigmoid(d);
  const Real<T> more = y + y * (lost * sigmoid(-d));
  return where(a == b, Real<T>(0.5), where(isfinite(lost), more, y));
}
/// log(sigmoid(x)), also where sigmoid(x) is 0.
template <class T>
XTAPE_INLINE Real<T> log_sigmoid(Real<T> x) {
  return where(x > 0, Real<T>(0), x) - log1p(exp_of_negative(-abs(x)));
}
/// log(1 + e^x), also where e^x overflows.
template <class T>
XTAPE_INLINE Real<T> softplus(Real<T> x) {
  return relu(x) + log1p(exp_of_negative(-abs(x)));
}
/// log(1 + e^(beta x)) / beta; x itself where beta x is above the threshold.
template <class T, class Beta, class Threshold>
XTAPE_INLINE Real<T> softplus(Real<T> x, Beta beta, Threshold threshold) {
  return where(x * beta > threshold, x, softplus(x * beta) / beta);
}
/// x sigmoid(x); its limit at -inf is -0.
template <class T>
XTAPE_INLINE Real<T> silu(Real<T> x) {
  const bool far = x > 43;  // where e^-x is nothing beside 1
  const Real<T> y = where(x < -1000, Real<T>(-1000), x) / one_plus_exp(-where(far, Real<T>(43), x)) * 0x1p-64;
  return where(far, x, y);
}

/// a / b rounded toward 0, as it is where fmod(a, b) leaves what it leaves: a / b itself may round up to an integer.
template <class T>
XTAPE_INLINE Real<T> quotient(Real<T> a, Real<T> b) {
  return round((a - fmod(a, b)) / b);
}
/// The same rounded down, as remainder(a, b) does.
template <class T>
XTAPE_INLINE Real<T> quotient_below(Real<T> a, Real<T> b) {
  return round((a - remainder(a, b)) / b);
}

}  // namespace xtape::kernel
