// Derivatives of derivatives: Newton's method in Rosenbrock's valley, a sensitivity, and an
// operation of one's own.
#include <autograd/custom.hpp>
#include <autograd/functional.hpp>
#include <autograd/ops/solve.hpp>
#include <cmath>
#include <iostream>
#include <xtape.hpp>
using namespace xtape;

// A banana-shaped valley with its lowest point at (1, 1).
Tensor rosenbrock(const Tensor& x) { return square(1 - x[0]) + 100 * square(x[1] - square(x[0])); }

// The y with y^3 + y = x: found by a loop that is not recorded, differentiated by the equation: (3
// y^2 + 1) dy = dx.
Tensor root(const Tensor& x) {
  return custom(
      [](const Tensor& x) {
        Tensor y = x;
        for (int i = 0; i < 50; ++i) y -= (y * y * y + y - x) / (3 * y * y + 1);
        return y;
      },
      [](const Tensor& g, const Tensor&, const Tensor& y) { return g / (3 * y * y + 1); }, x);
}

int main() {
  // Where the slope g and the curvature H are known, the bottom is expected at x - H^-1 g.
  Tensor x = tensor({-1.2, 1.}, float64);
  for (int step = 0; step < 7; ++step) {
    auto [height, slope] = value_and_grad(rosenbrock)(x);
    std::cout << "step " << step << ": height " << height.item() << " at (" << x[0].item() << ", "
              << x[1].item() << ")\n";
    x -= solve(hessian(rosenbrock, x), slope);
  }

  // The curvature in one direction needs no Hessian.
  const Tensor along = tensor({1., 2.}, float64);
  std::cout << "curvature along the valley: "
            << sum(along * hvp(rosenbrock, x, along).second).item() << "\n";

  // How does the height after one step of gradient descent depend on the step's length?
  // Differentiate through the step.
  auto after_a_step = [](const Tensor& rate) {
    const Tensor start = tensor({-1.2, 1.}, float64).requires_grad();
    return rosenbrock(start - rate * grad(rosenbrock(start), start, create_graph));
  };
  auto [height, by_rate] = value_and_grad(after_a_step)(full({}, 1e-3, float64));
  std::cout << "height after a step: " << height.item()
            << ", its derivative by the rate: " << by_rate.item() << "\n";

  // One's own operation, proved to third order, in which the second derivative is asked for.
  gradcheck(root, tensor({-3., 0.5, 10.}, float64), {3});
  std::cout << "root(10) = " << root(full({}, 10, float64)).item()
            << ", curvature = " << hessian(root, full({}, 10, float64)).item() << "\n";
}
