// Step 7: a model of your own. A struct whose members are layers, and a `forward` that says what
// becomes of an input: any C++ will do. Here two small networks share a curve that jumps, and a
// neuron decides who answers where. Source: Jacobs et al., "Adaptive mixtures of local experts",
// 1991.
#include <iostream>
#include <xtape.hpp>

#include "support/expect.hpp"
#include "support/plot.hpp"
using namespace xtape;

// A parabola: a x + b x^2 + c.
struct Expert : nn::Module<Expert> {
  nn::Linear sum = child("sum", nn::Linear(2, 1));
  Tensor forward(const Tensor& x) const { return sum(concat({x, x * x}, 1)); }
};

struct Pair : nn::Module<Pair> {
  Expert first = child("first", Expert()), second = child("second", Expert());
  nn::Linear gate = child("gate", nn::Linear(1, 1));
  Parameter sharpness = parameter("sharpness", ones({}));  // learnt like all the others

  // How much of the answer is the second one's.
  Tensor share(const Tensor& x) const { return sigmoid(sharpness * gate(x)); }
  Tensor forward(const Tensor& x) const {
    const Tensor s = share(x);
    return (1 - s) * first(x) + s * second(x);
  }
};

int main() {
  return guarded([] {
    // A parabola up to 0.5, from there a line that begins 2 higher.
    manual_seed(1);
    const Tensor x = linspace(-2, 2, 201);
    const Tensor curve = where(x < 0.5, x * x, 3 - x);
    const Tensor column = reshape(x, {-1, 1}), target = reshape(curve, {-1, 1});

    const Pair model;
    std::cout << model << "\n";
    optim::Adam opt(model.parameters(), 0.02);
    for (int step = 0; step < 5000; ++step)
      opt.step(grad(nn::mse_loss(model(column), target), opt.parameters()));

    const Tensor share = flatten(model.share(column)).detach();
    const double jump = x[argmin(abs(share - 0.5)).item<std::int64_t>()].item();

    Plot answers("Two experts and who is asked", "x", "y");
    answers.points("data", x, curve)
        .line("first", x, flatten(model.first(column)))
        .line("second", x, flatten(model.second(column)))
        .line("model", x, flatten(model(column)))
        .dashes("share of the second", x, share);
    write_svg("your_model.svg", {answers.y_range(-0.5, 5)});

    expect_at_most("the mean squared error", nn::mse_loss(model(column), target).item(), 0.01);
    expect_at_most("the gate opens off 0.5 by", std::abs(jump - 0.5), 0.05);
  });
}
