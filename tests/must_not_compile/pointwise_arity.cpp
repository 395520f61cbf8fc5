// expect: pointwise: the formula must take as many arguments as follow it
#include <autograd/pointwise.hpp>

int main() {
  const xtape::Tensor x = xtape::ones({3});
  xtape::pointwise([](auto a, auto b) { return a * b; }, x);
}
