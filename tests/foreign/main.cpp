// A project of its own on the installed library: an activation, a model and a training loop. Fails unless the loss
// falls and a wrong shape is reported with the module and a line of this file.
#include <iostream>
#include <string>
#include <xtape.hpp>

using namespace xtape;

Tensor swish(const Tensor& x) { return x * sigmoid(x); }

struct Mlp : nn::Module<Mlp> {
  nn::Linear hidden = child("hidden", nn::Linear(2, 16));
  nn::Linear output = child("output", nn::Linear(16, 1));
  Tensor forward(const Tensor& x) const { return output(swish(hidden(x))); }
};

bool learns(const Mlp& model) {
  const Tensor x = tensor({{0., 0.}, {0., 1.}, {1., 0.}, {1., 1.}});
  const Tensor target = tensor({{0.}, {1.}, {1.}, {0.}});
  optim::Adam optimizer(model.parameters(), 0.05);
  double first = 0, last = 0;
  for (int step = 0; step < 200; ++step) {
    const Tensor loss = mean(square(model(x) - target));
    optimizer.step(grad(loss, optimizer.parameters()));
    last = loss.item();
    if (step == 0) first = last;
  }
  std::cout << "loss " << first << " -> " << last << '\n';
  return last < 0.1 * first;
}

bool error_names_this_file(const Mlp& model) {
  try {
    model(ones({4, 3}));
  } catch (const Error& error) {
    const std::string message = error.what();
    std::cout << message << '\n';
    return message.find("hidden") != message.npos && message.find("main.cpp:") != message.npos;
  }
  return false;
}

int main() {
  manual_seed(1);
  const Mlp model;
  return learns(model) && error_names_this_file(model) ? 0 : 1;
}
