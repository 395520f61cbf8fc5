#include "tensor.hpp"

#include <cmath>
#include <cstring>
#include <ostream>
#include <sstream>

#include "kernel.hpp"
#include "ops/apply.hpp"
#include "ops/elementwise.hpp"
#include "watch.hpp"

namespace xtape {

using namespace detail;

void Tensor::undefined() { fail("Tensor", "the tensor is undefined: it was default-constructed and never assigned"); }

std::int64_t Tensor::size(int axis) const { return shape()[check_axis("size", axis, shape(), {})]; }

namespace {
// Whoever records a function for replay must know that it looks at a value.
void tell_read(const char* op, const Array& x) {
  if (mode & watched) tell_watchers([&](Watcher& w) { w.read(op, x); });
}
}  // namespace

const void* Tensor::raw_data(Dtype wanted) const {
  tell_read("data", array());
  if (dtype() != wanted)
    fail("data", "the tensor is " + describe(array()) + ", asked for as " + to_string(wanted) + "; convert with to(" +
                     to_string(wanted) + ")");
  return array().data;
}

template <class T>
T Tensor::item() const {
  if (size() != 1) fail("item", "expected one element, got shape " + to_string(shape()));
  tell_read("item", array());
  return to_vector<T>()[0];
}

namespace {

// Whether a floating value has a counterpart of type T.
template <class T, class S>
bool fits(S v) {
  if constexpr (std::is_floating_point_v<S> && std::is_integral_v<T> && !std::is_same_v<T, bool>) {
    // 2^63 is the first that does not fit an int64, and rounding makes it of the largest.
    const S whole = std::trunc(v);
    return whole >= static_cast<S>(std::numeric_limits<T>::min()) &&
           whole < static_cast<S>(std::numeric_limits<T>::max()) + 1;
  }
  return true;
}

template <class T, class S>
void convert(std::int64_t n, const S* x, T* y) {
  for (std::int64_t i = 0; i < n; ++i) {
    if (!fits<T>(x[i]))
      fail("to", "element " + std::to_string(i) + ", " + std::to_string(x[i]) + ", has no counterpart in " +
                     to_string(dtype_of<T>));
    y[i] = static_cast<T>(x[i]);
  }
}

}  // namespace

template <class T>
std::vector<T> Tensor::to_vector() const {
  tell_read("to_vector", array());
  std::vector<T> v(static_cast<std::size_t>(size()));
  visit_dtype(dtype(), [&](auto t) {
    using S = decltype(t);
    for (std::size_t i = 0; i < v.size(); ++i) {
      T element;
      convert(1, array().at<S>() + i, &element);
      v[i] = element;
    }
  });
  return v;
}

Tensor Tensor::to(Dtype dtype, Site site) const {
  if (dtype == this->dtype()) return *this;
  auto forward = [dtype, site](const Array& x) {
    Scope scope(site);
    Ref<Array> y = make_array(dtype, x.shape);
    visit_dtype(x.dtype, [&](auto from) {
      visit_dtype(dtype, [&](auto to) { convert(x.size, x.at<decltype(from)>(), y->at<decltype(to)>()); });
    });
    return y;
  };
  const Arg x(*this, site);
  const auto convert_to = attributed(forward, "dtype", to_string(dtype));
  if (!is_floating(dtype)) return execute("to", {&x}, convert_to, no_gradient);
  return execute("to", {&x}, convert_to, rule<>([from = this->dtype()](const Tensor& g) { return g.to(from); }));
}

namespace {

struct Filler {
  Array& y;
  std::int64_t at = 0;
  Site site;

