// What a test claims of a function, `check(f).expect(increasing, bounded(0, 1), sound)`.
#pragma once
#include <limits>
#include <string>

namespace xtape::lab {

/// A property that a report is held against. A report throws for a claim that its kind of function cannot have.
struct Claim {
  enum class Kind {
    sound,
    finite,
    continuous,
    differentiable,
    smooth,
    increasing,
    decreasing,
    monotone,
    odd,
    even,
    bounded,
    chi1,
    gain,
    convex,
    least_at_target
  };
  Kind kind;
  double low = 0, high = 0;
};
/// As it is written: "bounded(0, 1)".
std::string to_string(const Claim& claim);

/// There is no warning.
inline constexpr Claim sound{Claim::Kind::sound};
/// Neither it nor its gradient is NaN or infinite, in float32 and float64.
inline constexpr Claim finite{Claim::Kind::finite};
/// It has no jumps; of `differentiable` nor has its first derivative, of `smooth` nor has its second.
inline constexpr Claim continuous{Claim::Kind::continuous};
inline constexpr Claim differentiable{Claim::Kind::differentiable};
inline constexpr Claim smooth{Claim::Kind::smooth};
/// It falls nowhere; it rises nowhere; one of both.
inline constexpr Claim increasing{Claim::Kind::increasing};
inline constexpr Claim decreasing{Claim::Kind::decreasing};
inline constexpr Claim monotone{Claim::Kind::monotone};
/// f(-x) = -f(x); f(-x) = f(x).
inline constexpr Claim odd{Claim::Kind::odd};
inline constexpr Claim even{Claim::Kind::even};
/// low <= f(x) <= high, to 1e-6 of the bounds.
constexpr Claim bounded(double low, double high = std::numeric_limits<double>::infinity()) {
  return {Claim::Kind::bounded, low, high};
}
/// low <= chi1 <= high: gradients keep their size through layers where it is near 1.
constexpr Claim chi1(double low, double high) { return {Claim::Kind::chi1, low, high}; }
/// low <= gain <= high.
constexpr Claim gain(double low, double high) { return {Claim::Kind::gain, low, high}; }
/// A cost has no slope that falls along the prediction.
inline constexpr Claim convex{Claim::Kind::convex};
/// A cost is least where the prediction is the target, or where that of its link is, as of logits.
inline constexpr Claim least_at_target{Claim::Kind::least_at_target};

}  // namespace xtape::lab
