// Whole trainings: on the synthetic digits always, on the real ones where XTAPE_DATA names them.
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <datasets/digits.hpp>
#include <vector>
#include <xtape.hpp>

using namespace xtape;
using datasets::Images;

namespace {

nn::Sequential network(std::vector<std::int64_t> hidden) {
  nn::Sequential net;
  std::int64_t in = 784;
  for (std::int64_t n : hidden) {
    net.add(nn::Linear(in, n)).add(nn::sigmoid);
    in = n;
  }
  return net.add(nn::Linear(in, 10));
}

double accuracy(const nn::Sequential& net, const Images& images) {
  const auto [x, labels] = datasets::whole(images);
  const Tensor guess = argmax(no_grad([&, &x = x] { return net(x); }), 1);
  return mean((guess == labels).to(float32)).item();
}

using Cost = Tensor (*)(const Tensor&, const Tensor&);
Tensor quadratic(const Tensor& y, const Tensor& labels) { return nn::quadratic_cost(sigmoid(y), one_hot(labels, 10)); }
Tensor log_likelihood(const Tensor& y, const Tensor& labels) { return nn::cross_entropy(y, labels); }

void train(const nn::Sequential& net, const Images& images, Cost cost, double lr, int epochs) {
  optim::SGD opt(net.parameters(), lr);
  const datasets::DataLoader loader = datasets::batches(images, 10);
  for (int epoch = 0; epoch < epochs; ++epoch)
    for (auto [x, labels] : loader) {
      const Tensor loss = cost(net(x), labels);
      opt.step(grad(loss, opt.parameters()));
    }
}

}  // namespace

TEST_CASE("synthetic digits are no toy: softmax regression does well and 30 hidden units do better") {
  manual_seed(1);
  const Images digits = datasets::synthetic_digits(12'000, 0);
  const Images learn = digits.slice(0, 10'000), test = digits.slice(10'000, 12'000);
  const nn::Sequential flat = network({}), deep = network({30});
  train(flat, learn, log_likelihood, 0.1, 5);
  train(deep, learn, log_likelihood, 0.5, 5);
  const double regression = accuracy(flat, test), hidden = accuracy(deep, test);
  CAPTURE(regression);
  CAPTURE(hidden);
  CHECK(regression > 0.80);
  CHECK(regression < 0.92);
  CHECK(hidden > regression + 0.04);
}

TEST_CASE("the quadratic cost learns the synthetic digits") {
  manual_seed(1);
  const Images digits = datasets::synthetic_digits(12'000, 0);
  const nn::Sequential net = network({30});
  nn::init::nielsen_default(net);
  train(net, digits.slice(0, 10'000), quadratic, 3, 5);
  const double reached = accuracy(net, digits.slice(10'000, 12'000));
  CAPTURE(reached);
  CHECK(reached > 0.85);
}

TEST_CASE("a training gives the same bits again and with any number of threads") {
  const Images digits = datasets::synthetic_digits(1000, 0);
  auto weights = [&](int threads) {
    set_num_threads(threads);
    manual_seed(3);
    const nn::Sequential net = network({512});  // 784 x 512 at batch 128 is large enough to be cut
    optim::Adam opt(net.parameters());
    for (auto [x, labels] : datasets::batches(digits, 128))
      opt.step(grad(nn::cross_entropy(net(x), labels), opt.parameters()));
    std::vector<float> all;
    for (const Parameter& p : net.parameters())
      for (float v : p.tensor().to_vector<float>()) all.push_back(v);
    return all;
  };
  const std::vector<float> one = weights(1);
  CHECK(one == weights(1));
  CHECK(one == weights(2));
  CHECK(one == weights(4));
  set_num_threads(1);
}

TEST_CASE("the network of the book learns the real MNIST") {
  if (!std::getenv("XTAPE_DATA")) {
    std::printf("SKIPPED: XTAPE_DATA names no folder with the MNIST files\n");
    return;
  }
  const datasets::Mnist data = datasets::mnist();
  CHECK(!data.synthetic);
  manual_seed(1);
  const nn::Sequential net = network({30});
  nn::init::nielsen_default(net);
  train(net, data.train, quadratic, 3, 2);
  const double reached = accuracy(net, data.test);
  CAPTURE(reached);
  CHECK(reached > 0.93);
}
