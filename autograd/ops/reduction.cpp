#include "reduction.hpp"

#include <cstring>

#include "apply.hpp"
#include "elementwise.hpp"
#include "shape.hpp"
#include "sum_kernel.hpp"

namespace xtape {
namespace {

// x seen as (outer, n, inner), summed over n.
template <class T>
void sum_middle(std::int64_t outer, std::int64_t n, std::int64_t inner, const T* x, T* y) {
  if (outer == 0 || inner == 0) return;
  if (inner == 1) {
    const std::int64_t rows_per_tile = n >= kernel::tile_size ? 1 : kernel::tile_size / (n + 1) + 1;
    if (outer == 1) return void(*y = kernel::sum(n, x));
    return parallel_for((outer + rows_per_tile - 1) / rows_per_tile, [=](std::int64_t t) {
      for (std::int64_t i = t * rows_per_tile; i < outer && i < (t + 1) * rows_per_tile; ++i)
        y[i] = kernel::sum(n, x + i * n);
    });
  }
  // Rows are added in order, a strip of columns at a time.
  const std::int64_t strip = inner < 4096 ? inner : 4096, strips = (inner + strip - 1) / strip;
  auto tile = [=](std::int64_t t) {
    const std::int64_t o = t / strips, begin = t % strips * strip;
    const std::int64_t width = inner - begin < strip ? inner - begin : strip;
    T* sums = y + o * inner + begin;
    const T* rows = x + o * n * inner + begin;
    std::memset(static_cast<void*>(sums), 0, static_cast<std::size_t>(width) * sizeof(T));
    for (std::int64_t i = 0; i < n; ++i)
      kernel::update(
          width, [](auto& s, auto& v) { s = s + v; }, sums, rows + i * inner);
  };
  if (outer * n * inner <= kernel::tile_size) {
    for (std::int64_t t = 0; t < outer * strips; ++t) tile(t);
  } else {
    parallel_for(outer * strips, tile);
  }
}

Ref<Array> sum_axes(const Array& x, const std::vector<bool>& reduced, const Shape& result) {
  // Neighbouring axes of one kind are one axis; the reduced ones go one group at a time, the innermost first.
  Shape shape;
  std::vector<bool> group;
  for (int i = 0; i < x.shape.rank(); ++i) {
    const bool r = reduced[static_cast<std::size_t>(i)];
    if (!group.empty() && group.back() == r) shape[shape.rank() - 1] *= x.shape[i];
    else shape.push_back(x.shape[i]), group.push_back(r);
  }
  Ref<Array> y;
  const Array* from = &x;
  for (int i = shape.rank() - 1; i >= 0; --i) {
    if (!group[static_cast<std::size_t>(i)]) continue;
    std::int64_t outer = 1, inner = 1;
    for (int k = 0; k < i; ++k) outer *= shape[k];
    for (int k = i + 1; k < shape.rank(); ++k) inner *= shape[k];
    Ref<Array> next = make_array(x.dtype, Shape{outer, inner});
    visit_computing(x.dtype, [&](auto t) {
      using T = decltype(t);
      sum_middle(outer, shape[i], inner, from->at<T>(), next->at<T>());
    });
    shape[i] = 1;
    y = std::move(next);
    from = y.get();
  }
  y->shape = result;
  return y;
}

}  // namespace

Tensor sum(const Arg& x, const Axes& axes, bool keepdims) {
  check_defined("sum", x);
  if (!computes(x.array->dtype)) {
    const Tensor counted = Tensor(Ref<Array>::share(x.array)).to(int64, x.site);
    return sum(Arg(counted, x.site), axes, keepdims);
  }
  const Shape shape = x.array->shape;
  bool reduced[Shape::max_rank] = {};
  for (int axis : axes.values()) {
    bool& r = reduced[check_axis("sum", axis, shape, x.site)];
    if (r) fail("sum", "axis " + std::to_string(axis) + " of shape " + to_string(shape) + " is named twice", x.site);
    r = true;
  }
  Shape kept = shape, result;
  for (int i = 0; i < shape.rank(); ++i) {
    if (reduced[i]) kept[i] = 1;
    if (!reduced[i] || keepdims) result.push_back(kept[i]);
  }
  const std::vector<bool> over(reduced, reduced + shape.rank());
  auto forward = [over, none = axes.values().empty(), result](const Array& x) {
    return none ? make_view(x, x.shape) : sum_axes(x, over, result);
  };
  return execute("sum", {&x}, attributed(forward, "axes", axes.values()),
                 rule<>([shape, kept](const Tensor& g) { return broadcast_to(reshape(g, kept), shape); }));
}

Tensor sum(const Arg& x) {
  check_defined("sum", x);
  std::vector<int> all(static_cast<std::size_t>(x.array->shape.rank()));
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int>(i);
  return sum(x, Axes(std::move(all)));
}

Tensor mean(const Arg& x, const Axes& axes, bool keepdims) {
  Tensor total = sum(x, axes, keepdims);
  double n = 1;
  for (int axis : axes.values())
    n *= static_cast<double>(x.array->shape[check_axis("mean", axis, x.array->shape, x.site)]);
  return Arg(total, x.site) / n;
}

Tensor mean(const Arg& x) {
  Tensor total = sum(x);
  return Arg(total, x.site) / static_cast<double>(x.array->size);
}

Tensor argmax(const Arg& x, int axis) {
  check_defined("argmax", x);
  const Shape& shape = x.array->shape;
  axis = check_axis("argmax", axis, shape, x.site);
  if (shape[axis] == 0)
    fail("argmax", "axis " + std::to_string(axis) + " of " + to_string(shape) + " is empty", x.site);
  auto forward = [axis](const Array& x) {
    const Shape& shape = x.shape;
    Shape result;
    std::int64_t outer = 1, inner = 1;
    for (int i = 0; i < shape.rank(); ++i) {
      if (i < axis) outer *= shape[i];
      if (i > axis) inner *= shape[i];
      if (i != axis) result.push_back(shape[i]);
    }
    Ref<Array> y = make_array(int64, result);
    visit_dtype(x.dtype, [&](auto t) {
      using T = decltype(t);
      for (std::int64_t o = 0; o < outer; ++o)
        for (std::int64_t i = 0; i < inner; ++i) {
          const T* p = x.at<T>() + o * shape[axis] * inner + i;
          std::int64_t best = 0;
          for (std::int64_t k = 1; k < shape[axis]; ++k) {
            const T v = p[k * inner], b = p[best * inner];
            if (v > b || (v != v && b == b)) best = k;
          }
          y->at<std::int64_t>()[o * inner + i] = best;
        }
    });
    return y;
  };
  return execute("argmax", {&x}, attributed(forward, "axis", axis), no_gradient);
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

}  // namespace xtape
