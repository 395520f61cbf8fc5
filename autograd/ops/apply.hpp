// Private: what the operations' files share: checking and promoting arguments, and putting kernels on the tape.
#pragma once
#include <string>
#include <utility>

#include "../array.hpp"
#include "../kernel.hpp"
#include "../record.hpp"
#include "../tensor.hpp"

namespace xtape {

// Throws unless the argument is a defined tensor.
inline void check_defined(const char* op, const Arg& x) {
  if (!x.array) fail(op, x.is_scalar ? "expected a tensor, not a number" : "the tensor is undefined", x.site);
}
// "float32(2, 3)"
std::string describe(const Array& x);

// An axis counted from 0; throws unless -rank <= axis < rank.
int check_axis(const char* op, int axis, const Shape& shape, Site site);

// A label of an int64 or uint8 array, and the check that all of them are in [0, classes).
inline std::int64_t label_at(const Array& labels, std::int64_t i) {
  return labels.dtype == int64 ? labels.at<std::int64_t>()[i] : std::int64_t{labels.at<std::uint8_t>()[i]};
}
void check_labels(const char* op, const Array& labels, std::int64_t classes, Site site);

// The shape that both broadcast to; throws when there is none.
Shape broadcast_shape(const char* op, const Shape& a, const Shape& b, Site site);

// The arguments as tensors of one dtype that can compute.
std::pair<Tensor, Tensor> promote(const char* op, const Arg& a, const Arg& b, bool floating);
Tensor promote_floating(const char* op, const Arg& x);

inline bool computes(Dtype t) { return t <= int64; }
inline bool same_kind(const Arg& a, const Arg& b) {
  return a.array && b.array && a.array->dtype == b.array->dtype && computes(a.array->dtype);
}

template <class F>
decltype(auto) visit_computing(Dtype dtype, F&& f) {
  return dtype == float32 ? f(float{}) : dtype == float64 ? f(double{}) : f(std::int64_t{});
}

template <class F>
Ref<Array> map_array(const Array& x, F f) {
  Ref<Array> y = make_array(x.dtype, x.shape);
  const kernel::Walk<1> walk(x.shape, {&x.shape});
  visit_floating(x.dtype, [&](auto t) {
    using T = decltype(t);
    kernel::map(walk, f, y->at<T>(), x.at<T>());
  });
  return y;
}

template <class F>
Ref<Array> zip_arrays(const char* op, const Arg& a, const Arg& b, F f) {
  const Array &p = *a.array, &q = *b.array;
  Ref<Array> y = make_array(p.dtype, p.shape == q.shape ? p.shape : broadcast_shape(op, p.shape, q.shape, a.site));
  const kernel::Walk<2> walk(y->shape, {&p.shape, &q.shape});
  visit_computing(p.dtype, [&](auto t) {
    using T = decltype(t);
    kernel::map(walk, f, y->at<T>(), p.at<T>(), q.at<T>());
  });
  return y;
}

// A rule that is a scalar formula of the gradient and the kept values. Where no graph is wanted it is one loop over
// them; else the same text is read on tensors and records itself.
template <class F>
struct Fused {
  F f;
  template <class... X>
  Tensor operator()(const Tensor& g, const X&... x) const {
    if (is_recording()) return f(g, x...);
    constexpr std::size_t n = sizeof...(X) + 1;
    const kernel::Walk<n> walk(g.shape(), {&g.shape(), &x.shape()...});
    Ref<Array> y = make_array(g.dtype(), g.shape());
    visit_floating(g.dtype(), [&](auto t) {
      using T = decltype(t);
      kernel::map(walk, f, y->at<T>(), g.array().template at<T>(), x.array().template at<T>()...);
    });
    return Tensor(std::move(y));
  }
};
template <int... Reads, class F>
auto fused_rule(F f) {
  return rule<Reads...>(Fused<F>{std::move(f)});
}

template <class F, class R>
Tensor unary(const char* op, const Arg& x, F f, R rule) {
  if (!x.array || !is_floating(x.array->dtype)) return unary(op, Arg(promote_floating(op, x), x.site), f, rule);
  return record(
      op, {&x}, [&] { return map_array(*x.array, f); }, rule);
}

enum class Result { arithmetic, floating };
template <Result result = Result::arithmetic, class F, class A, class B>
Tensor binary(const char* op, const Arg& a, const Arg& b, F f, A rule_a, B rule_b) {
  if (!same_kind(a, b) || (result == Result::floating && a.array->dtype == int64)) {
    auto [p, q] = promote(op, a, b, result == Result::floating);
    return binary(op, Arg(p, a.site), Arg(q, b.site), f, rule_a, rule_b);
  }
  return record(
      op, {&a, &b}, [&] { return zip_arrays(op, a, b, f); }, rule_a, rule_b);
}

}  // namespace xtape
