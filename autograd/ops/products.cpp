// Products of linear algebra that are no matter for BLAS.
#include "../kernels/parallel_rows.hpp"
#include "detail/apply.hpp"
#include "diagonal.hpp"
#include "elementwise.hpp"
#include "linalg.hpp"
#include "reduction.hpp"
#include "shape.hpp"

namespace xtape {
using namespace detail;

Tensor outer(const Arg& a, const Arg& b) {
  check_defined("outer", a);
  check_defined("outer", b);
  if (a.array->shape.rank() != 1 || b.array->shape.rank() != 1)
    fail("outer", to_string(a.array->shape) + " and " + to_string(b.array->shape) + " do not fit: expected two vectors",
         a.site);
  const std::int64_t m = a.array->size, n = b.array->size;
  Scope scope(a.site);
  return binary(
      "outer", reshape(a, Shape{m, 1}), reshape(b, Shape{1, n}), [](auto a, auto b) { return a * b; },
      rule<1>([m, n](const Tensor& g, const Tensor& b) {
        return reshape(matmul(g, reshape(b, Shape{n})), Shape{m, 1});
      }),
      rule<0>([m, n](const Tensor& g, const Tensor& a) {
        return reshape(matmul(reshape(a, Shape{m}), g), Shape{1, n});
      }));
}

Tensor cross(const Arg& a, const Arg& b, int axis) {
  check_defined("cross", a);
  check_defined("cross", b);
  const Shape shape = broadcast_shape("cross", a.array->shape, b.array->shape, a.site);
  axis = check_axis("cross", axis, shape, a.site);
  auto size_at = [&](const Shape& s) {
    const int i = axis - (shape.rank() - s.rank());
    return i < 0 ? std::int64_t{1} : s[i];
  };
  if (size_at(a.array->shape) != 3 || size_at(b.array->shape) != 3)
    fail("cross",
         "axis " + std::to_string(axis) + " of " + to_string(a.array->shape) + " and " + to_string(b.array->shape) +
             " must have 3 elements",
         a.site);
  if (a.array->shape != shape || b.array->shape != shape) {
    Scope scope(a.site);
    return cross(broadcast_to(a, shape), broadcast_to(b, shape), axis);
  }
  const auto [x, y] = promote("cross", a, b, true);
  const Arg left(x, a.site), right(y, b.site);
  auto forward = [axis](const Array& a, const Array& b) {
    Ref<Array> y = make_array(a.dtype, a.shape);
    std::int64_t outer = 1, inner = 1;
    for (int i = 0; i < axis; ++i) outer *= a.shape[i];
    for (int i = axis + 1; i < a.shape.rank(); ++i) inner *= a.shape[i];
    visit_floating(a.dtype, [&](auto t) {
      using T = decltype(t);
      parallel_rows(outer, 3 * inner, [&](std::int64_t begin, std::int64_t end) {
        kernel::vectorized(
            [](std::int64_t outer, std::int64_t n, const T* a, const T* b, T* y) {
              for (std::int64_t o = 0; o < outer; ++o, a += 3 * n, b += 3 * n, y += 3 * n) {
                XTAPE_INDEPENDENT
                for (std::int64_t i = 0; i < n; ++i) {
                  y[i] = a[n + i] * b[2 * n + i] - a[2 * n + i] * b[n + i];
                  y[n + i] = a[2 * n + i] * b[i] - a[i] * b[2 * n + i];
                  y[2 * n + i] = a[i] * b[n + i] - a[n + i] * b[i];
                }
              }
            },
            end - begin, inner, static_cast<const T*>(a.at<T>() + begin * 3 * inner),
            static_cast<const T*>(b.at<T>() + begin * 3 * inner), y->at<T>() + begin * 3 * inner);
      });
    });
    return y;
  };
  return execute("cross", {&left, &right}, attributed(forward, "axis", axis),
                 rule<1>([axis](const Tensor& g, const Tensor& b) { return cross(b, g, axis); }),
                 rule<0>([axis](const Tensor& g, const Tensor& a) { return cross(g, a, axis); }));
}

Tensor kron(const Arg& a, const Arg& b) {
  check_defined("kron", a);
  check_defined("kron", b);
  const Shape &p = a.array->shape, &q = b.array->shape;
  const int rank = std::max(p.rank(), q.rank());
  if (2 * rank > Shape::max_rank)
    fail("kron", "operands of more than 4 axes: " + to_string(p) + " and " + to_string(q), a.site);
  // All products, in the order (a's axes, b's axes), then the axes in pairs.
  Shape all, result;
  std::vector<int> pairs;
  auto at = [rank](const Shape& s, int i) { return i < rank - s.rank() ? 1 : s[i - rank + s.rank()]; };
  for (int i = 0; i < rank; ++i) {
    all.push_back(at(p, i));
    pairs.insert(pairs.end(), {i, rank + i});
    result.push_back(at(p, i) * at(q, i));
  }
  for (int i = 0; i < rank; ++i) all.push_back(at(q, i));
  Scope scope(a.site);
  const Tensor products = outer(reshape(a, Shape{a.array->size}), reshape(b, Shape{b.array->size}));
  return reshape(permute(reshape(products, all), pairs), result);
}

Tensor trace(const Arg& x) {
  check_defined("trace", x);
  if (x.array->shape.rank() != 2) fail("trace", "expected a matrix, got " + to_string(x.array->shape), x.site);
  Scope scope(x.site);
  return sum(diagonal(x));
}

}  // namespace xtape
