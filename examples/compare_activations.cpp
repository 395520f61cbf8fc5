// Five activations under two costs, each with each, and which of them is better by more than
// chance: the same first weights and the same batches for all, ten times. Chapter 3 of Michael
// Nielsen's book asks the question, "Other models of artificial neuron", and has no answer.
// Try --help, --quick, --report activations.html, --save activations.jsonl and Ctrl-C.
#include <iostream>
#include <xtape.hpp>

#include "support/digits.hpp"
#include "support/expect.hpp"
using namespace xtape;

using Activation = std::function<Tensor(const Tensor&)>;
const lab::Choices<Activation> activations = {
    {"sigmoid", nn::sigmoid},
    {"tanh", nn::tanh},
    {"relu", nn::relu},
    {"swish", nn::silu},
    {"sine", [](const Tensor& x) { return sin(x); }},  // one of one's own
};

using Cost = std::function<Tensor(const Tensor& y, const Tensor& target)>;
const lab::Choices<Cost> costs = {
    {"quadratic",
     [](const Tensor& y, const Tensor& t) { return nn::quadratic_cost(sigmoid(y), t); }},
    {"cross-entropy", [](const Tensor& y, const Tensor& t) {
       return t.shape()[1] * nn::binary_cross_entropy_with_logits(y, t);
     }}};

int main(int argc, char** argv) {
  return guarded([&] {
    TrainingOptions defaults;
    defaults.epochs = 30, defaults.quick_epochs = 2, defaults.batch = 10, defaults.lr = 0.1;
    const TrainingOptions options = parse_training_options(
        argc, argv, "Which activation learns best, under which cost.", defaults);
    const datasets::Mnist mnist = digits(options);
    const datasets::Images images = mnist.train.slice(0, options.quick ? 1000 : 10000);

    const std::string source = mnist.synthetic ? "Synthetic digits" : "MNIST";
    lab::Compare compare("accuracy", source + ", 784-100-10");
    compare.add(activations, costs, [&](const Activation& activation, const Cost& cost) {
      const nn::Sequential net{nn::Linear(784, 100), activation, nn::Linear(100, 10)};
      nn::init::nielsen_default(net);  // N(0, 1 / inputs)
      optim::Run run(
          net, optim::SGD(net.parameters(), options.lr), datasets::batches(images, options.batch),
          [&](const Tensor& x, const Tensor& labels) { return cost(net(x), one_hot(labels, 10)); });
      run.validate(mnist.test, optim::accuracy);
      return run.fit(options.epochs);
    });
    compare.stuck_at(0.2).seeds(options.quick ? 3 : 10).report("compare_activations.csv");
    if (!options.report.empty()) compare.report(options.report);
    if (!options.save.empty()) compare.save_to(options.save);
    const lab::Comparison table = compare.run();
    std::cout << table << "\n";

    // What a cost changes is the same question, asked with the spirals.
    const datasets::Batch points = datasets::spirals(400, 1), others = datasets::spirals(400, 2);
    lab::Compare spirals("accuracy", "Two spirals, 2-32-32-2");
    spirals.add(activations, [&](const Activation& activation) {
      const nn::Sequential net{nn::Linear(2, 32), activation, nn::Linear(32, 32), activation,
                               nn::Linear(32, 2)};
      optim::Run run(
          net, optim::Adam(net.parameters(), 0.01),
          optim::TensorBatches(points.input, points.target, 40),
          [&](const Tensor& x, const Tensor& t) { return nn::cross_entropy(net(x), t); });
      run.validate({others.input, others.target}, optim::accuracy);
      return run.fit(2 * options.epochs);
    });
    // Between 5 and 20 seeds: who is told apart from a better one gets no more.
    std::cout << spirals.stuck_at(0.6).seeds(options.quick ? 3 : 5, options.quick ? 3 : 20).run();

    expect_at_least("mean accuracy of the best", table.variants[0].mean, options.expected(.95, .5));
  });
}
