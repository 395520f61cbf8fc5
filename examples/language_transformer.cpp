// A transformer learns to write licences: it has no memory but looks back at the last 128 letters,
// at each as it sees fit. Held against the same mixture of trigrams as language_model.cpp. Source:
// Radford et al., "Improving language understanding by generative pre-training", 2018, in small.
#include <iostream>
#include <xtape.hpp>

#include "support/expect.hpp"
#include "support/licences.hpp"
using namespace xtape;

constexpr std::int64_t span = 128;  // letters that it sees at once

struct Writer : nn::Module<Writer> {
  nn::Embedding embedding;
  nn::SinusoidalPositions positions = child("positions", nn::SinusoidalPositions(128, span));
  nn::TransformerEncoder body = child(
      "body",
      nn::TransformerEncoder(
          nn::TransformerEncoderLayer(
              128, 4,
              nn::TransformerOptions(256).batch_first(true).norm_first(true).activation(nn::gelu)),
          2, nn::LayerNorm(128)));
  nn::Linear output;
  explicit Writer(std::int64_t letters)
      : embedding(child("embedding", nn::Embedding(letters, 128))),
        output(child("output", nn::Linear(128, letters))) {}

  // Letters (batch, time) -> what comes next after each, (batch, letters, time). A letter looks at
  // itself and at those before it: what comes next would be no riddle else.
  Tensor forward(const Tensor& letters) const {
    const Tensor x = positions(embedding(letters));
    return transpose(output(body(x, nn::AttentionMask().causal())), 1, 2);
  }
};

// A text as rows of `span` letters, each of which begins `step` after the one before, and what
// comes next after each letter.
Tensors rows(const Tensor& text, std::int64_t step) {
  Tensors from, to;
  for (std::int64_t t = 0; t + span < text.size(); t += step) {
    from.push_back(slice(text, 0, {t, t + span}));
    to.push_back(slice(text, 0, {t + 1, t + span + 1}));
  }
  return {stack(from), stack(to)};
}

// Some letters after a beginning, each drawn by its probability.
std::string write(const Writer& model, const Text& text, std::size_t count) {
  const NoGradGuard guard;
  std::vector<std::int64_t> letters = {static_cast<std::int64_t>(text.alphabet.find('\n'))};
  std::string written;
  while (written.size() < count) {
    const auto seen = std::min<std::int64_t>(span, static_cast<std::int64_t>(letters.size()));
    const std::vector<std::int64_t> last(letters.end() - seen, letters.end());
    const Tensor p = softmax(transpose(model(tensor(last, {1, seen})), 1, 2)[0][-1]);
    letters.push_back(multinomial(p, 1).item<std::int64_t>());
    written += text.alphabet[static_cast<std::size_t>(letters.back())];
  }
  return written;
}

int main(int argc, char** argv) {
  return guarded([&] {
    TrainingOptions defaults;
    defaults.epochs = 12, defaults.quick_epochs = 2;
    defaults.batch = 16;
    defaults.lr = 2e-3;
    const TrainingOptions options =
        parse_training_options(argc, argv, "A transformer learns to write licences.", defaults);
    const Text text = licences(options);
    Writer model(static_cast<std::int64_t>(text.alphabet.size()));
    const Tensors train = rows(text.train, span / 2), test = rows(text.test, span);

    optim::Run run(
        model, optim::AdamW(model.parameters(), options.lr),
        optim::TensorBatches(train[0], train[1], options.batch),
        [&](const Tensor& x, const Tensor& t) { return nn::cross_entropy(model(x), t); });
    run.validate({test[0], test[1]}, optim::Metric("nats", [](const Tensor& y, const Tensor& next) {
                   return nn::cross_entropy(y, next, Reduction::none);
                 }));
    run.schedule(optim::OneCycle(optim::OneCycleOptions(options.lr).cycle_momentum(false)));
    if (!options.save.empty()) run.save_to(options.save);
    if (!options.report.empty()) run.report(options.report);
    run.fit(options.epochs);
    if (!options.weights.empty()) nn::save_safetensors(options.weights, model.state_dict());

    model.eval();
    const double trigrams = trigram_cross_entropy(text);
    std::cout << "a mixture of trigrams: nats " << trigrams << "\n"
              << write(model, text, 400) << "\n";
    plot_nats("language_transformer.svg", run.history(), trigrams);

    // Who looks ahead knows what comes next: other letters later on must change nothing before.
    const Tensor some = slice(test[0], 0, {0, 1}), half = slice(some, 1, {0, span / 2});
    const Tensor change = model(some) - model(pad(half, {0, span / 2}));
    expect_at_most("it looks ahead", max(abs(slice(change, 2, {0, span / 2}))).item(), 1e-5);
    const double reached = run.history().epochs.back()["nats"];
    expect_at_most("nats a letter", reached, options.expected(1.5, 2.75));
  });
}
