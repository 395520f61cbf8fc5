// A neural ODE: a network that says how fast things change, dy/dt = f(y), and a loop that follows
// it. It sees a spiral for a while and goes on with it. The loop is plain C++, and the tape goes
// through all of it. Source: Chen et al., "Neural ordinary differential equations", NeurIPS 2018.
#include <xtape.hpp>

#include "support/expect.hpp"
#include "support/plot.hpp"
using namespace xtape;

// Follows dy/dt = f(y) by the method of Runge and Kutta, of order 4: where it is at each step.
template <class F>
Tensor follow(const F& f, Tensor y, int steps) {
  const double h = 0.1;
  Tensors way = {y};
  for (int i = 0; i < steps; ++i) {
    const Tensor k1 = f(y), k2 = f(y + h / 2 * k1), k3 = f(y + h / 2 * k2), k4 = f(y + h * k3);
    y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4);
    way.push_back(y);
  }
  return stack(way);
}

int main() {
  return guarded([] {
    // The truth, which the network never sees but by the points on its way.
    const Tensor turn = tensor({{-0.1, 2.}, {-2., -0.1}});
    auto truth = [&](const Tensor& y) { return matmul(y * y * y, turn); };
    const Tensor start = tensor({{2., 0.}});
    const Tensor way = follow(truth, start, 120);

    manual_seed(1);
    const nn::Sequential f{[](const Tensor& y) { return y * y * y; }, nn::Linear(2, 50), nn::tanh,
                           nn::Linear(50, 2)};
    optim::Adam opt(f.parameters(), 0.03);
    // It sees the first 80 steps, as many stretches of 5 at once, one from each point.
    const int seen = 80, stretch = 5;
    Tensors shifted;
    for (int k = 0; k <= stretch; ++k) shifted.push_back(slice(way, 0, {k, seen - stretch + k}));
    const Tensor target = stack(shifted);
    optim::Scheduler scheduler(opt, optim::Cosine(), 3000);  // ever smaller steps
    for (int step = 0; step < 3000; ++step, scheduler.step())
      opt.step(grad(mean(square(follow(f, target[0], stretch) - target)), opt.parameters()));

    const Tensor ours = no_grad([&] { return follow(f, start, 120); });

    auto xy = [](const Tensor& w, int k) { return flatten(slice(w, 2, {k, k + 1})); };
    const Tensor known = slice(way, 0, {0, seen});
    Plot plane("A spiral, seen and gone on with", "y1", "y2"), time("Over time", "time", "y1");
    plane.points("seen", xy(known, 0), xy(known, 1))
        .line("network", xy(ours, 0), xy(ours, 1))
        .dashes("truth", xy(way, 0), xy(way, 1));
    const Tensor t = arange(121) * 0.1;
    time.points("seen", slice(t, 0, {0, seen}), xy(known, 0))
        .line("network", t, xy(ours, 0))
        .dashes("truth", t, xy(way, 0));
    write_svg("neural_ode.svg", {plane, time});
    expect_at_most("the largest distance, unseen way too", max(abs(ours - way)).item(), 0.05);
  });
}
