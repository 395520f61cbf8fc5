// Reads a tensor's memory after its end. The sanitizer has to see it, so freed blocks must not stay in the pool.
#include <cstdio>
#include <xtape.hpp>

int main() {
  const float* p;
  {
    const xtape::Tensor x = xtape::full({1000}, 1.5);
    p = x.data<float>();
  }
  std::printf("%f\n", p[500]);
}
