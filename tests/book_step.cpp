// One step of the book's network, to be counted by callgrind: tests/instructions.py. What the count depends on is
// printed.
#include <cstdio>

#include <xtape.hpp>

using namespace xtape;

extern "C" char* openblas_get_config();

namespace {

void step(const nn::Sequential& net, optim::SGD& optimizer, const Tensor& x, const Tensor& labels) {
  const Tensor loss = nn::quadratic_cost(net(x), one_hot(labels, 10));
  optimizer.step(grad(loss, optimizer.parameters()));
}

}  // namespace

extern "C" __attribute__((noinline)) void counted_step(const nn::Sequential& net, optim::SGD& optimizer,
                                                       const Tensor& x, const Tensor& labels) {
  step(net, optimizer, x, labels);
}

int main() {
  set_num_threads(1);
  manual_seed(1);
  const nn::Sequential net(nn::Linear(784, 30), nn::sigmoid, nn::Linear(30, 10), nn::sigmoid);
  optim::SGD optimizer(net.parameters(), 3.0);
  const Tensor x = uniform({10, 784}), labels = randint(0, 10, {10});
  for (int i = 0; i < 3; ++i) step(net, optimizer, x, labels);
  counted_step(net, optimizer, x, labels);
  std::printf("%s\n%s\n", __VERSION__, openblas_get_config());
}
