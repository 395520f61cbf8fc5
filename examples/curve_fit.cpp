// Levenberg and Marquardt's method, for sums of squares: it looks at each residual by itself, and
// takes a few steps where gradient descent takes thousands. The curve is one of the American
// National Institute of Standards, which certifies the right answer to eleven digits: "Misra1a", on
// the adsorption of a dental material, https://www.itl.nist.gov/div898/strd/nls/data/misra1a.shtml.
#include <iostream>
#include <xtape.hpp>

#include "support/expect.hpp"
#include "support/plot.hpp"
using namespace xtape;

int main() {
  return guarded([] {
    const Tensor x = tensor({77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3,
                             536.8, 593.1, 689.1, 760.0},
                            float64);
    const Tensor y = tensor({10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05,
                             61.01, 66.40, 75.47, 81.78},
                            float64);
    const double certified[] = {238.94212918, 5.5015643181e-4};

    // A curve that levels off: at b1, the sooner the larger b2.
    Parameter b1(tensor(500., float64)), b2(tensor(1e-4, float64));
    auto curve = [&](const Tensor& x) { return b1 * (1 - exp(-b2 * x)); };
    optim::LevenbergMarquardt opt({b1, b2});

    const Tensor fine = linspace(0, 800, 161, float64);
    Plot plot("Misra1a: pressure and what is adsorbed", "pressure", "volume");
    plot.points("measured", x, y);
    Tensors heights;
    for (int step = 0; step < 12; ++step) {
      if (step < 3) plot.dashes("step " + std::to_string(step), fine, curve(fine));
      const double cost = opt.step([&] { return curve(x) - y; }).item();
      std::cout << "step " << step << ": half the sum of squares " << cost << ", b1 "
                << b1.tensor().item() << ", b2 " << b2.tensor().item() << "\n";
    }
    plot.line("fit", fine, curve(fine));
    write_svg("curve_fit.svg", {plot});

    auto off = [](const Parameter& b, double right) {
      return std::abs(b.tensor().item() / right - 1);
    };
    expect_at_most("b1 is off by its share", off(b1, certified[0]), 1e-9);
    expect_at_most("b2 is off by its share", off(b2, certified[1]), 1e-9);
  });
}
