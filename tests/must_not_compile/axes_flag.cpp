// expect: an axis is a number, not true or false; flags come after the axes
#include <autograd/ops/reduction.hpp>

int main() { xtape::sum(xtape::ones({2, 3}), true); }
