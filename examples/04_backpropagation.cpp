// Step 4: backpropagation seen. Chapter 2 of Michael Nielsen's book derives four equations, BP1 to
// BP4, by which an error at the output becomes the slope of the cost by every weight and bias. Here
// they are, line by line, held against what the tape gives, and the tape is drawn.
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <xtape.hpp>

#include "support/expect.hpp"
using namespace xtape;

const Tensor x = tensor({0.8, -0.5}, float64), y = tensor({0., 1.}, float64);  // one example

struct TwoLayers : nn::Module<TwoLayers> {
  Parameter w1 = parameter("w1", normal({3, 2}, 0, 1, float64));
  Parameter b1 = parameter("b1", normal({3}, 0, 1, float64));
  Parameter w2 = parameter("w2", normal({2, 3}, 0, 1, float64));
  Parameter b2 = parameter("b2", normal({2}, 0, 1, float64));

  struct Steps {
    Tensor z1, a1, z2, a2, cost;
  };
  Steps forward(const Tensor& x) const {
    const Tensor z1 = matmul(w1, x) + b1, a1 = sigmoid(z1);
    const Tensor z2 = matmul(w2, a1) + b2, a2 = sigmoid(z2);
    return {z1, a1, z2, a2, sum(square(a2 - y)) / 2};
  }
};

int main() {
  return guarded([] {
    const TwoLayers net;
    const auto [z1, a1, z2, a2, cost] = net(x);

    // The tape as text, and as Graphviz draws it: leaves below, the cost on top.
    std::cout << tape(cost);
    std::ofstream("backpropagation.dot") << to_dot(cost);
    if (std::system("dot -Tsvg backpropagation.dot -o backpropagation.svg"))
      std::cout << "Graphviz, which draws backpropagation.dot, is not there.\n";

    // What the book says. The error of a layer is the slope of the cost by its z.
    const Tensor error2 = (a2 - y) * (a2 * (1 - a2));                           // BP1
    const Tensor error1 = matmul(transpose(net.w2), error2) * (a1 * (1 - a1));  // BP2
    const Tensor slope_b2 = error2, slope_b1 = error1;                          // BP3
    const Tensor slope_w2 = outer(error2, a1), slope_w1 = outer(error1, x);     // BP4

    // What the tape says.
    const Tensors by_z = grad(cost, {z2, z1}, retain_graph);
    const Tensors by = grad(cost, net.parameters());  // w1, b1, w2, b2
    auto off = [](const Tensor& a, const Tensor& b) { return max(abs(a - b)).item(); };
    expect_at_most("BP1 is off by", off(error2, by_z[0]), 1e-14);
    expect_at_most("BP2 is off by", off(error1, by_z[1]), 1e-14);
    expect_at_most("BP3 is off by", std::max(off(slope_b2, by[3]), off(slope_b1, by[1])), 1e-14);
    expect_at_most("BP4 is off by", std::max(off(slope_w2, by[2]), off(slope_w1, by[0])), 1e-14);

    // Both could be wrong together, but not in the way of differences: this moves each weight and
    // bias a little, and throws where the cost changes otherwise.
    gradcheck([&] { return net(x).cost; }, net.parameters());
  });
}
