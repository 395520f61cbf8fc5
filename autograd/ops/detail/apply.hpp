// Private: what the operations' files share: checking and promoting arguments, and putting kernels on the tape.
#pragma once
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "../../core/array.hpp"
#include "../../core/check.hpp"
#include "../../core/operation.hpp"
#include "../../kernels/loops.hpp"
#include "../../tensor.hpp"

namespace xtape {
using namespace detail;

using detail::no_gradient;
using detail::output;
using detail::rule;

// A label of an int64 or uint8 array, and the check that all of them are in [0, classes), or the one that is ignored.
inline std::int64_t label_at(const Array& labels, std::int64_t i) {
  return labels.dtype == int64 ? labels.at<std::int64_t>()[i] : std::int64_t{labels.at<std::uint8_t>()[i]};
}
void check_labels(const char* op, const Array& labels, std::int64_t classes, Site site,
                  std::optional<std::int64_t> ignored = {});

// The shape that both broadcast to; throws when there is none.
Shape broadcast_shape(const char* op, const Shape& a, const Shape& b, Site site);

// The arguments as tensors of one dtype that can compute.
std::pair<Tensor, Tensor> promote(const char* op, const Arg& a, const Arg& b, bool floating);
Tensor promote_floating(const char* op, const Arg& x);   // itself, or as float32
Tensor promote_computing(const char* op, const Arg& x);  // itself, a number as what it is, uint8 and boolean as int64

// Whether |a - b| <= atol + rtol |b|: the distance is counted in integers, which doubles do not tell apart beyond 2^53.
inline bool is_close(std::int64_t a, std::int64_t b, double rtol, double atol) {
  const auto least = static_cast<std::uint64_t>(std::min(a, b)), greatest = static_cast<std::uint64_t>(std::max(a, b));
  return static_cast<double>(greatest - least) <= atol + rtol * std::abs(static_cast<double>(b));
}

inline bool same_kind(const Arg& a, const Arg& b) {
  return a.array && b.array && a.array->dtype == b.array->dtype && computes(a.array->dtype);
}

/// The axis, counted from the end from 1 on, along which the shapes do not broadcast; 0 if they do.
int broadcast_clash(const Shape& a, const Shape& b);
/// The shape that both broadcast to, which is known to be there.
Shape broadcast_shape(const Shape& a, const Shape& b);

/// y = f(x...) elementwise over operands that broadcast to `shape`, all of type T but the result.
template <class T, class Y = T, class F, class... X>
Ref<Array> map_arrays(const Shape& shape, F f, const X&... x) {
  Ref<Array> y = make_array(dtype_of<Y>, shape);
  const kernel::Walk<sizeof...(X)> walk(shape, {&x.shape...});
  kernel::map(walk, f, y->at<Y>(), x.template at<T>()...);
  return y;
}

enum class Result { arithmetic, floating };
/// The forward of an elementwise operation: a scalar formula f of floating operands, or, where the result is
/// arithmetic, also of integers.
template <Result result, class F>
auto elementwise(F f) {
  return [f](const Array& first, const auto&... rest) {
    Shape broadcast;
    const bool same = ((first.shape == rest.shape) && ...);
    if (!same) {
      broadcast = first.shape;
      ((broadcast = broadcast_shape(broadcast, rest.shape)), ...);
    }
    const Shape& shape = same ? first.shape : broadcast;
    auto map = [&](auto t) { return map_arrays<decltype(t)>(shape, f, first, rest...); };
    if constexpr (result == Result::floating) return visit_floating(first.dtype, map);
    else return visit_computing(first.dtype, map);
  };
}

// An operation that is not to be recorded, from inside a rule.
template <class Forward, std::size_t N, std::size_t... I>
Tensor compute(const char* op, const Arg (&args)[N], std::index_sequence<I...>, Forward forward) {
  return execute(op, {&args[I]...}, forward, (static_cast<void>(I), no_gradient)...);
}
template <class Forward, class... X>
Tensor compute(const char* op, Forward forward, const X&... x) {
  const Arg args[] = {Arg(x, Site{})...};
  return compute(op, args, std::index_sequence_for<X...>{}, forward);
}

// A scalar formula of tensors that broadcast to the first of them, from inside a rule: one loop over them, or, where a
// graph is wanted, the same text read on tensors, which records itself.
template <class F, class... X>
Tensor fused(F formula, const Tensor& x, const X&... rest) {
  if (is_recording()) return formula(x, rest...);
  return compute(
      "rule",
      [formula](const Array& x, const auto&... rest) {
        return visit_floating(x.dtype, [&](auto t) { return map_arrays<decltype(t)>(x.shape, formula, x, rest...); });
      },
      x, rest...);
}
// A rule that is such a formula of the gradient and the kept values.
template <class F>
struct Fused {
  F f;
  template <class... X>
  Tensor operator()(const Tensor& g, const X&... x) const {
    return fused(f, g, x...);
  }
};
template <int... Reads, class F>
auto fused_rule(F f) {
  return rule<Reads...>(Fused<F>{std::move(f)});
}

/// An operation on each element; what is not floating is made float32 first, or, where the result is arithmetic, int64.
template <Result result = Result::floating, class F, class R>
Tensor unary(const char* op, const Arg& x, F f, R rule) {
  const bool ready = x.array && (result == Result::floating ? is_floating(x.array->dtype) : computes(x.array->dtype));
  if (!ready) {
    const Tensor held = result == Result::floating ? promote_floating(op, x) : promote_computing(op, x);
    return unary<result>(op, Arg(held, x.site), f, rule);
  }
  return execute(op, {&x}, elementwise<result>(f), rule);
}

/// An operation on two operands, brought to one dtype, that broadcast.
template <Result result = Result::arithmetic, class F, class A, class B>
Tensor binary(const char* op, const Arg& a, const Arg& b, F f, A rule_a, B rule_b) {
  if (!same_kind(a, b) || (result == Result::floating && a.array->dtype == int64)) {
    auto [p, q] = promote(op, a, b, result == Result::floating);
    return binary<result>(op, Arg(p, a.site), Arg(q, b.site), f, rule_a, rule_b);
  }
  if (a.array->shape != b.array->shape) broadcast_shape(op, a.array->shape, b.array->shape, a.site);
  return execute(op, {&a, &b}, elementwise<result>(f), rule_a, rule_b);
}

}  // namespace xtape
