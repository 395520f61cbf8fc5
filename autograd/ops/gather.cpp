#include "gather.hpp"

#include "positions.hpp"
#include "shape.hpp"

namespace xtape {
namespace {

Tensor parts(const char* op, const Arg& x, int axis, const Arg& indices);

// The adjoint of taking parts: zeros with the parts added.
Tensor parts_adjoint(const Arg& g, int axis, const Arg& indices, const Shape& shape) {
  auto forward = [axis, shape, site = indices.site](const Array& g, const Array& k) {
    Ref<Array> y = cleared(g.dtype, shape);
    put_parts<Put::adding>("index_adjoint", *y, axis, k, g, site);
    return y;
  };
  return execute("index_adjoint", {&g, &indices}, attributed(forward, "axis", axis),
                 rule<1>([axis](const Tensor& g, const Tensor& k) { return parts("index", g, axis, k); }), no_gradient);
}

Tensor parts(const char* op, const Arg& x, int axis, const Arg& indices) {
  const Shape& shape = x.array->shape;
  const Shape result = replaced(shape, axis, indices.array->shape);
  auto forward = [op, axis, result, site = indices.site](const Array& x, const Array& k) {
    const Split from(x.shape, axis);
    check_range(op, k, from.n, site);
    Ref<Array> y = make_array(x.dtype, result);
    if (y->size) read_parts(from, x, k.size, k.at<Position>(), *y);
    return y;
  };
  return execute(op, {&x, &indices}, attributed(forward, "axis", axis),
                 rule<1>([axis, shape](const Tensor& g, const Tensor& k) { return parts_adjoint(g, axis, k, shape); }),
                 no_gradient);
}

}  // namespace

Tensor index(const Arg& x, int axis, const Arg& indices) {
  check_indices("index", x, indices);
  return parts("index", x, check_axis("index", axis, x.array->shape, x.site), indices);
}

Tensor index_select(const Arg& x, int axis, const Arg& indices) {
  check_indices("index_select", x, indices);
  axis = check_axis("index_select", axis, x.array->shape, x.site);
  if (indices.array->shape.rank() != 1)
    fail("index_select", "the indices must be a vector, not " + describe(*indices.array), indices.site);
  return parts("index_select", x, axis, indices);
}

Tensor embedding(const Arg& weight, const Arg& indices) {
  check_indices("embedding", weight, indices);
  if (weight.array->shape.rank() != 2)
    fail("embedding", "the weight must be a matrix (n, width), not " + describe(*weight.array), weight.site);
  return parts("embedding", weight, 0, indices);
}

Tensor take(const Arg& x, const Arg& indices) {
  check_indices("take", x, indices);
  Scope scope(x.site);
  return parts("take", reshape(x, Shape{x.array->size}), 0, indices);
}

namespace {

Tensor elements(const char* op, const Arg& x, int axis, const Arg& indices);

// The adjoint of reading elements: zeros with the elements added.
Tensor elements_adjoint(const Arg& g, int axis, const Arg& indices, const Shape& shape) {
  auto forward = [axis, shape, site = indices.site](const Array& g, const Array& k) {
    Ref<Array> y = cleared(g.dtype, shape);
    put_elements<Put::adding>("gather_adjoint", *y, axis, k, g, site);
    return y;
  };
  return execute("gather_adjoint", {&g, &indices}, attributed(forward, "axis", axis),
                 rule<1>([axis](const Tensor& g, const Tensor& k) { return elements("gather", g, axis, k); }),
                 no_gradient);
}

// Where the other axes of the indices are as long as those of x.
Tensor elements(const char* op, const Arg& x, int axis, const Arg& indices) {
  auto forward = [op, axis, site = indices.site](const Array& x, const Array& k) {
    Ref<Array> y = make_array(x.dtype, k.shape);
    visit_dtype(x.dtype, [&](auto t) {
      using T = decltype(t);
      read_elements(op, Split(x.shape, axis), k, site, x.at<T>(), y->at<T>());
    });
    return y;
  };
  return execute(op, {&x, &indices}, attributed(forward, "axis", axis),
                 rule<1>([axis, shape = x.array->shape](const Tensor& g, const Tensor& k) {
                   return elements_adjoint(g, axis, k, shape);
                 }),
                 no_gradient);
}

}  // namespace

Tensor gather(const Arg& x, int axis, const Arg& indices) {
  if (check_elements("gather", x, axis, indices)) return elements("gather", x, axis, indices);
  Scope scope(x.site);
  return elements("gather", cut_to(x, cut_shape(x.array->shape, axis, indices.array->shape)), axis, indices);
}

Tensor take_along(const Arg& x, const Arg& indices, int axis) {
  check_indices("take_along", x, indices);
  const Shape &shape = x.array->shape, &k = indices.array->shape;
  axis = check_axis("take_along", axis, shape, x.site);
  Shape x_to = k, k_to = k;
  bool fits = k.rank() == shape.rank();
  for (int i = 0; i < shape.rank() && fits; ++i) {
    if (i != axis) {
      fits = k[i] == shape[i] || k[i] == 1 || shape[i] == 1;
      x_to[i] = k_to[i] = k[i] == 1 ? shape[i] : k[i];
    } else {
      x_to[i] = shape[i];
    }
  }
  if (!fits)
    fail("take_along",
         "x of shape " + to_string(shape) + " and indices of shape " + to_string(k) +
             " do not broadcast in the axes other than " + std::to_string(axis),
         indices.site);
  if (x_to == shape && k_to == k) return elements("take_along", x, axis, indices);
  Scope scope(x.site);
  return elements("take_along", broadcast_to(x, x_to), axis, broadcast_to(indices, k_to));
}

}  // namespace xtape
