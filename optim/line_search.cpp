#include "line_search.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace xtape::optim {
namespace {

constexpr double falls = 1e-4, flattens = 0.9;
constexpr int most_tries = 25;

/// Where the cubic through both points with their slopes is least, within [low, high].
double least_of_cubic(const OnLine& a, const OnLine& b, double low, double high) {
  const double d1 = a.slope + b.slope - 3 * (a.value - b.value) / (a.t - b.t), square = d1 * d1 - a.slope * b.slope;
  if (!(square >= 0)) return (low + high) / 2;
  const double d2 = std::sqrt(square);
  const OnLine &p = a.t <= b.t ? a : b, &q = a.t <= b.t ? b : a;
  const double t = q.t - (q.t - p.t) * ((q.slope + d2 - d1) / (q.slope - p.slope + 2 * d2));
  return std::min(std::max(t, low), high);
}

/// Counts tries, and has those that give no number brought back towards the last that did.
class Tries {
 public:
  explicit Tries(const std::function<OnLine(double)>& at) : at_(at) {}
  bool left() const { return count_ < most_tries; }
  OnLine operator()(double t, double good) {
    OnLine point = at_(t);
    for (++count_; !(std::isfinite(point.value) && std::isfinite(point.slope)) && left(); ++count_) {
      t = (t + good) / 2;
      point = at_(t);
    }
    return point;
  }
  int count() const { return count_; }

 private:
  const std::function<OnLine(double)>& at_;
  int count_ = -1;  // the first is not counted
};

}  // namespace

OnLine strong_wolfe(const std::function<OnLine(double)>& at, const OnLine& start, double t, double resolution) {
  Tries tries(at);
  // What is no number is too high.
  const auto too_high = [&](const OnLine& p) { return !(p.value <= start.value + falls * p.t * start.slope); };
  const auto is_flat = [&](const OnLine& p) { return std::abs(p.slope) <= -flattens * start.slope; };

  // Outwards, until the conditions hold or a minimum was passed.
  OnLine before = start, now = tries(t, 0);
  bool passed = false;
  while (!passed && tries.left()) {
    passed = too_high(now) || (tries.count() > 1 && now.value >= before.value);
    if (passed) break;
    if (is_flat(now)) return now;
    passed = now.slope >= 0;
    if (passed) break;
    const double next = least_of_cubic(before, now, now.t + 0.01 * (now.t - before.t), now.t * 10);
    before = std::exchange(now, tries(next, now.t));
  }
  if (!passed) before = start;

  // Inwards, between the lowest point and one beyond the minimum.
  OnLine low = before, high = now;
  if (!(low.value <= high.value)) std::swap(low, high);
  bool at_border = false;
  while (tries.left() && std::abs(high.t - low.t) >= resolution) {
    const double left = std::min(low.t, high.t), right = std::max(low.t, high.t), margin = 0.1 * (right - left);
    t = least_of_cubic(low, high, left, right);
    // The second try near a border, and one on it, is put a tenth of the way inside.
    if (std::min(right - t, t - left) < margin) {
      if (at_border || t >= right || t <= left) {
        t = std::abs(t - right) < std::abs(t - left) ? right - margin : left + margin;
        at_border = false;
      } else {
        at_border = true;
      }
    } else {
      at_border = false;
    }
    const OnLine tried = tries(t, low.t);
    if (too_high(tried) || tried.value >= low.value) {
      high = tried;
      if (!(low.value <= high.value)) std::swap(low, high);
      continue;
    }
    const bool done = is_flat(tried);
    if (!done && tried.slope * (high.t - low.t) >= 0) high = low;
    low = tried;
    if (done) break;
  }
  return low;
}

}  // namespace xtape::optim
