#include "apply.hpp"

namespace xtape {
using namespace detail;

namespace {

Dtype wider(Dtype a, Dtype b) {
  if (!is_floating(a) && !is_floating(b)) return int64;
  return a == float64 || b == float64 ? float64 : float32;
}
Dtype dtype_with_number(Dtype t, const Arg& number) { return is_floating(t) ? t : number.is_integer ? int64 : float32; }
Tensor as_tensor(const Arg& x, Dtype dtype) {
  if (x.is_scalar) return dtype == int64 ? tensor(&x.integer, Shape{}) : full({}, x.scalar, dtype);
  return x.tensor().to(dtype, x.site);
}

}  // namespace

Shape broadcast_shape(const Shape& a, const Shape& b) {
  Shape y = a.rank() >= b.rank() ? a : b;
  const Shape& other = a.rank() >= b.rank() ? b : a;
  for (int i = 1; i <= other.rank(); ++i)
    if (y[y.rank() - i] == 1) y[y.rank() - i] = other[other.rank() - i];
  return y;
}

int broadcast_clash(const Shape& a, const Shape& b) {
  for (int i = 1; i <= a.rank() && i <= b.rank(); ++i)
    if (const std::int64_t m = a[a.rank() - i], n = b[b.rank() - i]; m != n && m != 1 && n != 1) return i;
  return 0;
}

Shape broadcast_shape(const char* op, const Shape& a, const Shape& b, Site site) {
  if (a == b) return a;
  if (const int i = broadcast_clash(a, b))
    fail(op,
         "shapes " + to_string(a) + " and " + to_string(b) + " do not broadcast: axis -" + std::to_string(i) + " is " +
             std::to_string(a[a.rank() - i]) + " and " + std::to_string(b[b.rank() - i]),
         site);
  return broadcast_shape(a, b);
}

std::pair<Tensor, Tensor> promote(const char* op, const Arg& a, const Arg& b, bool floating) {
  if (!a.is_scalar) check_defined(op, a);
  if (!b.is_scalar) check_defined(op, b);
  Dtype t = a.is_scalar   ? b.is_scalar ? float32 : dtype_with_number(b.array->dtype, a)
              : b.is_scalar ? dtype_with_number(a.array->dtype, b)
                          : wider(a.array->dtype, b.array->dtype);
  if (floating && !is_floating(t)) t = float32;
  return {as_tensor(a, t), as_tensor(b, t)};
}

Tensor promote_computing(const char* op, const Arg& x) {
  if (x.is_scalar) return as_tensor(x, x.is_integer ? int64 : float32);
  check_defined(op, x);
  return computes(x.array->dtype) ? x.tensor() : as_tensor(x, int64);
}

Tensor promote_floating(const char* op, const Arg& x) {
  if (!x.is_scalar) check_defined(op, x);
  return x.array && is_floating(x.array->dtype) ? x.tensor() : as_tensor(x, float32);
}

void check_labels(const char* op, const Array& labels, std::int64_t classes, Site site,
                  std::optional<std::int64_t> ignored) {
  for (std::int64_t i = 0; i < labels.size; ++i)
    if (const std::int64_t label = label_at(labels, i); label != ignored && (label < 0 || label >= classes))
      fail(op,
           "label " + std::to_string(label) + " at " + std::to_string(i) + " is not in [0, " + std::to_string(classes) +
               ")",
           site);
}

}  // namespace xtape
