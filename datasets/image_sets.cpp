#include "image_sets.hpp"

#include <algorithm>
#include <utility>

#include "archive.hpp"
#include "gz.hpp"
#include "published.hpp"

namespace xtape::datasets {
namespace {

// Addresses and checksums are those of torchvision 0.14; of CIFAR's binary version, those of its page.
const Published& published(const std::string& name) {
  static const Published sets[] = {
      {"fashion_mnist",
       {"http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"},
       {{"train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"},
        {"train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"},
        {"t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"},
        {"t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"}}},
      {"kmnist",
       {"http://codh.rois.ac.jp/kmnist/dataset/kmnist/"},
       {{"train-images-idx3-ubyte.gz", "bdb82020997e1d708af4cf47b453dcf7"},
        {"train-labels-idx1-ubyte.gz", "e144d726b3acfaa3e44228e80efcd344"},
        {"t10k-images-idx3-ubyte.gz", "5c965bf0a639b31b8f53240b1b52f4d7"},
        {"t10k-labels-idx1-ubyte.gz", "7320c461ea6c1c855c0b718fb2a4b134"}}},
      {"emnist",
       {"https://www.itl.nist.gov/iaui/vip/cs_links/EMNIST/"},
       {{"gzip.zip", "58c8d27c78d21e728a6bc7b3cc06412e"}},
       unpack},
      {"cifar10",
       {"https://www.cs.toronto.edu/~kriz/"},
       {{"cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530"}},
       unpack},
      {"cifar100",
       {"https://www.cs.toronto.edu/~kriz/"},
       {{"cifar-100-binary.tar.gz", "03b5dce01913d631647c71ecec9e9cb8"}},
       unpack},
  };
  return *std::find_if(std::begin(sets), std::end(sets), [&](const Published& set) { return set.name == name; });
}

ImageSet read_like_mnist(const char* name, const std::string& data, const std::vector<std::string>& classes) {
  return read_published(published(name), data, [&](const std::string& directory) {
    const auto read = [&](const std::string& part) {
      return read_idx_images(name, directory, part + "-images-idx3-ubyte", part + "-labels-idx1-ubyte",
                             static_cast<int>(classes.size()));
    };
    ImageSet set{read("train"), read("t10k"), classes, directory};
    check_alike(name, directory, set.train, set.test);
    return set;
  });
}

// The characters in [first, last], but those of `without`.
std::string characters(char first, char last, const std::string& without = "") {
  std::string all;
  for (char c = first; c <= last; ++c)
    if (without.find(c) == without.npos) all += c;
  return all;
}

// The classes of a split of EMNIST, none where there is no such split.
std::string emnist_classes(const std::string& split) {
  const std::string digits = characters('0', '9'), capitals = characters('A', 'Z');
  if (split == "byclass") return digits + capitals + characters('a', 'z');
  if (split == "bymerge" || split == "balanced") return digits + capitals + characters('a', 'z', "cijklmopsuvwxyz");
  if (split == "letters") return characters('a', 'z');
  return split == "digits" || split == "mnist" ? digits : "";
}

void transpose(Images& images) {
  std::vector<std::uint8_t> pixels(images.pixels.size());
  auto to = pixels.begin();
  for (std::int64_t i = 0; i < images.count; ++i)
    for (std::int64_t col = 0; col < images.cols; ++col)
      for (std::int64_t row = 0; row < images.rows; ++row)
        *to++ = images.pixels[static_cast<std::size_t>((i * images.rows + row) * images.cols + col)];
  images.pixels = std::move(pixels);
  std::swap(images.rows, images.cols);
}

// Appends the images of a file of CIFAR's, whose records are labels, of which number `which` counts, and pixels.
void read_cifar(const std::string& path, const char* op, std::int64_t labels, std::int64_t which, std::size_t classes,
                Images& images) {
  constexpr std::int64_t pixels = 3 * 32 * 32, most = 100'000;
  GzReader file({op, path, {}});
  std::vector<std::uint8_t> record(static_cast<std::size_t>(labels + pixels));
  for (std::int64_t i = 0;; ++i) {
    const std::int64_t begin = file.position();
    const std::size_t got = file.read(record.data(), record.size());
    if (got == 0 && i > 0) break;
    const std::string image = "image " + std::to_string(i) + " at byte " + std::to_string(begin);
    if (got < record.size())
      file.place().refuse("it ends within " + image + ", after " + std::to_string(got) + " bytes, expected " +
                          std::to_string(record.size()));
    if (i == most) file.place().refuse("it goes on with " + image + ", expected at most " + std::to_string(most));
    const std::uint8_t label = record[static_cast<std::size_t>(which)];
    if (label >= classes)
      file.place().refuse("the label of " + image + " is " + std::to_string(label) + ", expected 0 to " +
                          std::to_string(classes - 1));
    images.labels.push_back(label);
    images.pixels.insert(images.pixels.end(), record.begin() + labels, record.end());
    ++images.count;
  }
}

// The lines of a file that are not empty, which must be `count`.
std::vector<std::string> read_names(const char* op, const std::string& path, std::size_t count) {
  GzReader file({op, path, {}});
  std::string text(1 << 16, '\0');
  text.resize(file.read(text.data(), text.size()));
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string name = text.substr(begin, end - begin);
    if (!name.empty() && name.back() == '\r') name.pop_back();
    if (!name.empty()) names.push_back(std::move(name));
    begin = end + 1;
  }
  if (names.size() != count)
    file.place().refuse("it holds " + std::to_string(names.size()) + " names of classes, expected " +
                        std::to_string(count));
  return names;
}

struct CifarFiles {
  std::vector<std::string> train;
  const char *test, *names;
  std::size_t classes;
  std::int64_t labels, which;  // labels of an image, and the one that counts
};

ImageSet read_cifar_set(const char* name, const std::string& data, const CifarFiles& files) {
  return read_published(published(name), data, [&](const std::string& directory) {
    ImageSet set;
    set.source = directory;
    set.classes = read_names(name, find_file(name, directory, files.names), files.classes);
    const auto read = [&](const std::string& file, Images& images) {
      images.rows = images.cols = 32, images.channels = 3;
      read_cifar(find_file(name, directory, file), name, files.labels, files.which, files.classes, images);
    };
    for (const std::string& file : files.train) read(file, set.train);
    read(files.test, set.test);
    return set;
  });
}

}  // namespace

