// From a formula to what is to be known of it: is it right, smooth and sound, what does it do to
// gradients in a deep network, what is it like? And a picture of it.
#include <iostream>
#include <xtape.hpp>

#include "support/expect.hpp"
using namespace xtape;

int main() {
  return guarded([] {
    // A swish that is steeper at 0. Its gradient is there.
    auto mine = [](auto x) { return x * sigmoid(1.5 * x); };
    std::cout << lab::formula(mine) << "\n";

    const auto report = lab::check(mine, lab::ActivationOptions().name("mine"));
    std::cout << report.expect(lab::sound, lab::smooth).svg("my_activation.svg");

    // Layers that neither kill gradients nor blow them up.
    expect_at_least("chi1", report.normal.chi1, 0.8);
    expect_at_most("chi1", report.normal.chi1, 1.2);
  });
}
