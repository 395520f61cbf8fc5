// Derivatives of derivatives: Newton's method in Rosenbrock's valley, a sensitivity, and an
// operation of one's own.
#include <xtape.hpp>

#include "support/expect.hpp"
#include "support/plot.hpp"
using namespace xtape;

// A banana-shaped valley with its lowest point at (1, 1).
Tensor rosenbrock(const Tensor& x) { return square(1 - x[0]) + 100 * square(x[1] - square(x[0])); }

// The y with y^3 + y = x: found by a loop that is not recorded, differentiated by the equation:
// (3 y^2 + 1) dy = dx.
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
  return guarded([] {
    // Where the slope g and the curvature H are known, the bottom is expected at x - H^-1 g.
    Tensor x = tensor({-1.2, 1.}, float64);
    Tensors way = {x};
    for (int step = 0; step < 6; ++step) {
      x -= solve(hessian(rosenbrock, x), value_and_grad(rosenbrock)(x).second);
      way.push_back(x);
    }
    const Tensor horizontal = linspace(-1.6, 1.6, 81), vertical = linspace(-3.5, 1.6, 81);
    const Tensor plane = transpose(grid(horizontal, vertical)), steps = stack(way, 1);
    Plot valley("Rosenbrock's valley and Newton's steps", "x1", "x2");
    valley.heat(horizontal, vertical, reshape(log(0.1 + rosenbrock(plane)), {81, 81}))
        .line("steps", steps[0], steps[1]);
    write_svg("second_order.svg", {valley});
    expect_at_most("Newton's distance from (1, 1)", max(abs(x - 1)).item(), 1e-8);

    // The curvature in one direction, here along the valley, needs no Hessian.
    const Tensor along = tensor({1., 2.}, float64);
    const Tensor curvature = sum(along * hvp(rosenbrock, x, along).second);
    expect_at_most("the curvature is off 2 by", abs(curvature - 2).item(), 1e-6);

    // How does the height after a step of descent depend on its length? A difference must agree.
    auto after_a_step = [](const Tensor& rate) {
      const Tensor start = tensor({-1.2, 1.}, float64).requires_grad();
      return rosenbrock(start - rate * grad(rosenbrock(start), start, create_graph));
    };
    const Tensor rate = tensor(1e-3, float64);
    const Tensor slope = value_and_grad(after_a_step)(rate).second;
    const Tensor rise = (after_a_step(rate + 1e-8) - after_a_step(rate - 1e-8)) / 2e-8;
    expect_at_most("its derivative is off by", abs(rise / slope - 1).item(), 1e-6);

    // One's own operation, proved to third order, in which the second derivative is asked for.
    gradcheck(root, tensor({-3., 0.5, 10.}, float64), {3});
  });
}
