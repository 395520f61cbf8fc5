#include "softmax.hpp"

#include <cmath>

#include "apply.hpp"
#include "elementwise.hpp"
#include "index.hpp"
#include "reduction.hpp"
#include "shape.hpp"
#include "sum_kernel.hpp"

namespace xtape {
namespace {

// f(row of x, row of y, n) for every row along the last axis; y has `width` elements a row.
template <class F>
void for_rows(const Array& x, Array& y, F f) {
  const std::int64_t n = x.shape[x.shape.rank() - 1], rows = n ? x.size / n : 0, width = rows ? y.size / rows : 0;
  const std::int64_t per_tile = n ? kernel::tile_size / 8 / n + 1 : 1;
  visit_floating(x.dtype, [&](auto t) {
    using T = decltype(t);
    auto tile = [&](std::int64_t t) {
      for (std::int64_t i = t * per_tile; i < rows && i < (t + 1) * per_tile; ++i)
        f(n, x.at<T>() + i * n, y.at<T>() + i * width);
    };
    parallel_for((rows + per_tile - 1) / per_tile, tile);
  });
}

// y = e^(x - max x); returns the sum of y. Where all is -inf, the max is taken as 0.
template <class T>
T exp_row(std::int64_t n, const T* x, T* y, T& max) {
  max = kernel::max(n, x);
  if (max == -std::numeric_limits<T>::infinity()) max = 0;
  kernel::map(
      n, [m = kernel::Real<T>(max)](auto v) { return exp(v - m); }, y, x);
  return kernel::sum(n, y);
}

// Runs `f` with `axis` as the last one.
template <class F>
Tensor along(const char* op, const Arg& x, int axis, bool reduces, F f) {
  check_defined(op, x);
  if (!is_floating(x.array->dtype)) {
    const Tensor t = promote_floating(op, x);
    return along(op, Arg(t, x.site), axis, reduces, f);
  }
  axis = check_axis(op, axis, x.array->shape, x.site);
  const int last = x.array->shape.rank() - 1;
  if (axis == last) return f(x);
  Scope scope(x.site);
  const Tensor moved = transpose(x, axis, last);
  const Tensor y = f(Arg(moved, x.site));
  if (!reduces) return transpose(y, axis, last);
  // (…, c, …, a) lost its last axis; what was last stands at `axis` and goes back to the end.
  std::vector<int> order;
  for (int i = 0; i < last; ++i)
    if (i != axis) order.push_back(i);
  order.push_back(axis);
  return permute(y, order);
}

}  // namespace

Tensor softmax(const Arg& x, int axis) {
  return along("softmax", x, axis, false, [](const Arg& x) {
    auto forward = [](const Array& x) {
      Ref<Array> y = make_array(x.dtype, x.shape);
      for_rows(x, *y, [](std::int64_t n, auto* x, auto* y) {
        std::remove_reference_t<decltype(*y)> max;
        const auto total = exp_row(n, x, y, max);
        kernel::map(
            n, [t = decltype(kernel::wrap(total))(total)](auto v) { return v / t; }, y, y);
      });
      return y;
    };
    return execute("softmax", {&x}, forward,
                  rule<output>([](const Tensor& g, const Tensor& y) { return y * (g - sum(g * y, -1, true)); }));
  });
}

Tensor log_softmax(const Arg& x, int axis) {
  return along("log_softmax", x, axis, false, [](const Arg& x) {
    auto forward = [](const Array& x) {
      Ref<Array> y = make_array(x.dtype, x.shape);
      for_rows(x, *y, [](std::int64_t n, auto* x, auto* y) {
        std::remove_reference_t<decltype(*y)> max;
        const auto shift = std::log(exp_row(n, x, y, max));
        // In two steps: max + log total would round off what is small beside max.
        kernel::map(
            n, [m = kernel::wrap(max), s = kernel::wrap(shift)](auto v) { return (v - m) - s; }, y, x);
      });
      return y;
    };
    return execute("log_softmax", {&x}, forward,
                  rule<output>([](const Tensor& g, const Tensor& y) { return g - exp(y) * sum(g, -1, true); }));
  });
}

Tensor logsumexp(const Arg& x, int axis) {
  return along("logsumexp", x, axis, true, [](const Arg& x) {
    const Shape& shape = x.array->shape;
    Shape kept = shape;
    kept[shape.rank() - 1] = 1;
    if (shape[shape.rank() - 1] == 0) fail("logsumexp", "the axis of " + to_string(shape) + " is empty", x.site);
    auto forward = [](const Array& x) {
      Ref<Array> y = make_array(x.dtype, Shape(x.shape.begin(), x.shape.end() - 1));
      Ref<Array> powers = make_array(x.dtype, x.shape);
      for_rows(x, *y, [&](std::int64_t n, auto* row, auto* y) {
        using T = std::remove_reference_t<decltype(*y)>;
        T max;
        const T total = exp_row(n, row, powers->at<T>() + (row - x.at<T>()), max);
        *y = max == std::numeric_limits<T>::infinity() ? max : max + std::log(total);  // e^(inf - inf) is NaN
      });
      return y;
    };
    return execute("logsumexp", {&x}, forward,
                  rule<0, output>([kept](const Tensor& g, const Tensor& x, const Tensor& y) {
                    return reshape(g, kept) * exp(x - reshape(y, kept));
                  }));
  });
}

Tensor cross_entropy(const Arg& logits, const Arg& labels) {
  check_defined("cross_entropy", logits);
  check_defined("cross_entropy", labels);
  const Array &x = *logits.array, &k = *labels.array;
  if (!is_floating(x.dtype) || x.shape.rank() != 2 || k.shape != Shape{x.shape[0]} || is_floating(k.dtype) ||
      k.dtype == boolean)
    fail("cross_entropy",
         "logits " + describe(x) + " and labels " + describe(k) +
             " do not fit: expected (batch, classes) and integers (batch,)",
         logits.site);
  auto forward = [site = logits.site](const Array& x, const Array& k) {
    const std::int64_t batch = x.shape[0];
    check_labels("cross_entropy", k, x.shape[1], site);
    Ref<Array> y = make_array(x.dtype, Shape{});
    Ref<Array> losses = make_array(x.dtype, Shape{batch}), powers = make_array(x.dtype, x.shape);
    for_rows(x, *losses, [&](std::int64_t n, auto* row, auto* loss) {
      using T = std::remove_reference_t<decltype(*loss)>;
      const std::int64_t i = loss - losses->at<T>();
      T max;
      const T total = exp_row(n, row, powers->at<T>() + i * n, max);
      *loss = std::log(total) - (row[label_at(k, i)] - max);
    });
    visit_floating(x.dtype, [&](auto t) {
      using T = decltype(t);
      *y->at<T>() = kernel::sum(batch, losses->at<T>()) / static_cast<T>(batch);
    });
    return y;
  };
  return execute("cross_entropy", {&logits, &labels}, forward,
                rule<0, 1>([](const Tensor& g, const Tensor& x, const Tensor& k) {
                  return (softmax(x) - one_hot(k, x.shape()[1], x.dtype())) * (g / static_cast<double>(x.shape()[0]));
                }),
                no_gradient);
}

}  // namespace xtape
