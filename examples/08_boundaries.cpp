// Step 8: XOR, moons and spirals, the classics that no single line parts. A network with hidden
// layers bends the border until it does: chapter 4 of Michael Nielsen's book shows why enough
// hidden neurons can compute any function. Here are the borders that a few of them draw.
#include <xtape.hpp>

#include "support/expect.hpp"
#include "support/plot.hpp"
using namespace xtape;

// Learns from some points, is tested on others, and draws what the network says of the plane.
Plot learn(const std::string& title, const datasets::Batch& train, const datasets::Batch& test) {
  manual_seed(1);
  const nn::Sequential net{nn::Linear(2, 32), nn::tanh, nn::Linear(32, 32), nn::tanh,
                           nn::Linear(32, 2)};  // a score for each class
  optim::Adam opt(net.parameters(), 0.01);
  for (int step = 0; step < 500; ++step)
    opt.step(grad(nn::cross_entropy(net(train.input), train.target), opt.parameters()));
  const double accuracy = optim::accuracy(net(test.input), test.target);
  expect_at_least(title + ": share of others told right", accuracy, 0.97);

  // How sure it is of class 1, everywhere.
  const Tensor across = transpose(train.input), xs = across[0], ys = across[1];
  const Tensor x = linspace(min(xs).item() - 0.2, max(xs).item() + 0.2, 61);
  const Tensor y = linspace(min(ys).item() - 0.2, max(ys).item() + 0.2, 61);
  const Tensor sure = softmax(net(grid(x, y)));
  Plot plot(title, "x", "y");
  plot.heat(x, y, reshape(transpose(sure)[1], {61, 61}));
  for (int k : {0, 1}) {
    const Tensor of_k = train.target == k;
    plot.points("class " + std::to_string(k), masked_select(xs, of_k), masked_select(ys, of_k));
  }
  return plot;
}

int main() {
  return guarded([] {
    using namespace datasets;
    write_svg("boundaries.svg",
              {learn("XOR", exclusive_or(200, 1, 0.15), exclusive_or(1000, 2, 0.15)),
               learn("Two moons", two_moons(200, 1), two_moons(1000, 2)),
               learn("Two spirals", spirals(200, 1), spirals(1000, 2))},
              3);
  });
}
