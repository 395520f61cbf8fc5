#include "adam.hpp"

#include <autograd/kernel.hpp>
#include <cmath>

namespace xtape::optim {

Adam::Adam(const char* name, std::vector<Parameter> parameters, AdamOptions o, bool decoupled)
    : Optimizer(name, std::move(parameters), o.lr_, 2), options_(o), decoupled_(decoupled) {
  check(o.beta1_ >= 0 && o.beta1_ < 1, "beta1", o.beta1_, "a number in [0, 1)");
  check(o.beta2_ >= 0 && o.beta2_ < 1, "beta2", o.beta2_, "a number in [0, 1)");
  check(o.eps_ >= 0 && o.eps_ < 1e300, "eps", o.eps_, "a finite number of at least 0");
  const double decay = weight_decay();
  check(decay >= 0 && decay < 1e300, "weight_decay", decay, "a finite number of at least 0");
}

Adam::Adam(std::vector<Parameter> parameters, AdamOptions options)
    : Adam("Adam", std::move(parameters), options, false) {}
AdamW::AdamW(std::vector<Parameter> parameters, AdamOptions options)
    : Adam("AdamW", std::move(parameters), options, true) {}

double Adam::weight_decay() const { return options_.weight_decay_.value_or(decoupled_ ? 0.01 : 0); }

void Adam::update(Parameter& p, const Tensor& g, std::vector<Parameter>& cells, std::int64_t t) const {
  const AdamOptions& o = options_;
  const double c1 = 1 - std::pow(o.beta1_, static_cast<double>(t)), c2 = 1 - std::pow(o.beta2_, static_cast<double>(t));
  visit_floating(p.dtype(), [&](auto type) {
    using T = decltype(type);
    using R = kernel::Real<T>;
    const R b1 = o.beta1_, d1 = 1 - o.beta1_, b2 = o.beta2_, d2 = 1 - o.beta2_, eps = o.eps_;
    const R step = lr() / c1, scale = 1 / std::sqrt(c2);
    const R l2 = decoupled_ ? 0 : weight_decay(), shrink = decoupled_ ? 1 - lr() * weight_decay() : 1;
    auto one = [=](auto& x, auto& m, auto& v, auto& g) {
      const R d = g + l2 * x;
      m = b1 * m + d1 * d;
      v = b2 * v + d2 * d * d;
      x = shrink * x - step * m / (sqrt(v) * scale + eps);
    };
    kernel::update(p.size(), one, p.mutable_data<T>(), cells[0].mutable_data<T>(), cells[1].mutable_data<T>(),
                   g.data<T>());
  });
}

}  // namespace xtape::optim
