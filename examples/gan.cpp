// Two networks play: an artist draws digits from noise, a critic says which are real, and each
// learns from the other. Source: Goodfellow et al., "Generative adversarial nets", NIPS 2014. Try
// --help.
#include <xtape.hpp>

#include "support/digits.hpp"
#include "support/expect.hpp"
#include "support/sheet.hpp"
using namespace xtape;

// How many kinds of digits are among images, from 1 to 10, as a network sees it that has learnt to
// read real ones: e^I, where I is the mutual information of an image and what it is read as. Noise
// is read as nothing in particular, and has few. Source: Salimans et al., NIPS 2016.
double kinds(const Tensor& images, const datasets::Images& real) {
  const nn::Sequential reader{nn::Linear(784, 100), nn::relu, nn::Linear(100, 10)};
  optim::Run run(reader, optim::AdamW(reader.parameters(), 2e-3), datasets::batches(real, 64),
                 [&](const Tensor& x, const Tensor& t) { return nn::cross_entropy(reader(x), t); });
  run.progress(optim::ProgressStyle::quiet).fit(2);
  const Tensor p = softmax(reader(images)), all = mean(p, 0, true);
  return std::exp(mean(sum(xlogy(p, p / all), 1)).item());
}

int main(int argc, char** argv) {
  return guarded([&] {
    TrainingOptions defaults;
    defaults.lr = 2e-3, defaults.epochs = 20, defaults.quick_epochs = 10;
    const TrainingOptions options = parse_training_options(
        argc, argv, "An artist learns to draw digits from a critic.", defaults);
    const datasets::Mnist data = digits(options);
    const nn::LeakyReLU leaky(0.2);
    const nn::BatchNorm1d norm(256);
    nn::Sequential artist{nn::Linear(32, 256), norm, nn::relu, nn::Linear(256, 784), nn::sigmoid};
    const nn::Sequential critic{nn::Linear(784, 256), leaky, nn::Dropout(0.3), nn::Linear(256, 1)};
    auto drawn = [&](const Tensor& like) { return artist(normal({like.size(0), 32})); };
    auto judged = [&](const Tensor& images, double is_real) {
      const Tensor y = critic(images);
      return nn::binary_cross_entropy_with_logits(y, full_like(y, is_real));
    };

    // Each has a training of its own; they take turns, step by step.
    const auto batches = datasets::batches(data.train, options.batch);
    const auto adam = optim::AdamOptions(options.lr).betas(0.5, 0.999);
    optim::Run judges(critic, optim::Adam(critic.parameters(), adam), batches,
                      [&](const Tensor& x, const Tensor&) {
                        return judged(x, 0.9) + judged(drawn(x).detach(), 0);
                      });
    optim::Run artists(artist, optim::Adam(artist.parameters(), adam), batches,
                       [&](const Tensor& x, const Tensor&) { return judged(drawn(x), 1); });
    if (!options.save.empty()) artists.save_to(options.save), judges.save_to(options.save + "2");
    if (!options.report.empty()) artists.report(options.report);
    while (artists.epoch() < options.epochs) judges.step(), artists.step();
    if (!options.weights.empty()) nn::save_safetensors(options.weights, artist.state_dict());

    artist.eval();
    const Tensor images = no_grad([&] { return artist(normal({1000, 32})); });
    write_sheet("gan.png", reshape(slice(images, 0, {0, 60}), {-1, 28, 28}), 20);
    expect_at_least("kinds of digits", kinds(images, data.train), options.expected(5, 2));
  });
}
