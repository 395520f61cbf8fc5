// Private: circular functions of angles that are too large for the kernels' reduction by pi / 2. Such are rare, so
// loops run as if there were none; what they got wrong is computed again, with the C library, one by one.
#pragma once
#include <cmath>

#include "apply.hpp"

namespace xtape {

/// From here on the reduction of trigonometry.hpp loses digits.
inline bool is_far(float x) { return std::abs(x) > 1e8f; }
inline bool is_far(double x) { return std::abs(x) > 1e9; }

/// Whether an element is far, or infinite.
inline bool any_far(const Array& x) {
  return visit_floating(x.dtype, [&](auto t) {
    const auto* p = x.at<decltype(t)>();
    bool far = false;
    for (std::int64_t i = 0; i < x.size; ++i) far |= is_far(p[i]);
    return far;
  });
}

/// The operation of a circular function f, which the C library computes as `exactly`.
template <class F, class G, class R>
Tensor circular(const char* op, const Arg& x, F f, G exactly, R rule) {
  const auto forward = [f, exactly](const Array& x) {
    Ref<Array> y = elementwise<Result::floating>(f)(x);
    if (any_far(x))
      visit_floating(x.dtype, [&](auto t) {
        using T = decltype(t);
        for (std::int64_t i = 0; i < x.size; ++i)
          if (const T v = x.at<T>()[i]; is_far(v)) y->at<T>()[i] = static_cast<T>(exactly(double{v}));
      });
    return y;
  };
  if (!x.array || !is_floating(x.array->dtype)) {
    const Tensor held = promote_floating(op, x);
    return circular(op, Arg(held, x.site), f, exactly, rule);
  }
  return execute(op, {&x}, forward, rule);
}
/// Its rule: one loop where no element is far, else the operations that the slope is made of.
template <class Slope>
auto circular_rule(Slope slope) {
  return rule<0>([slope](const Tensor& g, const Tensor& x) {
    return any_far(x.array()) ? Tensor(slope(g, x)) : fused(slope, g, x);
  });
}

}  // namespace xtape
