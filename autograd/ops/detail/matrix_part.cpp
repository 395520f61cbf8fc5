#include "matrix_part.hpp"

#include <algorithm>
#include <cstring>

#include "../../kernels/strided.hpp"
#include "apply.hpp"

namespace xtape {
using namespace detail;

namespace {

Tensor part_adjoint(const Arg& g, std::int64_t offset, std::int64_t size) {
  auto forward = [offset, size](const Array& g) {
    Ref<Array> y = make_array(g.dtype, Shape{size});
    kernel::clear(*y);
    const std::int64_t width = size_of(g.dtype);
    std::copy_n(g.at<char>(), g.size * width, y->at<char>() + offset * width);
    return y;
  };
  return execute("part_adjoint", {&g}, forward,
                 rule<>([offset, shape = g.array->shape](const Tensor& g) { return part_of(g, offset, shape); }));
}

}  // namespace

Tensor part_of(const Arg& packed, std::int64_t offset, const Shape& shape) {
  auto forward = [offset, shape](const Array& x) { return make_view(x, shape, offset); };
  return execute("part_of", {&packed}, forward, rule<>([offset, size = packed.array->size](const Tensor& g) {
                   return part_adjoint(g, offset, size);
                 }));
}

Tensor triangle_of(const Arg& x, bool upper, double diagonal) {
  auto forward = [upper, diagonal](const Array& x) {
    Ref<Array> y = make_array(x.dtype, x.shape);
    const Matrices all(x.shape);
    visit_floating(x.dtype, [&](auto t) {
      using T = decltype(t);
      const std::int64_t m = all.m, n = all.n;
      for (std::int64_t row = 0; row < all.count * m; ++row) {
        const T* from = x.at<T>() + row * n;
        T* to = y->at<T>() + row * n;
        const std::int64_t i = row % m, at = std::min(i, n);
        auto keep = [&](std::int64_t a, std::int64_t b, bool kept) {
          if (a >= b) return;
          const auto bytes = static_cast<std::size_t>(b - a) * sizeof(T);
          if (kept) std::memcpy(to + a, from + a, bytes);
          else std::memset(to + a, 0, bytes);
        };
        keep(0, at, !upper);
        keep(at + 1, n, upper);
        if (at < n) to[at] = diagonal == 0 ? T(0) : from[at] * static_cast<T>(diagonal);
      }
    });
    return y;
  };
  return execute("triangle_of", {&x}, attributed(forward, "upper", upper),
                 rule<>([upper, diagonal](const Tensor& g) { return triangle_of(g, upper, diagonal); }));
}

Tensor block_in(const Arg& x, std::int64_t rows, std::int64_t columns, std::int64_t row, std::int64_t column) {
  auto forward = [=](const Array& x) {
    const Matrices all(x.shape);
    Ref<Array> y = make_array(x.dtype, with_axes(all.batch, {rows, columns}));
    kernel::clear(*y);
    kernel::Strided walk;
    walk.push(all.count, rows * columns, all.m * all.n);
    walk.push(all.m, columns, all.n);
    walk.push(all.n, 1, 1);
    kernel::copy(walk, x.dtype, y->at<char>() + (row * columns + column) * size_of(x.dtype), x.data);
    return y;
  };
  const Matrices all(x.array->shape);
  return execute("block_in", {&x}, forward,
                 rule<>([=, m = all.m, n = all.n](const Tensor& g) { return block_of(g, m, n, row, column); }));
}

Tensor block_of(const Arg& x, std::int64_t rows, std::int64_t columns, std::int64_t row, std::int64_t column) {
  auto forward = [=](const Array& x) {
    const Matrices all(x.shape);
    Ref<Array> y = make_array(x.dtype, with_axes(all.batch, {rows, columns}));
    kernel::Strided walk;
    walk.push(all.count, rows * columns, all.m * all.n);
    walk.push(rows, columns, all.n);
    walk.push(columns, 1, 1);
    kernel::copy(walk, x.dtype, y->data, x.at<char>() + (row * all.n + column) * size_of(x.dtype));
    return y;
  };
  const Matrices all(x.array->shape);
  return execute("block_of", {&x}, forward,
                 rule<>([=, m = all.m, n = all.n](const Tensor& g) { return block_in(g, m, n, row, column); }));
}

}  // namespace xtape
