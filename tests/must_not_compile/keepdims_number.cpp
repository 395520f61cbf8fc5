// expect: keepdims is true or false; several axes are a list, {0, 1}, and a correction is Correction(0)
#include <autograd/ops/statistics.hpp>

int main() { xtape::var(xtape::ones({2, 3}), 1, 0); }
