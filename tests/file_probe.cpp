// For files.py: converts files of tensors, and trains a network from one into another.
#include <cstdlib>
#include <iostream>
#include <string>

#include "mnist_net.hpp"

using namespace xtape;

namespace {

bool has_end(const std::string& path, const std::string& end) {
  return path.size() >= end.size() && path.compare(path.size() - end.size(), end.size(), end) == 0;
}
nn::StateDict load(const std::string& path) {
  return has_end(path, ".npz") ? nn::load_npz(path) : nn::load_safetensors(path);
}
void save(const std::string& path, const nn::StateDict& tensors) {
  if (has_end(path, ".npz")) nn::save_npz(path, tensors);
  else nn::save_safetensors(path, tensors, {{"format", "pt"}});
}

// Some steps from the state in `from`; the state then, and its logits on the first images of the test set.
void train(const char* from, const char* to, const char* logits) {
  MnistNet net;
  net.load_state_dict(load(from));
  const datasets::Mnist mnist = datasets::mnist();
  optim::Adam opt(net.parameters(), 1e-3);
  int steps = 0;
  for (auto [images, labels] : datasets::batches(mnist.train, 50)) {
    opt.step(grad(nn::cross_entropy(net(mnist_input(images)), labels), opt.parameters()));
    if (++steps == 20) break;
  }
  net.eval();
  save(to, net.state_dict());
  nn::save_npy(logits, no_grad([&] { return net(first_test_images(mnist, 200)); }));
}

}  // namespace

int main(int argc, char** argv) try {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "convert" && argc == 4) return save(argv[3], load(argv[2])), 0;
  if (what == "train" && argc == 5) return train(argv[2], argv[3], argv[4]), 0;
  if (what == "overwrite" && argc == 3)  // until it is killed
    for (int i = 0;; ++i) save(argv[2], {{"a", full({500'000}, i % 100)}, {"b", full({500'000}, i % 100)}});
  std::cerr << "file_probe convert FROM TO | train FROM TO LOGITS.npy | overwrite PATH\n";
  return 2;
} catch (const std::exception& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
