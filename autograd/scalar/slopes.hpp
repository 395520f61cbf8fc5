// The derivatives of the elementary functions, each written once: formulas read them on numbers and on Duals, the rules
// of operations on numbers in one loop, and on tensors where a rule is recorded.
//
// `slope::F{}(g, ...)` is g f'(v), from the argument v, the result y = f(v) or both. None is computed from a result
// that has been rounded away: tanh'(x) is not 1 - y^2, which is 0 where tanh is 1. What a derivative needs beyond the
// usual functions is a function with a slope of its own, so that higher derivatives are as exact.
#pragma once
#include "special.hpp"

namespace xtape::detail::slope {

#define XTAPE_SLOPE(F, x, ...)                  \
  struct F {                                    \
    template <class G, class X>                 \
    XTAPE_INLINE G operator()(G g, X x) const { \
      return __VA_ARGS__;                       \
    }                                           \
  };
#define XTAPE_SLOPE_OF_TWO(F, a, b, ...)             \
  struct F {                                         \
    template <class G, class X>                      \
    XTAPE_INLINE G operator()(G g, X a, X b) const { \
      return __VA_ARGS__;                            \
    }                                                \
  };

XTAPE_SLOPE(Abs, v, g* sign(v))
XTAPE_SLOPE(Exp, y, g* y)
XTAPE_SLOPE(Exp2, y, g*(0.69314718055994530942 * y))
XTAPE_SLOPE(Expm1, v, g* exp(v))
XTAPE_SLOPE(Log, v, g / v)
XTAPE_SLOPE(Log1p, v, g / (1 + v))
XTAPE_SLOPE(Log2, v, 1.4426950408889634074 * g / v)
XTAPE_SLOPE(Log10, v, 0.43429448190325182765 * g / v)
XTAPE_SLOPE(Sqrt, y, g / (y + y))
XTAPE_SLOPE_OF_TWO(Rsqrt, v, y, -0.5 * g * y / v)
XTAPE_SLOPE(Cbrt, v, g* cbrt_slope(v))
XTAPE_SLOPE_OF_TWO(CbrtSlope, v, y, -g*(y / (1.5 * v)))
XTAPE_SLOPE(Reciprocal, y, -g*(y* y))
XTAPE_SLOPE(Square, v, g*(v + v))

XTAPE_SLOPE(Sin, v, g* cos(v))
XTAPE_SLOPE(Cos, v, -g* sin(v))
XTAPE_SLOPE(Tan, v, g* sec_squared(v))
XTAPE_SLOPE(SecSquared, v, g*(2 * tan(v) * sec_squared(v)))
XTAPE_SLOPE(Asin, v, g* rsqrt_one_minus_square(v))
XTAPE_SLOPE(Acos, v, -g* rsqrt_one_minus_square(v))
XTAPE_SLOPE_OF_TWO(RsqrtOneMinusSquare, v, y, g*(v* y / ((1 - v) * (1 + v))))
XTAPE_SLOPE(Atan, v, g* reciprocal_one_plus_square(v))
XTAPE_SLOPE_OF_TWO(ReciprocalOnePlusSquare, v, y, g*(-2 * over_square_sum(v, 1) * y))
XTAPE_SLOPE(Sinh, v, g* cosh(v))
XTAPE_SLOPE(Cosh, v, g* sinh(v))
XTAPE_SLOPE(Tanh, v, g*(4 * logistic_density(2 * v)))
XTAPE_SLOPE(Tanhshrink, v, g* square(tanh(v)))
XTAPE_SLOPE(Asinh, v, g* rsqrt_one_plus_square(v))
XTAPE_SLOPE(RsqrtOnePlusSquare, v, -g*(cosine(v, 1) * reciprocal_one_plus_square(v)))
XTAPE_SLOPE(Acosh, v, g* rsqrt_square_minus_one(v))
XTAPE_SLOPE_OF_TWO(RsqrtSquareMinusOne, v, y, -g*(y / (v - 1) * (1 - 1 / (v + 1))))
XTAPE_SLOPE(Atanh, v, g* reciprocal_one_minus_square(v))
XTAPE_SLOPE_OF_TWO(ReciprocalOneMinusSquare, v, y, g*(2 * (v * y) * y))

XTAPE_SLOPE(Erf, v, g*(1.1283791670955125739 * exp_square(v, -1)))
XTAPE_SLOPE(Erfc, v, -g*(1.1283791670955125739 * exp_square(v, -1)))
/// Of e^(k v^2).
struct ExpSquare {
  double k;
  template <class G, class X>
  XTAPE_INLINE G operator()(G g, X v, X y) const {
    return g * (2 * k * clamp(v, -1e18, 1e18) * y);
  }
};
XTAPE_SLOPE(NormalCdf, v, g*(0.39894228040143267794 * exp_square(v, -0.5)))
XTAPE_SLOPE(Erfinv, v, g* erfinv_slope(v))
XTAPE_SLOPE_OF_TWO(ErfinvSlope, v, y, g*(2 * erfinv(v) * y * y))

XTAPE_SLOPE(Sigmoid, v, g* logistic_density(v))
XTAPE_SLOPE_OF_TWO(LogisticDensity, v, y, -g*(tanh(0.5 * v) * y))
XTAPE_SLOPE(LogSigmoid, v, g* sigmoid(-v))
XTAPE_SLOPE(Softplus, v, g* sigmoid(v))
// Where nothing of the function's bend is left, an infinite v is not to meet a 0.
XTAPE_SLOPE(Silu, v, g*(sigmoid(v) + clamp(v, -1000, 1000) * logistic_density(v)))

/// Of a^b, with 0 for a^0 and, for b, where a is 0 and b is not negative. a^(b - 1) is a^b / a where b - 1 would round.
struct PowBase {
  template <class G, class X>
  XTAPE_INLINE G operator()(G g, X a, X b) const {
    const X base = where(b == 0, where(a == 0, 1, where(a == a, a, 1)), a);
    const auto low = b < 0.5, there = base != 0;
    const X power = where(low, where(there, b, b - 1), b - 1), divisor = where(low, where(there, base, 1), 1);
    return g * (b * (pow(base, power) / divisor));
  }
};
struct PowExponent {
  template <class G, class X>
  XTAPE_INLINE G operator()(G g, X a, X b, X y) const {
    return g * (y * log(where(b >= 0, where(a == 0, 1, a), a)));
  }
};
XTAPE_SLOPE_OF_TWO(Atan2Y, y, x, g* over_square_sum(x, y))
XTAPE_SLOPE_OF_TWO(Atan2X, y, x, -g* over_square_sum(y, x))
struct OverSquareSumFirst {
  template <class G, class X>
  XTAPE_INLINE G operator()(G g, X x, X y) const {
    const X p = over_square_sum(x, y), q = over_square_sum(y, x);
    return g * ((q - p) * (q + p));
  }
};
XTAPE_SLOPE_OF_TWO(OverSquareSumSecond, x, y, g*(-2 * over_square_sum(x, y) * over_square_sum(y, x)))
XTAPE_SLOPE_OF_TWO(HypotFirst, a, b, g* cosine(a, b))
XTAPE_SLOPE_OF_TWO(HypotSecond, a, b, g* cosine(b, a))
/// Of a / sqrt(a^2 + b^2): sin^2 / h and -cos sin / h, 0 at (0, 0). Below 1 both sides of the division are brought up,
/// so that nothing overflows or vanishes on the way.
struct CosineFirst {
  template <class G, class X>
  XTAPE_INLINE G operator()(G g, X a, X b) const {
    const X h = hypot(a, b), up = where(h < 1, 0x1p60, where(h == h, 1, h)), c = cosine(b, a);
    return g * (c / where(h == 0, 1, h * up) * (c * up));
  }
};
struct CosineSecond {
  template <class G, class X>
  XTAPE_INLINE G operator()(G g, X a, X b) const {
    const X h = hypot(a, b), up = where(h < 1, 0x1p60, where(h == h, 1, h));
    return -g * (cosine(a, b) * up * cosine(b, a) / where(h == 0, 1, h * up));
  }
};
XTAPE_SLOPE_OF_TWO(FmodSecond, a, b, -g* quotient(a, b))
XTAPE_SLOPE_OF_TWO(RemainderSecond, a, b, -g* quotient_below(a, b))
XTAPE_SLOPE_OF_TWO(ShareFirst, a, b, g*(share(a, b) * share(b, a)))
XTAPE_SLOPE_OF_TWO(ShareSecond, a, b, -g*(share(a, b) * share(b, a)))

#undef XTAPE_SLOPE
#undef XTAPE_SLOPE_OF_TWO

}  // namespace xtape::detail::slope
