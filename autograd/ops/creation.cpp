#include "creation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "detail/apply.hpp"

namespace xtape {
using namespace detail;

namespace {

// f(i) for i < n, each converted to `dtype`.
template <class F>
Tensor computed(const char* op, std::int64_t n, Dtype dtype, Site site, F f) {
  if (n < 0) fail(op, "expected a number of elements, not " + std::to_string(n), site);
  Ref<Array> y = make_array(dtype_of<decltype(f(0))>, Shape{n}, site);
  for (std::int64_t i = 0; i < n; ++i) y->at<decltype(f(0))>()[i] = f(i);
  return Tensor(std::move(y)).to(dtype, site);
}

// Equal distances counted from the nearer end, so that both ends are exact.
auto between(double start, double stop, std::int64_t steps) {
  const double step = steps > 1 ? (stop - start) / static_cast<double>(steps - 1) : 0;
  return [=](std::int64_t i) {
    return i < steps / 2 || steps == 1 ? start + step * static_cast<double>(i)
                                       : stop - step * static_cast<double>(steps - 1 - i);
  };
}

}  // namespace

Tensor arange(const Arg& start, const Arg& stop, const Arg& step, std::optional<Dtype> dtype) {
  for (const Arg* a : {&start, &stop, &step})
    if (!a->is_scalar) fail("arange", "expected numbers, not a tensor", start.site);
  const bool integers = start.is_integer && stop.is_integer && step.is_integer;
  const Dtype result = dtype.value_or(integers ? int64 : float32);
  auto text = [&](const Arg& a) { return a.is_integer ? std::to_string(a.integer) : attribute_text(a.scalar); };
  const double distance = stop.scalar - start.scalar;
  const bool away = step.integer < 0 ? stop.integer > start.integer : stop.integer < start.integer;
  // The negated comparison holds for NaN too.
  if (step.scalar == 0 || (integers ? away : !(distance / step.scalar >= 0 && std::isfinite(distance + step.scalar))))
    fail("arange", "no steps of " + text(step) + " lead from " + text(start) + " to " + text(stop), start.site);
  if (!integers) {
    const double n = std::ceil(distance / step.scalar);
    if (!(n < 1e18)) fail("arange", "more elements than can be counted", start.site);
    return computed("arange", static_cast<std::int64_t>(n), result, start.site,
                    [a = start.scalar, b = step.scalar](std::int64_t i) { return a + static_cast<double>(i) * b; });
  }
  // In unsigned numbers every distance can be counted, and what wraps around comes back.
  using Unsigned = std::uint64_t;
  const auto first = static_cast<Unsigned>(start.integer), by = static_cast<Unsigned>(step.integer);
  const Unsigned span =
      step.integer > 0 ? static_cast<Unsigned>(stop.integer) - first : first - static_cast<Unsigned>(stop.integer);
  const Unsigned stride = step.integer > 0 ? by : Unsigned{0} - by, n = span / stride + (span % stride != 0);
  return computed("arange", static_cast<std::int64_t>(std::min<Unsigned>(n, std::numeric_limits<std::int64_t>::max())),
                  result, start.site,
                  [=](std::int64_t i) { return static_cast<std::int64_t>(first + by * static_cast<Unsigned>(i)); });
}

Tensor linspace(double start, double stop, std::int64_t steps, Dtype dtype, Site site) {
  return computed("linspace", steps, dtype, site, between(start, stop, steps));
}

Tensor logspace(double start, double stop, std::int64_t steps, double base, Dtype dtype, Site site) {
  return computed("logspace", steps, dtype, site,
                  [base, at = between(start, stop, steps)](std::int64_t i) { return std::pow(base, at(i)); });
}

Tensor eye(std::int64_t rows, std::optional<std::int64_t> columns, Dtype dtype, Site site) {
  const std::int64_t n = columns.value_or(rows);
  Tensor y = zeros(Shape({rows, n}, site), dtype, site);
  visit_dtype(dtype, [&](auto t) {
    using T = decltype(t);
    for (std::int64_t i = 0; i < std::min(rows, n); ++i) y.array().at<T>()[i * n + i] = T(1);
  });
  return y;
}

Tensor full_like(const Arg& x, const Arg& value) {
  check_defined("full_like", x);
  return full(x.array->shape, value, x.array->dtype);
}
Tensor zeros_like(const Arg& x) {
  check_defined("zeros_like", x);
  return full(x.array->shape, Arg(0, x.site.file, x.site.line), x.array->dtype);
}
Tensor ones_like(const Arg& x) {
  check_defined("ones_like", x);
  return full(x.array->shape, Arg(1, x.site.file, x.site.line), x.array->dtype);
}

}  // namespace xtape
