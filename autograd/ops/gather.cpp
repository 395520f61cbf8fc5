#include "gather.hpp"

#include <memory>

#include "../core/part.hpp"
#include "detail/positions.hpp"
#include "shape.hpp"

namespace xtape {
using namespace detail;

namespace {

template <bool of_parts>
Tensor take_at(const char* op, const Arg& x, int axis, const Arg& indices);

// Where positions along an axis are: of whole parts, or of single elements. Taking and adding are each other's adjoint.
template <bool of_parts>
struct Positions final : Place {
  Positions(const char* op, int axis, Site site) : op(op), axis(axis), site(site) {}

  Ref<Array> spread(const Shape& shape, const Array& part, const Array* at) const override {
    Ref<Array> y = cleared(part.dtype, shape);
    put<Put::adding>(*y, *at, part);
    return y;
  }
  // Adds what `spread` would hold, to the same bits where a position is there twice, but goes to the positions only.
  void add(Array& whole, const Array& part, const Array* at) const override {
    const Ref<Array> before = read(whole, *at);
    put<Put::copying>(whole, *at, *cleared(part.dtype, part.shape));
    put<Put::adding>(whole, *at, part);
    const Ref<Array> sums = read(whole, *at);
    kernel::Strided walk;
    walk.push(sums->size, 1, 1);
    kernel::add(walk, sums->dtype, sums->data, before->data);
    put<Put::copying>(whole, *at, *sums);
  }
  Tensor take(const Tensor& whole, const Tensor& at) const override { return take_at<of_parts>(op, whole, axis, at); }

  Ref<Array> read(const Array& x, const Array& at) const {
    const Split from(x.shape, axis);
    if constexpr (of_parts) {
      check_range(op, at, from.n, site);
      Ref<Array> y = make_array(x.dtype, replaced(x.shape, axis, at.shape));
      if (y->size) read_parts(from, x, at.size, at.at<Position>(), *y);
      return y;
    } else {
      Ref<Array> y = make_array(x.dtype, at.shape);
      visit_dtype(x.dtype, [&](auto t) {
        using T = decltype(t);
        read_elements(op, from, at, site, x.at<T>(), y->at<T>());
      });
      return y;
    }
  }
  template <Put how>
  void put(Array& y, const Array& at, const Array& values) const {
    if constexpr (of_parts) put_parts<how>(op, y, axis, at, values, site);
    else put_elements<how>(op, y, axis, at, values, site);
  }

  const char* op;
  int axis;
  Site site;
};

template <bool of_parts>
Tensor take_at(const char* op, const Arg& x, int axis, const Arg& indices) {
  const Positions<of_parts> positions(op, axis, indices.site);
  auto forward = [positions](const Array& x, const Array& k) { return positions.read(x, k); };
  return execute(op, {&x, &indices}, attributed(forward, "axis", axis),
                 rule<1>([positions](const Tensor& g, const Tensor& k) {
                   return Part{g, std::make_shared<Positions<of_parts>>(positions), k};
                 }),
                 no_gradient);
}

}  // namespace

Tensor index(const Arg& x, int axis, const Arg& indices) {
  check_indices("index", x, indices);
  return take_at<true>("index", x, check_axis("index", axis, x.array->shape, x.site), indices);
}

Tensor index_select(const Arg& x, int axis, const Arg& indices) {
  check_indices("index_select", x, indices);
  axis = check_axis("index_select", axis, x.array->shape, x.site);
  if (indices.array->shape.rank() != 1)
    fail("index_select", "the indices must be a vector, not " + describe(*indices.array), indices.site);
  return take_at<true>("index_select", x, axis, indices);
}

Tensor embedding(const Arg& indices, const Arg& weight) {
  if (indices.array && weight.array && is_floating(indices.array->dtype) && weight.array->dtype == int64)
    fail("embedding",
         "the indices are " + describe(*indices.array) + ", the weight " + describe(*weight.array) +
             "; the indices come first: embedding(indices, weight)",
         indices.site);
  check_indices("embedding", weight, indices);
  if (weight.array->shape.rank() != 2)
    fail("embedding", "the weight must be a matrix (n, width), not " + describe(*weight.array), weight.site);
  return take_at<true>("embedding", weight, 0, indices);
}

Tensor take(const Arg& x, const Arg& indices) {
  check_indices("take", x, indices);
  Scope scope(x.site);
  return take_at<true>("take", reshape(x, Shape{x.array->size}), 0, indices);
}

Tensor gather(const Arg& x, int axis, const Arg& indices) {
  if (check_elements("gather", x, axis, indices)) return take_at<false>("gather", x, axis, indices);
  Scope scope(x.site);
  return take_at<false>("gather", cut_to(x, cut_shape(x.array->shape, axis, indices.array->shape)), axis, indices);
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
  if (x_to == shape && k_to == k) return take_at<false>("take_along", x, axis, indices);
  Scope scope(x.site);
  return take_at<false>("take_along", broadcast_to(x, x_to), axis, broadcast_to(indices, k_to));
}

}  // namespace xtape
