// From a formula to what is to be known of it, a comparison with what there is, and pictures.
#include <iostream>
#include <xtape.hpp>

#include "support/guarded.hpp"
using namespace xtape;

int main() {
  return guarded([] {
    const auto steep = [](auto x) { return x * sigmoid(1.5 * x); };
    const auto report = lab::check(steep, lab::ActivationOptions().name("steep swish"));
    std::cout << report.expect(lab::sound, lab::smooth).svg("my_activation.svg") << "\n";

    const datasets::Batch train = datasets::spirals(300, 1), test = datasets::spirals(300, 2);
    lab::Compare compare("accuracy", "Two spirals");
    const lab::Choices<std::function<Tensor(const Tensor&)>> activations = {
        {"steep swish", [&](const Tensor& x) { return pointwise(steep, x); }},
        {"swish", nn::silu},
        {"relu", nn::relu}};
    compare.add(activations, [&](const auto& f) {
      const nn::Sequential net{nn::Linear(2, 32), f, nn::Linear(32, 32), f, nn::Linear(32, 2)};
      const optim::TensorBatches batches(train.input, train.target, 32);
      auto cost = [&](const Tensor& x, const Tensor& t) { return nn::cross_entropy(net(x), t); };
      optim::Run run(net, optim::AdamW(net.parameters(), 0.01), batches, cost);
      run.validate({test.input, test.target}, optim::accuracy);
      return run.fit(20);
    });
    std::cout << compare.seeds(8).report("my_activation.html").run();
  });
}
