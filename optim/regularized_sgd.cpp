#include "regularized_sgd.hpp"

#include <optim/fused.hpp>

namespace xtape::optim {

RegularizedSGD::RegularizedSGD(std::vector<Parameter> parameters, RegularizedSGDOptions o, Site site)
    : Optimizer("RegularizedSGD", std::move(parameters), o, zeros_like({}), site),
      training_size_(static_cast<double>(o.training_size_)),
      l1_(o.l1_) {
  option("training_size", training_size_, o.training_size_ >= 1, "at least 1", site);
  option("l1", o.l1_);
  int without = 0;
  for (std::size_t i = 0; i < this->parameters().size(); ++i) {
    const Parameter& p = this->parameters()[i];
    if (!(o.without_ ? (*o.without_)(p) : p.shape().rank() < 2)) continue;
    begin_with(i, lr(), 0, site);
    ++without;
  }
  option("without_penalty", without);
}

void RegularizedSGD::update(Update& u) const {
  const double share = u.lr * u.weight_decay / training_size_;
  if (l1_)
    return fused<0>(u.p, u.cells, u.g, [&](auto type) {
      const kernel::Real<decltype(type)> lr = u.lr, by = share;
      return [=](auto& w, auto& g) { w = w - by * sign(w) - lr * g; };
    });
  fused<0>(u.p, u.cells, u.g, [&](auto type) {
    const kernel::Real<decltype(type)> lr = u.lr, shrink = 1 - share;
    return [=](auto& w, auto& g) { w = shrink * w - lr * g; };
  });
}

}  // namespace xtape::optim
