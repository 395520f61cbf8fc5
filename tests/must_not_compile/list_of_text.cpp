// expect: no matching function for call to
#include <autograd/tensor.hpp>

int main() { xtape::tensor({"abc"}); }
