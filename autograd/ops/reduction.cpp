#include "reduction.hpp"

#include "../core/sums.hpp"
#include "../kernels/sum.hpp"
#include "detail/axes.hpp"
#include "elementwise.hpp"

namespace xtape {
using namespace detail;

namespace {

using kernel::Itself;

// The terms of x joined over the axes: neighbouring axes of one kind are one, and the reduced ones go one group at a
// time, the innermost first.
template <class Y, class Join, class T, class Term>
Ref<Array> fold_axes(const Array& x, const Reduced& r, Dtype dtype, Join join, const T* from, Term term) {
  Shape shape;
  bool group[Shape::max_rank];  // whether it is reduced; no vector: a replay allocates nothing
  for (int i = 0; i < x.shape.rank(); ++i) {
    const int last = shape.rank() - 1;
    if (last >= 0 && group[last] == r.axes.has(i)) shape[last] *= x.shape[i];
    else group[shape.rank()] = r.axes.has(i), shape.push_back(x.shape[i]);
  }
  if (!r.axes.bits) group[shape.rank()] = true, shape.push_back(1);
  Ref<Array> y;
  for (int i = shape.rank() - 1; i >= 0; --i) {
    if (!group[i]) continue;
    const Split s(shape, i);
    Ref<Array> next = make_array(dtype, Shape{s.outer, s.inner});
    if (y) kernel::fold_middle(s.outer, s.n, s.inner, join, Itself(), Itself(), y->at<Y>(), next->at<Y>());
    else kernel::fold_middle(s.outer, s.n, s.inner, join, term, Itself(), from, next->at<Y>());
    shape[i] = 1;
    y = std::move(next);
  }
  y->shape = r.result;
  return y;
}

// Of a floating tensor or int64: what others are made first.
template <class Term>
Tensor sum_of(const char* op, const Arg& x, const Axes& axes, bool keepdims, Term term) {
  check_defined(op, x);
  if (!computes(x.array->dtype)) return sum_of(op, Arg(counted(x), x.site), axes, keepdims, term);
  const Reduced r = reduced(op, x, axes, keepdims);
  auto forward = [r, term](const Array& x) {
    if (!r.axes.bits && std::is_same_v<Term, Itself>) return make_view(x, x.shape);
    return visit_computing(x.dtype, [&](auto t) {
      using T = decltype(t);
      return fold_axes<T>(x, r, x.dtype, kernel::Sum<T>(), x.at<T>(), term);
    });
  };
  const auto described = attributed(forward, "axes", r.axes);
  const Shape shape = x.array->shape, kept = r.kept;
  if constexpr (std::is_same_v<Term, Itself>)
    return execute(op, {&x}, described,
                   rule<>([shape, kept](const Tensor& g) { return broadcast_to(reshape(g, kept), shape); }));
  else
    return execute(op, {&x}, described,
                   rule<0>([kept](const Tensor& g, const Tensor& x) { return where(x == x, reshape(g, kept), 0); }));
}

}  // namespace

Tensor sum(const Arg& x, const Axes& axes, Keepdims keepdims) { return sum_of("sum", x, axes, keepdims, Itself()); }

Tensor nansum(const Arg& x, const Axes& axes, Keepdims keepdims) {
  return sum_of("nansum", x, axes, keepdims, [](auto v) { return where(v == v, v, decltype(v)(0)); });
}

namespace {

// The sum over n elements each, divided by n: of lesser terms where it is not finite, as the sum alone may be.
template <class Term>
Ref<Array> mean_of(const Array& x, const Reduced& r, Term term) {
  return visit_floating(x.dtype, [&](auto t) {
    using T = decltype(t);
    const auto n = static_cast<T>(r.count);
    Ref<Array> y = fold_axes<T>(x, r, x.dtype, kernel::Sum<T>(), x.at<T>(), term);
    bool finite = true;
    for (std::int64_t i = 0; i < y->size; ++i) {
      T& v = y->at<T>()[i];
      v /= n, finite &= v - v == 0;
    }
    if (finite || r.count == 0) return y;
    const Ref<Array> less =
        fold_axes<T>(x, r, x.dtype, kernel::Sum<T>(), x.at<T>(), [term](auto v) { return term(v) * 0x1p-60; });
    for (std::int64_t i = 0; i < y->size; ++i)
      if (T& v = y->at<T>()[i]; v - v != 0) v = less->at<T>()[i] / n * T(0x1p60);
    return y;
  });
}

}  // namespace

Tensor mean(const Arg& x, const Axes& axes, Keepdims keepdims) {
  const Reduced r = reduced("mean", x, axes, keepdims);
  Scope scope(x.site);
  // A sum of large integers would wrap around, and one of float32 would round each.
  if (!is_floating(x.array->dtype)) return mean(x.tensor().to(float64), axes, keepdims).to(float32);
  auto forward = [r](const Array& x) { return mean_of(x, r, Itself()); };
  return execute("mean", {&x}, attributed(forward, "axes", r.axes),
                 rule<>([shape = x.array->shape, kept = r.kept, n = static_cast<double>(r.count)](const Tensor& g) {
                   return broadcast_to(reshape(g / n, kept), shape);
                 }));
}

Tensor nanmean(const Arg& x, const Axes& axes, Keepdims keepdims) {
  reduced("nanmean", x, axes, keepdims);
  if (!is_floating(x.array->dtype)) return mean(x, axes, keepdims);
  Scope scope(x.site);
  const Tensor total = nansum(x, axes, keepdims), value = value_of(x);
  return total / sum(value == value, axes, keepdims);
}

namespace {

// y[i] = whether any, or all, or how many of the elements are not 0.
template <class Y, class Join>
Tensor fold_truths(const char* op, const Arg& x, const Axes& axes, bool keepdims, Dtype dtype, Join join) {
  const Reduced r = reduced(op, x, axes, keepdims);
  auto forward = [r, dtype, join](const Array& x) {
    return visit_bytes(x.dtype, [&](auto t) {
      using T = decltype(t);
      return fold_axes<Y>(x, r, dtype, join, x.at<T>(), [](auto v) { return kernel::Real<Y>(v != 0); });
    });
  };
  return execute(op, {&x}, attributed(forward, "axes", r.axes), no_gradient);
}

}  // namespace

Tensor any(const Arg& x, const Axes& axes, Keepdims keepdims) {
  return fold_truths<std::uint8_t>("any", x, axes, keepdims, boolean, kernel::Max<std::uint8_t>());
}
Tensor all(const Arg& x, const Axes& axes, Keepdims keepdims) {
  struct All : kernel::Min<std::uint8_t> {
    static kernel::Real<std::uint8_t> first() { return 1; }
  };
  return fold_truths<std::uint8_t>("all", x, axes, keepdims, boolean, All());
}
Tensor count_nonzero(const Arg& x, const Axes& axes, Keepdims keepdims) {
  return fold_truths<std::int64_t>("count_nonzero", x, axes, keepdims, int64, kernel::Sum<std::int64_t>());
}

Tensor sum_to(const Arg& x, const Shape& shape) {
  check_defined("sum_to", x);
  const Shape& from = x.array->shape;
  std::vector<int> axes;
  bool fits = from.rank() >= shape.rank();
  for (int i = 1; i <= from.rank() && fits; ++i) {
    const std::int64_t n = from[from.rank() - i], m = i <= shape.rank() ? shape[shape.rank() - i] : 1;
    fits = n == m || m == 1;
    if (n != m || i > shape.rank()) axes.push_back(-i);
  }
  if (!fits) fail("sum_to", "shape " + to_string(from) + " is not broadcast from " + to_string(shape), x.site);
  return reshape(Arg(sum(x, axes), x.site), shape);
}

Tensor detail::sum_back(const Tensor& g, const Shape& shape) { return sum_to(g, shape); }

}  // namespace xtape
