#include "mnist_report.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <numeric>

#include <autograd/new_file.hpp>
#include <autograd/ops.hpp>

using xtape::Tensor;

namespace {

[[noreturn]] void reject(const std::string& message) {
  std::fprintf(stderr, "error: %s (--help lists the options)\n", message.c_str());
  std::exit(2);
}

// The whole text as a number of type T, or false.
template <class T>
bool read_number(const std::string& text, T& value) {
  const char* end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end;
}

// "30", "16,16" or "none".
std::vector<std::int64_t> parse_hidden(const std::string& text) {
  std::vector<std::int64_t> sizes;
  if (text == "none") return sizes;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    std::int64_t n = 0;
    if (!read_number(text.substr(begin, end - begin), n) || n < 1 || n > 100000)
      reject("--hidden is '" + text +
             "', expected sizes from 1 to 100000 as in 30 or 16,16, or none");
    sizes.push_back(n);
    begin = end + 1;
  }
  return sizes;
}

}  // namespace

MnistOptions parse_mnist_options(int argc, char** argv) {
  MnistOptions o;
  std::string hidden = "30", cost = "quadratic", lr = "3", epochs = "30", batch = "10",
              threads = "1", seed = "1";
  CLI::App app("A network of sigmoid neurons learns to read handwritten digits.");
  app.set_version_flag("--version", "xtape 0.1.0");
  app.option_defaults()->always_capture_default();
  app.add_option("--data", o.data,
                 "folder of the MNIST files; default: XTAPE_DATA, the cache, a download");
  app.add_option("--hidden", hidden, "sizes of the hidden layers: 30, 16,16 or none");
  app.add_option("--cost", cost, "quadratic or cross-entropy");
  app.add_option("--epochs", epochs, "passes over the training images");
  app.add_option("--batch", batch, "images for each step");
  CLI::Option* lr_option =
      app.add_option("--lr", lr, "learning rate; default 3, or 0.5 with cross-entropy");
  app.add_option("--seed", seed, "seed of all random numbers");
  app.add_option("--threads", threads, "threads to use");
  app.add_option("--json", o.json, "file to write one JSON object an epoch to");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {
    std::exit(app.exit(e));
  } catch (const CLI::ParseError& e) {
    reject(e.what());
  }
  auto integer = [](const char* name, const std::string& text, std::int64_t low,
                    std::int64_t high) {
    std::int64_t n = 0;
    if (!read_number(text, n) || n < low || n > high)
      reject(std::string(name) + " is '" + text + "', expected an integer from " +
             std::to_string(low) + " to " + std::to_string(high));
    return n;
  };
  o.hidden = parse_hidden(hidden);
  if (cost != "quadratic" && cost != "cross-entropy")
    reject("--cost is '" + cost + "', expected quadratic or cross-entropy");
  o.quadratic = cost == "quadratic";
  o.lr = o.quadratic ? 3 : 0.5;
  if (*lr_option && (!read_number(lr, o.lr) || !std::isfinite(o.lr) || o.lr <= 0))
    reject("--lr is '" + lr + "', expected a positive number");
  o.epochs = static_cast<int>(integer("--epochs", epochs, 1, 1000000));
  o.batch = integer("--batch", batch, 1, 1000000);
  o.threads = static_cast<int>(integer("--threads", threads, 1, 1024));
  o.seed = static_cast<std::uint64_t>(integer("--seed", seed, 0, std::int64_t{1} << 62));
  return o;
}

MnistReport::MnistReport(const MnistOptions& options, const xtape::datasets::Mnist& data)
    : options_(options), data_(data), terminal_(isatty(STDOUT_FILENO)) {
  write_json();  // now, and not after an epoch, if that cannot be
  std::printf("%s: %lld images to train with, %lld to test\n", data.source.c_str(),
              static_cast<long long>(data.train.count), static_cast<long long>(data.test.count));
  begin_ = std::chrono::steady_clock::now();
}

void MnistReport::write_json() const {
  if (options_.json.empty()) return;
  xtape::NewFile file("--json", options_.json);
  file.write(json_);
  file.keep();
}

double MnistReport::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
}

void MnistReport::progress(bool force) {
  const double now = seconds();
  if (!terminal_ || (!force && now - shown_ < 0.1)) return;
  shown_ = now;
  const std::int64_t total = data_.train.count;
  const int width = 30, done = static_cast<int>(width * images_ / total);
  std::printf("\repoch %2d/%d  [%s%s]  %6.0f images/s", epoch_, options_.epochs,
              std::string(done, '#').c_str(), std::string(width - done, '.').c_str(),
              static_cast<double>(images_) / now);
  std::fflush(stdout);
}

