// The readers of data sets, on good files and on every kind of bad one.
#include <doctest/doctest.h>
#include <zlib.h>

#include <autograd/core/error.hpp>
#include <cstdlib>
#include <datasets/idx.hpp>
#include <datasets/images.hpp>
#include <datasets/mnist.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

using namespace xtape;
using datasets::Idx;
using datasets::Images;
using datasets::Mnist;

namespace {

// A directory of its own, removed at the end.
struct Scratch {
  std::string path = (std::filesystem::temp_directory_path() / "xtape.XXXXXX").string();
  Scratch() { REQUIRE(mkdtemp(path.data()) != nullptr); }
  ~Scratch() { std::filesystem::remove_all(path); }
  std::string operator/(const std::string& name) const { return path + "/" + name; }
};

void write(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

void write_gz(const std::string& path, const std::string& bytes) {
  const gzFile file = gzopen(path.c_str(), "wb");
  REQUIRE(gzwrite(file, bytes.data(), unsigned(bytes.size())) == int(bytes.size()));
  REQUIRE(gzclose(file) == Z_OK);
}

std::string idx_bytes(const std::vector<unsigned>& shape, const std::string& values) {
  std::string bytes{0, 0, 8, char(shape.size())};
  for (const unsigned size : shape) {
    for (const int shift : {24, 16, 8, 0}) bytes += char(size >> shift & 0xff);
  }
  return bytes + values;
}

// That `read` throws one line that holds all of `parts`.
template <class Read>
void check_error(Read read, const std::vector<std::string>& parts) {
  std::string message;
  try {
    read();
  } catch (const Error& error) {
    message = error.what();
  }
  INFO("message: " << message);
  CHECK(message.find('\n') == std::string::npos);
  for (const std::string& part : parts) {
    INFO("expected: " << part);
    CHECK(message.find(part) != std::string::npos);
  }
}

void check_idx_error(const std::string& path, const std::vector<std::string>& parts) {
  check_error([&] { datasets::read_idx(path); }, parts);
}

// Writes a data set of 12 training and 2 test images of 2 x 3 pixels.
void write_mnist(const Scratch& directory) {
  write(directory / "train-images-idx3-ubyte", idx_bytes({12, 2, 3}, std::string(72, '\1')));
  write_gz(directory / "train-labels-idx1-ubyte.gz", idx_bytes({12}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1}));
  write_gz(directory / "t10k-images-idx3-ubyte.gz", idx_bytes({2, 2, 3}, std::string(12, '\2')));
  write(directory / "t10k-labels-idx1-ubyte", idx_bytes({2}, {8, 9}));
}

}  // namespace

TEST_CASE("idx: raw and gzipped files read the same") {
  const Scratch scratch;
  const std::string bytes = idx_bytes({2, 3}, {0, 1, 2, 3, 4, char(255)});
  write(scratch / "raw", bytes);
  write_gz(scratch / "packed.gz", bytes);
  for (const char* name : {"raw", "packed.gz"}) {
    const Idx idx = datasets::read_idx(scratch / name);
    CHECK(idx.shape == std::vector<std::int64_t>{2, 3});
    CHECK(idx.values == std::vector<std::uint8_t>{0, 1, 2, 3, 4, 255});
  }
}

TEST_CASE("idx: an empty axis and several megabytes") {
  const Scratch scratch;
  write(scratch / "empty", idx_bytes({0, 3}, ""));
  CHECK(datasets::read_idx(scratch / "empty").values.empty());
  std::string values(5'000'000, '\0');
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = char(i * 7);
  write_gz(scratch / "large", idx_bytes({unsigned(values.size())}, values));
  const std::vector<std::uint8_t> read = datasets::read_idx(scratch / "large").values;
  CHECK(std::string(read.begin(), read.end()) == values);
}

TEST_CASE("idx: what is wrong with a file is said in one line") {
  const Scratch scratch;
  const std::string path = scratch / "file";
  const std::string good = idx_bytes({2, 3}, "abcdef");

  check_idx_error(path, {path, "No such file"});
  check_idx_error(scratch.path, {scratch.path, "directory"});
  write(path, "");
  check_idx_error(path, {path, "0 bytes", "magic number", "expected 4"});
  write(path, "<html>not found</html>");
  check_idx_error(path, {path, "0x3c68746d", "expected 0x00000801"});
  write(path, std::string{0, 0, 0x0d, 1} + std::string(8, '\0'));  // floats
  check_idx_error(path, {path, "0x00000d01", "expected 0x00000801"});
  write(path, std::string{0, 0, 8, 0});
  check_idx_error(path, {path, "0x00000800", "expected"});
  write(path, good.substr(0, 6));
  check_idx_error(path, {path, "2 bytes of the shape", "expected 4"});
  write(path, good.substr(0, good.size() - 1));
  check_idx_error(path, {path, "5 values", "expected 6", "(2, 3)"});
  write(path, good + "g");
  check_idx_error(path, {path, "goes on", "6 values", "(2, 3)"});
  write(path, idx_bytes({0xffffffff, 0xffff}, "abcdef"));
  check_idx_error(path, {path, "6 values", "expected 281470681677825"});
  write(path, idx_bytes({0xffffffff, 0xffffffff, 0xffffffff}, "abcdef"));
  check_idx_error(path, {path, "4294967295", "expected fewer than 2^63"});
}

