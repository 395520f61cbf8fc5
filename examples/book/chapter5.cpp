// Chapter 5: why deep networks of sigmoid neurons are hard to train.
#include <cmath>

#include <autograd/functional.hpp>
#include <autograd/ops.hpp>
#include <autograd/random.hpp>
#include <autograd/tape.hpp>
#include <datasets/data_loader.hpp>
#include <datasets/mnist.hpp>

#include "bench.hpp"
#include "chapters.hpp"
#include "networks.hpp"

using namespace xtape;

namespace {

// generate_gradient.py: how many times faster each hidden layer of a fresh network learns than the
// one before it: the ratios of the norms of the biases' gradients over 1,000 images.
Row speeds(const char* name, std::vector<std::int64_t> sizes, const std::vector<double>& norms) {
  const Settings net = network2(name, sizes, 0).settings;
  Row row(name, net.network + ", no training: norms of the gradients of neighbouring layers",
          [net](Bench& bench, std::uint64_t seed) {
            manual_seed(seed);
            const nn::Sequential fresh = net.make();
            const datasets::Images images = bench.mnist().train.slice(0, 1000);
            const auto [x, labels] = datasets::whole(images);
            const Tensor loss = cost(net.program, fresh(x), labels);
            std::vector<double> norms, ratios;
            const std::vector<Parameter> parameters = fresh.parameters();
            const Tensors gradients = grad(loss, parameters);
            for (const Tensor& g : gradients)
              if (g.rank() == 1) norms.push_back(std::sqrt(sum(square(g)).item()));
            for (std::size_t i = 1; i + 1 < norms.size(); ++i)
              ratios.push_back(norms[i] / norms[i - 1]);
            return ratios;
          });
  // One network's in the book; of the mean of twenty, within a factor of two.
  for (std::size_t i = 1; i < norms.size(); ++i) {
    const double ratio = std::round(100 * norms[i] / norms[i - 1]) / 100;
    row.mean("layer " + std::to_string(i + 1) + " : layer " + std::to_string(i), nullptr, ratio,
             ratio / 2, ratio * 2, "");
  }
  return row.seeds(20);
}

Row depth(const char* name, std::vector<std::int64_t> sizes, double book) {
  return network2(name, std::move(sizes), 0.1)
      .lambda(5)
      .validated()
      .about("peak validation accuracy", peak, book)
      .seeds(5);
}

}  // namespace

std::vector<Row> chapter5() {
  return {
      depth("ch5-1", {784, 30, 10}, 96.48),
      depth("ch5-2", {784, 30, 30, 10}, 96.90),
      depth("ch5-3", {784, 30, 30, 30, 10}, 96.57),
      depth("ch5-4", {784, 30, 30, 30, 30, 10}, 96.53),
      speeds("ch5-norms-2", {784, 30, 30, 10}, {0.0657, 0.3092}),
      speeds("ch5-norms-3", {784, 30, 30, 30, 10}, {0.01184, 0.05997, 0.2831}),
      speeds("ch5-norms-4", {784, 30, 30, 30, 30, 10}, {0.002975, 0.01708, 0.06954, 0.2851}),
  };
}
