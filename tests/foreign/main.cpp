// A project of its own: an activation, a model and a training loop on the installed library. Succeeds if the loss fell.
#include <iostream>
#include <xtape.hpp>

using namespace xtape;

Tensor swish(const Tensor& x) { return x * sigmoid(x); }

struct Mlp : nn::Module<Mlp> {
  nn::Linear hidden = child("hidden", nn::Linear(2, 16));
  nn::Linear output = child("output", nn::Linear(16, 1));
  Tensor forward(const Tensor& x) const { return output(swish(hidden(x))); }
};

int main() {
  manual_seed(1);
  const Tensor x = tensor({{0., 0.}, {0., 1.}, {1., 0.}, {1., 1.}});
  const Tensor target = tensor({{0.}, {1.}, {1.}, {0.}});

  Mlp model;
  optim::Adam optimizer(model.parameters(), 0.05);
  double first = 0, last = 0;
  for (int step = 0; step < 200; ++step) {
    const Tensor loss = mean(square(model(x) - target));
    optimizer.step(grad(loss, optimizer.parameters()));
    last = loss.item();
    if (step == 0) first = last;
  }
  std::cout << "loss " << first << " -> " << last << '\n';
  return last < 0.1 * first ? 0 : 1;
}
