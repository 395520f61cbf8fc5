// Step 5: an activation of your own: write the formula, and its gradient is there. A sigmoid neuron
// cannot tell XOR, since it parts the plane by one line, as Minsky and Papert's "Perceptrons" of
// 1969 says. A neuron that fires when its sum is near 0, neither low nor high, can.
#include <iostream>
#include <xtape.hpp>

#include "support/expect.hpp"
#include "support/plot.hpp"
using namespace xtape;

// It becomes one loop over the elements, compiled here, and one for its derivative.
Tensor bump(const Tensor& x) {
  return pointwise([](auto x) { return exp(-x * x); }, x);
}

int main() {
  return guarded([] {
    // The first and second derivative are right: this throws where differences say otherwise.
    gradcheck([](const Tensors& in) { return bump(in[0]); }, {tensor({-2., 0.5, 3.}, float64)});

    const Tensor bits = tensor({{0., 0.}, {0., 1.}, {1., 0.}, {1., 1.}});
    const Tensor xor_ = tensor({{0.}, {1.}, {1.}, {0.}});
    auto trained = [&](Tensor (*activation)(const Tensor&)) {
      const nn::Linear sum(2, 1);
      nn::init::ones(sum.weight), nn::init::zeros(*sum.bias);  // where both begin
      const nn::Sequential neuron{sum, activation};
      optim::Adam opt(neuron.parameters(), 0.05);
      for (int step = 0; step < 500; ++step)
        opt.step(grad(nn::mse_loss(neuron(bits), xor_), opt.parameters()));
      return neuron;
    };
    const nn::Sequential plain = trained([](const Tensor& x) { return sigmoid(x); });
    const nn::Sequential own = trained(bump);
    std::cout << "a sigmoid neuron:\n" << plain(bits) << "\nyours:\n" << own(bits) << "\n";

    const Tensor x = linspace(-3, 3, 401).requires_grad(), side = linspace(-0.5, 1.5, 61);
    const Tensor slope = grad(sum(bump(x)), x, create_graph);
    Plot function("The bump e^(-x²), its slope and its curvature", "x");
    function.line("f", x, bump(x)).line("f'", x, slope).dashes("f''", x, grad(sum(slope), x));

    Plot answers("One neuron that tells XOR", "first bit", "second bit");
    answers.heat(side, side, reshape(own(grid(side, side)), {61, 61}))
        .points("XOR is 0", tensor({0., 1.}), tensor({0., 1.}))
        .points("XOR is 1", tensor({0., 1.}), tensor({1., 0.}));
    write_svg("your_activation.svg", {function, answers});

    expect_at_least("the worst error of a sigmoid", max(abs(plain(bits) - xor_)).item(), 0.49);
    expect_at_most("the worst error of yours", max(abs(own(bits) - xor_)).item(), 0.05);
  });
}
