// A physics-informed network: it is told no values but a law. A rod, hot in the middle and held
// cold at both ends, cools down by u_t = 0.1 u_xx; the network u(x, t) learns to obey that
// everywhere. The law's derivatives are those of the network, and its gradient differentiates them
// once more. Source: Raissi, Perdikaris and Karniadakis, Journal of Computational Physics 378,
// 2019.
#include <iostream>
#include <xtape.hpp>

#include "support/expect.hpp"
#include "support/plot.hpp"
using namespace xtape;

int main() {
  return guarded([] {
    manual_seed(1);
    const nn::Sequential net{nn::Linear(2, 24), nn::tanh, nn::Linear(24, 24), nn::tanh,
                             nn::Linear(24, 1)};
    auto u = [&](const Tensor& x, const Tensor& t) { return net(concat({x, t}, 1)); };

    // Places and times where it shall hold, the ends, and the beginning.
    const std::int64_t n = 256;
    const Tensor x = uniform({n, 1}).requires_grad(), t = uniform({n, 1}).requires_grad();
    const Tensor some = uniform({64, 1}), none = zeros({64, 1});
    auto cost = [&] {
      const Tensor inside = u(x, t);
      const Tensors slopes = grad(sum(inside), {x, t}, create_graph);
      const Tensor bend = grad(sum(slopes[0]), x, create_graph);
      const Tensor law = mean(square(slopes[1] - 0.1 * bend));
      const Tensor ends = mean(square(u(none, some))) + mean(square(u(none + 1, some)));
      const Tensor start = mean(square(u(some, none) - sin(M_PI * some)));
      return law + 10 * (ends + start);
    };
    optim::LBFGS opt(net.parameters(), optim::LBFGSOptions(1).strong_wolfe(true).max_iter(400));
    std::cout << "the cost falls from " << cost().item();
    opt.step(cost);
    std::cout << " to " << cost().item() << "\n";

    // This one has a solution that can be written down.
    const Tensor side = linspace(0, 1, 61), plane = grid(side, side);
    const Tensor at = slice(plane, 1, {0, 1}), when = slice(plane, 1, {1, 2});
    const Tensor exact = exp(-0.1 * M_PI * M_PI * when) * sin(M_PI * at);
    const Tensor ours = u(at, when).detach();

    Plot heat("Temperature, as the network has it", "place x", "time t");
    heat.heat(side, side, reshape(ours, {61, 61}))
        .points("where the law was asked for", flatten(x), flatten(t));
    Plot cooling("The rod at three times", "place x", "temperature");
    const Tensor u3 = reshape(ours, {61, 61}), e3 = reshape(exact, {61, 61});
    for (std::int64_t i : {0, 30, 60})
      cooling.line("t = " + std::to_string(i / 60.).substr(0, 3), side, u3[i]);
    for (std::int64_t i : {0, 30, 60}) cooling.dashes(i ? "" : "exact", side, e3[i]);
    write_svg("physics.svg", {heat, cooling});
    expect_at_most("the largest error", max(abs(ours - exact)).item(), 0.01);
  });
}
