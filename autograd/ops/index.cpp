#include "index.hpp"

#include <cstring>
#include <vector>

#include "detail/apply.hpp"
#include "elementwise.hpp"
#include "shape.hpp"

namespace xtape {
using namespace detail;

Tensor one_hot(const Arg& labels, std::int64_t classes, Dtype dtype) {
  check_defined("one_hot", labels);
  const Array& k = *labels.array;
  if (is_floating(k.dtype) || k.dtype == boolean)
    fail("one_hot", "labels must be int64 or uint8, not " + describe(k), labels.site);
  Shape shape = k.shape;
  shape.push_back(classes, labels.site);
  auto forward = [classes, dtype, shape, site = labels.site](const Array& k) {
    check_labels("one_hot", k, classes, site);
    Ref<Array> y = make_array(dtype, shape);
    std::memset(y->data, 0, static_cast<std::size_t>(y->size * size_of(dtype)));
    visit_dtype(dtype, [&](auto t) {
      using T = decltype(t);
      for (std::int64_t i = 0; i < k.size; ++i) y->at<T>()[i * classes + label_at(k, i)] = T(1);
    });
    return y;
  };
  return execute("one_hot", {&labels}, forward, no_gradient);
}

namespace {

// Before each tile of an array: how many elements are not zero; and, last, how many in all.
template <class T>
std::vector<std::int64_t> counts_before(const Array& x) {
  std::vector<std::int64_t> before(static_cast<std::size_t>((x.size + kernel::tile_size - 1) / kernel::tile_size) + 1);
  kernel::for_tiles(x.size, [&](std::int64_t begin, std::int64_t n) {
    std::int64_t count = 0;
    for (std::int64_t i = begin; i < begin + n; ++i) count += x.at<T>()[i] != T(0);
    before[static_cast<std::size_t>(begin / kernel::tile_size) + 1] = count;
  });
  for (std::size_t t = 1; t < before.size(); ++t) before[t] += before[t - 1];
  return before;
}

Tensor select_where(const Arg& x, const Arg& mask);

Tensor select_where_adjoint(const Arg& g, const Arg& mask, const Shape& shape) {
  auto forward = [shape](const Array& g, const Array& mask) {
    Ref<Array> y = make_array(g.dtype, shape);
    const std::vector<std::int64_t> before = counts_before<bool>(mask);
    if (before.back() != g.size)
      fail("masked_select", "the mask lets " + std::to_string(before.back()) + " elements through, the gradient has " +
                                std::to_string(g.size));
    visit_dtype(g.dtype, [&](auto t) {
      using T = decltype(t);
      kernel::for_tiles(mask.size, [&](std::int64_t begin, std::int64_t n) {
        const bool* m = mask.at<bool>() + begin;
        const T* from = g.at<T>() + before[static_cast<std::size_t>(begin / kernel::tile_size)];
        T* to = y->at<T>() + begin;
        for (std::int64_t i = 0; i < n; ++i) to[i] = m[i] ? *from++ : T(0);
      });
    });
    return y;
  };
  return execute("masked_select_adjoint", {&g, &mask}, forward,
                 rule<1>([](const Tensor& g, const Tensor& mask) { return select_where(g, mask); }), no_gradient);
}

// Of operands of one shape.
Tensor select_where(const Arg& x, const Arg& mask) {
  auto forward = [](const Array& x, const Array& mask) {
    const std::vector<std::int64_t> before = counts_before<bool>(mask);
    Ref<Array> y = make_array(x.dtype, Shape{before.back()});
    visit_dtype(x.dtype, [&](auto t) {
      using T = decltype(t);
      kernel::for_tiles(mask.size, [&](std::int64_t begin, std::int64_t n) {
        T* to = y->at<T>() + before[static_cast<std::size_t>(begin / kernel::tile_size)];
        // Without branches into a buffer, because what a mask holds cannot be foreseen.
        constexpr std::int64_t width = 512;
        T buffer[width + 1];
        for (std::int64_t at = begin; at < begin + n; at += width) {
          const std::int64_t end = std::min(begin + n, at + width);
          std::int64_t count = 0;
          for (std::int64_t i = at; i < end; ++i) {
            buffer[count] = x.at<T>()[i];
            count += mask.at<bool>()[i];
          }
          std::copy_n(buffer, count, to);
          to += count;
        }
      });
    });
    return y;
  };
  return execute("masked_select", {&x, &mask}, forward,
                 rule<1>([shape = x.array->shape](const Tensor& g, const Tensor& mask) {
                   return select_where_adjoint(g, mask, shape);
                 }),
                 no_gradient);
}

// The shape that x and its mask have together.
Shape check_mask(const char* op, const Arg& x, const Arg& mask) {
  check_defined(op, x);
  check_defined(op, mask);
  if (mask.array->dtype != boolean)
    fail(op, "the mask must be boolean, not " + describe(*mask.array) + "; compare it with a number first", mask.site);
  return broadcast_shape(op, x.array->shape, mask.array->shape, x.site);
}

}  // namespace

Tensor masked_select(const Arg& x, const Arg& mask) {
  const Shape shape = check_mask("masked_select", x, mask);
  if (x.array->shape == shape && mask.array->shape == shape) return select_where(x, mask);
  Scope scope(x.site);
  return select_where(broadcast_to(x, shape), broadcast_to(mask, shape));
}

Tensor masked_fill(const Arg& x, const Arg& mask, const Arg& value) {
  check_mask("masked_fill", x, mask);
  const Dtype dtype = x.array->dtype;
  if (!value.is_scalar) check_defined("masked_fill", value);
  if (!value.is_scalar && value.array->shape.rank() != 0)
    fail("masked_fill", "the value must be a number or a scalar, not " + describe(*value.array), value.site);
  const bool real = value.is_scalar ? !value.is_integer : is_floating(value.array->dtype);
  if (real && !is_floating(dtype))
    fail("masked_fill", "a real number does not go into " + describe(*x.array) + "; convert with to(dtype)", x.site);
  Scope scope(x.site);
  return where(mask, value, x).to(dtype);
}

Tensor nonzero(const Arg& x) {
  check_defined("nonzero", x);
  auto forward = [](const Array& x) {
    const int rank = x.shape.rank();
    return visit_dtype(x.dtype, [&](auto t) {
      using T = decltype(t);
      const std::vector<std::int64_t> before = counts_before<T>(x);
      Ref<Array> y = make_array(int64, Shape{before.back(), rank});
      kernel::for_tiles(x.size, [&](std::int64_t begin, std::int64_t n) {
        auto* row = y->at<std::int64_t>() + before[static_cast<std::size_t>(begin / kernel::tile_size)] * rank;
        for (std::int64_t i = begin; i < begin + n; ++i) {
          if (x.at<T>()[i] == T(0)) continue;
          std::int64_t rest = i;
          for (int axis = rank - 1; axis > 0; rest /= x.shape[axis--]) row[axis] = rest % x.shape[axis];
          if (rank > 0) row[0] = rest;
          row += rank;
        }
      });
      return y;
    });
  };
  return execute("nonzero", {&x}, forward, no_gradient);
}

}  // namespace xtape
