// Private: what the operations' files share: checking and promoting arguments, and putting kernels on the tape.
#pragma once
#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>

#include "../../core/array.hpp"
#include "../../core/check.hpp"
#include "../../core/operation.hpp"
#include "../../kernels/loops.hpp"
#include "../../scalar/dual.hpp"
#include "../../tensor.hpp"

namespace xtape {
using namespace detail;

// A label of an int64 or uint8 array, and the check that all of them are in [0, classes), or the one that is ignored.
inline std::int64_t label_at(const Array& labels, std::int64_t i) {
  return labels.dtype == int64 ? labels.at<std::int64_t>()[i] : std::int64_t{labels.at<std::uint8_t>()[i]};
}
void check_labels(const char* op, const Array& labels, std::int64_t classes, Site site,
                  std::optional<std::int64_t> ignored = {});

// The shape that both broadcast to; throws when there is none.
Shape broadcast_shape(const char* op, const Shape& a, const Shape& b, Site site);
/// The axis, counted from the end from 1 on, along which the shapes do not broadcast; 0 if they do.
int broadcast_clash(const Shape& a, const Shape& b);
/// The shape that both, or n arrays, broadcast to, which is known to be there.
Shape broadcast_shape(const Shape& a, const Shape& b);
Shape broadcast_shape(const Array* const* x, std::size_t n);
// Throws when there is none of all the arguments.
void check_broadcast(const char* op, std::initializer_list<const Arg*> args);

// The arguments as tensors of one dtype that operations compute with: the widest of the tensors', which numbers follow
// as far as they can.
void promote(const char* op, const Arg* const* args, std::size_t n, bool floating, Tensor* promoted);
std::pair<Tensor, Tensor> promote(const char* op, const Arg& a, const Arg& b, bool floating);
Tensor promote_floating(const char* op, const Arg& x);  // itself, or as float32

// Whether |a - b| <= atol + rtol |b|: the distance is counted in integers, which doubles do not tell apart beyond 2^53.
inline bool is_close(std::int64_t a, std::int64_t b, double rtol, double atol) {
  const auto least = static_cast<std::uint64_t>(std::min(a, b)), greatest = static_cast<std::uint64_t>(std::max(a, b));
  return static_cast<double>(greatest - least) <= atol + rtol * std::abs(static_cast<double>(b));
}

/// run(args...) with what `promote` makes of the arguments; themselves, where that is nothing new.
template <class Run, std::size_t N, std::size_t... I>
Tensor with_promoted(const char* op, const Arg* const (&args)[N], bool floating, std::index_sequence<I...>, Run run) {
  const Array* const first = args[0]->array;
  const bool ready = first && (floating ? is_floating(first->dtype) : computes(first->dtype)) &&
                     ((args[I]->array && args[I]->array->dtype == first->dtype) && ...);
  if (ready) return run(*args[I]...);
  Tensor held[N];
  promote(op, args, N, floating, held);
  return run(Arg(held[I], args[I]->site)...);
}
template <std::size_t N, class Run>
Tensor with_promoted(const char* op, const Arg* const (&args)[N], bool floating, Run run) {
  return with_promoted(op, args, floating, std::make_index_sequence<N>{}, run);
}

/// The array that a loop makes of n arrays, of the shape that they broadcast to.
Ref<Array> map_arrays(kernel::Loop loop, Dtype dtype, const Array* const* x, std::size_t n);

enum class Result { arithmetic, floating, boolean };
template <Result result, class F, std::size_t... I>
kernel::Loop loop_for(Dtype dtype, const F& f, std::index_sequence<I...>) {
  const auto loop = [&f](auto t) {
    using T = decltype(t);
    using Y = std::conditional_t<result == Result::boolean, bool, T>;
    return kernel::map_loop<Y, kernel::Each<T, I>...>(f);
  };
  if constexpr (result == Result::floating) return visit_floating(dtype, loop);
  else return visit_computing(dtype, loop);
}
/// The forward of an elementwise operation: a scalar formula f of floating operands of one dtype, or, where the result
/// is arithmetic or boolean, also of integers.
template <Result result, class F>
auto elementwise(F f) {
  return [f](const Array& first, const auto&... rest) {
    const Array* const x[] = {&first, &rest...};
    constexpr std::size_t n = 1 + sizeof...(rest);
    return map_arrays(loop_for<result>(first.dtype, f, std::make_index_sequence<n>{}),
                      result == Result::boolean ? boolean : first.dtype, x, n);
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
  return compute("rule", elementwise<Result::floating>(formula), x, rest...);
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

/// An operation on each element of operands that broadcast, brought to one dtype that can compute, or that is floating.
template <Result result = Result::arithmetic, std::size_t N, class F, class... R>
Tensor elementwise_op(const char* op, const Arg* const (&args)[N], F f, R... rules) {
  return with_promoted(op, args, result == Result::floating, [&](const auto&... x) {
    const Shape* const shapes[] = {&x.array->shape...};
    if (((x.array->shape != *shapes[0]) || ...)) check_broadcast(op, {&x...});
    return execute(op, {&x...}, elementwise<result>(f), rules...);
  });
}
template <Result result = Result::floating, class F, class R>
Tensor unary(const char* op, const Arg& x, F f, R rule) {
  return elementwise_op<result>(op, {&x}, f, rule);
}
template <Result result = Result::arithmetic, class F, class A, class B>
Tensor binary(const char* op, const Arg& a, const Arg& b, F f, A rule_a, B rule_b) {
  return elementwise_op<result>(op, {&a, &b}, f, rule_a, rule_b);
}

}  // namespace xtape