TEST_CASE("idx: a truncated or damaged gzip file is refused") {
  const Scratch scratch;
  const std::string path = scratch / "file.gz";
  std::string values(100'000, '\0');
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = char(i * i >> 3);
  write_gz(path, idx_bytes({unsigned(values.size())}, values));
  const auto size = std::filesystem::file_size(path);

  for (const std::uintmax_t keep : {size - 1, size / 2, std::uintmax_t(20), std::uintmax_t(5)}) {
    std::filesystem::resize_file(path, keep);
    check_idx_error(path, {path, "too early", "expected a complete gzip file"});
  }
  write_gz(path, idx_bytes({unsigned(values.size())}, values));
  std::fstream(path, std::ios::binary | std::ios::in | std::ios::out).seekp(long(size) - 6) << 'x';  // in the checksum
  check_idx_error(path, {path, "expected a readable raw or gzip file"});
}

TEST_CASE("images: a slice is a copy of a range") {
  const Images images{3, 1, 2, {1, 2, 3, 4, 5, 6}, {7, 8, 9}};
  const Images slice = images.slice(1, 3);
  CHECK(slice.count == 2);
  CHECK(slice.rows == 1);
  CHECK(slice.cols == 2);
  CHECK(slice.pixels == std::vector<std::uint8_t>{3, 4, 5, 6});
  CHECK(slice.labels == std::vector<std::uint8_t>{8, 9});
  CHECK(images.slice(3, 3).count == 0);
  for (const auto& [begin, end] : std::vector<std::pair<int, int>>{{-1, 2}, {2, 1}, {0, 4}}) {
    check_error([&, begin = begin, end = end] { images.slice(begin, end); },
                {std::to_string(begin), std::to_string(end), "[0, 3)"});
  }
}

TEST_CASE("mnist: a directory of raw and gzipped files") {
  const Scratch scratch;
  write_mnist(scratch);
  const Mnist mnist = datasets::mnist(scratch.path);
  CHECK(!mnist.synthetic);
  CHECK(mnist.source == scratch.path);
  CHECK(mnist.train.count == 10);
  CHECK(mnist.validation.count == 2);
  CHECK(mnist.validation.labels == std::vector<std::uint8_t>{0, 1});
  CHECK(mnist.test.count == 2);
  CHECK(mnist.test.rows == 2);
  CHECK(mnist.test.cols == 3);
  CHECK(mnist.test.labels == std::vector<std::uint8_t>{8, 9});
  CHECK(mnist.test.pixels == std::vector<std::uint8_t>(12, 2));
}

TEST_CASE("mnist: what is wrong with a directory is said in one line") {
  const Scratch scratch;
  const auto refused = [&](const std::vector<std::string>& parts) {
    check_error([&] { datasets::mnist(scratch.path); }, parts);
    write_mnist(scratch);
  };
  const std::string nowhere = scratch / "nowhere", images = scratch / "train-images-idx3-ubyte";
  const std::string labels = scratch / "t10k-labels-idx1-ubyte";

  check_error([&] { datasets::mnist(nowhere); }, {nowhere, "no directory", "expected"});
  refused({images, "missing", "train-images-idx3-ubyte.gz"});
  check_error([&] { datasets::mnist(images); }, {images, "no directory", "expected"});
  std::filesystem::remove(labels);
  refused({labels, "missing"});
  std::filesystem::remove(labels), std::filesystem::create_directory(labels);
  check_error([&] { datasets::mnist(scratch.path); }, {labels, "directory"});
  std::filesystem::remove(labels), write_mnist(scratch);
  write(labels, idx_bytes({3}, {1, 2, 3}));
  refused({labels, "3 labels", "expected 2"});
  write(labels, idx_bytes({2}, {9, 10}));
  refused({labels, "label 1 is 10", "expected 0 to 9"});
  write(labels, idx_bytes({1, 2}, {1, 2}));
  refused({labels, "2 dimensions", "expected labels with 1"});
  write(images, idx_bytes({12}, std::string(12, '\0')));
  refused({images, "1 dimensions", "expected images with 3"});
  write(images, idx_bytes({0, 2, 3}, ""));
  refused({images, "no pixels", "expected at least one"});
  write(images, idx_bytes({12, 3, 2}, std::string(72, '\0')));
  refused({scratch.path, "2 x 3", "expected 3 x 2"});
  CHECK(datasets::mnist(scratch.path).train.count == 10);
}

TEST_CASE("mnist: the real files") {
  const char* data = std::getenv("XTAPE_DATA");
  if (data == nullptr) {
    MESSAGE("SKIPPED: XTAPE_DATA names no directory with the files of MNIST");
    return;
  }
  const Mnist mnist = datasets::mnist();
  CHECK(mnist.source == data);
  CHECK(mnist.train.count == 50'000);
  CHECK(mnist.validation.count == 10'000);
  CHECK(mnist.test.count == 10'000);
  CHECK(mnist.train.rows == 28);
  CHECK(mnist.train.cols == 28);
  CHECK(std::vector<std::uint8_t>(mnist.train.labels.begin(), mnist.train.labels.begin() + 5) ==
        std::vector<std::uint8_t>{5, 0, 4, 1, 9});
  CHECK(std::vector<std::uint8_t>(mnist.test.labels.begin(), mnist.test.labels.begin() + 5) ==
        std::vector<std::uint8_t>{7, 2, 1, 0, 4});
}
