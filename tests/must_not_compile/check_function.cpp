// expect: check takes a function of one Tensor, or a cost of two; wrap what takes more
#include <autograd/lab/check.hpp>
using namespace xtape;

Tensor cost(const Tensor& y, const Tensor& target, double delta);
int main() { lab::check(cost); }
