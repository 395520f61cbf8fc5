#include <xtape.hpp>
#include <chrono>
#include <cstdio>
#include <iostream>
using namespace xtape;
double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }
int main() {
  set_num_threads(1);
  auto data = datasets::mnist("/work/shared/data/mnist");
  const nn::Sequential net(nn::Linear(784, 30), nn::sigmoid, nn::Linear(30, 10), nn::sigmoid);
  const nn::Sequential net2 = net.clone();
  auto cost = [&](const Tensor& x, const Tensor& t) { return nn::quadratic_cost(net(x), one_hot(t, 10)); };
  optim::SGD opt(net.parameters(), 3.0), opt2(net2.parameters(), 3.0);
  double best[3] = {1e9, 1e9, 1e9};
  const auto batches = datasets::batches(data.train, 10);
  optim::Run run(net2, opt2, batches, [&](const Tensor& x, const Tensor& t) { return nn::quadratic_cost(net2(x), one_hot(t, 10)); });
  run.progress(optim::ProgressStyle::quiet);
  for (int k = 0; k < 15; ++k) {
    double t = now();
    for (int i = 0; i < batches.count(); ++i) {
      const datasets::Batch b = batches.batch(i, k, 1);
      opt.step(grad(cost(b.images, b.labels), opt.parameters()));
    }
    best[0] = std::min(best[0], now() - t);
    t = now();
    for (auto [x, labels] : datasets::shuffled(data.train, 10)) opt.step(grad(cost(x, labels), opt.parameters()));
    best[2] = std::min(best[2], now() - t);
    t = now();
    run.fit(k + 1);
    best[1] = std::min(best[1], now() - t);
  }
  std::printf("%.4f %.4f %.4f  %.4f\n", best[0], best[2], best[1], best[1] / best[2]);
  optim::Run saved(net2, opt2, batches, [&](const Tensor& x, const Tensor& t) { return nn::quadratic_cost(net2(x), one_hot(t, 10)); });
  saved.progress(optim::ProgressStyle::quiet).save_to("/tmp/zz.run").step();
  for (int i = 0; i < 5; ++i) { double t = now(); saved.save(); std::printf("%.5f\n", now() - t); }
}
