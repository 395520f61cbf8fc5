#include "sort.hpp"

#include "detail/axes.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "../kernels/panels.hpp"
#include "../kernels/parallel_rows.hpp"
#include "elementwise.hpp"

namespace xtape {
using namespace detail;

namespace {

// A number as an unsigned integer of the same order: NaN last, both zeros equal.
template <class T>
auto key_of(T v, bool descending) {
  using U = kernel::Bits<T>;
  U key;
  if constexpr (std::is_floating_point_v<T>) {
    key = kernel::bits<U>(v == 0 ? T(0) : v);
    key = v != v ? ~U{0} : key & kernel::sign_bit<T> ? ~key : key | kernel::sign_bit<T>;
  } else {
    key = static_cast<U>(v) ^ (std::is_signed_v<T> ? kernel::sign_bit<T> : U{0});
  }
  return descending ? static_cast<U>(~key) : key;
}

// A key and its place, in the order of keys and then of places.
template <class U>
struct Entry {
  U key;
  std::int64_t at;
  std::int64_t place() const { return at; }
  friend bool operator<(const Entry& a, const Entry& b) { return a.key != b.key ? a.key < b.key : a.at < b.at; }
};
// Where keys and places fit one integer, so that a comparison is one instruction.
template <>
struct Entry<std::uint32_t> {
  Entry() = default;
  Entry(std::uint32_t key, std::int64_t place) : both(std::uint64_t{key} << 32 | static_cast<std::uint32_t>(place)) {}
  std::uint64_t both;
  std::int64_t place() const { return static_cast<std::uint32_t>(both); }
  friend bool operator<(Entry a, Entry b) { return a.both < b.both; }
};

// The places along the axis that `choose(entries, number of NaN)` puts first: y is (outer, m, inner).
template <class Choose>
Ref<Array> places(const Array& x, int axis, bool descending, const Shape& result, std::int64_t m,
                  const Choose& choose) {
  const Split s(x.shape, axis);
  Ref<Array> y = make_array(int64, result);
  if (y->size == 0) return y;
  visit_bytes(x.dtype, [&](auto t) {
    using T = decltype(t);
    parallel_rows(s.outer * s.inner, 8 * s.n, [&](std::int64_t begin, std::int64_t end) {
      std::vector<Entry<kernel::Bits<T>>> entries(static_cast<std::size_t>(s.n));
      for (std::int64_t row = begin; row < end; ++row) {
        const std::int64_t o = row / s.inner, j = row % s.inner;
        const T* from = x.at<T>() + o * s.n * s.inner + j;
        std::int64_t nans = 0;
        for (std::int64_t k = 0; k < s.n; ++k) {
          const T v = from[k * s.inner];
          nans += v != v;
          entries[static_cast<std::size_t>(k)] = {key_of(v, descending), k};
        }
        choose(entries, nans);
        std::int64_t* to = y->at<std::int64_t>() + o * m * s.inner + j;
        for (std::int64_t k = 0; k < m; ++k) to[k * s.inner] = entries[static_cast<std::size_t>(k)].place();
      }
    });
  });
  return y;
}

int check_sorted(const char* op, const Arg& x, int axis, bool needs_elements) {
  check_defined(op, x);
  axis = check_axis(op, axis, x.array->shape, x.site);
  const std::int64_t n = x.array->shape[axis];
  if (n == 0 && needs_elements)
    fail(op, "axis " + std::to_string(axis) + " of " + to_string(x.array->shape) + " is empty", x.site);
  if (n > std::int64_t{std::numeric_limits<std::uint32_t>::max()})
    fail(op, "axis " + std::to_string(axis) + " of " + to_string(x.array->shape) + " is longer than 2^32", x.site);
  return axis;
}

Tensor order(const char* op, const Arg& x, int axis, bool descending) {
  axis = check_sorted(op, x, axis, false);
  auto forward = [axis, descending](const Array& x) {
    return places(x, axis, descending, x.shape, x.shape[axis],
                  [](auto& e, std::int64_t) { std::sort(e.begin(), e.end()); });
  };
  return execute(op, {&x}, attributed(forward, "axis", axis, "descending", descending), no_gradient);
}

// The element of rank `rank` along the axis, from 0; or the first NaN, where that is to spread.
Selection of_rank(const char* op, const Arg& x, int axis, std::int64_t rank, bool keepdims, bool nan_spreads) {
  auto forward = [axis, rank, nan_spreads](const Array& x) {
    return places(x, axis, false, without(x.shape, axis, true), 1, [=](auto& e, std::int64_t nans) {
      const auto n = static_cast<std::int64_t>(e.size());
      const auto chosen = e.begin() + (nan_spreads && nans ? n - nans : rank);
      std::nth_element(e.begin(), chosen, e.end());
      std::iter_swap(e.begin(), chosen);
    });
  };
  const Tensor indices = execute(op, {&x}, attributed(forward, "axis", axis, "rank", rank), no_gradient);
  return selection(x, axis, indices, without(x.array->shape, axis, keepdims));
}

}  // namespace

Tensor argsort(const Arg& x, Axis axis, bool descending) { return order("argsort", x, axis, descending); }

Selection sort(const Arg& x, Axis axis, bool descending) {
  const Tensor indices = order("sort", x, axis, descending);
  return selection(x, check_axis("sort", axis, x.array->shape, x.site), indices, x.array->shape);
}

Selection topk(const Arg& x, std::int64_t k, Axis along, bool largest) {
  const int axis = check_sorted("topk", x, along, false);
  Shape result = x.array->shape;
  if (k < 0 || k > result[axis])
    fail("topk",
         "k is " + std::to_string(k) + ", axis " + std::to_string(axis) + " of " + to_string(result) + " has " +
             std::to_string(result[axis]) + " elements",
         x.site);
  result[axis] = k;
  auto forward = [axis, k, largest, result](const Array& x) {
    return places(x, axis, largest, result, k, [k](auto& e, std::int64_t) {
      const auto end = e.begin() + k;
      if (k < static_cast<std::int64_t>(e.size()) / 16) return std::partial_sort(e.begin(), end, e.end());
      if (end != e.end()) std::nth_element(e.begin(), end, e.end());
      std::sort(e.begin(), end);
    });
  };
  const Tensor indices =
      execute("topk", {&x}, attributed(forward, "k", k, "axis", axis, "largest", largest), no_gradient);
  return selection(x, axis, indices, result);
}

Selection kthvalue(const Arg& x, std::int64_t k, Axis along, Keepdims keepdims) {
  const int axis = check_sorted("kthvalue", x, along, true);
  const Shape& shape = x.array->shape;
  if (k < 1 || k > shape[axis])
    fail("kthvalue",
         "k is " + std::to_string(k) + ", expected 1 to " + std::to_string(shape[axis]) + ", as axis " +
             std::to_string(axis) + " of " + to_string(shape) + " has elements",
         x.site);
  return of_rank("kthvalue", x, axis, k - 1, keepdims, false);
}

Selection median(const Arg& x, Axis along, Keepdims keepdims) {
  const int axis = check_sorted("median", x, along, true);
  return of_rank("median", x, axis, (x.array->shape[axis] - 1) / 2, keepdims, true);
}

Tensor median(const Arg& x) {
  const Reduced r = reduced("median", x, Axes::all(), false);
  const bool floating = is_floating(x.array->dtype);
  if (x.array->size == 0 && !floating) fail("median", "there are no elements in " + describe(*x.array), x.site);
  auto forward = [](const Array& x) {
    Ref<Array> y = make_array(x.dtype, Shape{});
    visit_bytes(x.dtype, [&](auto t) {
      using T = decltype(t);
      if (x.size == 0) return void(*y->at<T>() = kernel::not_a_number<T>);
      auto less = [](T a, T b) { return key_of(a, false) < key_of(b, false); };
      std::vector<T> row(x.at<T>(), x.at<T>() + x.size);
      const auto nans = std::count_if(row.begin(), row.end(), [](T v) { return v != v; });
      const auto chosen = nans ? row.end() - nans : row.begin() + (x.size - 1) / 2;
      std::nth_element(row.begin(), chosen, row.end(), less);
      *y->at<T>() = *chosen;
    });
    return y;
  };
  if (!floating) return execute("median", {&x}, forward, no_gradient);
  return execute("median", {&x}, forward,
                 rule<0, output>([r, s = split(x.array->shape, r)](const Tensor& g, const Tensor& x, const Tensor& y) {
                   return share_among_ties(g, x, y, r, s);
                 }));
}

Tensor quantile(const Arg& x, double q, Axis along, Keepdims keepdims) {
  const int axis = check_sorted("quantile", x, along, true);
  if (!(q >= 0 && q <= 1)) fail("quantile", "q is " + std::to_string(q) + ", expected 0 to 1", x.site);
  if (!is_floating(x.array->dtype)) return quantile(Arg(promote_floating("quantile", x), x.site), q, axis, keepdims);
  Scope scope(x.site);
  const double at = q * static_cast<double>(x.array->shape[axis] - 1), below = std::floor(at);
  const auto rank = static_cast<std::int64_t>(below);
  const Tensor low = of_rank("quantile", x, axis, rank, keepdims, true).values;
  if (at == below) return low;
  const Tensor high = of_rank("quantile", x, axis, rank + 1, keepdims, true).values;
  return lerp(low, high, at - below);
}

Tensor quantile(const Arg& x, double q) {
  check_defined("quantile", x);
  Scope scope(x.site);
  const Tensor row = reshape(x, {-1});
  return quantile(Arg(row, x.site), q, 0);
}

Distinct unique(const Arg& x) {
  check_defined("unique", x);
  Scope scope(x.site);
  const Tensor flat = reshape(value_of(x), Shape{x.array->size});
  const Tensor places = order("unique", flat, 0, false), sorted = gather(flat, 0, places);
  // starts(x) marks each element that differs from the one before.
  auto starts = [](const Array& x) {
    std::vector<std::int64_t> start;
    visit_bytes(x.dtype, [&](auto t) {
      using T = decltype(t);
      for (std::int64_t i = 0; i < x.size; ++i)
        if (i == 0 || x.at<T>()[i] != x.at<T>()[i - 1]) start.push_back(i);
    });
    return start;
  };
  auto values = [starts](const Array& x) {
    const auto start = starts(x);
    Ref<Array> y = make_array(x.dtype, Shape{static_cast<std::int64_t>(start.size())});
    visit_bytes(x.dtype, [&](auto t) {
      using T = decltype(t);
      for (std::size_t i = 0; i < start.size(); ++i) y->at<T>()[i] = x.at<T>()[start[i]];
    });
    return y;
  };
  auto counts = [starts](const Array& x) {
    auto start = starts(x);
    Ref<Array> y = make_array(int64, Shape{static_cast<std::int64_t>(start.size())});
    start.push_back(x.size);
    for (std::int64_t i = 0; i < y->size; ++i)
      y->at<std::int64_t>()[i] = start[static_cast<std::size_t>(i) + 1] - start[static_cast<std::size_t>(i)];
    return y;
  };
  auto inverse = [starts, shape = x.array->shape](const Array& x, const Array& places) {
    auto start = starts(x);
    Ref<Array> y = make_array(int64, shape);
    start.push_back(x.size);
    for (std::size_t i = 0; i + 1 < start.size(); ++i)
      for (std::int64_t k = start[i]; k < start[i + 1]; ++k)
        y->at<std::int64_t>()[places.at<std::int64_t>()[k]] = static_cast<std::int64_t>(i);
    return y;
  };
  const Arg s(sorted, x.site), p(places, x.site);
  return {execute("unique", {&s}, values, no_gradient), execute("unique", {&s, &p}, inverse, no_gradient, no_gradient),
          execute("unique", {&s}, counts, no_gradient)};
}

namespace {
// Of two tensors of one dtype.
Tensor search(const Arg& sorted, const Arg& values, bool right) {
  const Shape &row = sorted.array->shape, &v = values.array->shape;
  bool fits = row.rank() >= 1 && (row.rank() == 1 || row.rank() == v.rank());
  for (int i = 0; i + 1 < row.rank() && fits; ++i) fits = row[i] == v[i];
  if (!fits)
    fail("searchsorted",
         "rows " + to_string(row) + " and values " + to_string(v) +
             " do not fit: expected (n,) and any shape, or (..., n) and (..., m)",
         sorted.site);
  auto forward = [right](const Array& sorted, const Array& values) {
    Ref<Array> y = make_array(int64, values.shape);
    const std::int64_t n = sorted.shape[sorted.shape.rank() - 1];
    const bool one = sorted.shape.rank() == 1;
    const std::int64_t m = one ? values.size : values.shape[values.shape.rank() - 1];
    visit_computing(sorted.dtype, [&](auto t) {
      using T = decltype(t);
      auto less = [](T a, T b) { return key_of(a, false) < key_of(b, false); };
      kernel::for_tiles(values.size, [&](std::int64_t begin, std::int64_t count) {
        for (std::int64_t i = begin; i < begin + count; ++i) {
          const T* row = sorted.at<T>() + (one ? 0 : i / m * n);
          const T v = values.at<T>()[i];
          const T* place = right ? std::upper_bound(row, row + n, v, less) : std::lower_bound(row, row + n, v, less);
          y->at<std::int64_t>()[i] = place - row;
        }
      });
    });
    return y;
  };
  return execute("searchsorted", {&sorted, &values}, attributed(forward, "right", right), no_gradient, no_gradient);
}
}  // namespace

Tensor searchsorted(const Arg& sorted, const Arg& values, bool right) {
  check_defined("searchsorted", sorted);
  return with_promoted("searchsorted", {&sorted, &values}, false,
                       [right](const Arg& sorted, const Arg& values) { return search(sorted, values, right); });
}

}  // namespace xtape
