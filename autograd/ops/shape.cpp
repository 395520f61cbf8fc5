#include "shape.hpp"

#include <cstring>
#include <numeric>

#include "apply.hpp"
#include "elementwise.hpp"
#include "reduction.hpp"

namespace xtape {

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

namespace {

// y[a][b] = x[a][b] for any steps on both sides, a block at a time, so that both use whole cache lines.
template <class T>
void transpose_blocks(std::int64_t rows, std::int64_t columns, const T* x, std::int64_t row_step,
                      std::int64_t column_step, T* y, std::int64_t y_step) {
  constexpr std::int64_t block = 16;
  for (std::int64_t i = 0; i < rows; i += block)
    for (std::int64_t j = 0; j < columns; j += block)
      for (std::int64_t a = i; a < rows && a < i + block; ++a)
        for (std::int64_t b = j; b < columns && b < j + block; ++b)
          y[a * y_step + b] = x[a * row_step + b * column_step];
}

template <class T>
void permute_elements(const Array& x, const std::vector<int>& axes, Array& y) {
  const int rank = y.shape.rank();
  std::int64_t step[Shape::max_rank], stride[Shape::max_rank], n = 1;
  for (int i = rank; i-- > 0;) step[i] = n, n *= x.shape[i];
  for (int i = 0; i < rank; ++i) stride[i] = step[axes[static_cast<std::size_t>(i)]];
  // The two innermost loops walk the axes that are innermost in the result and in x.
  const int last = rank - 1;
  int fast = last - 1;
  for (int i = 0; i < last; ++i)
    if (stride[i] == 1) fast = i;
  std::int64_t y_step = 1;
  for (int i = fast + 1; i < rank; ++i) y_step *= y.shape[i];
  const std::int64_t rows = y.shape[fast], columns = y.shape[last];
  const std::int64_t tiles = y.size / (rows * columns);
  auto tile = [&](std::int64_t t) {
    std::int64_t from = 0, to = 0, y_stride = 1;
    for (int i = last; i >= 0; --i) {
      if (i != fast && i != last) {
        const std::int64_t k = t % y.shape[i];
        t /= y.shape[i];
        from += k * stride[i], to += k * y_stride;
      }
      y_stride *= y.shape[i];
    }
    transpose_blocks(rows, columns, x.at<T>() + from, stride[fast], stride[last], y.at<T>() + to, y_step);
  };
  for (std::int64_t t = 0; t < tiles; ++t) tile(t);
}

}  // namespace

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
    if (order.size() < 2 || y->size <= 1)
      std::memcpy(y->data, x.data, static_cast<std::size_t>(y->size * size_of(y->dtype)));
    else visit_dtype(y->dtype, [&](auto t) { permute_elements<decltype(t)>(x, order, *y); });
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

Tensor broadcast_to(const Arg& x, const Shape& shape) {
  check_defined("broadcast_to", x);
  const Shape& from = x.array->shape;
  if (from.rank() > shape.rank() || broadcast_shape("broadcast_to", from, shape, x.site) != shape)
    fail("broadcast_to", "shape " + to_string(from) + " does not stretch to " + to_string(shape), x.site);
  auto forward = [shape](const Array& x) {
    Ref<Array> y = make_array(x.dtype, shape);
    const kernel::Walk<1> walk(shape, {&x.shape});
    visit_dtype(y->dtype, [&](auto t) {
      using T = decltype(t);
      kernel::map(
          walk, [](auto v) { return v; }, y->at<T>(), x.at<T>());
    });
    return y;
  };
  return execute("broadcast_to", {&x}, forward, rule<>([](const Tensor& g) { return g; }));
}

}  // namespace xtape
