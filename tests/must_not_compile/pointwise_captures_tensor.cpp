// expect: pointwise: a formula captures nothing but numbers; tensors are arguments of it
#include <autograd/pointwise.hpp>

int main() {
  const xtape::Tensor x = xtape::ones({3});
  xtape::pointwise([x](auto a) { return a + x.item(); }, x);
}
