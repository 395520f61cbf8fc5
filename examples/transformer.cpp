// A transformer reads handwritten digits as a sequence of 28 rows, from the top to the bottom:
// Vaswani et al., "Attention is all you need", NeurIPS 2017. After 3 epochs it reads about 98 % of
// the test images, without a convolution. Try --help, --epochs 10.
#include <iostream>
#include <xtape.hpp>

#include "support/digits.hpp"
#include "support/expect.hpp"
#include "support/sheet.hpp"
using namespace xtape;

struct RowReader : nn::Module<RowReader> {
  nn::Linear embedding = child("embedding", nn::Linear(28, 64));
  nn::SinusoidalPositions positions = child("positions", nn::SinusoidalPositions(64, 28));
  nn::TransformerEncoder encoder = child(
      "encoder",
      nn::TransformerEncoder(
          nn::TransformerEncoderLayer(
              64, 4, nn::TransformerOptions().feedforward(128).batch_first(true).norm_first(true)),
          2, nn::LayerNorm(64)));
  nn::Linear output = child("output", nn::Linear(64, 10));

  Tensor forward(const Tensor& images) const {
    const Tensor rows = reshape(images, {-1, 28, 28});
    return output(mean(encoder(positions(embedding(rows))), 1));
  }
};

int main(int argc, char** argv) {
  return guarded([&] {
    TrainingOptions defaults;
    defaults.lr = 3e-3;
    const TrainingOptions options = parse_training_options(
        argc, argv, "A transformer learns to read handwritten digits row by row.", defaults);
    const datasets::Mnist data = digits(options);
    RowReader model;
    std::cout << nn::summary(model, {1, 784});

    optim::Run run(model, optim::AdamW(model.parameters(), options.lr),
                   datasets::batches(data.train, options.batch),
                   [&](const Tensor& images, const Tensor& labels) {
                     const Tensor y = model(images);
                     return optim::LossAndOutput{nn::cross_entropy(y, labels), y};
                   });
    run.validate(data.test, optim::accuracy)
        .schedule(optim::OneCycle(optim::OneCycleOptions(options.lr).cycle_momentum(false)));
    if (!options.save.empty()) run.save_to(options.save);
    if (!options.report.empty()) run.report(options.report);
    run.fit(options.epochs);
    if (!options.weights.empty()) nn::save_safetensors(options.weights, model.state_dict());

    model.eval();  // the digits of which it was least sure
    const Tensor images = datasets::whole(data.test).input;
    const Tensor sure = max(softmax(no_grad([&] { return model(images); })), 1).values;
    const Tensor hardest = index(images, 0, topk(-sure, 40).indices);
    write_sheet("transformer.png", reshape(hardest, {-1, 28, 28}), 20);
    const double accuracy = run.history().epochs.back()["accuracy"];
    expect_at_least("accuracy", accuracy, options.expected(0.975, 0.6));
  });
}
