// Step 3: a cost, and gradient descent by hand. One neuron shall learn to answer 0 to the input 1,
// as in chapter 3 of Michael Nielsen's book, "The cross-entropy cost function". The cost says how
// wrong it is, the gradient which way is up; each step goes a little way down.
#include <iostream>
#include <xtape.hpp>

#include "support/expect.hpp"
#include "support/plot.hpp"
using namespace xtape;

Tensor neuron(const Tensor& w, const Tensor& b) { return sigmoid(w * 1 + b); }
Tensor quadratic(const Tensor& a) { return square(a - 0) / 2; }
Tensor cross_entropy(const Tensor& a) { return -log(1 - a); }

// Where 300 steps led along: the weights, then the biases.
Tensor descend(double w0, double b0, Tensor (*cost)(const Tensor&)) {
  const double rate = 0.15;  // the book's
  Tensor w = tensor(w0).requires_grad(), b = tensor(b0).requires_grad();
  Tensors way;
  for (int step = 0; step <= 300; ++step) {
    way.push_back(stack({w, b}).detach());
    const Tensors up = grad(cost(neuron(w, b)), {w, b});
    w = (w - rate * up[0]).requires_grad();
    b = (b - rate * up[1]).requires_grad();
  }
  return stack(way, 1);
}

int main() {
  return guarded([] {
    const Tensor easy = descend(0.6, 0.9, quadratic), hard = descend(2, 2, quadratic);
    const Tensor better = descend(2, 2, cross_entropy);
    auto answer = [](const Tensor& way) { return neuron(way[0][-1], way[1][-1]).item(); };
    std::cout << "after 300 steps it answers " << answer(easy) << ", " << answer(hard) << " and "
              << answer(better) << "\n";

    const Tensor steps = arange(301), side = linspace(-2, 3, 61);
    Plot answers("What it answers on the way down", "step", "neuron(w, b)");
    answers.line("from 0.6, 0.9", steps, neuron(easy[0], easy[1]))
        .line("from 2, 2", steps, neuron(hard[0], hard[1]))
        .line("with cross-entropy", steps, neuron(better[0], better[1]));

    const Tensor plane = transpose(grid(side, side));
    Plot ways("Where the quadratic cost is low", "weight w", "bias b");
    ways.heat(side, side, reshape(quadratic(neuron(plane[0], plane[1])), {61, 61}))
        .line("from 0.6, 0.9", easy[0], easy[1])
        .line("from 2, 2", hard[0], hard[1]);
    write_svg("cost.svg", {answers, ways});

    // The book prints 0.09 and 0.20. The second start is so far off that the sigmoid is flat there:
    // the neuron learns slowly although it is quite wrong. The cross-entropy mends that.
    expect_at_most("from 0.6 and 0.9, off the book's 0.09", std::abs(answer(easy) - 0.09), 0.005);
    expect_at_most("from 2 and 2, off the book's 0.20", std::abs(answer(hard) - 0.2), 0.005);
    expect_at_most("from 2 and 2 with the cross-entropy", answer(better), 0.02);
  });
}
