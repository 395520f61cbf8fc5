#include "rprop.hpp"

#include <optim/fused.hpp>

namespace xtape::optim {

Rprop::Rprop(std::vector<Parameter> parameters, RpropOptions o, Site site)
    : Optimizer("Rprop", std::move(parameters), o, zeros_like({"prev", "step_size"}), site), options_(o) {
  option("etaminus", o.minus_, o.minus_ > 0 && o.minus_ < 1, "a number in (0, 1)", site);
  option("etaplus", o.plus_, o.plus_ > 1 && o.plus_ < 1e300, "a finite number of more than 1", site);
  option_from_0("the smallest step size", o.min_, site);
  option("the largest step size", o.max_, o.max_ >= o.min_ && o.max_ < 1e300,
         "a finite number of at least the smallest", site);
}

void Rprop::update(Update& u) const {
  const bool first = u.t == 1;
  fused<2>(u.p, u.cells, u.g, [&](auto type) {
    using T = decltype(type);
    using R = kernel::Real<T>;
    const R lr = u.lr, l2 = u.weight_decay, minus = options_.minus_, plus = options_.plus_;
    const R low = options_.min_, high = options_.max_;
    return [=](auto& x, auto& previous, auto& size, auto& g) {
      const R d = g + l2 * x, turn = sign(d) * sign(previous);  // d times previous might leave the range
      const R factor = where(turn > 0, plus, where(turn < 0, minus, R(1)));
      size = clamp(where(first, lr, size) * factor, low, high);
      previous = where(turn < 0, R(0), d);
      x = x - sign(previous) * size;
    };
  });
}

}  // namespace xtape::optim
