// expect: pointwise: the formula calls a function that takes no numbers of a formula
#include <autograd/ops.hpp>
#include <autograd/pointwise.hpp>

int main() {
  const xtape::Tensor x = xtape::ones({3});
  xtape::pointwise([](auto a) { return a * xtape::softmax(a); }, x);
}
