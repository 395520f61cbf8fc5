#include "comparison.hpp"

#include <algorithm>

namespace xtape::lab {

const Comparison::Variant& Comparison::operator[](const std::string& name) const {
  std::string known;
  for (const Variant& v : variants) {
    if (v.name == name) return v;
    known += (known.empty() ? "'" : ", '") + v.name + "'";
  }
  fail("Comparison", "there is no variant '" + name + "', only " + known);
}

Comparison::Difference Comparison::difference(const std::string& first, const std::string& second) const {
  (*this)[first], (*this)[second];
  for (const Difference& d : differences) {
    if (d.first == first && d.second == second) return d;
    if (d.first == second && d.second == first) return {first, second, d.seeds, -d.mean, -d.effect, d.p, d.p_of_all};
  }
  fail("Comparison", "'" + first + "' and '" + second + "' are not compared" +
                         (baseline.empty() ? "" : ", but each other one with '" + baseline + "'"));
}

bool Comparison::is_better(const std::string& first, const std::string& second) const {
  const Difference d = difference(first, second);
  return d.is_clear() && (d.mean > 0) == larger_is_better;
}

}  // namespace xtape::lab
