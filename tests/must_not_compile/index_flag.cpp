// expect: x[i] takes a position; of a mask write masked_select(x, mask)
#include <autograd/tensor.hpp>

int main() { xtape::ones({2})[true]; }
