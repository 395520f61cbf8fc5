// expect: a module's forward must be const: Tensor forward(const Tensor& x) const { ... }
#include <nn/module.hpp>

struct Net : xtape::nn::Module<Net> {
  xtape::Tensor forward(const xtape::Tensor& x) { return x; }
};
int main() { Net()(xtape::ones({2})); }
