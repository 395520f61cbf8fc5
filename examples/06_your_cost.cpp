// Step 6: a cost of your own. A line is laid through points, some of which are wrong. Squares let
// the wrong ones pull hardest, the farther off, the harder. The cost log(1 + d^2) lets go of them:
// its slope grows up to a distance of 1, and falls from there on.
#include <iostream>
#include <xtape.hpp>

#include "support/expect.hpp"
#include "support/plot.hpp"
using namespace xtape;

Tensor squares(const Tensor& y, const Tensor& target) { return nn::mse_loss(y, target); }

Tensor forgiving(const Tensor& y, const Tensor& target) {
  return pointwise_mean([](auto y, auto t) { return log(1 + (y - t) * (y - t)); }, y, target);
}

int main() {
  return guarded([] {
    // y = 2 x + 1, give or take 0.2; every fifth point lies 8 too low.
    manual_seed(1);
    const Tensor x = linspace(0, 4, 40);
    const Tensor wrong = remainder(arange(40), 5) == 4;
    const Tensor y = 2 * x + 1 + normal({40}, 0, 0.2) - where(wrong, 8, zeros_like(x));

    // The same steps with either cost: only the word for "how far off" differs.
    auto fit = [&](auto cost) {
      Parameter slope(zeros({})), height(zeros({}));
      optim::Adam opt({slope, height}, 0.05);
      for (int step = 0; step < 1000; ++step)
        opt.step(grad(cost(slope * x + height, y), opt.parameters()));
      return std::make_pair(slope.tensor().item(), height.tensor().item());
    };
    const auto by_squares = fit(squares), by_forgiving = fit(forgiving);
    std::cout << "squares: y = " << by_squares.first << " x + " << by_squares.second << "\n"
              << "yours:   y = " << by_forgiving.first << " x + " << by_forgiving.second << "\n";

    Plot lines("A line through points, some of which are wrong", "x", "y");
    lines.points("points", x, y)
        .line("squares", x, by_squares.first * x + by_squares.second)
        .line("log(1 + d²)", x, by_forgiving.first * x + by_forgiving.second);

    // How hard a point pulls at the line is the slope of its cost.
    const Tensor d = linspace(-4, 4, 401).requires_grad();
    Plot pull("How hard a point pulls that lies d off", "d", "slope of the cost");
    pull.line("d²", d, grad(sum(d * d), d)).line("log(1 + d²)", d, grad(sum(log(1 + d * d)), d));
    write_svg("your_cost.svg", {lines, pull.y_range(-4, 4)});

    auto far_off = [](const std::pair<double, double>& line) {
      return std::max(std::abs(line.first - 2), std::abs(line.second - 1));
    };
    expect_at_least("squares: slope or height is off by", far_off(by_squares), 0.5);
    expect_at_most("yours: slope or height is off by", far_off(by_forgiving), 0.15);
  });
}
