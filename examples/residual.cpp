// A residual convolutional network reads handwritten digits: He et al., "Deep residual learning for
// image recognition", CVPR 2016, in small. After 3 epochs it reads at least 99.5 % of the test
// images. Try --help, --report digits.html, --weights digits.safetensors.
#include <iostream>
#include <xtape.hpp>

#include "support/digits.hpp"
#include "support/expect.hpp"
#include "support/sheet.hpp"
using namespace xtape;

// A convolution of 3 x 3, normalised.
nn::Sequential conv(std::int64_t in, std::int64_t out, int stride = 1) {
  const ConvOptions options = ConvOptions().stride(stride).padding(1);
  return nn::Sequential{nn::Conv2d(in, out, 3, options, false), nn::BatchNorm2d(out)};
}
// Two of them, which add their result to what they got.
nn::Residual block(std::int64_t n) {
  return nn::Residual(nn::Sequential{conv(n, n), nn::relu, conv(n, n)});
}

struct ResNet : nn::Module<ResNet> {
  nn::Sequential body =
      child("body", nn::Sequential{conv(1, 16), nn::relu, block(16), nn::relu, conv(16, 32, 2),
                                   nn::relu, block(32), nn::relu, conv(32, 64, 2), nn::relu,
                                   block(64), nn::relu, nn::GlobalAvgPool(), nn::Linear(64, 10)});
  Tensor forward(const Tensor& images) const { return body(reshape(images, {-1, 1, 28, 28})); }
};

int main(int argc, char** argv) {
  return guarded([&] {
    TrainingOptions defaults;
    defaults.lr = 5e-3;
    const TrainingOptions options = parse_training_options(
        argc, argv, "A residual network learns to read handwritten digits.", defaults);
    const datasets::Mnist data = digits(options);
    ResNet model;
    std::cout << nn::summary(model, {1, 784});

    optim::Run run(model, optim::AdamW(model.parameters(), options.lr),
                   datasets::batches(data.train, options.batch),
                   [&](const Tensor& images, const Tensor& labels) {
                     const Tensor y = model(images);
                     return optim::LossAndOutput{nn::cross_entropy(y, labels), y};
                   });
    run.validate(data.test, optim::accuracy).schedule(optim::OneCycle(options.lr));
    if (!options.save.empty()) run.save_to(options.save);
    if (!options.report.empty()) run.report(options.report);
    run.fit(options.epochs);
    if (!options.weights.empty()) nn::save_safetensors(options.weights, model.state_dict());

    // What the first convolution sees in a digit: a picture for each of its 16 channels.
    model.eval();
    const auto [images, labels] = datasets::whole(data.test);
    const Tensor seen = model.body[0](reshape(images[0], {1, 1, 28, 28}));
    write_sheet("residual.png", seen[0].detach(), 8, -3, 3);
    const double accuracy = run.history().epochs.back()["accuracy"];
    expect_at_least("accuracy", accuracy, options.expected(0.995, 0.9));
  });
}
