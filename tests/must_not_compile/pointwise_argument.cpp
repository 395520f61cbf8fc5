// expect: pointwise: what follows the formula are tensors, Parameters and numbers
#include <autograd/pointwise.hpp>

int main() {
  const xtape::Tensor x = xtape::ones({3});
  xtape::pointwise([](auto a, auto b) { return a * b; }, x, "two");
}
