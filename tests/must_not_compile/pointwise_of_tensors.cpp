// expect: pointwise: the formula must be generic, such as [](auto x) { return x * sigmoid(x); }
#include <autograd/pointwise.hpp>

int main() {
  const xtape::Tensor x = xtape::ones({3});
  xtape::pointwise([](const xtape::Tensor& a) { return a * a; }, x);
}
