#include "apply.hpp"

#include "../../kernels/broadcast.hpp"

namespace xtape {
using namespace detail;

namespace {

Dtype common_dtype(const Arg* const* args, std::size_t n) {
  Dtype floating = float32;
  bool any_floating = false, any_tensor = false, integers = true;
  for (std::size_t k = 0; k < n; ++k) {
    const Arg& x = *args[k];
    if (x.is_scalar) {
      integers &= x.is_integer;
      continue;
    }
    any_tensor = true;
    any_floating |= is_floating(x.array->dtype);
    if (x.array->dtype == float64) floating = float64;
  }
  // Numbers alone are float32, but one alone is what it is.
  return any_floating || !integers || (!any_tensor && n > 1) ? floating : int64;
}
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
Shape broadcast_shape(const Array* const* x, std::size_t n) {
  Shape shape = x[0]->shape;
  for (std::size_t k = 1; k < n; ++k)
    if (x[k]->shape != shape) shape = broadcast_shape(shape, x[k]->shape);
  return shape;
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

void check_broadcast(const char* op, std::initializer_list<const Arg*> args) {
  const Arg& first = **args.begin();
  Shape shape = first.array->shape;
  for (const Arg* x : args)
    if (x->array->shape != shape) shape = broadcast_shape(op, shape, x->array->shape, first.site);
}

Ref<Array> map_arrays(kernel::Loop loop, Dtype dtype, const Array* const* x, std::size_t n) {
  bool same = true;
  for (std::size_t k = 1; k < n; ++k) same &= x[k]->shape == x[0]->shape;
  if (!same) {
    const Shape shape = broadcast_shape(x, n);
    Ref<Array> y = make_array(dtype, shape);
    Array* const results[] = {y.get()};
    kernel::Broadcast(shape, x, n, results, 1).run(loop);
    return y;
  }
  Ref<Array> y = make_array(dtype, x[0]->shape);
  kernel::for_tiles(y->size, [&](std::int64_t begin, std::int64_t count) {
    void* const to[] = {y->at<char>() + begin * size_of(dtype)};
    const void* from[kernel::Broadcast::most];
    for (std::size_t k = 0; k < n; ++k) from[k] = x[k]->at<char>() + begin * size_of(x[k]->dtype);
    loop.call(loop.f, count, to, from);
  });
  return y;
}

void promote(const char* op, const Arg* const* args, std::size_t n, bool floating, Tensor* promoted) {
  for (std::size_t k = 0; k < n; ++k)
    if (!args[k]->is_scalar) check_defined(op, *args[k]);
  Dtype dtype = common_dtype(args, n);
  if (floating && !is_floating(dtype)) dtype = float32;
  for (std::size_t k = 0; k < n; ++k) promoted[k] = as_tensor(*args[k], dtype);
}
std::pair<Tensor, Tensor> promote(const char* op, const Arg& a, const Arg& b, bool floating) {
  const Arg* const args[] = {&a, &b};
  Tensor held[2];
  promote(op, args, 2, floating, held);
  return {held[0], held[1]};
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
