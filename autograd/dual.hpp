// Dual<X>: a number and its derivative. A scalar formula that is read on Duals gives its value and its derivative at
// once, on Duals of Duals also the derivatives of those. Like Real it has no branches, so loops over it vectorise.
#pragma once
#include <cstddef>
#include <type_traits>
#include <utility>

#include "special.hpp"

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

// slope * d, where slope may be infinite or NaN: nothing where d is 0, as it is in directions of other arguments.
template <class T>
XTAPE_INLINE bool is_zero(Real<T> x) {
  return x == 0;
}
template <class X, class D>
XTAPE_INLINE bool is_zero(const Dual<X, D>& x) {
  const bool v = is_zero(x.v), d = is_zero(x.d);
  return v & d;
}
template <class X>
XTAPE_INLINE X scaled(X slope, X d) {
  return where(is_zero(d), X(0), slope * d);
}
template <class X, std::size_t M, std::size_t... I>
XTAPE_INLINE auto scaled(X slope, const Directions<X, M, std::index_sequence<I...>>& d) {
  return Directions<X, M>(scaled(slope, d.d[I])...);
}
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
                  "plain float or of tensors; call those of autograd/dual.hpp without a namespace");
    return Y(0);
  }

  friend XTAPE_INLINE Dual operator+(Dual a, Dual b) { return {a.v + b.v, a.d + b.d}; }
  friend XTAPE_INLINE Dual operator-(Dual a, Dual b) { return {a.v - b.v, a.d - b.d}; }
  friend XTAPE_INLINE Dual operator*(Dual a, Dual b) { return {a.v * b.v, a.d * b.v + a.v * b.d}; }
  friend XTAPE_INLINE Dual operator/(Dual a, Dual b) {
    const X y = a.v / b.v;
    return {y, (a.d - scaled(y, b.d)) / b.v};
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
    return {y, scaled(-y / a.v, a.d)};
  }

  /// a^b; as in PyTorch 0^b has no slope in b where b >= 0, nor a^0 in a.
  friend XTAPE_INLINE Dual pow(Dual a, Dual b) {
    const X y = pow(a.v, b.v);
    const X p = where(b.v == 0, X(0), b.v * pow(a.v, b.v - 1));
    const X q = where(b.v >= 0, where(a.v == 0, X(0), y * log(a.v)), y * log(a.v));
    return {y, scaled(p, a.d) + scaled(q, b.d)};
  }
  template <class S, class = IfNumber<S>>
  friend XTAPE_INLINE Dual pow(Dual a, S s) {
    return {pow(a.v, s), scaled(where(s == 0, X(0), s * pow(a.v, static_cast<double>(s) - 1)), a.d)};
  }
  template <class S, class = IfNumber<S>>
  friend XTAPE_INLINE Dual pow(S s, Dual b) {
    const X a = s, y = pow(a, b.v);
    return {y, scaled(where(b.v >= 0, where(a == 0, X(0), y * log(a)), y * log(a)), b.d)};
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
template <class A, class B, class Y = DualOf<A, B>>
XTAPE_INLINE Y hypot(A p, B q) {
  const Y a = p, b = q;
  const auto y = hypot(a.v, b.v);
  return {y, a.v / y * a.d + b.v / y * b.d};
}
/// The angle of the point (q, p).
template <class A, class B, class Y = DualOf<A, B>>
XTAPE_INLINE Y atan2(A p, B q) {
  const Y a = p, b = q;
  const auto n = a.v * a.v + b.v * b.v;
  return {atan2(a.v, b.v), b.v / n * a.d - a.v / n * b.d};
}
template <class A, class B, class Y = DualOf<A, B>>
XTAPE_INLINE Y fmod(A p, B q) {
  const Y a = p, b = q;
  return {fmod(a.v, b.v), a.d - trunc(a.v / b.v) * b.d};
}
template <class A, class B, class Y = DualOf<A, B>>
XTAPE_INLINE Y remainder(A p, B q) {
  const Y a = p, b = q;
  return {remainder(a.v, b.v), a.d - floor(a.v / b.v) * b.d};
}
/// |p| with the sign of q.
template <class A, class B, class Y = DualOf<A, B>>
XTAPE_INLINE Y copysign(A p, B q) {
  const Y a = p, b = q;
  return {copysign(a.v, b.v), sign(a.v) * copysign(decltype(a.v)(1), b.v) * a.d};
}

// Functions of one number: the derivative from v, where it is read, and y = f(v).
#define XTAPE_SLOPE(f, slope)               \
  template <class X, class D>               \
  XTAPE_INLINE Dual<X, D> f(Dual<X, D> x) { \
    const X v = x.v, y = f(v);              \
    return {y, (slope)*x.d};                \
  }
// The same where the slope does not read y.
#define XTAPE_SLOPE_AT(f, slope)            \
  template <class X, class D>               \
  XTAPE_INLINE Dual<X, D> f(Dual<X, D> x) { \
    const X v = x.v;                        \
    return {f(v), (slope)*x.d};             \
  }
// The same where the slope may be infinite.
#define XTAPE_STEEP(f, slope)               \
  template <class X, class D>               \
  XTAPE_INLINE Dual<X, D> f(Dual<X, D> x) { \
    const X v = x.v, y = f(v);              \
    return {y, scaled<X>(slope, x.d)};      \
  }
#define XTAPE_STEEP_AT(f, slope)            \
  template <class X, class D>               \
  XTAPE_INLINE Dual<X, D> f(Dual<X, D> x) { \
    const X v = x.v;                        \
    return {f(v), scaled<X>(slope, x.d)};   \
  }
// Steps: no slope.
#define XTAPE_STEP(f)                       \
  template <class X, class D>               \
  XTAPE_INLINE Dual<X, D> f(Dual<X, D> x) { \
    return {f(x.v), D{}};                   \
  }

XTAPE_SLOPE(exp, y)
XTAPE_SLOPE(exp2, y * 0.69314718055994530942)
XTAPE_SLOPE(expm1, y + 1)
XTAPE_STEEP_AT(log, 1 / v)
XTAPE_STEEP_AT(log1p, 1 / (1 + v))
XTAPE_STEEP_AT(log2, 1.4426950408889634074 / v)
XTAPE_STEEP_AT(log10, 0.43429448190325182765 / v)
XTAPE_STEEP(sqrt, 1 / (y + y))
XTAPE_STEEP(rsqrt, -0.5 * y * y * y)
XTAPE_STEEP(cbrt, 1 / (3 * y * y))
XTAPE_STEEP(reciprocal, -y* y)
XTAPE_SLOPE_AT(square, v + v)

XTAPE_SLOPE_AT(sin, cos(v))
XTAPE_SLOPE_AT(cos, -sin(v))
XTAPE_SLOPE(tan, 1 + y * y)
XTAPE_STEEP_AT(asin, rsqrt(1 - v * v))
XTAPE_STEEP_AT(acos, -rsqrt(1 - v * v))
XTAPE_SLOPE_AT(atan, 1 / (1 + v * v))
XTAPE_SLOPE_AT(sinh, cosh(v))
XTAPE_SLOPE_AT(cosh, sinh(v))
XTAPE_SLOPE(tanh, 1 - y * y)
XTAPE_SLOPE_AT(asinh, rsqrt(v* v + 1))
XTAPE_STEEP_AT(acosh, rsqrt(v* v - 1))
XTAPE_STEEP_AT(atanh, 1 / (1 - v * v))
XTAPE_SLOPE_AT(erf, 1.1283791670955125739 * exp(-v * v))
XTAPE_SLOPE_AT(erfc, -1.1283791670955125739 * exp(-v * v))

XTAPE_SLOPE(sigmoid, y*(1 - y))
XTAPE_SLOPE_AT(log_sigmoid, sigmoid(-v))
XTAPE_SLOPE_AT(softplus, sigmoid(v))
/// relu'(0) = 0.
XTAPE_SLOPE_AT(relu, where(v <= 0, X(0), X(1)))
/// abs'(0) = 0.
XTAPE_SLOPE_AT(abs, sign(v))
XTAPE_SLOPE_AT(frac, X(1))
XTAPE_STEP(sign)
XTAPE_STEP(round)
XTAPE_STEP(floor)
XTAPE_STEP(ceil)
XTAPE_STEP(trunc)
#undef XTAPE_SLOPE
#undef XTAPE_SLOPE_AT
#undef XTAPE_STEEP
#undef XTAPE_STEEP_AT
#undef XTAPE_STEP

/// x sigmoid(x), with one exponential for both.
template <class X, class D>
XTAPE_INLINE Dual<X, D> silu(Dual<X, D> x) {
  const X s = sigmoid(x.v), y = x.v * s;
  return {y, (s + y * (1 - s)) * x.d};
}
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