  void fill(const Literal& l, int axis) {
    if (axis == y.shape.rank()) {
      if (l.is_list) ragged();
      visit_dtype(y.dtype, [&](auto t) {
        using T = decltype(t);
        if (l.dtype == float32) convert(1, &l.value, y.at<T>() + at);
        else convert(1, &l.integer, y.at<T>() + at);
      });
      ++at;
      return;
    }
    if (!l.is_list || static_cast<std::int64_t>(l.items.size()) != y.shape[axis]) ragged();
    for (const Literal& item : l.items) fill(item, axis + 1);
  }
  [[noreturn]] void ragged() {
    fail("tensor", "the lists are not of equal lengths; the first ones make the shape " + to_string(y.shape), site);
  }
};

// What holds every number of the list: boolean, int64 or float32.
Dtype common_dtype(const Literal& l, Dtype so_far, bool& first) {
  if (l.is_list) {
    for (const Literal& item : l.items) so_far = common_dtype(item, so_far, first);
    return so_far;
  }
  if (first) return first = false, l.dtype;
  if (so_far == float32 || l.dtype == float32) return float32;
  return so_far == l.dtype ? so_far : int64;
}

}  // namespace

Tensor tensor(const Literal& values, Dtype dtype, Site site) {
  Shape shape;
  for (const Literal* l = &values; l->is_list; l = &l->items[0]) {
    shape.push_back(static_cast<std::int64_t>(l->items.size()));
    if (l->items.empty()) break;
  }
  Ref<Array> y = make_array(dtype, shape);
  Filler{*y, 0, site}.fill(values, 0);
  return Tensor(std::move(y));
}

Tensor tensor(const Literal& values, Site site) {
  bool first = true;
  return tensor(values, common_dtype(values, float32, first), site);
}

template <class T>
Tensor tensor(const T* values, const Shape& shape) {
  Ref<Array> y = make_array(dtype_of<T>, shape);
  if (y->size) std::memcpy(y->data, values, static_cast<std::size_t>(y->size) * sizeof(T));
  return Tensor(std::move(y));
}

template <class T>
Tensor tensor(const std::vector<T>& values, const Shape& shape, Site site) {
  if (static_cast<std::int64_t>(values.size()) != shape.size())
    fail("tensor", std::to_string(values.size()) + " values do not fill shape " + to_string(shape), site);
  Ref<Array> y = make_array(dtype_of<T>, shape);
  for (std::size_t i = 0; i < values.size(); ++i) y->at<T>()[i] = values[i];
  return Tensor(std::move(y));
}

#define XTAPE_INSTANTIATE(T)                            \
  template T Tensor::item<T>() const;                   \
  template std::vector<T> Tensor::to_vector<T>() const; \
  template Tensor tensor(const T*, const Shape&);       \
  template Tensor tensor(const std::vector<T>&, const Shape&, Site);
XTAPE_INSTANTIATE(float)
XTAPE_INSTANTIATE(double)
XTAPE_INSTANTIATE(std::int64_t)
XTAPE_INSTANTIATE(std::uint8_t)
XTAPE_INSTANTIATE(bool)
#undef XTAPE_INSTANTIATE
// The integer of every day.
template <>
int Tensor::item<int>() const {
  const auto v = item<std::int64_t>();
  if (v < std::numeric_limits<int>::min() || v > std::numeric_limits<int>::max())
    fail("item", std::to_string(v) + " does not fit an int");
  return static_cast<int>(v);
}

Tensor full(const Shape& shape, double value, Dtype dtype) {
  Ref<Array> y = make_array(dtype, shape);
  visit_dtype(dtype, [&](auto t) {
    using T = decltype(t);
    T v;
    convert(1, &value, &v);
    std::fill_n(y->at<T>(), y->size, v);
  });
  return Tensor(std::move(y));
}
Tensor zeros(const Shape& shape, Dtype dtype) { return full(shape, 0, dtype); }
Tensor ones(const Shape& shape, Dtype dtype) { return full(shape, 1, dtype); }

Tensor arange(std::int64_t n, Dtype dtype) {
  Ref<Array> y = make_array(dtype, Shape{n});
  visit_dtype(dtype, [&](auto t) {
    using T = decltype(t);
    for (std::int64_t i = 0; i < n; ++i) convert(1, &i, y->at<T>() + i);
  });
  return Tensor(std::move(y));
}

bool allclose(const Arg& a, const Arg& b, double rtol, double atol) {
  auto [p, q] = promote("allclose", a, b, true);
  if (!a.is_scalar && !b.is_scalar && p.shape() != q.shape())
    fail("allclose", "shapes " + to_string(p.shape()) + " and " + to_string(q.shape()) + " differ", a.site);
  const auto x = p.to_vector<double>(), y = q.to_vector<double>();
  for (std::size_t i = 0; i < std::max(x.size(), y.size()); ++i) {
    const double u = x[a.is_scalar ? 0 : i], v = y[b.is_scalar ? 0 : i];
    // Beside an infinity every tolerance would do.
    if (!(u == v || (std::isfinite(v) && std::abs(u - v) <= atol + rtol * std::abs(v)))) return false;
  }
  return true;
}

}  // namespace xtape
