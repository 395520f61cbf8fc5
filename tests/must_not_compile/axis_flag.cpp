// expect: an axis is a number, not true or false; flags come after the axes
#include <autograd/ops/sort.hpp>

int main() { xtape::sort(xtape::ones({2, 3}), true); }
