// An autoencoder: a network that shall say again what it was told, through a layer of 16 neurons.
// What it needs to know of a digit must fit into their 16 numbers. Source: Hinton and
// Salakhutdinov, "Reducing the dimensionality of data with neural networks", Science 2006. Try
// --help.
#include <iostream>
#include <xtape.hpp>

#include "support/digits.hpp"
#include "support/expect.hpp"
#include "support/sheet.hpp"
using namespace xtape;

// The best that 16 numbers can do when all is linear, the axes along which images differ most, is
// what it is held against: the mean squared error of `test`.
double error_of_principal_components(const Tensor& train, const Tensor& test) {
  const Tensor centre = mean(train, 0), x = train - centre;
  const auto [variances, axes] = eigh(matmul(x, x, true, false));
  const Tensor best = slice(axes, 1, {768, 784}), y = test - centre;
  return nn::mse_loss(matmul(matmul(y, best), best, false, true), y).item();
}

int main(int argc, char** argv) {
  return guarded([&] {
    TrainingOptions defaults;
    defaults.lr = 2e-3, defaults.epochs = 8, defaults.quick_epochs = 10;
    const TrainingOptions options = parse_training_options(
        argc, argv, "A network learns to say digits again through 16 numbers.", defaults);
    const datasets::Mnist data = digits(options);

    const nn::Sequential encoder{nn::Linear(784, 128), nn::relu, nn::Linear(128, 16)};
    const nn::Sequential decoder{nn::Linear(16, 128), nn::relu, nn::Linear(128, 784), nn::sigmoid};
    const nn::Sequential model{encoder, decoder};
    optim::Run run(
        model, optim::AdamW(model.parameters(), options.lr),
        datasets::batches(data.train, options.batch),
        [&](const Tensor& images, const Tensor&) { return nn::mse_loss(model(images), images); });
    run.schedule(optim::OneCycle(options.lr));
    if (!options.save.empty()) run.save_to(options.save);
    if (!options.report.empty()) run.report(options.report);
    run.fit(options.epochs);
    if (!options.weights.empty()) nn::save_safetensors(options.weights, model.state_dict());

    const NoGradGuard guard;
    const auto [train, train_labels] = datasets::whole(data.train);
    const auto [test, test_labels] = datasets::whole(data.test);
    const double linear = error_of_principal_components(train, test);
    const double ours = nn::mse_loss(model(test), test).item();
    std::cout << "mean squared error: principal components " << linear << ", network " << ours
              << "\n";

    // A row of digits, and below it what came out.
    const Tensor some = slice(test, 0, {0, 16});
    write_sheet("autoencoder.png", reshape(concat({some, model(some)}), {-1, 28, 28}), 16);
    expect_at_most("share of their error", ours / linear, options.expected(0.6, 0.95));
  });
}
