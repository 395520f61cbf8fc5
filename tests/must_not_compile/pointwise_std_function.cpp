// expect: pointwise: the formula calls a function that takes no numbers of a formula
#include <autograd/pointwise.hpp>
#include <cmath>

int main() {
  const xtape::Tensor x = xtape::ones({3});
  xtape::pointwise([](auto a) { return a * std::exp(a); }, x);
}
