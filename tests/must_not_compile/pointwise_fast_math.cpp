// expect: pointwise: -ffast-math and -Ofast make formulas wrong
// with: -ffast-math
#include <autograd/pointwise.hpp>

int main() {
  xtape::pointwise([](auto x) { return sin(x); }, xtape::ones({2}));
}
