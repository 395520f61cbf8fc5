#include "mnist.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include <autograd/error.hpp>
#include "digits.hpp"
#include "download.hpp"
#include "idx.hpp"

namespace xtape::datasets {
namespace {

struct File {
  const char* name;
  const char* sha256;  // of the unpacked file
};
constexpr File train_images{"train-images-idx3-ubyte",
                            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"};
constexpr File train_labels{"train-labels-idx1-ubyte",
                            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"};
constexpr File test_images{"t10k-images-idx3-ubyte",
                           "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"};
constexpr File test_labels{"t10k-labels-idx1-ubyte",
                           "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"};

// The value of an environment variable, empty when it is not set.
std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::string cache_directory() {
  const std::string cache = environment("XDG_CACHE_HOME"), home = environment("HOME");
  if (cache.empty() && home.empty()) {
    fail("mnist", "there is nowhere to keep the files, expected XDG_CACHE_HOME or HOME to be set");
  }
  return (cache.empty() ? home + "/.cache" : cache) + "/xtape/mnist";
}

// The path of a file of the data set in `directory`, raw or gzipped.
std::string find(const std::string& directory, const File& file) {
  const std::string raw = directory + "/" + file.name;
  std::error_code ignored;
  for (const std::string& path : {raw, raw + ".gz"}) {
    if (std::filesystem::exists(path, ignored)) return path;
  }
  fail("mnist", raw + " is missing, expected it or " + file.name + ".gz");
}

Images read_images(const std::string& directory, const File& images_file, const File& labels_file) {
  const std::string images_path = find(directory, images_file), labels_path = find(directory, labels_file);
  Idx images = read_idx(images_path), labels = read_idx(labels_path);
  if (images.shape.size() != 3) {
    throw Error(images_path + ": has " + std::to_string(images.shape.size()) + " dimensions, expected images with 3");
  }
  if (labels.shape.size() != 1) {
    throw Error(labels_path + ": has " + std::to_string(labels.shape.size()) + " dimensions, expected labels with 1");
  }
  if (images.values.empty()) throw Error(images_path + ": holds no pixels, expected at least one image");
  if (images.shape[0] != labels.shape[0]) {
    throw Error(labels_path + ": holds " + std::to_string(labels.shape[0]) + " labels, expected " +
                std::to_string(images.shape[0]) + " as " + images_path + " holds images");
  }
  const auto wrong =
      std::find_if(labels.values.begin(), labels.values.end(), [](std::uint8_t label) { return label > 9; });
  if (wrong != labels.values.end()) {
    throw Error(labels_path + ": label " + std::to_string(wrong - labels.values.begin()) + " is " +
                std::to_string(*wrong) + ", expected 0 to 9");
  }
  return {images.shape[0], images.shape[1], images.shape[2], std::move(images.values), std::move(labels.values)};
}

Mnist split(const Images& images, Images test, bool synthetic, const std::string& source) {
  const std::int64_t cut = images.count - images.count / 6;
  return {images.slice(0, cut), images.slice(cut, images.count), std::move(test), synthetic, source};
}

Mnist read_directory(const std::string& directory) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(directory, ignored)) {
    fail("mnist", "there is no directory " + directory + ", expected one that holds the MNIST files");
  }
  const Images images = read_images(directory, train_images, train_labels);
  Images test = read_images(directory, test_images, test_labels);
  if (test.rows != images.rows || test.cols != images.cols) {
    fail("mnist", "the test images of " + directory + " have " + std::to_string(test.rows) + " x " +
                      std::to_string(test.cols) + " pixels, expected " + std::to_string(images.rows) + " x " +
                      std::to_string(images.cols) + " as the training images have");
  }
  return split(images, std::move(test), false, directory);
}

void download_into(const std::string& directory) {
  const std::string given = environment("XTAPE_MIRROR");
  const auto mirrors = given.empty() ? std::vector<std::string>{"https://ossci-datasets.s3.amazonaws.com/mnist/",
                                                                "https://storage.googleapis.com/cvdf-datasets/mnist/"}
                                     : std::vector<std::string>{given.back() == '/' ? given : given + "/"};
  for (const File& file : {train_images, train_labels, test_images, test_labels}) {
    const std::string name = std::string(file.name) + ".gz";
    std::vector<std::string> urls;
    for (const std::string& mirror : mirrors) urls.push_back(mirror + name);
    download(urls, directory + "/" + name, file.sha256);
  }
}

Mnist synthetic() {
  const Images images = synthetic_digits(70'000, 0);
  return split(images.slice(0, 60'000), images.slice(60'000, 70'000), true, "synthetic digits");
}

}  // namespace

Mnist mnist(const std::string& data, Site site) {
  const Scope scope(site);
  const std::string given = data.empty() ? environment("XTAPE_DATA") : data;
  if (!given.empty()) return read_directory(given);

  const std::string cache = cache_directory();
  try {
    return read_directory(cache);
  } catch (const Error&) {  // not there yet, or damaged: the download replaces what is wrong
  }
  try {
    download_into(cache);
  } catch (const DownloadError& error) {
    std::fprintf(
        stderr,
        "mnist: using synthetic digits instead of the real ones (%s); to get those, run again with a network or "
        "name a directory with the four MNIST files by --data or XTAPE_DATA\n",
        error.what());
    return synthetic();
  }
  return read_directory(cache);
}

}  // namespace xtape::datasets
