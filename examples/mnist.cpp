// A network of sigmoid neurons learns to read handwritten digits: chapter 1 of Michael Nielsen's
// "Neural Networks and Deep Learning". Try --help, --hidden 100, --hidden 16,16, --hidden none.
#include <xtape.hpp>

#include "support/mnist_report.hpp"
using namespace xtape;

int main(int argc, char** argv) {
  return guarded([&] {
    const MnistOptions options = parse_mnist_options(argc, argv);
    set_num_threads(options.threads);
    manual_seed(options.seed);

    // The data: 50,000 images to learn from and 10,000 others to be tested on.
    const datasets::Mnist data = datasets::mnist(options.data);
    const datasets::Batch test = datasets::whole(data.test);

    // The model: each layer computes sigmoid(W x + b), and W and b start at random.
    nn::Sequential model;
    std::int64_t inputs = data.train.rows * data.train.cols;
    for (std::int64_t neurons : options.hidden) {
      model.add(nn::Linear(inputs, neurons)).add(nn::sigmoid);
      inputs = neurons;
    }
    model.add(nn::Linear(inputs, 10));
    if (options.quadratic) model.add(nn::sigmoid);  // the other cost contains a softmax
    nn::init::nielsen_large(model);

    // The cost: how far the ten outputs are from what they should be, a number to make small.
    auto cost = [&](const Tensor& y, const Tensor& labels) {
      if (options.quadratic) return nn::quadratic_cost(y, one_hot(labels, 10));
      return nn::cross_entropy(y, labels);
    };

    // The training: for a few images at a time, a small step downhill.
    optim::SGD optimizer(model.parameters(), options.lr);
    MnistReport report(options, data);
    for (int epoch = 1; epoch <= options.epochs; ++epoch) {
      for (auto [images, labels] : datasets::shuffled(data.train, options.batch)) {
        const Tensor loss = cost(model(images), labels);
        optimizer.step(grad(loss, optimizer.parameters()));
        report.batch(loss, labels);
      }
      report.epoch(no_grad([&] { return model(test.images); }));
    }
    report.finish();
  });
}
