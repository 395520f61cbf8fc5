// expect: pointwise: the formula must return a number of its own kind
#include <autograd/pointwise.hpp>

int main() {
  const xtape::Tensor x = xtape::ones({3});
  xtape::pointwise([](auto a) { return a > 0; }, x);
}
