// Dual<X>: a number and its derivative. A scalar formula that is read on Duals gives its value and its derivative at
// once, on Duals of Duals also the derivatives of those. Like Real it has no branches, so loops over it vectorise.
#pragma once
#include <cstddef>
#include <type_traits>
#include <utility>

#include "slopes.hpp"

namespace xtape {
struct Arg;
}

namespace xtape::kernel {

template <class S>
using IfNumber = std::enable_if_t<std::is_arithmetic_v<S>>;

// X, once for each I.
template <class X, std::size_t I>
using Each = X;

/// Derivatives in M directions. Copied by element: as a whole, clang would move short ones through memory.
template <class X, std::size_t M, class = std::make_index_sequence<M>>
struct Directions;
template <class X, std::size_t M, std::size_t... I>
struct Directions<X, M, std::index_sequence<I...>> {
  X d[M];

  XTAPE_INLINE Directions() : d{} {}
  XTAPE_INLINE Directions(Each<X, I>... x) : d{x...} {}
  XTAPE_INLINE Directions(const Directions& o) : d{o.d[I]...} {}
  XTAPE_INLINE Directions& operator=(const Directions& o) {
    ((d[I] = o.d[I]), ...);
    return *this;
  }

  friend XTAPE_INLINE Directions operator+(Directions a, Directions b) { return {a.d[I] + b.d[I]...}; }
  friend XTAPE_INLINE Directions operator-(Directions a, Directions b) { return {a.d[I] - b.d[I]...}; }
  friend XTAPE_INLINE Directions operator-(Directions a) { return {-a.d[I]...}; }
  friend XTAPE_INLINE Directions operator*(Directions a, X b) { return {a.d[I] * b...}; }
  friend XTAPE_INLINE Directions operator*(X a, Directions b) { return {a * b.d[I]...}; }
  friend XTAPE_INLINE Directions operator/(Directions a, X b) { return {a.d[I] / b...}; }
  friend XTAPE_INLINE Directions where(bool condition, Directions a, Directions b) {
    return {where(condition, a.d[I], b.d[I])...};
  }
};

template <class X, class D = X>
struct Dual;

template <class T>
XTAPE_INLINE bool is_zero(Real<T> x) {
  return x == 0;
}
template <class X, class D>
XTAPE_INLINE bool is_zero(const Dual<X, D>& x) {
  const bool v = is_zero(x.v), d = is_zero(x.d);
  return v & d;
}
// slope(d, v...), where the slope may be infinite or NaN: nothing where d is 0, as it is in directions of other
// arguments.
template <class Slope, class X, class... V>
XTAPE_INLINE X along(Slope slope, X d, V... v) {
  return where(is_zero(d), X(0), slope(d, v...));
}
template <class Slope, class X, std::size_t M, std::size_t... I, class... V>
XTAPE_INLINE auto along(Slope slope, const Directions<X, M, std::index_sequence<I...>>& d, V... v) {
  return Directions<X, M>(along(slope, d.d[I], v...)...);
}
// By a number.
struct Times {
  template <class X>
  XTAPE_INLINE X operator()(X d, X v) const {
    return d * v;
  }
};
/// How deep Duals are nested in X: 0 for a Real.
template <class X>
inline constexpr int order_of = 0;
template <class X, class D>
inline constexpr int order_of<Dual<X, D>> = 1 + order_of<X>;

template <class X>
inline constexpr bool never = false;

/// v, and d, its derivative: an X, or Directions of X.
template <class X, class D>
struct Dual {
  static_assert(order_of<X> < 3, "pointwise differentiates a formula three times; for more compose it from operations");
  X v;
  D d;

  Dual() = default;
  XTAPE_INLINE Dual(X v, D d) : v(v), d(d) {}
  /// A number, whose derivative is 0.
  template <class S, class = IfNumber<S>>
  XTAPE_INLINE Dual(S s) : v(s), d{} {}
  // What a function would make of it that knows nothing of Duals.
  template <class Y, class = std::enable_if_t<std::is_same_v<Y, double> || std::is_same_v<Y, Arg>>>
  operator Y() const {
    static_assert(never<Y>,
                  "pointwise: the formula calls a function that takes no numbers of a formula, such as one of std, of "
                  "plain float or of tensors; call those of autograd/scalar/dual.hpp without a namespace");
    return Y(0);
  }

