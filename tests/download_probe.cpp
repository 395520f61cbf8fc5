// The download as a program, for download.py to run against a server of every kind of trouble.
#include <autograd/core/error.hpp>
#include <cstdio>
#include <datasets/download.hpp>
#include <datasets/mnist.hpp>
#include <string>
#include <vector>

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  try {
    if (words.size() == 1 && words[0] == "mnist") {
      const xtape::datasets::Mnist mnist = xtape::datasets::mnist();
      std::printf("%s: %d %d %d\n", mnist.synthetic ? "synthetic" : "mnist", int(mnist.train.count),
                  int(mnist.validation.count), int(mnist.test.count));
    } else if (words.size() >= 3 && words[0] == "download") {
      xtape::datasets::download({words.begin() + 3, words.end()}, words[1], words[2]);
    } else {
      std::fprintf(stderr, "usage: download_probe mnist | download_probe download PATH SHA256 [URL ...]\n");
      return 2;
    }
  } catch (const xtape::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
