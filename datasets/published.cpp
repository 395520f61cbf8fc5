#include "published.hpp"

#include <cstdlib>
#include <utility>

#include "idx.hpp"

namespace xtape::datasets {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::string cache_directory(const Published& set) {
  const std::string cache = environment("XDG_CACHE_HOME"), home = environment("HOME");
  if (cache.empty() && home.empty()) {
    fail(set.name, "there is nowhere to keep the files, expected XDG_CACHE_HOME or HOME to be set");
  }
  return (cache.empty() ? home + "/.cache" : cache) + "/xtape/" + set.name;
}

void fetch(const Published& set, const std::string& directory) {
  std::vector<std::string> mirrors(set.mirrors.begin(), set.mirrors.end());
  if (std::string given = environment("XTAPE_MIRROR"); !given.empty()) {
    if (given.back() != '/') given += '/';
    mirrors = {given + set.name + "/", given};
  }
  for (const PublishedFile& file : set.files) {
    std::vector<std::string> urls;
    for (const std::string& mirror : mirrors) urls.push_back(mirror + file.name);
    const std::string path = directory + "/" + file.name;
    download(urls, path, file.checksum);
    if (set.unpack) set.unpack(path, directory);
  }
}

std::string find_file(const char* op, const std::string& directory, const std::string& name) {
  const std::string raw = directory + "/" + name;
  std::error_code ignored;
  for (const std::string& path : {raw, raw + ".gz"}) {
    if (std::filesystem::exists(path, ignored)) return path;
  }
  fail(op, raw + " is missing, expected it or " + name + ".gz");
}

Images read_idx_images(const char* op, const std::string& directory, const std::string& images_name,
                       const std::string& labels_name, int classes, int first) {
  const std::string images_path = find_file(op, directory, images_name);
  const std::string labels_path = find_file(op, directory, labels_name);
  Idx images = read_idx(images_path), labels = read_idx(labels_path);
  const auto check = [&](bool fine, const std::string& path, const std::string& why) {
    if (!fine) fail(op, path + ": " + why);
  };
  check(images.shape.size() == 3, images_path,
        "it has " + std::to_string(images.shape.size()) + " dimensions, expected images with 3");
  check(labels.shape.size() == 1, labels_path,
        "it has " + std::to_string(labels.shape.size()) + " dimensions, expected labels with 1");
  check(!images.values.empty(), images_path, "it holds no pixels, expected at least one image");
  check(images.shape[0] == labels.shape[0], labels_path,
        "it holds " + std::to_string(labels.shape[0]) + " labels, expected " + std::to_string(images.shape[0]) +
            " as " + images_path + " holds images");
  for (std::size_t i = 0; i < labels.values.size(); ++i) {
    const int label = labels.values[i];
    if (label < first || label >= first + classes)
      check(false, labels_path,
            "label " + std::to_string(i) + " is " + std::to_string(label) + ", expected " + std::to_string(first) +
                " to " + std::to_string(first + classes - 1));
    labels.values[i] = static_cast<std::uint8_t>(label - first);
  }
  return {images.shape[0], images.shape[1], images.shape[2], std::move(images.values), std::move(labels.values)};
}

void check_alike(const char* op, const std::string& directory, const Images& train, const Images& test) {
  if (test.rows != train.rows || test.cols != train.cols) {
    fail(op, "the test images of " + directory + " have " + std::to_string(test.rows) + " x " +
                 std::to_string(test.cols) + " pixels, expected " + std::to_string(train.rows) + " x " +
                 std::to_string(train.cols) + " as the training images have");
  }
}

}  // namespace xtape::datasets
