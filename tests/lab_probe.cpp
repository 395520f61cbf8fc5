// A small comparison, for lab_kill.py: lab_probe FILE WORKERS. Its trainings are saved in FILE, and in their middle
// beside it; it writes FILE.csv, FILE.html, and its table to standard output. A line in FILE.begun tells of each
// training that began.
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <thread>
#include <xtape.hpp>

using namespace xtape;

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string file = argv[1];
  const datasets::Batch train = datasets::spirals(300, 1), other = datasets::spirals(100, 2);
  const lab::Choices<std::function<Tensor(const Tensor&)>> activations = {
      {"sigmoid", nn::sigmoid}, {"tanh", nn::tanh}, {"relu", nn::relu}};
  lab::Compare compare("accuracy", "Spirals");
  compare.add(activations, [&](const auto& f, const lab::Training& training) {
    std::ofstream(file + ".begun", std::ios::app) << training.seed() << "\n";
    const nn::Sequential net{nn::Linear(2, 24), f, nn::Dropout(0.05), nn::Linear(24, 2)};
    optim::Run run(net, optim::Adam(net.parameters(), 0.02), optim::TensorBatches(train.input, train.target, 20),
                   [&](const Tensor& x, const Tensor& t) { return nn::cross_entropy(net(x), t); });
    run.validate({other.input, other.target}, optim::accuracy);
    run.on_epoch([](optim::Run&, const optim::Epoch&) {
      std::this_thread::sleep_for(std::chrono::milliseconds(4));  // or there is no time to kill it
    });
    training.save(run);
    return run.fit(16);
  });
  compare.seeds(3, 6).stuck_at(0.6).workers(std::atoi(argv[2])).save_to(file);
  std::cout << compare.report(file + ".csv").report(file + ".html").run();
}
