// Readers of data sets, tables and pictures: on files in their published formats, which readers/make.py writes together
// with what NumPy, scikit-learn, Pillow and Python's csv module read in them.
#include <cstdlib>
#include <datasets/archive.hpp>
#include <datasets/published.hpp>
#include <fstream>

#include "folder.hpp"
#include "support.hpp"

using namespace xtape;
using datasets::CsvOptions;
using datasets::ImageFolderOptions;
using datasets::Images;
using datasets::ImageSet;
using datasets::LibsvmOptions;
using datasets::Table;

namespace {

namespace fs = std::filesystem;

std::string given(const std::string& name) { return XTAPE_TEST_DIR "/readers/" + name; }

const Tensor& expected(const std::string& key) {
  static const StateDict all = load_npz(given("expected.npz"));
  return all.at(key);
}

bool same_numbers(const Tensor& x, const std::string& key) {
  return x.to_vector<double>() == expected(key).to(x.dtype()).to_vector<double>();
}

void check_images(const Images& images, const std::string& key) {
  const Tensor& pixels = expected(key + ".pixels");
  CHECK(Shape{images.count, images.channels, images.rows, images.cols} == pixels.shape());
  CHECK(images.pixels == pixels.to_vector<std::uint8_t>());
  CHECK(images.labels == expected(key + ".labels").to_vector<std::uint8_t>());
}
void check_set(const ImageSet& set, const std::string& key, std::size_t classes) {
  CAPTURE(key);
  check_images(set.train, key + ".train");
  check_images(set.test, key + ".test");
  CHECK(set.classes.size() == classes);
}

// The largest difference of two pictures' pixels.
double difference(const Tensor& a, const Tensor& b) { return max(abs(a.to(float32) - b.to(float32))).item(); }

}  // namespace

TEST_CASE("readers: sets of images give what was written, upright and with labels from 0") {
  const Folder folder;
  for (const char* name : {"emnist.zip", "cifar10.tar.gz", "cifar100.tar.gz"})
    datasets::unpack(given(name), folder.path.string());
  const std::string there = folder.path.string();
  check_set(datasets::fashion_mnist(given("idx")), "idx", 10);
  check_set(datasets::kmnist(given("idx")), "idx", 10);
  check_set(datasets::emnist("letters", there), "emnist_letters", 26);
  check_set(datasets::emnist("balanced", there), "emnist_balanced", 47);
  check_set(datasets::cifar10(there), "cifar10", 10);
  check_set(datasets::cifar100(there), "cifar100_fine", 100);
  const ImageSet coarse = datasets::cifar100(there, datasets::CifarLabels::coarse);
  check_set(coarse, "cifar100_coarse", 20);
  CHECK(coarse.classes.back() == "c19");
  CHECK(coarse.source == there);
  const auto all = [](const std::vector<std::string>& names) {
    std::string s;
    for (const std::string& name : names) s += name;
    return s;
  };
  CHECK(all(datasets::emnist("balanced", there).classes) == "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt");
  CHECK(all(datasets::emnist("letters", there).classes) == "abcdefghijklmnopqrstuvwxyz");
}

