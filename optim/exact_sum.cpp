#include "exact_sum.hpp"

#include <cmath>
#include <cstring>
#include <limits>

namespace xtape::optim {
namespace {

using Digit = std::uint64_t;

// a + b + carry, which becomes the carry to the next digit.
Digit plus(Digit a, Digit b, bool& carry) {
  const Digit s = a + b, t = s + carry;
  carry = s < a || t < s;
  return t;
}

}  // namespace

void ExactSum::add(double x) {
  if (!std::isfinite(x)) {
    words_[digits] |= std::isnan(x) ? 3 : x > 0 ? 1 : 2;
    return;
  }
  Digit bits;
  std::memcpy(&bits, &x, sizeof bits);
  constexpr Digit one = Digit{1} << 52;
  const Digit exponent = bits >> 52 & 0x7ff, fraction = bits & (one - 1);
  const Digit mantissa = exponent ? fraction | one : fraction;
  if (mantissa == 0) return;
  // |x| is mantissa * 2^shift units.
  const Digit shift = exponent ? exponent - 1 : 0, r = shift % 64;
  Digit low = mantissa << r, high = r ? mantissa >> (64 - r) : 0, rest = 0;
  if (x < 0) low = -low, high = low ? ~high : -high, rest = ~rest;
  bool carry = false;
  for (int i = static_cast<int>(shift / 64), k = 0; i < digits; ++i, ++k) {
    if (k >= 2 && carry == (rest & 1)) break;  // no digit from here on changes
    words_[i] = static_cast<std::int64_t>(plus(words_[i], k == 0 ? low : k == 1 ? high : rest, carry));
  }
}

void ExactSum::add(const ExactSum& other) {
  bool carry = false;
  for (int i = 0; i < digits; ++i)
    words_[i] = static_cast<std::int64_t>(plus(words_[i], static_cast<Digit>(other.words_[i]), carry));
  words_[digits] |= other.words_[digits];
}

double ExactSum::value() const {
  constexpr double inf = std::numeric_limits<double>::infinity();
  if (const std::int64_t seen = words_[digits]; seen != 0) return seen == 1 ? inf : seen == 2 ? -inf : inf - inf;
  const bool negative = words_[digits - 1] < 0;
  Digit size[digits];
  bool carry = negative;
  for (int i = 0; i < digits; ++i) {
    const Digit d = static_cast<Digit>(words_[i]);
    size[i] = plus(negative ? ~d : d, 0, carry);
  }
  int top = digits - 1;
  while (top >= 0 && size[top] == 0) --top;
  if (top < 0) return 0;
  // The highest 64 bits, the last of which stands for all that are lower, so that they round as the whole does.
  const int zeros = __builtin_clzll(size[top]);
  Digit head = size[top] << zeros;
  if (zeros && top > 0) head |= size[top - 1] >> (64 - zeros);
  bool more = top > 0 && size[top - 1] << zeros != 0;
  for (int i = 0; i < top - 1; ++i) more |= size[i] != 0;
  const double y = std::ldexp(static_cast<double>(head | more), 64 * top - zeros - 1074);
  return negative ? -y : y;
}

}  // namespace xtape::optim
