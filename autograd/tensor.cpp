#include "tensor.hpp"

#include <cmath>
#include <cstring>
#include <ostream>
#include <sstream>

#include "core/check.hpp"
#include "core/operation.hpp"
#include "core/watch.hpp"

namespace xtape {

using namespace detail;

void Tensor::undefined(Site site) {
  fail("Tensor", "the tensor is undefined: it was default-constructed and never assigned", site);
}

std::int64_t Tensor::size(int axis, Site site) const {
  return shape(site)[check_axis("size", axis, shape(site), site)];
}

namespace {

// Whoever records a function for replay must know that it looks at a value.
void tell_read(const char* op, const Array& x) {
  if (mode & watched) tell_watchers([&](Watcher& w) { w.read(op, x); });
}

// What the elements of a tensor of T's are: T itself, or the widest of its kind.
template <class T, class = void>
struct ElementOf {
  using type = std::conditional_t<std::is_floating_point_v<T>, double, std::int64_t>;
};
template <class T>
struct ElementOf<T, std::void_t<decltype(DtypeOf<T>::value)>> {
  using type = T;
};
template <class T>
using Element = typename ElementOf<T>::type;

template <class T>
std::string name_of() {
  if constexpr (std::is_same_v<T, Element<T>>) return to_string(dtype_of<T>);
  else
    return std::string(std::is_unsigned_v<T> ? "an unsigned" : "a signed") + " integer of " +
           std::to_string(8 * sizeof(T)) + " bits";
}

// Whether a value has a counterpart of type T.
template <class T, class S>
bool fits([[maybe_unused]] S v) {
  if constexpr (std::is_floating_point_v<T> || std::is_same_v<T, bool> || std::is_same_v<T, S>) {
    return true;
  } else if constexpr (std::is_floating_point_v<S>) {
    // 2^63 is the first that does not fit an int64, and rounding makes it of the largest.
    const S whole = std::trunc(v);
    return whole >= static_cast<S>(std::numeric_limits<T>::min()) &&
           whole < static_cast<S>(std::numeric_limits<T>::max()) + 1;
  } else if constexpr (std::is_signed_v<S>) {
    if (v < 0) return std::is_signed_v<T> && v >= static_cast<std::int64_t>(std::numeric_limits<T>::min());
  }
  if constexpr (std::is_integral_v<T> && std::is_integral_v<S>)
    return static_cast<std::uint64_t>(v) <= static_cast<std::uint64_t>(std::numeric_limits<T>::max());
}

template <class T, class S>
void convert(const char* op, std::int64_t n, const S* x, T* y, Site site) {
  for (std::int64_t i = 0; i < n; ++i) {
    if (!fits<T>(x[i]))
      fail(op,
           (n > 1 ? "element " + std::to_string(i) + ", " : "") + std::to_string(x[i]) + (n > 1 ? "," : "") +
               " has no counterpart in " + name_of<T>(),
           site);
    y[i] = static_cast<T>(x[i]);
  }
}

template <class T>
std::vector<T> elements(const char* op, const Array& x, Site site) {
  std::vector<T> v(static_cast<std::size_t>(x.size));
  visit_dtype(x.dtype, [&](auto t) {
    using S = decltype(t);
    if constexpr (std::is_same_v<T, bool>) {
      for (std::size_t i = 0; i < v.size(); ++i) v[i] = static_cast<bool>(x.at<S>()[i]);  // packed: it has no address
    } else {
      convert(op, x.size, x.at<S>(), v.data(), site);
    }
  });
  return v;
}

}  // namespace

const void* Tensor::raw_data(Dtype wanted, Site site) const {
  tell_read("data", array(site));
  if (dtype() != wanted)
    fail("data",
         "the tensor is " + describe(array()) + ", asked for as " + to_string(wanted) + "; convert with to(" +
             to_string(wanted) + ")",
         site);
  return array().data;
}

template <class T>
T Tensor::item(Site site) const {
  const Array& x = array(site);
  if (x.size != 1) fail("item", "expected one element, got shape " + to_string(x.shape), site);
  tell_read("item", x);
  return elements<T>("item", x, site)[0];
}

template <class T>
std::vector<T> Tensor::to_vector(Site site) const {
  tell_read("to_vector", array(site));
  return elements<T>("to_vector", array(), site);
}

Tensor Tensor::to(Dtype dtype, Site site) const {
  if (dtype == this->dtype(site)) return *this;
  auto forward = [dtype, site](const Array& x) {
    Ref<Array> y = make_array(dtype, x.shape);
    visit_dtype(x.dtype, [&](auto from) {
      visit_dtype(dtype, [&](auto to) { convert("to", x.size, x.at<decltype(from)>(), y->at<decltype(to)>(), site); });
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
        if (l.dtype == float32) convert("tensor", 1, &l.value, y.at<T>() + at, site);
        else convert("tensor", 1, &l.integer, y.at<T>() + at, site);
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
    shape.push_back(static_cast<std::int64_t>(l->items.size()), site);
    if (l->items.empty()) break;
  }
  Ref<Array> y = make_array(dtype, shape, site);
  Filler{*y, 0, site}.fill(values, 0);
  return Tensor(std::move(y));
}

Tensor tensor(const Literal& values, Site site) {
  bool first = true;
  return tensor(values, common_dtype(values, float32, first), site);
}

namespace {
// An array whose elements are set by f(elements), of type T for its dtype.
template <class F>
Tensor filled(Dtype dtype, const Shape& shape, Site site, F f) {
  Ref<Array> y = make_array(dtype, shape, site);
  visit_dtype(dtype, [&](auto t) { f(y->at<decltype(t)>(), y->size); });
  return Tensor(std::move(y));
}
}  // namespace

template <class T>
Tensor tensor(const T* values, const Shape& shape, Site site) {
  Ref<Array> y = make_array(dtype_of<Element<T>>, shape, site);
  convert("tensor", y->size, values, y->at<Element<T>>(), site);
  return Tensor(std::move(y));
}

template <class T>
Tensor tensor(const std::vector<T>& values, const Shape& shape, Site site) {
  if (static_cast<std::int64_t>(values.size()) != shape.size(site))
    fail("tensor", std::to_string(values.size()) + " values do not fill shape " + to_string(shape), site);
  if constexpr (std::is_same_v<T, bool>) {
    const std::vector<std::uint8_t> bytes(values.begin(), values.end());
    return tensor(reinterpret_cast<const bool*>(bytes.data()), shape, site);
  } else {
    return tensor(values.data(), shape, site);
  }
}

#define XTAPE_INSTANTIATE(T)                                \
  template T Tensor::item<T>(Site) const;                   \
  template std::vector<T> Tensor::to_vector<T>(Site) const; \
  template Tensor tensor(const T*, const Shape&, Site);     \
  template Tensor tensor(const std::vector<T>&, const Shape&, Site);
XTAPE_INSTANTIATE(float)
XTAPE_INSTANTIATE(double)
XTAPE_INSTANTIATE(long double)
XTAPE_INSTANTIATE(bool)
XTAPE_INSTANTIATE(char)
XTAPE_INSTANTIATE(signed char)
XTAPE_INSTANTIATE(unsigned char)
XTAPE_INSTANTIATE(short)
XTAPE_INSTANTIATE(unsigned short)
XTAPE_INSTANTIATE(int)
XTAPE_INSTANTIATE(unsigned)
XTAPE_INSTANTIATE(long)
XTAPE_INSTANTIATE(unsigned long)
XTAPE_INSTANTIATE(long long)
XTAPE_INSTANTIATE(unsigned long long)
#undef XTAPE_INSTANTIATE

Tensor full(const Shape& shape, const Arg& value, Dtype dtype) {
  if (!value.is_scalar) fail("full", "the value must be a number, not a tensor", value.site);
  return filled(dtype, shape, value.site, [&](auto* y, std::int64_t n) {
    std::remove_pointer_t<decltype(y)> v;
    if (value.is_integer) convert("full", 1, &value.integer, &v, value.site);
    else convert("full", 1, &value.scalar, &v, value.site);
    std::fill_n(y, n, v);
  });
}
Tensor zeros(const Shape& shape, Dtype dtype, Site site) { return full(shape, Arg(0, site.file, site.line), dtype); }
Tensor ones(const Shape& shape, Dtype dtype, Site site) { return full(shape, Arg(1, site.file, site.line), dtype); }

Tensor arange(std::int64_t n, Dtype dtype, Site site) {
  return filled(dtype, Shape({n}, site), site, [site](auto* y, std::int64_t n) {
    for (std::int64_t i = 0; i < n; ++i) convert("arange", 1, &i, y + i, site);
  });
}

}  // namespace xtape
