// Step 9: sigmoid neurons learn to read handwritten digits: chapter 1 of Michael Nielsen's book.
// Try --help, --hidden 100, --report mnist.html, --draw digits.html, --save mnist.run and Ctrl-C.
#include <iostream>
#include <xtape.hpp>

#include "support/digits.hpp"
#include "support/draw_page.hpp"
#include "support/expect.hpp"
#include "support/layers.hpp"
#include "support/mnist_report.hpp"
using namespace xtape;

int main(int argc, char** argv) {
  return guarded([&] {
    const MnistOptions options = parse_mnist_options(argc, argv);

    // The data: 50,000 images to learn from and 10,000 others to be tested on.
    const datasets::Mnist data = digits(options);
    std::cout << data.source << ": " << data.train.count << " images to train with\n";

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
    auto cost = [&](const Tensor& images, const Tensor& labels) {
      const Tensor y = model(images);
      if (options.quadratic) return nn::quadratic_cost(y, one_hot(labels, 10));
      return nn::cross_entropy(y, labels);
    };

    // The training: for a few images at a time, a small step downhill. What decides when it ends
    // must not be what it is tested on.
    optim::Run run(model, optim::SGD(model.parameters(), options.lr),
                   datasets::batches(data.train, options.batch), cost);
    run.validate(options.patience ? data.validation : data.test, optim::accuracy);
    if (options.patience) run.keep_best("accuracy").stop_early("accuracy", options.patience);
    if (options.one_cycle) run.schedule(optim::OneCycle(options.lr));
    if (!options.save.empty()) run.save_to(options.save);
    if (!options.report.empty()) run.report(options.report);
    if (!options.json.empty()) run.on_epoch(json_lines(options.json, data));
    run.fit(options.epochs);

    // What it has learnt: its outputs as probabilities, which those of sigmoid neurons are made.
    const Tensor y = no_grad([&] { return model(datasets::whole(data.test).input); });
    print_mistakes(options.quadratic ? y / sum(y, 1, true) : softmax(y), data.test);
    if (!options.weights.empty())
      nn::save_safetensors(options.weights, model.state_dict(), {{"layers", to_text(model)}});
    if (!options.draw.empty()) write_draw_page(model, options.draw);
    draw_weights("mnist.png", model.parameters()[0].tensor(), data.test);
    expect_at_least("accuracy", run.history().epochs.back()["accuracy"], options.expected(.94, .8));
  });
}
