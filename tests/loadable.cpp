// A shared object that links xtape, to be loaded at run time: tests/load.py.
#include <thread>
#include <xtape.hpp>

using namespace xtape;

// The sum of the gradient of sum(tanh(x)^2), n elements of x = 0, 1/n, 2/n, …, computed by several threads.
extern "C" double gradient_sum(std::int64_t n) {
  set_num_threads(2);
  const Tensor x = (arange(n, float64) / static_cast<double>(n)).requires_grad();
  const Tensor y = sum(pointwise([](auto v) { return tanh(v) * tanh(v); }, x));
  return sum(grad(y, x)).item();
}

// The same on a new thread.
extern "C" double gradient_sum_on_thread(std::int64_t n) {
  double result = 0;
  std::thread([&] { result = gradient_sum(n); }).join();
  return result;
}

// Live bytes of this object's library: another's are not counted.
extern "C" std::int64_t live_bytes_beside(std::int64_t n) {
  const Tensor held = ones({n}, uint8);
  return memory_stats().live_bytes;
}
