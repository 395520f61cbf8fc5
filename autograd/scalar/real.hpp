// Real<T>: what a scalar formula computes with, without branches, so that loops over it vectorise. Numbers written in a
// formula take the type of the formula.
#pragma once
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

// A sanitizer watches the source, which is one for all instruction sets: compiling it for one, and out of line, takes
// seconds where else it takes minutes.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define XTAPE_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define XTAPE_SANITIZED
#endif
#endif

// Never out of line: a file compiled with other flags would share the copy that the linker keeps.
#if defined(XTAPE_SANITIZED)
#define XTAPE_INLINE inline
#else
#define XTAPE_INLINE inline __attribute__((always_inline))
#endif

// GCC fuses multiplications with additions across functions, clang only where it is told to. A file that must not fuse
// defines XTAPE_NO_CONTRACTION.
#if defined(__clang__) && !defined(XTAPE_NO_CONTRACTION)
#define XTAPE_CONTRACT _Pragma("clang fp contract(fast)")
#else
#define XTAPE_CONTRACT
#endif

namespace xtape::kernel {

template <class To, class From>
XTAPE_INLINE To bits(From x) {
  static_assert(sizeof(To) == sizeof(From));
  To y;
  std::memcpy(&y, &x, sizeof y);
  return y;
}
/// The unsigned integer of T's size.
template <class T>
using Bits =
    std::conditional_t<sizeof(T) == 8, std::uint64_t, std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint8_t>>;
template <class T>
inline constexpr Bits<T> sign_bit = Bits<T>{1} << (8 * sizeof(T) - 1);
template <class T>
inline constexpr T infinity = std::numeric_limits<T>::infinity();
template <class T>
inline constexpr T not_a_number = std::numeric_limits<T>::quiet_NaN();

// What integers are added and multiplied in, so that they wrap around.
template <class T>
using Ring = std::conditional_t<std::is_integral_v<T>, std::uint64_t, T>;

/// Whether all, or any, of the conditions hold; without the branches of && and ||.
template <class... B>
XTAPE_INLINE bool all(B... condition) {
  return (static_cast<unsigned>(condition) & ...);
}
template <class... B>
XTAPE_INLINE bool any(B... condition) {
  return (static_cast<unsigned>(condition) | ...);
}

template <class T>
struct Real {
  T v;
  Real() = default;
  template <class S, class = std::enable_if_t<std::is_arithmetic_v<S>>>
  constexpr Real(S s) : v(static_cast<T>(s)) {}

  friend XTAPE_INLINE Real operator+(Real a, Real b) {
    XTAPE_CONTRACT
    return static_cast<T>(static_cast<Ring<T>>(a.v) + static_cast<Ring<T>>(b.v));
  }
  friend XTAPE_INLINE Real operator-(Real a, Real b) {
    XTAPE_CONTRACT
    return static_cast<T>(static_cast<Ring<T>>(a.v) - static_cast<Ring<T>>(b.v));
  }
  friend XTAPE_INLINE Real operator*(Real a, Real b) {
    XTAPE_CONTRACT
    return static_cast<T>(static_cast<Ring<T>>(a.v) * static_cast<Ring<T>>(b.v));
  }
  /// Of integers: rounded toward 0; b is not 0.
  friend XTAPE_INLINE Real operator/(Real a, Real b) {
    // The least integer over -1 would trap.
    if constexpr (std::is_integral_v<T>) return std::is_signed_v<T> && b == -1 ? -a : Real(a.v / b.v);
    else return a.v / b.v;
  }
  friend XTAPE_INLINE Real operator-(Real a) { return static_cast<T>(-static_cast<Ring<T>>(a.v)); }
  friend XTAPE_INLINE bool operator<(Real a, Real b) { return a.v < b.v; }
  friend XTAPE_INLINE bool operator>(Real a, Real b) { return a.v > b.v; }
  friend XTAPE_INLINE bool operator<=(Real a, Real b) { return a.v <= b.v; }
  friend XTAPE_INLINE bool operator>=(Real a, Real b) { return a.v >= b.v; }
  friend XTAPE_INLINE bool operator==(Real a, Real b) { return a.v == b.v; }
  friend XTAPE_INLINE bool operator!=(Real a, Real b) { return a.v != b.v; }

