// How fast a user's formula is: against loops written by hand with intrinsics, with the same exp and tanh, and against
// the same function composed from operations. A user's file, without -march:
//   g++ -std=c++17 -O2 -I. benchmarks/pointwise.cpp -o pointwise <the libraries>
// One thread, the least of many runs, nanoseconds per element.
#include <algorithm>
#include <autograd/pointwise.hpp>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <vector>
#include <xtape.hpp>

#include "hand_loops.hpp"

namespace {

using namespace xtape;
constexpr std::int64_t size = 1 << 20;

template <class F>
double measure(F f) {
  double least = 1e9;
  for (int i = 0; i < 200; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    f();
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
    least = std::min(least, time.count());
  }
  return least * 1e9 / size;
}

struct Row {
  double hand_forward, hand_backward, fused_forward, fused_backward, fused_step, composed_step;
};

template <class Hand, bool is_gelu, class F, class Composed>
Row run(F formula, Composed composed) {
  const Tensor x = (normal({size}) * 2).requires_grad(), g = normal({size});
  std::vector<float> y(size), d(size);
  auto fused = [&](const Tensor& x) { return pointwise(formula, x); };
  const Tensor recorded = fused(x);
  Row r;
  r.hand_forward = measure([&] { Hand::template forward<is_gelu>(size, x.data<float>(), y.data()); });
  r.fused_forward = measure([&] { no_grad([&] { return fused(x); }); });
  r.hand_backward =
      measure([&] { Hand::template backward<is_gelu>(size, g.data<float>(), x.data<float>(), d.data()); });
  r.fused_backward = measure([&] { grad(recorded, {x}, g, retain_graph); });
  r.fused_step = measure([&] { grad(fused(x), {x}, g); });
  r.composed_step = measure([&] { grad(composed(x), {x}, g); });
  // All three compute the same.
  const Tensor slope = grad(recorded, {x}, g, retain_graph)[0], same = grad(composed(x), {x}, g)[0];
  if (!allclose(recorded, tensor(y), 1e-5, 1e-6) || !allclose(slope, tensor(d), 1e-4, 1e-5) ||
      !allclose(recorded, composed(x), 1e-5, 1e-6) || !allclose(slope, same, 1e-4, 1e-5))
    std::printf("the results differ\n");
  return r;
}

void print(const char* name, const Row& r) {
  std::printf("%-6s forward   by hand %6.3f  fused %6.3f  ratio %5.2f\n", name, r.hand_forward, r.fused_forward,
              r.fused_forward / r.hand_forward);
  std::printf("%-6s backward  by hand %6.3f  fused %6.3f  ratio %5.2f\n", name, r.hand_backward, r.fused_backward,
              r.fused_backward / r.hand_backward);
  std::printf("%-6s both      composed %5.3f  fused %6.3f  ratio %5.2f\n", name, r.composed_step, r.fused_step,
              r.composed_step / r.fused_step);
}

template <class Hand>
void compare() {
  auto swish = [](auto x) { return x * sigmoid(x); };
  auto gelu = [](auto x) { return 0.5 * x * (1 + tanh(0.79788456 * (x + 0.044715 * x * x * x))); };
  print("swish", run<Hand, false>(swish, [=](const Tensor& x) { return swish(x); }));
  print("GELU", run<Hand, true>(gelu, [=](const Tensor& x) { return gelu(x); }));
}

}  // namespace

int main() {
  set_num_threads(1);
  std::printf("%lld float32, ns per element, %s\n", static_cast<long long>(size),
              kernel::isa.level == kernel::Isa::avx512 ? "AVX-512" : "AVX2");
  if (kernel::isa.level == kernel::Isa::avx512) compare<hand::Avx512>();
  else if (kernel::isa.level == kernel::Isa::avx2) compare<hand::Avx2>();
  else std::printf("there is nothing to compare with on this processor\n");
}
