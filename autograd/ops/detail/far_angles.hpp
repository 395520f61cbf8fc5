// Private: circular functions of angles that are too large for the kernels' reduction by pi / 2. Such are rare, so
// loops run as if there were none; what they got wrong is computed again, with the C library, one by one.
#pragma once
#include <cmath>

#include "apply.hpp"

namespace xtape {
using namespace detail;

/// From here on the reduction of trigonometry.hpp loses digits.
inline bool is_far(float x) { return std::abs(x) > 1e8f; }
inline bool is_far(double x) { return std::abs(x) > 1e9; }

inline double far_sec_squared(double x) {
  const double c = std::cos(x);
  return 1 / (c * c);
}

/// y[i] = exactly(x[i], more[i]...) wherever x is far, or infinite.
template <class F, class... X>
void mend_far(Array& y, F exactly, const Array& x, const X&... more) {
  visit_floating(x.dtype, [&](auto t) {
    using T = decltype(t);
    const T* p = x.at<T>();
    bool any = false;
    for (std::int64_t i = 0; i < x.size; ++i) any |= is_far(p[i]);
    for (std::int64_t i = 0; any && i < x.size; ++i)
      if (is_far(p[i])) y.at<T>()[i] = static_cast<T>(exactly(double{p[i]}, double{more.template at<T>()[i]}...));
  });
}

/// The operation of a circular function f, which the C library computes as `exactly`.
template <class F, class G, class R>
Tensor circular(const char* op, const Arg& x, F f, G exactly, R rule) {
  const auto forward = [f, exactly](const Array& x) {
    Ref<Array> y = elementwise<Result::floating>(f)(x);
    mend_far(*y, exactly, x);
    return y;
  };
  return with_promoted(op, {&x}, true, [&](const Arg& x) { return execute(op, {&x}, forward, rule); });
}
/// Its rule, as `fused_rule`; the C library computes the slope as g exactly(x).
template <class Slope, class G>
auto circular_rule(Slope slope, G exactly) {
  return rule<0>([slope, exactly](const Tensor& g, const Tensor& x) {
    if (is_recording()) return Tensor(slope(g, x));
    const auto forward = [slope, exactly](const Array& g, const Array& x) {
      Ref<Array> y = elementwise<Result::floating>(slope)(g, x);
      mend_far(
          *y, [exactly](double x, double g) { return g * exactly(x); }, x, g);
      return y;
    };
    return compute("rule", forward, g, x);
  });
}

}  // namespace xtape
