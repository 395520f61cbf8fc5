#include "spatial_input.hpp"

#include <limits>

namespace xtape {
using namespace detail;

namespace {
constexpr std::int64_t largest = std::numeric_limits<std::int32_t>::max();  // so that products of two do not overflow
}  // namespace

void check_spatial(const char* op, const Arg& x, int rank) {
  check_defined(op, x);
  const int axes = x.array->shape.rank() - 2;
  if (rank ? axes == rank : axes >= 1 && axes <= spatial_axes) return;
  const char* expected[] = {"(batch, channels, spatial...) with 1 to 3 spatial axes", "([batch,] channels, length)",
                            "([batch,] channels, height, width)", "([batch,] channels, depth, height, width)"};
  fail(op, "expected " + std::string(expected[rank]) + ", got " + describe(*x.array), x.site);
}

void set_option(const char* op, const char* name, const PerAxis& option, std::int64_t least, int rank, Spatial& to,
                Site site) {
  const auto& v = option.values();
  const auto n = static_cast<int>(v.size());
  const std::string text = std::string(name) + " " + attribute_text(v);
  if (n != 1 && n != rank) fail(op, text + " does not fit: expected one number, or " + std::to_string(rank), site);
  for (std::int64_t i : v)
    if (i < least || i > largest)
      fail(op, text + " is out of range: expected numbers in [" + std::to_string(least) + ", 2^31)", site);
  for (int i = 0; i < rank; ++i) to[spatial_axes - rank + i] = v[static_cast<std::size_t>(n == 1 ? 0 : i)];
}

void set_sizes(const char* op, const Shape& shape, Spatial& to, Site site) {
  const int rank = shape.rank() - 2;
  for (int i = 0; i < rank; ++i) {
    if (shape[i + 2] > largest) fail(op, "the sizes of " + to_string(shape) + " must be below 2^31", site);
    to[spatial_axes - rank + i] = shape[i + 2];
  }
}

}  // namespace xtape