  /// The bits of a where those of the mask are 1, else those of b.
  friend XTAPE_INLINE Real blend(Bits<T> mask, Real a, Real b) {
    const auto p = bits<Bits<T>>(a), q = bits<Bits<T>>(b);
    return bits<Real>(static_cast<Bits<T>>(q ^ ((p ^ q) & mask)));
  }
  /// condition ? a : b.
  friend XTAPE_INLINE Real where(bool condition, Real a, Real b) {
#if defined(__clang__) || defined(__NO_MATH_ERRNO__)
    return condition ? a.v : b.v;
#else
    // GCC would make that a branch around what may trap, and not vectorise it.
    return blend(static_cast<Bits<T>>(-static_cast<Bits<T>>(condition)), a, b);
#endif
  }
  /// The greater and the lesser; NaN if either is.
  friend XTAPE_INLINE Real max(Real a, Real b) { return where(any(a > b, a != a), a, b); }
  friend XTAPE_INLINE Real min(Real a, Real b) { return where(any(a < b, a != a), a, b); }
  /// min(max(x, low), high) for bounds that are numbers.
  friend XTAPE_INLINE Real clamp(Real x, Real low, Real high) {
    const Real y = where(x < low, low, x);
    return where(y > high, high, y);
  }
  /// |a| with the sign of b.
  friend XTAPE_INLINE Real copysign(Real a, Real b) {
    using U = Bits<T>;
    return bits<Real>((bits<U>(a) & ~sign_bit<T>) | (bits<U>(b) & sign_bit<T>));
  }
  /// What is left of a over b rounded toward 0, with the sign of a. Of integers: b is not 0. A call per element.
  friend XTAPE_INLINE Real fmod(Real a, Real b) {
    if constexpr (std::is_integral_v<T>) return std::is_signed_v<T> && b == -1 ? Real(0) : Real(a.v % b.v);
    else if constexpr (sizeof(T) == 4) return __builtin_fmodf(a.v, b.v);
    else return __builtin_fmod(a.v, b.v);
  }
  /// What is left of a over b rounded down, with the sign of b, as in Python. Of integers: b is not 0.
  friend XTAPE_INLINE Real remainder(Real a, Real b) {
    const Real r = fmod(a, b);
    return where(all(r != 0, (r < 0) != (b < 0)), r + b, r);
  }
};

/// |x|; the least integer stays as it is.
template <class T>
XTAPE_INLINE Real<T> abs(Real<T> x) {
  if constexpr (std::is_integral_v<T>) return where(x < 0, -x, x);
  else return bits<Real<T>>(bits<Bits<T>>(x) & ~sign_bit<T>);
}

/// -1, 0 or 1; NaN stays NaN.
template <class T>
XTAPE_INLINE Real<T> sign(Real<T> x) {
  return where(x > 0, Real<T>(1), where(x < 0, Real<T>(-1), where(x == 0, Real<T>(0), x)));
}

template <class T>
XTAPE_INLINE bool isnan(Real<T> x) {
  return x != x;
}
template <class T>
XTAPE_INLINE bool isinf(Real<T> x) {
  return !std::is_integral_v<T> && abs(x) == infinity<T>;
}
template <class T>
XTAPE_INLINE bool isfinite(Real<T> x) {
  return std::is_integral_v<T> || abs(x) < infinity<T>;
}

// From here on all numbers are integers. Adding it to a lesser one leaves no place for a fraction.
template <class T>
inline constexpr T integers = sizeof(T) == 4 ? T(8388608) : T(4503599627370496);

/// The nearest integer, the even one of two.
template <class T>
XTAPE_INLINE Real<T> round(Real<T> x) {
  if constexpr (std::is_integral_v<T>) return x;
  else return where(abs(x) < integers<T>, copysign(abs(x) + integers<T> - integers<T>, x), x);
}
/// The greatest integer that is not above x.
template <class T>
XTAPE_INLINE Real<T> floor(Real<T> x) {
  const Real<T> n = round(x);
  return where(n > x, n - 1, n);
}
/// The least integer that is not below x.
template <class T>
XTAPE_INLINE Real<T> ceil(Real<T> x) {
  return -floor(-x);
}
/// x without its fraction.
template <class T>
XTAPE_INLINE Real<T> trunc(Real<T> x) {
  if constexpr (std::is_integral_v<T>) return x;
  else return copysign(floor(abs(x)), x);
}
/// The fraction of x, with its sign.
template <class T>
XTAPE_INLINE Real<T> frac(Real<T> x) {
  return x - trunc(x);
}

template <class T>
XTAPE_INLINE Real<T> square(Real<T> x) {
  return x * x;
}
template <class T>
XTAPE_INLINE Real<T> reciprocal(Real<T> x) {
  return 1 / x;
}
/// max(0, x); NaN stays NaN.
template <class T>
XTAPE_INLINE Real<T> relu(Real<T> x) {
  return where(x < 0, Real<T>(0), x);
}

}  // namespace xtape::kernel
