#include "scatter.hpp"

#include <cstring>
#include <vector>

#include "../kernels/parallel_rows.hpp"
#include "detail/positions.hpp"
#include "elementwise.hpp"
#include "gather.hpp"
#include "pad.hpp"
#include "shape.hpp"
#include "slice.hpp"

namespace xtape {
using namespace detail;

namespace {

// Values as a tensor of the dtype of x and of this shape.
Tensor values_like(const char* op, const Arg& values, const Arg& x, const Shape& shape) {
  if (values.is_scalar) return full(shape, values, x.array->dtype);
  check_defined(op, values);
  if (values.array->dtype != x.array->dtype || values.array->shape != shape)
    fail(op,
         "the values are " + describe(*values.array) + "; expected " + to_string(x.array->dtype) + to_string(shape) +
             ", or a number",
         values.site);
  return values.tensor();
}

void check_adds(const char* op, const Arg& x) {
  if (!computes(x.array->dtype))
    fail(op, "elements of " + describe(*x.array) + " do not add; convert with to(int64)", x.site);
}

Tensor pad_to(const Tensor& x, const Shape& shape) {
  std::vector<std::int64_t> pads;
  for (int i = shape.rank(); i-- > 0;) pads.insert(pads.end(), {0, shape[i] - x.shape()[i]});
  return pad(x, pads);
}

// The gradient of values that are put at positions: each value's element of g, but 0 where a later value came. Putting
// values on zeros and this are each other's rule.
Tensor scatter_values(const Arg& g, int axis, const Arg& indices) {
  auto forward = [axis, site = indices.site](const Array& g, const Array& k) {
    Ref<Array> y = make_array(g.dtype, k.shape);
    const Split at(g.shape, axis);
    const std::int64_t m = k.shape[axis];
    visit_floating(g.dtype, [&](auto t) {
      using T = decltype(t);
      for_runs("scatter_values", at, k, site, [&](std::int64_t o, std::int64_t first, std::int64_t end) {
        const std::int64_t width = end - first;
        const auto* p = k.at<Position>() + o * m * at.inner + first;
        const T* from = g.at<T>() + o * at.n * at.inner + first;
        T* to = y->at<T>() + o * m * at.inner + first;
        std::vector<std::int64_t> last(static_cast<std::size_t>(at.n * width));
        for (const bool read : {false, true})
          for (std::int64_t j = 0; j < m; ++j)
            for (std::int64_t i = 0; i < width; ++i) {
              const std::int64_t here = j * at.inner + i, row = p[here];
              std::int64_t& l = last[static_cast<std::size_t>(row * width + i)];
              if (!read) l = j;
              else to[here] = l == j ? from[row * at.inner + i] : T(0);
            }
      });
    });
    return y;
  };
  return execute("scatter_values", {&g, &indices}, attributed(forward, "axis", axis),
                 rule<1>([axis, shape = g.array->shape](const Tensor& h, const Tensor& k) {
                   return scattered("scatter", h, axis, k, shape);
                 }),
                 no_gradient);
}

// The same for parts.
Tensor index_copy_values(const Arg& g, int axis, const Arg& indices) {
  auto forward = [axis, site = indices.site](const Array& g, const Array& k) {
    const Split at(g.shape, axis);
    check_range("index_copy_values", k, at.n, site);
    const auto* p = k.at<Position>();
    const std::int64_t part = at.inner * size_of(g.dtype);
    std::vector<std::int64_t> last(static_cast<std::size_t>(at.n));
    for (std::int64_t j = 0; j < k.size; ++j) last[static_cast<std::size_t>(p[j])] = j;
    Ref<Array> y = make_array(g.dtype, replaced(g.shape, axis, k.shape));
    parallel_rows(at.outer, k.size * at.inner, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t o = begin; o < end; ++o)
        for (std::int64_t j = 0; j < k.size; ++j) {
          char* to = y->at<char>() + (o * k.size + j) * part;
          const bool stays = last[static_cast<std::size_t>(p[j])] == j;
          if (stays) std::memcpy(to, g.at<char>() + (o * at.n + p[j]) * part, static_cast<std::size_t>(part));
          else std::memset(to, 0, static_cast<std::size_t>(part));
        }
    });
    return y;
  };
  return execute("index_copy_values", {&g, &indices}, attributed(forward, "axis", axis),
                 rule<1>([axis, shape = g.array->shape](const Tensor& h, const Tensor& k) {
                   return index_copy(zeros(shape, h.dtype()), axis, k, h);
                 }),
                 no_gradient);
}

}  // namespace

