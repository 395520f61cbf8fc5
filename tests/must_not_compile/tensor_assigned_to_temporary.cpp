// expect: y = scatter(y, 0, indices, x), y = where(condition, x, y)
#include <autograd/tensor.hpp>

int main() {
  const xtape::Tensor y = xtape::ones({2, 2});
  y[0] = xtape::ones({2});
}
