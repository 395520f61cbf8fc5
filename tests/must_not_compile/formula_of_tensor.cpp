// expect: a formula must be generic
#include <autograd/lab/formula.hpp>
#include <autograd/tensor.hpp>

using namespace xtape;

int main() {
  lab::formula([](const Tensor& x) { return x; });
}
