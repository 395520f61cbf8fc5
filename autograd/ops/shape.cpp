#include "shape.hpp"

#include <numeric>

#include "../kernels/strided.hpp"
#include "detail/apply.hpp"

namespace xtape {
using namespace detail;

Tensor reshape(const Arg& x, const Shape& shape) {
  check_defined("reshape", x);
  const Shape from = x.array->shape;
  if (shape.size() != x.array->size)
    fail("reshape",
         "shape " + to_string(from) + " has " + std::to_string(x.array->size) + " elements, " + to_string(shape) +
             " would have " + std::to_string(shape.size()),
         x.site);
  return execute(
      "reshape", {&x}, [shape](const Array& x) { return make_view(x, shape); },
      rule<>([from](const Tensor& g) { return reshape(g, from); }));
}

Tensor reshape(const Arg& x, const std::vector<std::int64_t>& sizes) {
  check_defined("reshape", x);
  std::vector<std::int64_t> known = sizes;
  std::int64_t* unknown = nullptr;
  std::int64_t rest = 1;
  for (std::int64_t& n : known) {
    if (n != -1) rest *= n;
    else if (unknown) fail("reshape", "only one size may be -1", x.site);
    else unknown = &n;
  }
  if (unknown) {
    if (rest <= 0 || x.array->size % rest != 0)
      fail("reshape",
           std::to_string(x.array->size) + " elements of shape " + to_string(x.array->shape) +
               " do not divide into groups of " + std::to_string(rest),
           x.site);
    *unknown = x.array->size / rest;
  }
  Scope scope(x.site);
  return reshape(x, Shape(known.data(), known.data() + known.size()));
}

Tensor reshape(const Arg& x, std::initializer_list<std::int64_t> sizes) {
  return reshape(x, std::vector<std::int64_t>(sizes));
}

Tensor flatten(const Arg& x, int start, int end) {
  check_defined("flatten", x);
  const Shape& from = x.array->shape;
  if (from.rank() == 0) return reshape(x, Shape{1});
  start = check_axis("flatten", start, from, x.site);
  end = check_axis("flatten", end, from, x.site);
  if (end < start)
    fail("flatten",
         "axis " + std::to_string(end) + " lies before axis " + std::to_string(start) + " in shape " + to_string(from),
         x.site);
  Shape to;
  for (int i = 0; i < from.rank(); ++i)
    if (i <= start || i > end) to.push_back(from[i]);
    else to[start] *= from[i];
  return reshape(x, to);
}

Tensor unflatten(const Arg& x, int axis, const std::vector<std::int64_t>& sizes) {
  check_defined("unflatten", x);
  const Scope scope(x.site);
  const Shape& from = x.array->shape;
  axis = check_axis("unflatten", axis, from, x.site);
  std::int64_t known = 1, unknown = 0;
  bool ok = true;
  for (const std::int64_t n : sizes) {
    unknown += n == -1;
    ok = ok && n >= -1 && (n == -1 || !__builtin_mul_overflow(known, n, &known));
  }
  ok = ok && (unknown == 0 ? known == from[axis] : unknown == 1 && known > 0 && from[axis] % known == 0);
  if (!ok)
    fail("unflatten",
         "axis " + std::to_string(axis) + " of shape " + to_string(from) + " does not unfold into " +
             attribute_text(sizes),
         x.site);
  std::vector<std::int64_t> to(from.begin(), from.begin() + axis);
  for (const std::int64_t n : sizes) to.push_back(n == -1 ? from[axis] / known : n);
  to.insert(to.end(), from.begin() + axis + 1, from.end());
  return reshape(x, Shape(to.data(), to.data() + to.size()));
}

namespace {
Tensor without_ones(const Arg& x, const bool* named) {
  const Shape& from = x.array->shape;
  Shape to;
  for (int i = 0; i < from.rank(); ++i)
    if (from[i] != 1 || (named && !named[i])) to.push_back(from[i]);
  return reshape(x, to);
}
}  // namespace

Tensor squeeze(const Arg& x) {
  check_defined("squeeze", x);
  return without_ones(x, nullptr);
}

Tensor squeeze(const Arg& x, const Axes& axes) {
  check_defined("squeeze", x);
  bool named[Shape::max_rank] = {};
  for (const int axis : axes.values()) named[check_axis("squeeze", axis, x.array->shape, x.site)] = true;
  return without_ones(x, named);
}

Tensor unsqueeze(const Arg& x, int axis) {
  check_defined("unsqueeze", x);
  const Scope scope(x.site);
  const Shape& from = x.array->shape;
  const int at = axis < 0 ? axis + from.rank() + 1 : axis;
  if (at < 0 || at > from.rank())
    fail("unsqueeze", "there is no place " + std::to_string(axis) + " for a new axis in shape " + to_string(from),
         x.site);
  Shape to(from.begin(), from.begin() + at);
  to.push_back(1);
  for (int i = at; i < from.rank(); ++i) to.push_back(from[i]);
  return reshape(x, to);
}

Tensor permute(const Arg& x, const std::vector<int>& axes) {
  check_defined("permute", x);
  const Shape& from = x.array->shape;
  const std::size_t rank = static_cast<std::size_t>(from.rank());
  std::vector<int> order(rank), inverse(rank, -1);
  bool ok = axes.size() == rank;
  for (std::size_t i = 0; i < rank && ok; ++i) {
    order[i] = check_axis("permute", axes[i], from, x.site);
    int& back = inverse[static_cast<std::size_t>(order[i])];
    ok = back == -1;
    back = static_cast<int>(i);
  }
  if (!ok)
    fail("permute", "the order must name each of the " + std::to_string(rank) + " axes of " + to_string(from) + " once",
         x.site);
  auto forward = [order](const Array& x) {
    Shape to = x.shape;
    for (std::size_t i = 0; i < order.size(); ++i) to[static_cast<int>(i)] = x.shape[order[i]];
    Ref<Array> y = make_array(x.dtype, to);
    const kernel::Strides from(x.shape), strides(to);
    kernel::Strided walk;
    for (int i = 0; i < to.rank(); ++i) walk.push(to[i], strides[i], from[order[static_cast<std::size_t>(i)]]);
    kernel::copy(walk, y->dtype, y->data, x.data);
    return y;
  };
  return execute("permute", {&x}, attributed(forward, "axes", order),
                 rule<>([inverse](const Tensor& g) { return permute(g, inverse); }));
}

Tensor transpose(const Arg& x, int axis0, int axis1) {
  check_defined("transpose", x);
  const int a = check_axis("transpose", axis0, x.array->shape, x.site);
  const int b = check_axis("transpose", axis1, x.array->shape, x.site);
  std::vector<int> order(static_cast<std::size_t>(x.array->shape.rank()));
  std::iota(order.begin(), order.end(), 0);
  std::swap(order[static_cast<std::size_t>(a)], order[static_cast<std::size_t>(b)]);
  return permute(x, order);
}

Tensor swapaxes(const Arg& x, int axis0, int axis1) {
  Scope scope(x.site);
  return transpose(x, axis0, axis1);
}

Tensor moveaxis(const Arg& x, const Axes& source, const Axes& destination) {
  check_defined("moveaxis", x);
  const Shape& from = x.array->shape;
  const std::size_t moved = source.values().size();
  std::vector<int> order(static_cast<std::size_t>(from.rank()), -1);
  bool taken[Shape::max_rank] = {}, ok = moved == destination.values().size();
  for (std::size_t i = 0; i < moved && ok; ++i) {
    const int a = check_axis("moveaxis", source.values()[i], from, x.site);
    int& place = order[static_cast<std::size_t>(check_axis("moveaxis", destination.values()[i], from, x.site))];
    ok = !taken[a] && place == -1;
    taken[a] = true, place = a;
  }
  if (!ok)
    fail("moveaxis",
         "axes " + attribute_text(source.values()) + " of shape " + to_string(from) + " do not go to places " +
             attribute_text(destination.values()),
         x.site);
  int next = 0;
  for (int& place : order) {
    if (place != -1) continue;
    while (taken[next]) ++next;
    place = next++;
  }
  return permute(x, order);
}

Tensor broadcast_to(const Arg& x, const Shape& shape) {
  check_defined("broadcast_to", x);
  const Shape& from = x.array->shape;
  if (from.rank() > shape.rank() || broadcast_shape("broadcast_to", from, shape, x.site) != shape)
    fail("broadcast_to", "shape " + to_string(from) + " does not stretch to " + to_string(shape), x.site);
  auto forward = [shape](const Array& x) {
    Ref<Array> y = make_array(x.dtype, shape);
    const kernel::Strides strides(shape), from(x.shape);
    const int missing = shape.rank() - x.shape.rank();
    kernel::Strided walk;
    for (int i = 0; i < shape.rank(); ++i)
      walk.push(shape[i], strides[i], i < missing || x.shape[i - missing] == 1 ? 0 : from[i - missing]);
    kernel::copy(walk, y->dtype, y->data, x.data);
    return y;
  };
  return execute("broadcast_to", {&x}, forward, rule<>([](const Tensor& g) { return g; }));
}

Tensor expand(const Arg& x, const std::vector<std::int64_t>& sizes) {
  check_defined("expand", x);
  const Shape& from = x.array->shape;
  std::vector<std::int64_t> to = sizes;
  const std::int64_t missing = static_cast<std::int64_t>(to.size()) - from.rank();
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (to[i] != -1) continue;
    const std::int64_t axis = static_cast<std::int64_t>(i) - missing;
    if (missing < 0 || axis < 0)
      fail("expand",
           "shape " + to_string(from) + " has no axis whose size could stand for the -1 in " + attribute_text(sizes),
           x.site);
    to[i] = from[static_cast<int>(axis)];
  }
  Scope scope(x.site);
  return broadcast_to(x, Shape(to.data(), to.data() + to.size()));
}

}  // namespace xtape
