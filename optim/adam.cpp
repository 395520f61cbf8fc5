#include "adam.hpp"

#include <algorithm>
#include <autograd/kernel.hpp>
#include <cmath>
#include <limits>

namespace xtape::optim {
namespace {

// sqrt(a s² + b d²) for s >= 0. A power of 2 near the larger of the two is taken out of both, or the squares
// of a float32 gradient of 1e21 or 1e-25 would leave its range. Its exponent is one of 1, 5, 9 … of those there are, so
// that it has an inverse whatever s and d are.
template <class T>
XTAPE_INLINE kernel::Real<T> root_of_mean(kernel::Real<T> a, kernel::Real<T> s, kernel::Real<T> b, kernel::Real<T> d) {
  using R = kernel::Real<T>;
  using U = kernel::Bits<T>;
  constexpr U one = U{1} << (std::numeric_limits<T>::digits - 1);
  constexpr U inverses = 2 * (std::numeric_limits<T>::max_exponent - 1) * one;  // the sum of their exponents
  const U power = (kernel::bits<U>(s + abs(d)) & (inverses - 2 * one)) | one;
  const R inverse = kernel::bits<R>(static_cast<U>(inverses - power));
  const R p = s * inverse, q = d * inverse;
  return sqrt(a * p * p + b * q * q) * kernel::bits<R>(power);
}

}  // namespace

Adam::Adam(const char* name, std::vector<Parameter> parameters, AdamOptions o, bool decoupled, Site site)
    : Optimizer(name, std::move(parameters), o.lr_, {"exp_avg", "root_exp_avg_sq"}, site),
      options_(o),
      decoupled_(decoupled) {
  check(o.beta1_ >= 0 && o.beta1_ < 1, "beta1", o.beta1_, "a number in [0, 1)", site);
  check(o.beta2_ >= 0 && o.beta2_ < 1, "beta2", o.beta2_, "a number in [0, 1)", site);
  check(o.eps_ >= 0 && o.eps_ < 1e300, "eps", o.eps_, "a finite number of at least 0", site);
  const double decay = weight_decay();
  check(decay >= 0 && decay < 1e300, "weight_decay", decay, "a finite number of at least 0", site);
}

Adam::Adam(std::vector<Parameter> parameters, AdamOptions options, Site site)
    : Adam("Adam", std::move(parameters), options, false, site) {}
AdamW::AdamW(std::vector<Parameter> parameters, AdamOptions options, Site site)
    : Adam("AdamW", std::move(parameters), options, true, site) {}

double Adam::weight_decay() const { return options_.weight_decay_.value_or(decoupled_ ? 0.01 : 0); }

void Adam::update(Parameter& p, const Tensor& g, std::vector<Parameter>& cells, std::int64_t t) const {
  const AdamOptions& o = options_;
  const double c1 = 1 - std::pow(o.beta1_, static_cast<double>(t)), c2 = 1 - std::pow(o.beta2_, static_cast<double>(t));
  visit_floating(p.dtype(), [&](auto type) {
    using T = decltype(type);
    using R = kernel::Real<T>;
    const R b1 = o.beta1_, d1 = 1 - o.beta1_, b2 = o.beta2_, d2 = 1 - o.beta2_;
    // Not 0: then 0 / 0, a gradient that was never there, is no step.
    const R eps = std::max(static_cast<T>(o.eps_), std::numeric_limits<T>::denorm_min());
    const R step = lr() / c1, unbias = 1 / std::sqrt(c2);
    const R l2 = decoupled_ ? 0 : weight_decay(), shrink = decoupled_ ? 1 - lr() * weight_decay() : 1;
    auto one = [=](auto& x, auto& m, auto& root, auto& g) {
      const R d = g + l2 * x;
      m = b1 * m + d1 * d;
      root = root_of_mean(b2, root, d2, d);
      x = shrink * x - step * m / (root * unbias + eps);
    };
    kernel::update(p.size(), one, p.mutable_data<T>(), cells[0].mutable_data<T>(), cells[1].mutable_data<T>(),
                   g.data<T>());
  });
}

}  // namespace xtape::optim
