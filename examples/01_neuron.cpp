// Step 1: a neuron. It weighs its inputs, adds a bias, and squashes the sum to a number between 0
// and 1: a = sigmoid(w x + b). With the weights -2 and -2 and the bias 3 that is NAND, and of NANDs
// every circuit can be made: here, as in chapter 1 of Michael Nielsen's book, one that adds two
// bits.
#include <iostream>
#include <xtape.hpp>

#include "support/expect.hpp"
#include "support/plot.hpp"
using namespace xtape;

// The larger the weights, the more the neuron is like a perceptron, which says 0 or 1 and nothing
// between: all of them are multiplied by `sharpness`, which moves no border.
Tensor nand(const Tensor& a, const Tensor& b, double sharpness = 20) {
  return sigmoid(sharpness * (-2 * a - 2 * b + 3));
}

int main() {
  return guarded([] {
    // All pairs of bits at once: operations work on each element.
    const Tensor a = tensor({0., 0., 1., 1.}), b = tensor({0., 1., 0., 1.});

    // Five neurons, in three layers, add them: a + b = 2 carry + sum.
    const Tensor c = nand(a, b);
    const Tensor sum = nand(nand(a, c), nand(b, c)), carry = nand(c, c);
    for (std::int64_t i = 0; i < 4; ++i)
      std::cout << a[i].item() << " + " << b[i].item() << ": carry " << carry[i].item() << ", sum "
                << sum[i].item() << "\n";

    // How it squashes, and what a neuron answers between the bits.
    const Tensor z = linspace(-4, 4, 401), side = linspace(-0.5, 1.5, 61);
    Plot squashed("The sum of a neuron, squashed", "z = w x + b", "a = sigmoid(z)");
    for (double sharpness : {1., 3., 20.})
      squashed.line("sigmoid(" + std::to_string(int(sharpness)) + " z)", z, sigmoid(sharpness * z));
    squashed.dashes("a perceptron", z, where(z > 0, 1, zeros_like(z)));

    const Tensor plane = grid(side, side);
    const Tensor x1 = slice(plane, 1, {0, 1}), x2 = slice(plane, 1, {1, 2});
    Plot answers("A neuron with the weights -2, -2 and the bias 3", "first input", "second input");
    answers.heat(side, side, reshape(nand(x1, x2, 1), {61, 61}))
        .points("NAND is 0", tensor({1.}), tensor({1.}))
        .points("NAND is 1", tensor({0., 0., 1.}), tensor({0., 1., 0.}));
    write_svg("neuron.svg", {squashed, answers});
    expect_at_most("the largest error of carry and sum", max(abs(2 * carry + sum - (a + b))).item(),
                   1e-6);
  });
}