void MnistReport::batch(const Tensor& cost, const Tensor& labels) {
  cost_sum_ += cost.item() * static_cast<double>(labels.size());
  images_ += labels.size();
  progress(false);
}

void MnistReport::epoch(const Tensor& outputs) {
  const double time = seconds();
  progress(true);
  outputs_ = outputs;
  const std::vector<std::int64_t> guesses = argmax(outputs, 1).to_vector<std::int64_t>();
  std::int64_t right = 0;
  for (std::size_t i = 0; i < guesses.size(); ++i) right += guesses[i] == data_.test.labels[i];
  const double accuracy = static_cast<double>(right) / static_cast<double>(guesses.size());
  const double cost = cost_sum_ / static_cast<double>(images_);
  if (accuracy > best_ || best_epoch_ == 0) best_ = accuracy, best_epoch_ = epoch_;
  if (terminal_) std::printf("  cost %.4f  test accuracy %.2f %%\n", cost, 100 * accuracy);
  else
    std::printf("epoch %2d/%d  %.0f images/s  cost %.4f  test accuracy %.2f %%\n", epoch_,
                options_.epochs, static_cast<double>(images_) / time, cost, 100 * accuracy);
  std::fflush(stdout);
  if (!options_.json.empty()) {
    const nlohmann::ordered_json line = {{"epoch", epoch_},
                                         {"train_cost", cost},
                                         {"test_accuracy", accuracy},
                                         {"seconds", time},
                                         {"data", data_.synthetic ? "synthetic" : "mnist"}};
    json_ += line.dump() + "\n";
    write_json();
  }
  ++epoch_;
  images_ = 0;
  cost_sum_ = shown_ = 0;
  begin_ = std::chrono::steady_clock::now();
}

void MnistReport::finish() const {
  std::printf("\nbest test accuracy %.2f %% (epoch %d)\n", 100 * best_, best_epoch_);
  const std::vector<std::int64_t> guesses = argmax(outputs_, 1).to_vector<std::int64_t>();
  const std::vector<std::uint8_t>& labels = data_.test.labels;

  std::printf("\nrows: the digit, columns: the guess\n     ");
  for (int k = 0; k < 10; ++k) std::printf("%6d", k);
  for (int digit = 0; digit < 10; ++digit) {
    std::printf("\n%5d", digit);
    for (int guess = 0; guess < 10; ++guess) {
      std::int64_t n = 0;
      for (std::size_t i = 0; i < guesses.size(); ++i)
        n += labels[i] == digit && guesses[i] == guess;
      if (n) std::printf("%6lld", static_cast<long long>(n));
      else std::printf("     .");
    }
  }
  std::printf("\n");

  // The outputs as probabilities: those of sigmoid neurons are made to add up to 1.
  const Tensor p =
      options_.quadratic ? outputs_ / sum(outputs_, 1, true) : xtape::softmax(outputs_);
  const std::vector<double> probabilities = p.to_vector<double>();
  int left = 3;
  for (std::size_t i = 0; i < guesses.size() && left > 0; ++i) {
    if (guesses[i] == labels[i]) continue;
    --left;
    std::printf("\ntest image %zu is a %d, the guess was %d:", i, labels[i],
                static_cast<int>(guesses[i]));
    std::vector<int> order(10);
    std::iota(order.begin(), order.end(), 0);
    const double* row = probabilities.data() + 10 * i;
    std::sort(order.begin(), order.end(), [&](int a, int b) { return row[a] > row[b]; });
    for (int k = 0; k < 3; ++k)
      std::printf(" %d (%.0f %%)", order[static_cast<std::size_t>(k)],
                  100 * row[order[static_cast<std::size_t>(k)]]);
    std::printf("\n");
    const std::int64_t rows = data_.test.rows, cols = data_.test.cols;
    const std::uint8_t* pixel =
        data_.test.pixels.data() + static_cast<std::int64_t>(i) * rows * cols;
    for (std::int64_t r = 0; r + 1 < rows;
         r += 2) {  // two rows a line: characters are about twice as high as wide
      std::string line = "  ";
      for (std::int64_t c = 0; c < cols; ++c)
        line += " .:-=+*#%@"[(pixel[r * cols + c] + pixel[(r + 1) * cols + c]) * 10 / 512];
      std::printf("%s\n", line.c_str());
    }
  }
}
