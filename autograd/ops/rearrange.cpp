#include "rearrange.hpp"

#include "../kernels/strided.hpp"
#include "detail/axes.hpp"
#include "shape.hpp"

namespace xtape {
using namespace detail;

namespace {

// n r, where that can be counted.
std::int64_t times(const char* op, std::int64_t n, std::int64_t r, const Arg& x) {
  std::int64_t product;
  if (r < 0) fail(op, "cannot repeat " + describe(*x.array) + " " + std::to_string(r) + " times", x.site);
  if (__builtin_mul_overflow(n, r, &product))
    fail(op, describe(*x.array) + " repeated " + std::to_string(r) + " times has more elements than can be counted",
         x.site);
  return product;
}

// Where x has as many axes as there are repeats.
Tensor tiled(const char* op, const Arg& x, const std::vector<std::int64_t>& repeats) {
  const Shape from = x.array->shape;
  Shape to = from;
  for (int i = 0; i < from.rank(); ++i) to[i] = times(op, from[i], repeats[static_cast<std::size_t>(i)], x);
  auto forward = [repeats, to](const Array& x) {
    Ref<Array> y = make_array(x.dtype, to);
    const kernel::Strides strides(to), steps(x.shape);
    kernel::Strided walk;
    for (int i = 0; i < to.rank(); ++i) {
      walk.push(repeats[static_cast<std::size_t>(i)], x.shape[i] * strides[i], 0);
      walk.push(x.shape[i], strides[i], steps[i]);
    }
    kernel::copy(walk, x.dtype, y->data, x.data);
    return y;
  };
  return execute(op, {&x}, attributed(forward, "repeats", repeats), rule<>([repeats, from, to](const Tensor& g) {
                   // Axis by axis: the repeats are summed.
                   Tensor t = g;
                   std::int64_t outer = 1;
                   for (int i = 0; i < from.rank(); outer *= from[i++]) {
                     const std::int64_t r = repeats[static_cast<std::size_t>(i)];
                     std::int64_t inner = from[i];
                     for (int k = i + 1; k < to.rank(); ++k) inner *= to[k];
                     if (r != 1) t = sum(reshape(t, Shape{outer, r, inner}), 1);
                   }
                   return reshape(t, from);
                 }));
}

}  // namespace

Tensor tile(const Arg& x, const std::vector<std::int64_t>& repeats) {
  check_defined("tile", x);
  const Shape& from = x.array->shape;
  const auto rank = static_cast<std::size_t>(from.rank());
  std::vector<std::int64_t> all = repeats;
  if (all.size() < rank) all.insert(all.begin(), rank - all.size(), 1);
  if (all.size() == rank) return tiled("tile", x, all);
  std::vector<std::int64_t> sizes(all.size() - rank, 1);
  sizes.insert(sizes.end(), from.begin(), from.end());
  Scope scope(x.site);
  return tiled("tile", reshape(x, Shape(sizes.data(), sizes.data() + sizes.size())), all);
}

Tensor repeat(const Arg& x, const std::vector<std::int64_t>& repeats) {
  check_defined("repeat", x);
  const Shape& from = x.array->shape;
  if (static_cast<std::int64_t>(repeats.size()) < from.rank())
    fail("repeat",
         "repeats " + attribute_text(repeats) + " for shape " + to_string(from) +
             ": expected one for each axis at least",
         x.site);
  Scope scope(x.site);
  return tile(x, repeats);
}

namespace {

Tensor interleaved(const Arg& x, const Shape& to, std::int64_t repeats, int axis);

// The repeats of every part summed.
Tensor interleaved_adjoint(const Tensor& g, const Shape& from, std::int64_t repeats, int axis) {
  const Split at(from, axis);
  const std::int64_t part = at.inner;
  // Few repeats of few elements: one pass over all for each.
  if (repeats < 1 || repeats > 16 || part > 16)
    return reshape(sum(reshape(g, Shape{at.outer * at.n, repeats, part}), 1), from);
  auto forward = [at, part, from, repeats](const Array& g) {
    Ref<Array> y = make_array(g.dtype, from);
    kernel::Strided walk;
    walk.push(at.outer * at.n, part, repeats * part);
    walk.push(part, 1, 1);
    kernel::copy(walk, g.dtype, y->data, g.data);
    for (std::int64_t r = 1; r < repeats; ++r)
      kernel::add(walk, g.dtype, y->data, g.at<char>() + r * part * size_of(g.dtype));
    return y;
  };
  const Arg in(g, Site{});
  return execute("repeat_interleave_adjoint", {&in}, forward, rule<>([to = g.shape(), repeats, axis](const Tensor& g) {
                   return interleaved(g, to, repeats, axis);
                 }));
}

Tensor interleaved(const Arg& x, const Shape& to, std::int64_t repeats, int axis) {
  const Shape from = x.array->shape;
  auto forward = [to, repeats, axis](const Array& x) {
    Ref<Array> y = make_array(x.dtype, to);
    const Split at(x.shape, axis);
    kernel::Strided walk;
    walk.push(at.outer * at.n, repeats * at.inner, at.inner);
    walk.push(repeats, at.inner, 0);
    walk.push(at.inner, 1, 1);
    kernel::copy(walk, x.dtype, y->data, x.data);
    return y;
  };
  return execute(
      "repeat_interleave", {&x}, attributed(forward, "repeats", repeats, "axis", axis),
      rule<>([from, repeats, axis](const Tensor& g) { return interleaved_adjoint(g, from, repeats, axis); }));
}

}  // namespace

Tensor repeat_interleave(const Arg& x, std::int64_t repeats, int axis) {
  check_defined("repeat_interleave", x);
  Shape to = x.array->shape;
  axis = check_axis("repeat_interleave", axis, to, x.site);
  to[axis] = times("repeat_interleave", to[axis], repeats, x);
  return interleaved(x, to, repeats, axis);
}

Tensor repeat_interleave(const Arg& x, std::int64_t repeats) {
  check_defined("repeat_interleave", x);
  Scope scope(x.site);
  return repeat_interleave(reshape(x, Shape{x.array->size}), repeats, 0);
}

namespace {

// Reversing twice is nothing, so it is its own adjoint.
Tensor reversed(const Arg& x, AxisSet axes) {
  auto forward = [axes](const Array& x) {
    Ref<Array> y = make_array(x.dtype, x.shape);
    if (y->size == 0) return y;
    const kernel::Strides strides(x.shape);
    kernel::Strided walk;
    std::int64_t begin = 0;
    for (int i = 0; i < x.shape.rank(); ++i) {
      const bool back = axes.has(i);
      if (back) begin += (x.shape[i] - 1) * strides[i];
      walk.push(x.shape[i], strides[i], back ? -strides[i] : strides[i]);
    }
    kernel::copy(walk, x.dtype, y->data, x.at<char>() + begin * size_of(x.dtype));
    return y;
  };
  return execute("flip", {&x}, forward, rule<>([axes](const Tensor& g) { return reversed(g, axes); }));
}

}  // namespace

Tensor flip(const Arg& x, const Axes& axes) {
  check_defined("flip", x);
  return reversed(x, check_axes("flip", axes, x.array->shape, x.site));
}

Tensor roll(const Arg& x, std::int64_t shift, int axis) {
  check_defined("roll", x);
  const Shape& shape = x.array->shape;
  axis = check_axis("roll", axis, shape, x.site);
  const std::int64_t n = shape[axis], by = n ? (shift % n + n) % n : 0;
  auto forward = [axis, by](const Array& x) {
    Ref<Array> y = make_array(x.dtype, x.shape);
    const Split at(x.shape, axis);
    const std::int64_t bytes = size_of(x.dtype), row = at.n * at.inner, head = by * at.inner, tail = row - head;
    auto move = [&](std::int64_t to, std::int64_t from, std::int64_t count) {
      kernel::Strided walk;
      walk.push(at.outer, row, row);
      walk.push(count, 1, 1);
      kernel::copy(walk, x.dtype, y->at<char>() + to * bytes, x.at<char>() + from * bytes);
    };
    move(0, tail, head);
    move(head, 0, tail);
    return y;
  };
  return execute("roll", {&x}, attributed(forward, "shift", by, "axis", axis),
                 rule<>([axis, by](const Tensor& g) { return roll(g, -by, axis); }));
}

Tensor roll(const Arg& x, std::int64_t shift) {
  check_defined("roll", x);
  Scope scope(x.site);
  return reshape(roll(reshape(x, Shape{x.array->size}), shift, 0), x.array->shape);
}

}  // namespace xtape
