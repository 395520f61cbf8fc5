#include "mnist.hpp"

#include <cstdio>
#include <utility>

#include "digits.hpp"
#include "published.hpp"

namespace xtape::datasets {
namespace {

const Published& files() {
  static const Published set{
      "mnist",
      {"https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"},
      {{"train-images-idx3-ubyte.gz", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"},
       {"train-labels-idx1-ubyte.gz", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"},
       {"t10k-images-idx3-ubyte.gz", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"},
       {"t10k-labels-idx1-ubyte.gz", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"}}};
  return set;
}

Mnist split(const Images& images, Images test, bool synthetic, const std::string& source) {
  const std::int64_t cut = images.count - images.count / 6;
  return {images.slice(0, cut), images.slice(cut, images.count), std::move(test), synthetic, source};
}

Mnist read_directory(const std::string& directory) {
  const Images images = read_idx_images("mnist", directory, "train-images-idx3-ubyte", "train-labels-idx1-ubyte", 10);
  Images test = read_idx_images("mnist", directory, "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte", 10);
  check_alike("mnist", directory, images, test);
  return split(images, std::move(test), false, directory);
}

Mnist synthetic() {
  const Images images = synthetic_digits(70'000, 0);
  return split(images.slice(0, 60'000), images.slice(60'000, 70'000), true, "synthetic digits");
}

}  // namespace

Mnist mnist(const std::string& data, Site site) {
  const Scope scope(site);
  try {
    return read_published(files(), data.empty() ? environment("XTAPE_DATA") : data, read_directory);
  } catch (const DownloadError& error) {
    std::fprintf(
        stderr,
        "mnist: using synthetic digits instead of the real ones (%s); to get those, run again with a network or "
        "name a directory with the four MNIST files by --data or XTAPE_DATA\n",
        error.what());
  }
  return synthetic();
}

}  // namespace xtape::datasets
