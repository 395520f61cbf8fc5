#include "position.hpp"

#include <autograd/files/described.hpp>
#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/join.hpp>
#include <autograd/ops/linalg.hpp>
#include <autograd/ops/shape.hpp>
#include <autograd/ops/slice.hpp>
#include <cmath>

namespace xtape::nn {
namespace {

void check_base(const char* name, double base, Site site) {
  if (!(base > 0)) fail(name, "base is " + std::to_string(base) + ", expected more than 0", site);
}

// base^(-2i / d): how far pair i of d elements turns from one place to the next.
double speed(std::int64_t i, std::int64_t d, double base) {
  return std::pow(base, -2 * static_cast<double>(i) / static_cast<double>(d));
}

Tensor sinusoids(std::int64_t d_model, std::int64_t max_length, double base, Site site) {
  if (d_model < 1 || max_length < 1)
    fail("SinusoidalPositions",
         "sizes must be at least 1, got d_model = " + std::to_string(d_model) +
             ", max_length = " + std::to_string(max_length),
         site);
  check_base("SinusoidalPositions", base, site);
  const Tensor table = zeros(Shape({max_length, d_model}, site), float64, site);
  auto* to = table.array().at<double>();
  for (std::int64_t t = 0; t < max_length; ++t)
    for (std::int64_t k = 0; k < d_model; ++k) {
      const double a = static_cast<double>(t) * speed(k / 2, d_model, base);
      *to++ = k % 2 == 0 ? std::sin(a) : std::cos(a);
    }
  return table;
}

}  // namespace

SinusoidalPositions::SinusoidalPositions(std::int64_t d_model, std::int64_t max_length, double base, Site site)
    : table(buffer("table", sinusoids(d_model, max_length, base, site))) {}

Tensor SinusoidalPositions::forward(const Tensor& x) const {
  const std::int64_t d_model = table.shape()[1], max_length = table.shape()[0];
  if (x.rank() < 2 || x.size(-1) != d_model || !is_floating(x.dtype()))
    fail("SinusoidalPositions", "expected floating (..., time, " + std::to_string(d_model) + "), got " + described(x));
  if (x.size(-2) > max_length)
    fail("SinusoidalPositions", "a sequence of " + std::to_string(x.size(-2)) +
                                    " is longer than the table, max_length = " + std::to_string(max_length));
  return x + slice(table.tensor(), 0, Slice(0, x.size(-2))).to(x.dtype());
}

Tensor rotary(const Arg& arg, std::int64_t first, double base, RotaryPairs pairs) {
  const Tensor x = arg.tensor();
  if (!x.defined() || x.rank() < 2 || x.size(-1) % 2 != 0 || !is_floating(x.dtype()))
    fail("rotary", "expected floating (..., time, d) with an even d, got " + (x.defined() ? described(x) : "no tensor"),
         arg.site);
  check_base("rotary", base, arg.site);
  Scope scope(arg.site);
  const std::int64_t d = x.size(-1);
  std::vector<double> speeds;
  for (std::int64_t i = 0; i < d / 2; ++i) speeds.push_back(speed(i, d, base));
  const Tensor angles = outer(arange(x.size(-2), float64) + first, tensor(speeds));
  const Tensor c = cos(angles).to(x.dtype()), s = sin(angles).to(x.dtype());

  const bool neighbours = pairs == RotaryPairs::interleaved;
  const int axis = x.rank() - (neighbours ? 0 : 1);  // of the two elements of a pair
  const Tensor both = neighbours ? unflatten(x, -1, {d / 2, 2}) : unflatten(x, -1, {2, d / 2});
  const Tensor a = select(both, axis, 0), b = select(both, axis, 1);
  return flatten(stack({a * c - b * s, a * s + b * c}, axis), -2);
}

RotaryPositions::RotaryPositions(std::int64_t head_dim, double base, RotaryPairs pairs, Site site)
    : head_dim_(head_dim), base_(base), pairs_(pairs) {
  if (head_dim < 2 || head_dim % 2 != 0)
    fail("RotaryPositions", "head_dim is " + std::to_string(head_dim) + ", expected an even number, of pairs to turn",
         site);
  check_base("RotaryPositions", base, site);
}

Tensor RotaryPositions::forward(const Tensor& x, std::int64_t first) const {
  if (x.rank() < 2 || x.size(-1) != head_dim_)
    fail("RotaryPositions", "expected (..., time, " + std::to_string(head_dim_) + "), got " + described(x));
  return rotary(x, first, base_, pairs_);
}

}  // namespace xtape::nn
