#include "diagonal.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "../kernels/parallel_rows.hpp"
#include "../kernels/strided.hpp"
#include "detail/apply.hpp"

namespace xtape {
using namespace detail;

namespace {

// Zeros where they already are stay zeros, so this is its own adjoint.
Tensor triangle(const char* op, const Arg& x, bool upper, std::int64_t offset) {
  auto forward = [upper, offset](const Array& x) {
    Ref<Array> y = make_array(x.dtype, x.shape);
    const int rank = x.shape.rank();
    const std::int64_t m = x.shape[rank - 2], n = x.shape[rank - 1], bytes = size_of(x.dtype);
    parallel_rows(n ? x.size / n : 0, n, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) {
        // The first element of the row that lies above the triangle below, or in the one above.
        const std::int64_t i = row % m, at = row * n, cut = std::clamp<std::int64_t>(i + offset + !upper, 0, n);
        const std::int64_t kept = upper ? cut : 0, zero = upper ? 0 : cut, width = upper ? n - cut : cut;
        std::memcpy(y->at<char>() + (at + kept) * bytes, x.at<char>() + (at + kept) * bytes,
                    static_cast<std::size_t>(width * bytes));
        std::memset(y->at<char>() + (at + zero) * bytes, 0, static_cast<std::size_t>((n - width) * bytes));
      }
    });
    return y;
  };
  return execute(op, {&x}, attributed(forward, "offset", offset),
                 rule<>([op, upper, offset](const Tensor& g) { return triangle(op, g, upper, offset); }));
}

Tensor checked_triangle(const char* op, const Arg& x, bool upper, std::int64_t offset) {
  check_defined(op, x);
  const Shape& shape = x.array->shape;
  if (shape.rank() < 2) fail(op, "expected matrices (..., m, n), got " + describe(*x.array), x.site);
  // Beyond the corners all offsets are alike.
  const std::int64_t m = shape[shape.rank() - 2], n = shape[shape.rank() - 1];
  return triangle(op, x, upper, std::clamp(offset, -m - 1, n + 1));
}

// How a diagonal lies in the matrices that two axes of a shape make.
struct Diagonal {
  std::int64_t offset;
  int axis0, axis1;

  std::int64_t length(const Shape& whole) const {
    const std::int64_t m = whole[axis0] + std::min<std::int64_t>(0, offset);
    return std::max<std::int64_t>(0, std::min(m, whole[axis1] - std::max<std::int64_t>(0, offset)));
  }
  Shape shape(const Shape& whole) const {
    Shape s;
    for (int i = 0; i < whole.rank(); ++i)
      if (i != axis0 && i != axis1) s.push_back(whole[i]);
    s.push_back(length(whole));
    return s;
  }
  // f(walk, first element): the walk goes from the whole to the diagonal's own row-major array, or back.
  template <class F>
  void walk(const Shape& whole, bool back, F f) const {
    const Shape line = shape(whole);
    if (line.size() == 0) return;
    const kernel::Strides strides(whole), steps(line);
    kernel::Strided walk;
    auto push = [&](std::int64_t n, std::int64_t in_whole, std::int64_t in_line) {
      back ? walk.push(n, in_whole, in_line) : walk.push(n, in_line, in_whole);
    };
    int k = 0;
    for (int i = 0; i < whole.rank(); ++i)
      if (i != axis0 && i != axis1) push(whole[i], strides[i], steps[k++]);
    push(line[k], strides[axis0] + strides[axis1], 1);
    f(walk, offset < 0 ? -offset * strides[axis0] : offset * strides[axis1]);
  }
  std::string attributes() const { return attribute_list("offset", offset, "axis0", axis0, "axis1", axis1); }
};

Tensor take_diagonal(const char* op, const Arg& x, const Diagonal& d);

Tensor put_diagonal(const char* op, const Arg& g, const Diagonal& d, const Shape& whole) {
  auto forward = [d, whole](const Array& g) {
    Ref<Array> y = make_array(g.dtype, whole);
    kernel::clear(*y);
    d.walk(whole, true, [&](const kernel::Strided& walk, std::int64_t first) {
      kernel::copy(walk, g.dtype, y->at<char>() + first * size_of(g.dtype), g.data);
    });
    return y;
  };
  return execute(op, {&g}, forward, rule<>([d](const Tensor& g) { return take_diagonal("diagonal", g, d); }));
}

Tensor take_diagonal(const char* op, const Arg& x, const Diagonal& d) {
  auto forward = [d](const Array& x) {
    Ref<Array> y = make_array(x.dtype, d.shape(x.shape));
    d.walk(x.shape, false, [&](const kernel::Strided& walk, std::int64_t first) {
      kernel::copy(walk, x.dtype, y->data, x.at<char>() + first * size_of(x.dtype));
    });
    return y;
  };
  return execute(
      op, {&x}, attributed(forward, "offset", d.offset, "axis0", d.axis0, "axis1", d.axis1),
      rule<>([d, whole = x.array->shape](const Tensor& g) { return put_diagonal("diagonal_adjoint", g, d, whole); }));
}

void check_axes(const char* op, int a, int b, const Shape& shape, Site site) {
  if (a == b) fail(op, "both axes of " + to_string(shape) + " are " + std::to_string(a), site);
}

}  // namespace

Tensor tril(const Arg& x, std::int64_t offset) { return checked_triangle("tril", x, false, offset); }
Tensor triu(const Arg& x, std::int64_t offset) { return checked_triangle("triu", x, true, offset); }

Tensor diagonal(const Arg& x, std::int64_t offset, int axis0, int axis1) {
  check_defined("diagonal", x);
  const Shape& shape = x.array->shape;
  const int a = check_axis("diagonal", axis0, shape, x.site), b = check_axis("diagonal", axis1, shape, x.site);
  check_axes("diagonal", a, b, shape, x.site);
  return take_diagonal("diagonal", x, {std::clamp(offset, -shape[a], shape[b]), a, b});
}

Tensor diag_embed(const Arg& x, std::int64_t offset, int axis0, int axis1) {
  check_defined("diag_embed", x);
  const Scope scope(x.site);
  const Shape& from = x.array->shape;
  if (from.rank() == 0) fail("diag_embed", "a scalar has no axis to be a diagonal", x.site);
  std::int64_t n;
  if (offset == std::numeric_limits<std::int64_t>::min() ||
      __builtin_add_overflow(from[from.rank() - 1], offset < 0 ? -offset : offset, &n))
    fail("diag_embed", "a matrix with a diagonal " + std::to_string(offset) + " is larger than can be counted", x.site);
  Shape whole = from;
  whole[from.rank() - 1] = n;
  whole.push_back(n);
  const int a = check_axis("diag_embed", axis0, whole, x.site), b = check_axis("diag_embed", axis1, whole, x.site);
  check_axes("diag_embed", a, b, whole, x.site);
  for (int i = 0, k = 0; i < whole.rank(); ++i) whole[i] = i == a || i == b ? n : from[k++];
  return put_diagonal("diag_embed", x, {offset, a, b}, whole);
}

Tensor diag(const Arg& x, std::int64_t offset) {
  check_defined("diag", x);
  Scope scope(x.site);
  if (x.array->shape.rank() == 1) return diag_embed(x, offset);
  if (x.array->shape.rank() == 2) return diagonal(x, offset);
  fail("diag", "expected a vector or a matrix, got " + describe(*x.array), x.site);
}

}  // namespace xtape
