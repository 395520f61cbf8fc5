// A transformer reads handwritten digits as a sequence of 28 rows, from the top to the bottom:
// Vaswani et al., "Attention is all you need", NeurIPS 2017. After 3 epochs it reads about 98 % of
// the test images, without a convolution. Try --help, --epochs 10.
#include <cmath>
#include <iostream>
#include <xtape.hpp>

#include "support/training.hpp"
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
    const datasets::Mnist data = datasets::mnist(options.data);
    RowReader model;
    std::cout << nn::summary(model, {1, 784});

    optim::AdamW optimizer(model.parameters(), options.lr);
    Progress progress(options.epochs);
    const double steps =
        options.epochs * std::ceil(static_cast<double>(data.train.count) / options.batch);
    double step = 0;
    for (int epoch = 0; epoch < options.epochs; ++epoch) {
      model.train();
      for (auto [images, labels] : datasets::shuffled(data.train, options.batch)) {
        optimizer.set_lr(warm_up_and_down(options.lr, ++step / steps));
        const Tensor cost = nn::cross_entropy(model(images), labels);
        optimizer.step(grad(cost, optimizer.parameters()));
        progress.step(cost.item());
      }
      model.eval();
      progress.epoch("accuracy on the test images",
                     accuracy([&](const Tensor& x) { return model(x); }, data.test));
    }
    if (!options.save.empty()) nn::save_safetensors(options.save, model.state_dict());
  });
}
