#include "options.hpp"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <functional>

#include <autograd/parallel.hpp>
#include <autograd/random.hpp>

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

// An option whose text is read when the command line is, and whose default --help shows.
CLI::Option* add(CLI::App& app, const char* name, const char* help, std::string shown,
                 std::function<void(const std::string&)> read) {
  return app.add_option_function(name, std::move(read), help)->default_str(std::move(shown));
}

template <class T>
void add_integer(CLI::App& app, const char* name, T& value, std::int64_t low, std::int64_t high,
                 const char* help) {
  add(app, name, help, std::to_string(value), [=, &value](const std::string& text) {
    std::int64_t n = 0;
    if (!read_number(text, n) || n < low || n > high)
      reject(std::string(name) + " is '" + text + "', expected an integer from " +
             std::to_string(low) + " to " + std::to_string(high));
    value = static_cast<T>(n);
  });
}

// One of two words.
void add_choice(CLI::App& app, const char* name, bool& second, const char* first_word,
                const char* second_word, const char* help) {
  add(app, name, help, second ? second_word : first_word, [=, &second](const std::string& text) {
    if (text != first_word && text != second_word)
      reject(std::string(name) + " is '" + text + "', expected " + first_word + " or " +
             second_word);
    second = text == second_word;
  });
}

CLI::Option* add_training_options(CLI::App& app, TrainingOptions& o, const char* data_help,
                                  const char* lr_help) {
  app.add_option("--data", o.data, data_help);
  add_integer(app, "--epochs", o.epochs, 1, 1000000, "passes over the data");
  app.add_flag("--quick", o.quick, "learn from a part of the data, in seconds");
  add_integer(app, "--batch", o.batch, 1, 1000000, "examples for each step");
  char shown[32];
  std::snprintf(shown, sizeof shown, "%g", o.lr);
  CLI::Option* lr = add(app, "--lr", lr_help, shown, [&o](const std::string& text) {
    if (!read_number(text, o.lr) || !std::isfinite(o.lr) || o.lr <= 0)
      reject("--lr is '" + text + "', expected a positive number");
  });
  add_integer(app, "--seed", o.seed, 0, std::int64_t{1} << 62, "seed of all random numbers");
  add_integer(app, "--threads", o.threads, 1, 1024, "threads to use");
  app.add_option("--save", o.save, "file to save the training to, and to go on from");
  app.add_option("--report", o.report, "file to write a page about the training to");
  app.add_option("--weights", o.weights, "file to write what was learnt to, as safetensors");
  return lr;
}

void parse(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) std::exit(app.exit(e));
    reject(e.what());
  }
}

void parse(CLI::App& app, int argc, char** argv, TrainingOptions& o) {
  parse(app, argc, argv);
  if (o.quick && !app.count("--epochs")) o.epochs = o.quick_epochs;
  for (const char* name :
       {"--data", "--epochs", "--batch", "--lr", "--hidden", "--cost", "--schedule", "--patience"})
    if (const CLI::Option* set = app.get_option_no_throw(name); set && *set) o.usual = false;
  xtape::manual_seed(o.seed);
  xtape::set_num_threads(o.threads);
}

}  // namespace

TrainingOptions parse_training_options(int argc, char** argv, const char* description,
                                       TrainingOptions o) {
  CLI::App app(description);
  add_training_options(app, o, "folder of the data; default: where the example looks by itself",
                       "largest learning rate");
  parse(app, argc, argv, o);
  return o;
}

MnistOptions parse_mnist_options(int argc, char** argv) {
  MnistOptions o;
  o.epochs = 30, o.quick_epochs = 10, o.batch = 10, o.lr = 3, o.threads = 1;
  bool cross_entropy = false;
  CLI::App app("A network of sigmoid neurons learns to read handwritten digits.");
  app.set_version_flag("--version", "xtape 0.1.0");
  CLI::Option* lr = add_training_options(
      app, o, "folder of the MNIST files; default: XTAPE_DATA, the cache, a download",
      "learning rate; default 3, or 0.5 with cross-entropy");
  add(app, "--hidden", "sizes of the hidden layers: 30, 16,16 or none", "30",
      [&](const std::string& text) { o.hidden = parse_hidden(text); });
  add_choice(app, "--cost", cross_entropy, "quadratic", "cross-entropy",
             "quadratic or cross-entropy");
  add_choice(app, "--schedule", o.one_cycle, "none", "one-cycle",
             "none or one-cycle: the learning rate grows and then shrinks");
  add_integer(app, "--patience", o.patience, 0, 1000000,
              "epochs without a better accuracy on the validation images after which it ends, with "
              "the best weights; 0: none");
  app.add_option("--draw", o.draw, "file to write a page to that reads what one draws on it");
  app.add_option("--json", o.json, "file to write one JSON object an epoch to");
  parse(app, argc, argv, o);
  o.quadratic = !cross_entropy;
  if (!o.quadratic && !*lr) o.lr = 0.5;
  return o;
}

DrawOptions parse_draw_options(int argc, char** argv) {
  DrawOptions o;
  CLI::App app("Writes a page to draw digits on, which a trained network reads.");
  app.add_option("--model", o.model, "safetensors file of the weights")->required();
  app.add_option("-o,--output", o.output, "file to write the page to")->capture_default_str();
  app.add_option("--layers", o.layers,
                 "what layers the weights are of, as between the braces of nn::Sequential; needed "
                 "where the file does not say it");
  app.add_option("--title", o.title, "heading of the page")->capture_default_str();
  parse(app, argc, argv);
  return o;
}
