// A variational autoencoder learns what digits are like, and draws some that nobody wrote. Each
// image becomes a blurred place in a plane, each place of the plane an image. Source: Kingma and
// Welling, "Auto-encoding variational Bayes", ICLR 2014. Try --help.
#include <xtape.hpp>

#include "support/digits.hpp"
#include "support/expect.hpp"
#include "support/sheet.hpp"
using namespace xtape;

struct Vae : nn::Module<Vae> {
  nn::Sequential encoder =
      child("encoder", nn::Sequential{nn::Linear(784, 256), nn::relu, nn::Linear(256, 4)});
  nn::Sequential decoder =
      child("decoder", nn::Sequential{nn::Linear(2, 256), nn::relu, nn::Linear(256, 256), nn::relu,
                                      nn::Linear(256, 784)});

  // The cost of each image, in nats: how badly it is drawn again from a place near its own, and how
  // much its place tells, compared with N(0, 1), of which new ones will be drawn. The second is the
  // divergence of N(m, s^2) from that: (m^2 + s^2 - 1) / 2 - log s.
  Tensor forward(const Tensor& images) const {
    const Tensors place = chunk(encoder(images), 2, 1);
    const Tensor m = place[0], log_s = place[1], s = exp(log_s);
    const Tensor drawn = decoder(m + s * normal(m.shape()));
    const Tensor worse = nn::binary_cross_entropy_with_logits(drawn, images, Reduction::none);
    return sum(worse, 1) + sum((m * m + s * s - 1) / 2 - log_s, 1);
  }
};

int main(int argc, char** argv) {
  return guarded([&] {
    TrainingOptions defaults;
    defaults.lr = 2e-3, defaults.epochs = 8, defaults.quick_epochs = 5;
    const TrainingOptions options = parse_training_options(
        argc, argv, "A variational autoencoder learns to draw digits.", defaults);
    const datasets::Mnist data = digits(options);
    const Vae model;
    optim::Run run(model, optim::AdamW(model.parameters(), options.lr),
                   datasets::batches(data.train, options.batch),
                   [&](const Tensor& images, const Tensor&) { return mean(model(images)); });
    run.validate(data.test).schedule(optim::OneCycle(options.lr));
    if (!options.save.empty()) run.save_to(options.save);
    if (!options.report.empty()) run.report(options.report);
    run.fit(options.epochs);
    if (!options.weights.empty()) nn::save_safetensors(options.weights, model.state_dict());

    // The plane, in steps of equal probability: what the network draws at each place.
    const NoGradGuard guard;
    const Tensor steps = sqrt(2.) * erfinv(linspace(-0.95, 0.95, 12));
    const Tensors xy = meshgrid({steps, steps});
    const Tensor places = stack({flatten(xy[0]), flatten(xy[1])}, 1);
    write_sheet("vae.png", reshape(sigmoid(model.decoder(places)), {-1, 28, 28}), 12);
    // Who knows only how bright each pixel is on average needs so many nats for an image.
    const Tensor p = clamp(mean(datasets::whole(data.train).input, 0), 1e-4, 1 - 1e-4);
    const Tensor q = mean(datasets::whole(data.test).input, 0);
    const double plain = -sum(q * log(p) + (1 - q) * log(1 - p)).item();
    const double nats = run.history().epochs.back()["validation_loss"];
    expect_at_most("share of the nats without it", nats / plain, options.expected(0.85, 0.95));
  });
}
