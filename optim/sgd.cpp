#include "sgd.hpp"

#include <optim/fused.hpp>

namespace xtape::optim {

SGD::SGD(std::vector<Parameter> parameters, SGDOptions o, Site site)
    : Optimizer("SGD", std::move(parameters), o,
                zeros_like(o.momentum_ == 0 ? std::vector<std::string>() : std::vector<std::string>{"momentum_buffer"}),
                site),
      dampening_(o.dampening_),
      nesterov_(o.nesterov_) {
  if (o.nesterov_ && o.momentum_ == 0) option("momentum", 0, false, "more than 0 with nesterov", site);
  option_below_1("momentum", o.momentum_, site);
  option("dampening", o.dampening_, o.dampening_ >= 0 && o.dampening_ <= (o.nesterov_ ? 0 : 1),
         o.nesterov_ ? "0 with nesterov" : "a number in [0, 1]", site);
  option("nesterov", o.nesterov_);
  if (o.momentum_ > 0) has_momentum(o.momentum_);
}

void SGD::update(Update& u) const {
  if (!has_momentum())
    return fused<0>(u.p, u.cells, u.g, [&](auto type) {
      const kernel::Real<decltype(type)> lr = u.lr, lambda = u.weight_decay;
      return [=](auto& x, auto& g) { x = x - lr * (g + lambda * x); };
    });
  // The first velocity is the gradient, undampened.
  const double share = u.t == 1 ? 1 : 1 - dampening_;
  if (nesterov_)
    return fused<1>(u.p, u.cells, u.g, [&](auto type) {
      const kernel::Real<decltype(type)> lr = u.lr, lambda = u.weight_decay, mu = momentum();
      return [=](auto& x, auto& v, auto& g) {
        const auto d = g + lambda * x;
        v = mu * v + d;
        x = x - lr * (d + mu * v);
      };
    });
  fused<1>(u.p, u.cells, u.g, [&](auto type) {
    const kernel::Real<decltype(type)> lr = u.lr, lambda = u.weight_decay, mu = momentum(), d = share;
    return [=](auto& x, auto& v, auto& g) {
      v = mu * v + d * (g + lambda * x);
      x = x - lr * v;
    };
  });
}

}  // namespace xtape::optim
