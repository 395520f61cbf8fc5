// expect: an element of nn::Sequential is a module or a function that takes a Tensor and returns a Tensor
#include <nn/sequential.hpp>

int main() { xtape::nn::Sequential net{3}; }
