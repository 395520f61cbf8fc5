#include "training.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include <autograd/ops.hpp>
#include <autograd/parallel.hpp>
#include <autograd/random.hpp>
#include <autograd/tape.hpp>
#include <datasets/batches.hpp>

using xtape::Tensor;

TrainingOptions parse_training_options(int argc, char** argv, const char* description,
                                       TrainingOptions o) {
  CLI::App app(description);
  app.option_defaults()->always_capture_default();
  app.add_option("--data", o.data,
                 "folder of the data; default: where the example looks by itself");
  app.add_option("--epochs", o.epochs, "passes over the data")->check(CLI::Range(1, 10000));
  app.add_option("--batch", o.batch, "examples for each step")->check(CLI::Range(1, 100000));
  app.add_option("--lr", o.lr, "learning rate")->check(CLI::Range(0., 1e6));
  app.add_option("--seed", o.seed, "seed of all random numbers");
  app.add_option("--threads", o.threads, "threads to use")->check(CLI::Range(1, 1024));
  app.add_option("--save", o.save, "file to write the trained network to, as safetensors");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) std::exit(app.exit(e));
    std::fprintf(stderr, "error: %s (--help lists the options)\n", e.what());
    std::exit(2);
  }
  xtape::manual_seed(o.seed);
  xtape::set_num_threads(o.threads);
  return o;
}

double warm_up_and_down(double lr, double part) {
  constexpr double up = 0.2, pi = 3.141592653589793;
  return part < up ? lr * part / up : lr * 0.5 * (1 + std::cos(pi * (part - up) / (1 - up)));
}

double accuracy(const Classifier& model, const xtape::datasets::Images& images) {
  const xtape::NoGradGuard guard;
  double right = 0;
  for (auto [x, labels] : xtape::datasets::Batches(images, 500, xtape::arange(images.count)))
    right += sum((argmax(model(x), -1) == labels).to(xtape::int64)).item();
  return right / static_cast<double>(images.count);
}

double Progress::now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void Progress::epoch(const char* what, double value) {
  std::printf("epoch %d of %d: cost %.4f, %s %.4g, %.1f s\n", ++epoch_, epochs_,
              sum_ / static_cast<double>(std::max<std::int64_t>(1, steps_)), what, value,
              now() - begin_);
  std::fflush(stdout);
  sum_ = 0, steps_ = 0;
}
