#include "window.hpp"

#include <algorithm>
#include <vector>

#include "../core/attributes.hpp"

namespace xtape {
using namespace detail;

namespace {
std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return a >= 0 ? (a + b - 1) / b : -(-a / b); }
}  // namespace

Shape Windows::shape(std::int64_t batch, std::int64_t channels, const Spatial& sizes) const {
  Shape s{batch, channels};
  for (int a = spatial_axes - rank; a < spatial_axes; ++a) s.push_back(sizes[a]);
  return s;
}

Inside inside(const Windows& w, int a, std::int64_t k) {
  const std::int64_t shift = w.padding[a] - k * w.dilation[a];  // o stride >= shift, o stride < x + shift
  const std::int64_t begin = std::clamp<std::int64_t>(ceil_div(shift, w.stride[a]), 0, w.y[a]);
  const std::int64_t end = std::clamp<std::int64_t>(ceil_div(w.x[a] + shift, w.stride[a]), begin, w.y[a]);
  return {begin, end};
}

std::string option_text(const Spatial& option, int rank) {
  const std::int64_t *first = option + spatial_axes - rank, *end = option + spatial_axes;
  if (std::all_of(first, end, [&](std::int64_t n) { return n == *first; })) return std::to_string(*first);
  return attribute_text(std::vector<std::int64_t>(first, end));
}

}  // namespace xtape
