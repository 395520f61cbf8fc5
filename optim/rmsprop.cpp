#include "rmsprop.hpp"

#include <optim/fused.hpp>
#include <optim/root_of_mean.hpp>
#include <tuple>

namespace xtape::optim {
namespace {

std::vector<std::string> names(bool centered, bool momentum) {
  std::vector<std::string> all{"root_square_avg"};
  if (centered) all.push_back("grad_avg");
  if (momentum) all.push_back("momentum_buffer");
  return all;
}

}  // namespace

RMSprop::RMSprop(std::vector<Parameter> parameters, RMSpropOptions o, Site site)
    : Optimizer("RMSprop", std::move(parameters), o, zeros_like(names(o.centered_, o.momentum_ != 0)), site),
      options_(o) {
  option_below_1("alpha", o.alpha_, site);
  option_from_0("eps", o.eps_, site);
  option_below_1("momentum", o.momentum_, site);
  option("centered", o.centered_);
  if (o.momentum_ > 0) has_momentum(o.momentum_);
}

template <bool centered, bool moves>
void RMSprop::step_of(Update& u) const {
  fused<1 + centered + moves>(u.p, u.cells, u.g, [&](auto type) {
    using T = decltype(type);
    using R = kernel::Real<T>;
    const R a = options_.alpha_, rest = 1 - options_.alpha_, eps = not_zero<T>(options_.eps_);
    const R lr = u.lr, l2 = u.weight_decay, mu = momentum();
    return [=](auto& x, auto& root, auto&... more) {
      const auto cells = std::tie(more...);  // those that there are, and the gradient
      const R d = std::get<centered + moves>(cells) + l2 * x;
      root = root_of_mean(a, root, rest, d);
      R deviation = root;
      if constexpr (centered) {
        R& m = std::get<0>(cells);
        m = a * m + rest * d;
        deviation = sqrt(max(root - abs(m), R(0))) * sqrt(root + abs(m));  // v - m² might leave the range
      }
      R step = d / (deviation + eps);
      if constexpr (moves) {
        R& b = std::get<centered>(cells);
        b = mu * b + step;
        step = b;
      }
      x = x - lr * step;
    };
  });
}

void RMSprop::update(Update& u) const {
  if (options_.centered_) has_momentum() ? step_of<true, true>(u) : step_of<true, false>(u);
  else has_momentum() ? step_of<false, true>(u) : step_of<false, false>(u);
}

}  // namespace xtape::optim