ImageSet fashion_mnist(const std::string& data, Site site) {
  const Scope scope(site);
  return read_like_mnist(
      "fashion_mnist", data,
      {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"});
}

ImageSet kmnist(const std::string& data, Site site) {
  const Scope scope(site);
  return read_like_mnist("kmnist", data, {"o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"});
}

ImageSet emnist(const std::string& split, const std::string& data, Site site) {
  const Scope scope(site);
  const std::string classes = emnist_classes(split);
  if (classes.empty())
    fail("emnist", "there is no split '" + split + "', expected byclass, bymerge, balanced, letters, digits or mnist");
  return read_published(published("emnist"), data, [&](const std::string& directory) {
    const auto read = [&](const std::string& part) {
      const std::string stem = "emnist-" + split + "-" + part;
      Images images = read_idx_images("emnist", directory, stem + "-images-idx3-ubyte", stem + "-labels-idx1-ubyte",
                                      static_cast<int>(classes.size()), split == "letters" ? 1 : 0);
      transpose(images);
      return images;
    };
    ImageSet set{read("train"), read("test"), {}, directory};
    check_alike("emnist", directory, set.train, set.test);
    for (const char c : classes) set.classes.emplace_back(1, c);
    return set;
  });
}

ImageSet cifar10(const std::string& data, Site site) {
  const Scope scope(site);
  return read_cifar_set(
      "cifar10", data,
      {{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"},
       "test_batch.bin",
       "batches.meta.txt",
       10,
       1,
       0});
}

ImageSet cifar100(const std::string& data, CifarLabels labels, Site site) {
  const Scope scope(site);
  const bool fine = labels == CifarLabels::fine;
  return read_cifar_set("cifar100", data,
                        {{"train.bin"},
                         "test.bin",
                         fine ? "fine_label_names.txt" : "coarse_label_names.txt",
                         fine ? std::size_t{100} : 20,
                         2,
                         fine});
}

}  // namespace xtape::datasets
