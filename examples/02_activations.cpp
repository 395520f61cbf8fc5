// Step 2: activations, the functions that squash. Each is drawn with its slope and the slope of its
// slope. No derivative is written here: `grad` takes them from the tape, which records what is
// computed. Where a slope is almost 0, as a sigmoid's is far from 0, a neuron learns slowly: see
// chapter 3 of Michael Nielsen's book, "Other models of artificial neuron".
#include <functional>
#include <utility>
#include <xtape.hpp>

#include "support/expect.hpp"
#include "support/plot.hpp"
using namespace xtape;

using Activation = std::function<Tensor(const Tensor&)>;

// The slope of f at each x, recorded, so that it has a slope itself. Each element of f(x) depends
// on its own x alone; thus the sum's derivative by x holds the slopes of all of them.
Tensor slope(const Activation& f, const Tensor& x) { return grad(sum(f(x)), x, create_graph); }

int main() {
  return guarded([] {
    const std::vector<std::pair<const char*, Activation>> activations = {
        {"sigmoid", nn::sigmoid},
        {"tanh", nn::tanh},
        {"softsign", nn::softsign},
        {"ReLU", nn::relu},
        {"leaky ReLU", nn::LeakyReLU(0.1)},
        {"ELU", nn::elu},
        {"softplus", nn::softplus},
        {"GELU", nn::gelu},
        {"SiLU", nn::silu},
        {"Mish", nn::mish},
        {"sine", nn::Sine(1)},
        {"Gaussian", nn::gaussian}};

    std::vector<Plot> plots;
    double error = 0;
    const double h = 1e-4;
    for (const auto& [name, f] : activations) {
      const Tensor x = linspace(-5, 5, 150, float64).requires_grad();  // beside 0, where some bend
      const Tensor first = slope(f, x);
      // A ReLU's slope is a step, which does not lead back to x.
      const Tensor second = first.is_recorded() ? grad(sum(first), x) : zeros_like(x);

      // The same from the values alone, as far as differences can tell.
      error = std::max(error, max(abs(first - (f(x + h) - f(x - h)) / (2 * h))).item());
      error = std::max(error, max(abs(second - (f(x + h) - 2 * f(x) + f(x - h)) / (h * h))).item());

      plots.emplace_back(name);
      plots.back().line("f", x, f(x)).line("f'", x, first).dashes("f''", x, second);
      plots.back().y_range(-1.5, 2.5);
    }
    write_svg("activations.svg", plots, 3);
    expect_at_most("the largest error of a derivative", error, 1e-6);
  });
}
