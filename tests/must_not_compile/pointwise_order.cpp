// expect: pointwise differentiates a formula three times; for more compose it from operations
#include <autograd/scalar/dual.hpp>

using namespace xtape::kernel;
int main() { Dual<Dual<Dual<Dual<Real<float>>>>> x; }
