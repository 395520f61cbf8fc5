#include "padding.hpp"

namespace xtape::detail {

std::vector<std::int64_t> all_sides(const char* layer, int rank, const PerAxis& pads, PadMode mode, Site site) {
  const std::vector<std::int64_t>& v = pads.values();
  const auto sides = static_cast<std::size_t>(2 * rank);
  if (v.size() != 1 && v.size() != sides)
    fail(layer, std::to_string(v.size()) + " pads, expected one, or " + std::to_string(sides), site);
  for (std::int64_t n : v)
    if (n < 0 && mode != PadMode::constant) fail(layer, "pads must be at least 0, got " + std::to_string(n), site);
  return v.size() == 1 ? std::vector<std::int64_t>(sides, v[0]) : v;
}

}  // namespace xtape::detail
