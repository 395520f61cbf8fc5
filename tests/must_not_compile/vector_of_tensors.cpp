// expect: tensor takes a vector of numbers; a vector of tensors is joined by stack
#include <autograd/tensor.hpp>

int main() { xtape::tensor(std::vector<xtape::Tensor>{xtape::ones({2})}); }