Tensor scattered(const char* op, const Arg& values, int axis, const Arg& indices, const Shape& shape) {
  auto forward = [op, axis, shape, site = indices.site](const Array& v, const Array& k) {
    Ref<Array> y = cleared(v.dtype, shape);
    put_elements<Put::copying>(op, *y, axis, k, v, site);
    return y;
  };
  return execute(op, {&values, &indices}, attributed(forward, "axis", axis),
                 rule<1>([axis](const Tensor& g, const Tensor& k) { return scatter_values(g, axis, k); }), no_gradient);
}

Tensor scatter_add(const Arg& x, int axis, const Arg& indices, const Arg& values) {
  const bool same = check_elements("scatter_add", x, axis, indices);
  check_adds("scatter_add", x);
  const Shape &shape = x.array->shape, &k = indices.array->shape;
  const Tensor added = values_like("scatter_add", values, x, k);
  const Arg v(added, values.site);
  if (!same) {
    Scope scope(x.site);
    return x + pad_to(scatter_add(zeros(cut_shape(shape, axis, k), x.array->dtype), axis, indices, v), shape);
  }
  auto forward = [axis, site = indices.site](const Array& x, const Array& k, const Array& v) {
    Ref<Array> y = copy_of(x);
    put_elements<Put::adding>("scatter_add", *y, axis, k, v, site);
    return y;
  };
  return execute("scatter_add", {&x, &indices, &v}, attributed(forward, "axis", axis),
                 rule<>([](const Tensor& g) { return g; }), no_gradient,
                 rule<1>([axis](const Tensor& g, const Tensor& k) { return gather(g, axis, k); }));
}

Tensor scatter(const Arg& x, int axis, const Arg& indices, const Arg& values) {
  const bool same = check_elements("scatter", x, axis, indices);
  const Shape &shape = x.array->shape, &k = indices.array->shape;
  const Tensor put = values_like("scatter", values, x, k);
  const Arg v(put, values.site);
  if (!same) {
    // The corner of x that the indices reach is written, and put back.
    Scope scope(x.site);
    const Tensor corner = scatter(cut_to(x, cut_shape(shape, axis, k)), axis, indices, v);
    const Tensor inside = pad_to(ones(corner.shape(), boolean), shape);
    return where(inside, pad_to(corner, shape), x).to(x.array->dtype);
  }
  auto forward = [axis, site = indices.site](const Array& x, const Array& k, const Array& v) {
    Ref<Array> y = copy_of(x);
    put_elements<Put::copying>("scatter", *y, axis, k, v, site);
    return y;
  };
  return execute("scatter", {&x, &indices, &v}, attributed(forward, "axis", axis),
                 rule<1>([axis](const Tensor& g, const Tensor& k) { return scatter(g, axis, k, 0); }), no_gradient,
                 rule<1>([axis](const Tensor& g, const Tensor& k) { return scatter_values(g, axis, k); }));
}

namespace {

// The shape of the values for vectors of positions.
Shape check_parts(const char* op, const Arg& x, int& axis, const Arg& indices) {
  check_indices(op, x, indices);
  axis = check_axis(op, axis, x.array->shape, x.site);
  if (indices.array->shape.rank() != 1)
    fail(op, "the indices must be a vector, not " + describe(*indices.array), indices.site);
  return replaced(x.array->shape, axis, indices.array->shape);
}

}  // namespace

Tensor index_add(const Arg& x, int axis, const Arg& indices, const Arg& values) {
  const Shape shape = check_parts("index_add", x, axis, indices);
  check_adds("index_add", x);
  const Tensor added = values_like("index_add", values, x, shape);
  const Arg v(added, values.site);
  auto forward = [axis, site = indices.site](const Array& x, const Array& k, const Array& v) {
    Ref<Array> y = copy_of(x);
    put_parts<Put::adding>("index_add", *y, axis, k, v, site);
    return y;
  };
  return execute("index_add", {&x, &indices, &v}, attributed(forward, "axis", axis),
                 rule<>([](const Tensor& g) { return g; }), no_gradient,
                 rule<1>([axis](const Tensor& g, const Tensor& k) { return index_select(g, axis, k); }));
}

Tensor index_copy(const Arg& x, int axis, const Arg& indices, const Arg& values) {
  const Shape shape = check_parts("index_copy", x, axis, indices);
  const Tensor put = values_like("index_copy", values, x, shape);
  const Arg v(put, values.site);
  auto forward = [axis, site = indices.site](const Array& x, const Array& k, const Array& v) {
    Ref<Array> y = copy_of(x);
    put_parts<Put::copying>("index_copy", *y, axis, k, v, site);
    return y;
  };
  return execute("index_copy", {&x, &indices, &v}, attributed(forward, "axis", axis),
                 rule<1>([axis](const Tensor& g, const Tensor& k) { return index_copy(g, axis, k, 0); }), no_gradient,
                 rule<1>([axis](const Tensor& g, const Tensor& k) { return index_copy_values(g, axis, k); }));
}

}  // namespace xtape
