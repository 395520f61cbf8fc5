#include "index.hpp"

#include <cstring>

#include "apply.hpp"

namespace xtape {

void check_labels(const char* op, const Array& labels, std::int64_t classes, Site site) {
  for (std::int64_t i = 0; i < labels.size; ++i)
    if (const std::int64_t label = label_at(labels, i); label < 0 || label >= classes)
      fail(op,
           "label " + std::to_string(label) + " at " + std::to_string(i) + " is not in [0, " + std::to_string(classes) +
               ")",
           site);
}

Tensor one_hot(const Arg& labels, std::int64_t classes, Dtype dtype) {
  check_defined("one_hot", labels);
  const Array& k = *labels.array;
  if (is_floating(k.dtype) || k.dtype == boolean)
    fail("one_hot", "labels must be int64 or uint8, not " + describe(k), labels.site);
  Shape shape = k.shape;
  shape.push_back(classes);
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

// The gradient of a slice: zero everywhere else. Each is the other's rule.
namespace {
Tensor select(const Arg& x, std::int64_t i);

Tensor select_adjoint(const Arg& g, std::int64_t n, std::int64_t i) {
  auto forward = [n, i](const Array& g) {
    Shape shape{n};
    for (std::int64_t d : g.shape) shape.push_back(d);
    Ref<Array> y = make_array(g.dtype, shape);
    const auto bytes = static_cast<std::size_t>(g.size * size_of(g.dtype));
    std::memset(y->data, 0, static_cast<std::size_t>(n) * bytes);
    std::memcpy(y->at<char>() + static_cast<std::size_t>(i) * bytes, g.data, bytes);
    return y;
  };
  return execute("select_adjoint", {&g}, forward, rule<>([i](const Tensor& g) { return select(g, i); }));
}

Tensor select(const Arg& x, std::int64_t i) {
  auto forward = [i](const Array& x) {
    const Shape shape(x.shape.begin() + 1, x.shape.end());
    return make_view(x, shape, i * shape.size());
  };
  return execute("select", {&x}, attributed(forward, "index", i),
                 rule<>([n = x.array->shape[0], i](const Tensor& g) { return select_adjoint(g, n, i); }));
}
}  // namespace

Tensor Tensor::operator[](std::int64_t i) const {
  const Shape& from = shape();
  if (from.rank() == 0) fail("index", "a scalar has no axis to index");
  if (i < -from[0] || i >= from[0])
    fail("index", "index " + std::to_string(i) + " is out of range for axis 0 of shape " + to_string(from));
  return select(*this, i < 0 ? i + from[0] : i);
}

}  // namespace xtape
