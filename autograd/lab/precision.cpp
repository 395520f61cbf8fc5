#include "precision.hpp"

#include <cmath>

namespace xtape::lab {

std::vector<Loss> find_losses(const Values& x, const Values& in_float32, const Values& in_float64, const Values& slope,
                              double negligible) {
  std::vector<Loss> losses;
  double worst = 0;
  std::size_t last = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double a = in_float32[i], b = in_float64[i];
    if (!std::isfinite(a) || !std::isfinite(b)) continue;
    // An argument is good to its last digit: what that changes of the function is not the formula's fault.
    const double scale = std::abs(b) + (std::isfinite(slope[i]) ? std::abs(x[i] * slope[i]) : 0);
    const double off = std::abs(a - b);
    if (!(off > 1e-3 * scale + negligible)) continue;
    const double share = off / (scale + negligible);
    // A point that happens to be right does not end a stretch.
    if (losses.empty() || i > last + 12) losses.push_back({{x[i], x[i]}, x[i], a, b}), worst = share;
    losses.back().where.high = x[i], last = i;
    if (share > worst)
      worst = share, losses.back().at = x[i], losses.back().in_float32 = a, losses.back().in_float64 = b;
  }
  return losses;
}

}  // namespace xtape::lab