  friend XTAPE_INLINE Dual operator+(Dual a, Dual b) { return {a.v + b.v, a.d + b.d}; }
  friend XTAPE_INLINE Dual operator-(Dual a, Dual b) { return {a.v - b.v, a.d - b.d}; }
  friend XTAPE_INLINE Dual operator*(Dual a, Dual b) { return {a.v * b.v, a.d * b.v + a.v * b.d}; }
  friend XTAPE_INLINE Dual operator/(Dual a, Dual b) {
    const X y = a.v / b.v;
    return {y, (a.d - along(Times{}, b.d, y)) / b.v};
  }
  friend XTAPE_INLINE Dual operator-(Dual a) { return {-a.v, -a.d}; }

  // With numbers; their derivatives would cost, and be NaN beside an infinity.
  template <class S, class = IfNumber<S>>
  friend XTAPE_INLINE Dual operator+(Dual a, S s) {
    return {a.v + X(s), a.d};
  }
  template <class S, class = IfNumber<S>>
  friend XTAPE_INLINE Dual operator+(S s, Dual a) {
    return {X(s) + a.v, a.d};
  }
  template <class S, class = IfNumber<S>>
  friend XTAPE_INLINE Dual operator-(Dual a, S s) {
    return {a.v - X(s), a.d};
  }
  template <class S, class = IfNumber<S>>
  friend XTAPE_INLINE Dual operator-(S s, Dual a) {
    return {X(s) - a.v, -a.d};
  }
  template <class S, class = IfNumber<S>>
  friend XTAPE_INLINE Dual operator*(Dual a, S s) {
    return {a.v * s, a.d * s};
  }
  template <class S, class = IfNumber<S>>
  friend XTAPE_INLINE Dual operator*(S s, Dual a) {
    return {s * a.v, s * a.d};
  }
  template <class S, class = IfNumber<S>>
  friend XTAPE_INLINE Dual operator/(Dual a, S s) {
    return {a.v / s, a.d / s};
  }
  template <class S, class = IfNumber<S>>
  friend XTAPE_INLINE Dual operator/(S s, Dual a) {
    const X y = s / a.v;
    return {y, along(Times{}, a.d, -y / a.v)};
  }

