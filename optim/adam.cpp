#include "adam.hpp"

#include <autograd/kernel.hpp>
#include <cmath>
#include <limits>

namespace xtape::optim {
namespace {

// sqrt(a s² + b d²) for s >= 0. The power of 2 below the larger of the two is taken out of both, or the squares of a
// float32 gradient of 1e21 or 1e-25 would leave its range.
template <class T>
XTAPE_INLINE kernel::Real<T> root_of_mean(kernel::Real<T> a, kernel::Real<T> s, kernel::Real<T> b, kernel::Real<T> d) {
  using R = kernel::Real<T>;
  using U = kernel::Bits<T>;
  constexpr U bias = std::numeric_limits<T>::max_exponent - 1, place = std::numeric_limits<T>::digits - 1;
  U e = kernel::bits<U>(max(s, abs(d))) >> place;
  e = e < 1 ? 1 : e;
  e = e > 2 * bias - 1 ? 2 * bias - 1 : e;
  const R power = kernel::bits<R>(static_cast<U>(e << place));
  const R inverse = kernel::bits<R>(static_cast<U>((2 * bias - e) << place));
  const R p = s * inverse, q = d * inverse;
  return sqrt(a * p * p + b * q * q) * power;
}

}  // namespace

Adam::Adam(const char* name, std::vector<Parameter> parameters, AdamOptions o, bool decoupled, Site site)
    : Optimizer(name, std::move(parameters), o.lr_, 2, site), options_(o), decoupled_(decoupled) {
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
    const R b1 = o.beta1_, d1 = 1 - o.beta1_, b2 = o.beta2_, d2 = 1 - o.beta2_, eps = o.eps_;
    const R step = lr() / c1, unbias = 1 / std::sqrt(c2);
    const R l2 = decoupled_ ? 0 : weight_decay(), shrink = decoupled_ ? 1 - lr() * weight_decay() : 1;
    auto one = [=](auto& x, auto& m, auto& root, auto& g) {
      const R d = g + l2 * x;
      m = b1 * m + d1 * d;
      root = root_of_mean(b2, root, d2, d);
      // Without eps, 0 / 0 is a gradient that was never there.
      x = shrink * x - where(m == 0, R(0), step * m / (root * unbias + eps));
    };
    kernel::update(p.size(), one, p.mutable_data<T>(), cells[0].mutable_data<T>(), cells[1].mutable_data<T>(),
                   g.data<T>());
  });
}

}  // namespace xtape::optim