TEST_CASE("readers: a set is fetched, checked and unpacked by one row of a table") {
  const Folder folder;
  const std::string there = folder / "cache", mirror = "file://" + given("");
  const std::string sums = content(given("md5sums")), md5 = sums.substr(0, 32), wrong(32, '0');
  const datasets::Published set{"cifar10", {mirror.c_str()}, {{"cifar10.tar.gz", md5.c_str()}}, datasets::unpack};
  fetch(set, there);
  check_set(datasets::cifar10(there), "cifar10", 10);
  const datasets::Published other{"other", {mirror.c_str()}, {{"cifar100.tar.gz", wrong.c_str()}}, datasets::unpack};
  CHECK_THROWS_AS(fetch(other, there), datasets::DownloadError);
  const datasets::Published nowhere{"other", {}, {{"cifar100.tar.gz", wrong.c_str()}}, nullptr};
  setenv("XTAPE_MIRROR", mirror.c_str(), 1);
  const std::string said = message([&] { fetch(nowhere, there); });
  unsetenv("XTAPE_MIRROR");
  for (const char* url : {"/readers/other/cifar100.tar.gz: ", "/readers/cifar100.tar.gz: MD5 of the file is "})
    CHECK(said.find(url) != std::string::npos);
  CHECK_FALSE(fs::exists(there + "/train.bin"));

  // What is damaged in the cache is unpacked anew.
  setenv("XDG_CACHE_HOME", folder.path.c_str(), 1);
  fs::create_directories(folder / "xtape"), fs::rename(there, folder / "xtape/cifar10");
  fs::resize_file(folder / "xtape/cifar10/test_batch.bin", 100);
  const ImageSet mended =
      datasets::read_published(set, "", [](const std::string& at) { return datasets::cifar10(at); });
  unsetenv("XDG_CACHE_HOME");
  check_set(mended, "cifar10", 10);
}

TEST_CASE("readers: tables give the numbers that NumPy, scikit-learn and Python's csv module read") {
  const Table iris = datasets::read_csv(given("iris.csv"), CsvOptions().label("species"));
  CHECK(same_numbers(iris.input, "iris.input"));
  CHECK(same_numbers(iris.target, "iris.target"));
  CHECK(iris.target.dtype() == int64);
  CHECK(iris.columns == std::vector<std::string>{"sepal_length", "sepal_width", "petal_length", "petal_width"});
  CHECK(iris.classes == std::vector<std::string>{"setosa", "versicolor", "virginica"});

  // The numbers of a column may be what is to be predicted, or classes.
  const Table width = datasets::read_csv(given("iris.csv"), CsvOptions().target(1).drop({-1}).dtype(float64));
  CHECK(width.target.shape() == Shape{15, 1});
  CHECK(width.target.dtype() == float64);
  CHECK(width.columns == std::vector<std::string>{"sepal_length", "petal_length", "petal_width"});
  const Tensor& right = expected("iris.input");
  CHECK(same_bits(width.target, slice(right, 1, Slice(1, 2))));
  CHECK(same_bits(width.input, concat({slice(right, 1, Slice(0, 1)), slice(right, 1, Slice(2, 4))}, 1)));

  const Table quoted =
      datasets::read_csv(given("quoted.csv"), CsvOptions().separator(';').drop({"note"}).missing(-1).dtype(float64));
  CHECK(same_numbers(quoted.input, "quoted.input"));
  CHECK(quoted.columns == std::vector<std::string>{"x", "y \"cubed\""});
  CHECK_FALSE(quoted.target.defined());
  const Table numbers = datasets::read_csv(given("numbers.csv.gz"), CsvOptions().header(false).dtype(float64));
  CHECK(same_numbers(numbers.input, "numbers.input"));
  CHECK(numbers.columns.empty());

  const Table svm = datasets::read_libsvm(given("digits.libsvm"));
  CHECK(same_numbers(svm.input, "libsvm.input"));
  CHECK(same_numbers(svm.target, "libsvm.target"));
  const auto classes = datasets::read_libsvm(given("digits.libsvm"), LibsvmOptions().labels().features(64));
  CHECK(same_numbers(classes.target, "libsvm.target"));  // they are 0 to 9
  CHECK(classes.target.dtype() == int64);
  CHECK(classes.input.shape() == Shape{20, 64});

  const Folder folder;
  write_file(folder / "t", "+1 1:5 # one\n\n-1\t3:2.5\n# nothing\n+1.0 2:1e-60");
  const Table two = datasets::read_libsvm(folder / "t", LibsvmOptions().labels().features(4));
  CHECK(same_bits(two.target, tensor({1, 0, 1})));
  CHECK(two.classes == std::vector<std::string>{"-1", "+1"});
  CHECK(same_bits(two.input, tensor({{5., 0., 0., 0.}, {0., 0., 2.5, 0.}, {0., 0., 0., 0.}})));
  write_file(folder / "t", "1 0:7 2:1\r\n");
  CHECK(same_bits(datasets::read_libsvm(folder / "t", LibsvmOptions().zero_based()).input, tensor({{7., 0., 1.}})));
  write_file(folder / "t", "k\n10\n9\n9\n");
  CHECK_THROWS_WITH_AS(datasets::read_csv(folder / "t", CsvOptions().label("k")), doctest::Contains("no column for"),
                       Error);
  write_file(folder / "t", "k,x\n10,0\r\n9,-.5\r\n9.0,nan");
  const Table k = datasets::read_csv(folder / "t", CsvOptions().label("k"));
  CHECK(same_bits(k.target, tensor({1, 0, 0})));
  CHECK(k.classes == std::vector<std::string>{"9", "10"});
  CHECK(std::isnan(k.input[2].item()));
}

