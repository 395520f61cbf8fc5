// Two costs, and which one is better by more than chance. With weights from N(0, 1) the outputs of
// some networks saturate at the start: under the quadratic cost their gradients vanish, and a digit
// is never learnt; under the cross-entropy they do not. Chapter 3 of Michael Nielsen's book says
// why; here many networks, which start from the same weights under both costs, say how often.
// Try --help, --quick, --report costs.html, --save costs.jsonl and Ctrl-C.
#include <iostream>
#include <xtape.hpp>

#include "support/digits.hpp"
#include "support/expect.hpp"
using namespace xtape;

// A cost of the outputs before their last sigmoid, and the learning rate that suits it.
struct Cost {
  std::function<Tensor(const Tensor& y, const Tensor& target)> of;
  double rate;
};
const lab::Choices<Cost> costs = {
    {"quadratic",
     {[](const Tensor& y, const Tensor& t) { return nn::quadratic_cost(sigmoid(y), t); }, 3.0}},
    {"cross-entropy",
     {[](const Tensor& y, const Tensor& t) {
        return t.shape()[1] * nn::binary_cross_entropy_with_logits(y, t);  // all outputs' sum
      },
      0.5}}};

// Trains a network of sigmoid neurons and returns its figures.
optim::History train(const std::vector<std::int64_t>& sizes, const Cost& cost, optim::Data data,
                     optim::Data test, std::int64_t epochs) {
  nn::Sequential net;
  for (std::size_t i = 1; i < sizes.size(); ++i) {
    if (i > 1) net.add(nn::sigmoid);
    net.add(nn::Linear(sizes[i - 1], sizes[i]));
  }
  nn::init::nielsen_large(net);  // N(0, 1)
  optim::Run run(net, optim::SGD(net.parameters(), cost.rate), data,
                 [&](const Tensor& x, const Tensor& labels) {
                   return cost.of(net(x), one_hot(labels, sizes.back()));
                 });
  run.validate(test, optim::accuracy);
  return run.fit(epochs);
}

int main(int argc, char** argv) {
  return guarded([&] {
    TrainingOptions defaults;
    defaults.epochs = 30, defaults.quick_epochs = 5, defaults.batch = 10;
    const TrainingOptions options = parse_training_options(
        argc, argv, "Which cost learns better, and which one gets stuck.", defaults);
    const datasets::Mnist mnist = digits(options);
    const datasets::Images images = mnist.train.slice(0, options.quick ? 2000 : 10000);

    const std::string source = mnist.synthetic ? "Synthetic digits" : "MNIST";
    lab::Compare compare("accuracy", source + ", 784-100-10");
    compare.add(costs, [&](const Cost& cost) {
      return train({784, 100, 10}, cost, datasets::batches(images, options.batch), mnist.test,
                   options.epochs);
    });
    // One of ten digits that is never read costs about a tenth of the accuracy.
    compare.stuck_at(options.quick ? 0.7 : 0.87).seeds(options.quick ? 4 : 10);
    compare.report("compare_costs.csv");
    if (!options.report.empty()) compare.report(options.report);
    if (!options.save.empty()) compare.save_to(options.save);
    const lab::Comparison table = compare.run();
    std::cout << table << "\n";

    // Points of two spirals, where a neuron that saturates is missed less.
    const datasets::Batch points = datasets::spirals(400, 1), others = datasets::spirals(400, 2);
    lab::Compare spirals("accuracy", "Two spirals, 2-30-30-2");
    spirals.add(costs, [&](const Cost& cost) {
      return train({2, 30, 30, 2}, cost,
                   optim::TensorBatches(points.input, points.target, options.batch),
                   {others.input, others.target}, 10 * options.epochs);
    });
    std::cout << spirals.stuck_at(0.6).seeds(options.quick ? 4 : 10).run() << "\n";

    expect_at_least("share stuck under the quadratic cost", *table["quadratic"].stuck,
                    options.expected(0.5, 0.5));
    expect_at_most("under the cross-entropy", *table["cross-entropy"].stuck,
                   options.expected(0, 0));
  });
}
