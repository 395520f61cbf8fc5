#include "adam_step.hpp"

#include <cmath>
#include <optim/fused.hpp>
#include <optim/root_of_mean.hpp>

namespace xtape::optim {

AdamBias::AdamBias(double beta1, double beta2, std::int64_t t)
    : t(t),
      of_mean(1 - std::pow(beta1, static_cast<double>(t))),
      of_square(1 - std::pow(beta2, static_cast<double>(t))) {}

void adam_step(Parameter& p, std::vector<Parameter>& cells, const Tensor& g, const AdamBias& bias, const AdamStep& s) {
  auto formula = [&](auto type) {
    using T = decltype(type);
    using R = kernel::Real<T>;
    const R b1 = s.beta1, d1 = 1 - s.beta1, b2 = s.beta2, d2 = 1 - s.beta2, eps = not_zero<T>(s.eps);
    const R step = s.lr / bias.of_mean, unbias = 1 / std::sqrt(bias.of_square), l2 = s.l2, shrink = s.shrink;
    const R against = s.cautious ? R(1) : shrink;
    // `largest` is what the step is divided by.
    return [=](auto& x, auto& m, auto& root, auto& largest, auto& g) {
      const R d = g + l2 * x;
      m = b1 * m + d1 * d;
      root = root_of_mean(b2, root, d2, d);
      largest = max(largest, root);
      x = where(m * x < 0, against, shrink) * x - step * m / (largest * unbias + eps);
    };
  };
  const bool amsgrad = cells.size() == 3;
  if (amsgrad) return fused<3>(p, cells, g, formula);
  fused<2>(p, cells, g, [&](auto type) {
    return [one = formula(type)](auto& x, auto& m, auto& root, auto& g) {
      kernel::Real<decltype(type)> largest = 0;  // the root, which is at least 0
      one(x, m, root, largest, g);
    };
  });
}

}  // namespace xtape::optim