TEST_CASE("readers: pictures of every kind are what Pillow makes of them") {
  std::vector<std::string> files;
  std::ifstream list(given("pictures.txt"));
  for (std::string name; std::getline(list, name);) files.push_back(name);
  struct Row {
    ImageFolderOptions options;
    const char* key;
  };
  const Row rows[] = {{{}, "rgb"},
                      {ImageFolderOptions().channels(1), "grey"},
                      {ImageFolderOptions().resize(5, 7), "small"},
                      {ImageFolderOptions().channels(1).resize(13, 40), "large"}};
  for (const Row& row : rows) {
    CAPTURE(row.key);
    const datasets::ImageFolder folder = datasets::read_image_folder(given("pictures"), row.options);
    CHECK(folder.classes == std::vector<std::string>{"jpeg", "png"});
    const Tensor& all = expected(std::string("pictures.") + row.key);
    const Images images = datasets::images_of(all, expected("pictures.labels"));
    CHECK(folder.images.labels == images.labels);
    CHECK(folder.images.channels == images.channels);
    CHECK(folder.images.rows == images.rows);
    CHECK(folder.images.cols == images.cols);
    CHECK(folder.files.size() == files.size());
    const Tensor pixels = tensor(folder.images.pixels, all.shape());
    for (std::size_t i = 0; i < files.size(); ++i) {
      CHECK(folder.files[i] == given("pictures/" + files[i]));
      // Versions of libjpeg may round differently; a PNG says all.
      const bool exact = files[i].compare(0, 3, "png") == 0;
      const auto k = static_cast<std::int64_t>(i);
      CHECK_MESSAGE(difference(pixels[k], all[k]) <= (exact ? 0 : 3), files[i]);
    }
  }
  CHECK(difference(datasets::read_image(given("wide.png"), 1)[0], expected("wide")) == 0);
}

TEST_CASE("readers: images of arrays keep their bytes") {
  const Tensor pixels = reshape(arange(24), {2, 1, 3, 4}).to(uint8), labels = tensor({7, 255});
  const Images images = datasets::images_of(pixels, labels);
  const Images one = datasets::images_of(pixels[0], tensor({9}, uint8));
  CHECK(images.channels == 1);
  CHECK(images.pixels == pixels.to_vector<std::uint8_t>());
  CHECK(images.slice(1, 2).labels == std::vector<std::uint8_t>{255});
  CHECK(one.labels == std::vector<std::uint8_t>{9});
  CHECK_THROWS_WITH_AS(datasets::images_of(pixels.to(float32), labels), doctest::Contains("expected uint8 (n, rows"),
                       Error);
  CHECK_THROWS_WITH_AS(datasets::images_of(pixels, tensor({1, 2, 3})), doctest::Contains("expected int64 (2,)"), Error);
  CHECK_THROWS_WITH_AS(datasets::images_of(pixels, tensor({1, 256})), doctest::Contains("label 1 is 256"), Error);
}