  /// a^b; as in PyTorch 0^b has no slope in b where b >= 0, nor a^0 in a.
  friend XTAPE_INLINE Dual pow(Dual a, Dual b) {
    const X y = pow(a.v, b.v);
    return {y, along(detail::slope::PowBase{}, a.d, a.v, b.v) + along(detail::slope::PowExponent{}, b.d, a.v, b.v, y)};
  }
  template <class S, class = IfNumber<S>>
  friend XTAPE_INLINE Dual pow(Dual a, S s) {
    // As detail::slope::PowBase, where the exponent has no derivatives that cost.
    return {pow(a.v, s), along(Times{}, a.d, where(s == 0, X(0), s * pow(a.v, static_cast<double>(s) - 1)))};
  }
  template <class S, class = IfNumber<S>>
  friend XTAPE_INLINE Dual pow(S s, Dual b) {
    const X a = s, y = pow(a, b.v);
    return {y, along(detail::slope::PowExponent{}, b.d, a, b.v, y)};
  }
};

// The Dual among A, where the others are numbers. These functions name each type, so that for max(x, 0) they fit better
// than those of tensors of the same name.
template <class... A>
struct DualAmong {};
template <class X, class D, class... Rest>
struct DualAmong<Dual<X, D>, Rest...> {
  using type = Dual<X, D>;
};
template <class A, class... Rest>
struct DualAmong<A, Rest...> : std::conditional_t<std::is_arithmetic_v<A>, DualAmong<Rest...>, DualAmong<>> {};
template <class... A>
using DualOf = typename DualAmong<A...>::type;

template <class X, class D>
XTAPE_INLINE X value_of(Dual<X, D> x) {
  return x.v;
}
template <class S, class = IfNumber<S>>
XTAPE_INLINE S value_of(S s) {
  return s;
}
template <class A, class B, class = DualOf<A, B>>
XTAPE_INLINE bool operator<(A a, B b) {
  return value_of(a) < value_of(b);
}
template <class A, class B, class = DualOf<A, B>>
XTAPE_INLINE bool operator>(A a, B b) {
  return value_of(a) > value_of(b);
}
template <class A, class B, class = DualOf<A, B>>
XTAPE_INLINE bool operator<=(A a, B b) {
  return value_of(a) <= value_of(b);
}
template <class A, class B, class = DualOf<A, B>>
XTAPE_INLINE bool operator>=(A a, B b) {
  return value_of(a) >= value_of(b);
}
template <class A, class B, class = DualOf<A, B>>
XTAPE_INLINE bool operator==(A a, B b) {
  return value_of(a) == value_of(b);
}
template <class A, class B, class = DualOf<A, B>>
XTAPE_INLINE bool operator!=(A a, B b) {
  return value_of(a) != value_of(b);
}

/// condition ? a : b
template <class A, class B, class Y = DualOf<A, B>>
XTAPE_INLINE Y where(bool condition, A p, B q) {
  const Y a = p, b = q;
  return {where(condition, a.v, b.v), where(condition, a.d, b.d)};
}
/// The greater and the lesser; of equals, half the derivative of each.
template <class A, class B, class Y = DualOf<A, B>>
XTAPE_INLINE Y max(A p, B q) {
  const Y a = p, b = q;
  return {max(a.v, b.v), where(a.v > b.v, a.d, where(a.v < b.v, b.d, (a.d + b.d) * decltype(a.v)(0.5)))};
}
template <class A, class B, class Y = DualOf<A, B>>
XTAPE_INLINE Y min(A p, B q) {
  const Y a = p, b = q;
  return {min(a.v, b.v), where(a.v < b.v, a.d, where(a.v > b.v, b.d, (a.d + b.d) * decltype(a.v)(0.5)))};
}
/// x in [low, high]; at the bounds the derivative is that of x.
template <class A, class B, class C, class Y = DualOf<A, B, C>>
XTAPE_INLINE Y clamp(A x, B low, C high) {
  return where(x < low, Y(low), where(x > high, Y(high), Y(x)));
}
// Functions of two numbers by the slopes for each.
#define XTAPE_DUAL_OF_TWO(f, First, Second)                                                                \
  template <class A, class B, class Y = DualOf<A, B>>                                                      \
  XTAPE_INLINE Y f(A p, B q) {                                                                             \
    const Y a = p, b = q;                                                                                  \
    return {f(a.v, b.v),                                                                                   \
            along(detail::slope::First{}, a.d, a.v, b.v) + along(detail::slope::Second{}, b.d, a.v, b.v)}; \
  }
XTAPE_DUAL_OF_TWO(hypot, HypotFirst, HypotSecond)
/// The angle of the point (q, p).
XTAPE_DUAL_OF_TWO(atan2, Atan2Y, Atan2X)
XTAPE_DUAL_OF_TWO(over_square_sum, OverSquareSumFirst, OverSquareSumSecond)
XTAPE_DUAL_OF_TWO(cosine, CosineFirst, CosineSecond)
XTAPE_DUAL_OF_TWO(share, ShareFirst, ShareSecond)
#undef XTAPE_DUAL_OF_TWO
// Steps: no slope.
template <class X, class D>
XTAPE_INLINE Dual<X, D> quotient(Dual<X, D> a, Dual<X, D> b) {
  return {quotient(a.v, b.v), D{}};
}
template <class X, class D>
XTAPE_INLINE Dual<X, D> quotient_below(Dual<X, D> a, Dual<X, D> b) {
  return {quotient_below(a.v, b.v), D{}};
}
template <class A, class B, class Y = DualOf<A, B>>
XTAPE_INLINE Y fmod(A p, B q) {
  const Y a = p, b = q;
  return {fmod(a.v, b.v), a.d + along(detail::slope::FmodSecond{}, b.d, a.v, b.v)};
}
template <class A, class B, class Y = DualOf<A, B>>
XTAPE_INLINE Y remainder(A p, B q) {
  const Y a = p, b = q;
  return {remainder(a.v, b.v), a.d + along(detail::slope::RemainderSecond{}, b.d, a.v, b.v)};
}
/// |p| with the sign of q.
template <class A, class B, class Y = DualOf<A, B>>
XTAPE_INLINE Y copysign(A p, B q) {
  const Y a = p, b = q;
  return {copysign(a.v, b.v), sign(a.v) * copysign(decltype(a.v)(1), b.v) * a.d};
}

// Functions of one number by their slope, of d and of what it reads: the argument v, the result y.
#define XTAPE_DUAL(f, F, ...)                         \
  template <class X, class D>                         \
  XTAPE_INLINE Dual<X, D> f(Dual<X, D> x) {           \
    const X v = x.v, y = f(v);                        \
    return {y, detail::slope::F{}(x.d, __VA_ARGS__)}; \
  }
// The same where the slope may be infinite.
#define XTAPE_STEEP(f, F, ...)                               \
  template <class X, class D>                                \
  XTAPE_INLINE Dual<X, D> f(Dual<X, D> x) {                  \
    const X v = x.v, y = f(v);                               \
    return {y, along(detail::slope::F{}, x.d, __VA_ARGS__)}; \
  }
// Steps: no slope.
#define XTAPE_STEP(f)                       \
  template <class X, class D>               \
  XTAPE_INLINE Dual<X, D> f(Dual<X, D> x) { \
    return {f(x.v), D{}};                   \
  }

XTAPE_STEP(sign)
XTAPE_STEP(round)
XTAPE_STEP(floor)
XTAPE_STEP(ceil)
XTAPE_STEP(trunc)
/// abs'(0) = 0.
XTAPE_DUAL(abs, Abs, v)
/// relu'(0) = 0.
template <class X, class D>
XTAPE_INLINE Dual<X, D> relu(Dual<X, D> x) {
  return {relu(x.v), where(x.v <= 0, X(0), X(1)) * x.d};
}
template <class X, class D>
XTAPE_INLINE Dual<X, D> frac(Dual<X, D> x) {
  return {frac(x.v), x.d};
}
XTAPE_DUAL(square, Square, v)
XTAPE_STEEP(sqrt, Sqrt, y)
XTAPE_STEEP(rsqrt, Rsqrt, v, y)
XTAPE_STEEP(cbrt_slope, CbrtSlope, v, y)
XTAPE_STEEP(cbrt, Cbrt, v)
XTAPE_STEEP(reciprocal, Reciprocal, y)

XTAPE_DUAL(exp, Exp, y)
XTAPE_DUAL(exp2, Exp2, y)
XTAPE_DUAL(expm1, Expm1, v)
XTAPE_STEEP(log, Log, v)
XTAPE_STEEP(log1p, Log1p, v)
XTAPE_STEEP(log2, Log2, v)
XTAPE_STEEP(log10, Log10, v)
/// e^(k x^2).
template <class X, class D>
XTAPE_INLINE Dual<X, D> exp_square(Dual<X, D> x, double k) {
  const X v = x.v, y = exp_square(v, k);
  return {y, detail::slope::ExpSquare{k}(x.d, v, y)};
}

XTAPE_DUAL(sinh, Sinh, v)
XTAPE_DUAL(cosh, Cosh, v)
XTAPE_DUAL(tanh, Tanh, v)
XTAPE_DUAL(logistic_density, LogisticDensity, v, y)
XTAPE_DUAL(sigmoid, Sigmoid, v)
XTAPE_DUAL(tanhshrink, Tanhshrink, v)
XTAPE_DUAL(log_sigmoid, LogSigmoid, v)
XTAPE_DUAL(softplus, Softplus, v)
XTAPE_DUAL(silu, Silu, v)

XTAPE_DUAL(sin, Sin, v)
XTAPE_DUAL(cos, Cos, v)
XTAPE_DUAL(tan, Tan, v)
XTAPE_DUAL(sec_squared, SecSquared, v)
XTAPE_STEEP(rsqrt_one_minus_square, RsqrtOneMinusSquare, v, y)
XTAPE_STEEP(asin, Asin, v)
XTAPE_STEEP(acos, Acos, v)
XTAPE_DUAL(reciprocal_one_plus_square, ReciprocalOnePlusSquare, v, y)
XTAPE_DUAL(atan, Atan, v)
XTAPE_DUAL(rsqrt_one_plus_square, RsqrtOnePlusSquare, v)
XTAPE_DUAL(asinh, Asinh, v)
XTAPE_STEEP(rsqrt_square_minus_one, RsqrtSquareMinusOne, v, y)
XTAPE_STEEP(acosh, Acosh, v)
XTAPE_STEEP(reciprocal_one_minus_square, ReciprocalOneMinusSquare, v, y)
XTAPE_STEEP(atanh, Atanh, v)
XTAPE_DUAL(erf, Erf, v)
XTAPE_DUAL(erfc, Erfc, v)
XTAPE_DUAL(normal_cdf, NormalCdf, v)
#undef XTAPE_DUAL
#undef XTAPE_STEEP
#undef XTAPE_STEP

/// log(1 + e^(beta x)) / beta; x itself where beta x is above the threshold.
template <class X, class D, class Beta, class Threshold>
XTAPE_INLINE Dual<X, D> softplus(Dual<X, D> x, Beta beta, Threshold threshold) {
  return where(x * beta > threshold, x, softplus(x * beta) / beta);
}

template <class X, class D>
XTAPE_INLINE bool isnan(Dual<X, D> x) {
  return isnan(x.v);
}
template <class X, class D>
XTAPE_INLINE bool isinf(Dual<X, D> x) {
  return isinf(x.v);
}
template <class X, class D>
XTAPE_INLINE bool isfinite(Dual<X, D> x) {
  return isfinite(x.v);
}

}  // namespace xtape::kernel
