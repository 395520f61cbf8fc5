// Private: what costs share.
#pragma once
#include <autograd/core/array.hpp>
#include <autograd/ops/loss.hpp>
#include <autograd/ops/reduction.hpp>
#include <autograd/pointwise.hpp>

namespace xtape::nn {
using namespace detail;

/// Throws unless `y` is a floating tensor and `target` a tensor of its shape; the message says what to write instead.
void check_pair(const char* cost, const Arg& y, const Arg& target, const char* y_name = "the prediction",
                const char* target_name = "the target");
/// Throws unless `labels` are int64 or uint8, of the shape `expected`, and in [0, classes).
void check_labels(const char* cost, const Arg& labels, const Shape& expected, std::int64_t classes);
/// Throws unless an option `fits`.
void check_option(const char* cost, bool fits, const char* name, double value, const char* expected, Site site);
[[noreturn]] void refuse_value(const char* cost, const char* name, const Arg& x, std::int64_t at, double value,
                               const char* expected);

/// Throws unless fits(v) for each element v of x. A replay of a recorded function does not look again.
template <class F>
void check_values(const char* cost, const char* name, const Arg& x, F fits, const char* expected) {
  visit_dtype(x.array->dtype, [&](auto t) {
    const auto* v = x.array->at<decltype(t)>();
    for (std::int64_t i = 0; i < x.array->size; ++i)
      if (const auto number = static_cast<double>(v[i]); !fits(number))
        refuse_value(cost, name, x, i, number, expected);
  });
}
/// NaN passes, so that a cost of it is NaN.
inline void check_probabilities(const char* cost, const Arg& x, const char* expected) {
  check_values(
      cost, "prediction", x, [](double v) { return !(v < 0 || v > 1); }, expected);
}
inline void check_signs(const char* cost, const Arg& target) {
  check_values(
      cost, "target", target, [](double v) { return v == 1 || v == -1; },
      "1 or -1; of labels 0 and 1 write 2 * labels - 1");
}

/// Whether an argument that may be left out was given.
inline bool is_given(const Arg& x) { return x.array || x.is_scalar; }
/// `x` as it is where it is floating, else in this dtype.
Tensor made_floating(Dtype dtype, const Arg& x);
/// "float32(2, 3)", or what stands there instead of a tensor.
std::string described(const Arg& x);

/// The losses, their mean or their sum.
Tensor reduced(const Tensor& losses, Reduction reduction);

/// t v: no part of an infinite loss is 0.
template <class T, class V>
XTAPE_INLINE auto part_of(T t, V v) {
  const auto y = t * v;
  return where(kernel::all(t == 0, isinf(v)), 0, y);
}

/// f(x, rest...) on each element, reduced.
template <class F, class... X>
Tensor pointwise_cost(Reduction reduction, const F& f, const Arg& x, const X&... rest) {
  auto tensor = [](const Arg& a) { return a.tensor(); };
  if (reduction == Reduction::none) return pointwise(f, x, tensor(rest)...);
  const Tensor sum = pointwise_sum(f, x, tensor(rest)...);  // each of these takes seconds to compile, so not a third
  return reduction == Reduction::mean ? sum / static_cast<double>(x.array->size) : sum;
}
/// The same of a prediction and a target of one shape, each loss times its weight; the mean is divided by the sum of
/// the weights.
template <class F>
Tensor pair_cost(const char* cost, Reduction reduction, const F& f, const Arg& y, const Arg& target,
                 const Arg& weight) {
  check_pair(cost, y, target);
  if (is_given(weight)) check_pair(cost, y, weight, "the prediction", "the weight");
  Scope scope(y.site);
  if (!is_given(weight)) return pointwise_cost(reduction, f, y, target);
  const Tensor losses = weight.tensor() * pointwise(f, y, target.tensor());
  return reduction == Reduction::mean ? sum(losses) / sum(weight) : reduced(losses, reduction);
}

}  // namespace xtape::nn
