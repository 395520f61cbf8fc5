// Files of tensors: safetensors and NumPy's. data/*.safetensors were written by the reference implementation
// (parity/mnist_net.py); files.py checks what is written here with NumPy and PyTorch.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "mnist_net.hpp"
#include "nn_support.hpp"

using namespace xtape;
using doctest::Contains;

namespace {

namespace fs = std::filesystem;

// A folder that is gone afterwards.
struct Folder {
  Folder()
      : path(fs::temp_directory_path() / ("xtape_files_" + std::to_string(getpid()) + "_" + std::to_string(++count))) {
    fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }
  std::string operator/(const char* name) const { return (path / name).string(); }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(path), fs::directory_iterator()));
  }
  fs::path path;
  static inline int count = 0;
};

std::string data(const char* name) { return std::string(XTAPE_TEST_DIR "/data/") + name; }

void write(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }
std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool same(const Tensor& a, const Tensor& b) {
  return a.dtype() == b.dtype() && a.shape() == b.shape() && a.to_vector<double>() == b.to_vector<double>();
}

nn::StateDict samples() {
  return {{"f32", tensor({{1.5, -2., 3.}, {0., 1e-40, 7.}})},
          {"f64", tensor({1. / 3}, float64)},
          {"i64", tensor({{-5}, {1LL << 60}})},
          {"u8", tensor({0, 255}, uint8)},
          {"bool", tensor({true, false, true})},
          {"scalar", full({}, 2.5)},
          {"empty", zeros({0, 3}, float64)},
          {"view", arange(6, float32)[2]},
          {"\u00e4 \"name\\", ones({1})}};
}

// A safetensors file with this head.
std::string with_head(const std::string& head, std::size_t bytes) {
  std::string s(8, '\0');
  for (std::size_t i = 0; i < 4; ++i) s[i] = static_cast<char>(head.size() >> 8 * i & 255);
  return s + head + std::string(bytes, '\1');
}

}  // namespace

TEST_CASE("a state dict that PyTorch trained and saved loads by name and gives its logits on MNIST") {
  if (!std::getenv("XTAPE_DATA")) {
    std::cout << "SKIPPED: XTAPE_DATA names no directory with MNIST\n";
    return;
  }
  MnistNet net;
  net.load_state_dict(nn::load_safetensors(data("mnist_torch.safetensors")));
  net.eval();
  CHECK(nn::load_safetensors_metadata(data("mnist_torch.safetensors")) == nn::Metadata{{"format", "pt"}});
  const Tensor expected = nn::load_safetensors(data("mnist_logits.safetensors")).at("logits");
  const datasets::Mnist mnist = datasets::mnist();
  const Tensor y = no_grad([&] { return net(first_test_images(mnist, expected.shape()[0])); });
  CHECK(allclose(y, expected, 2e-5, 2e-5));
  const Tensor labels = datasets::whole(mnist.test.slice(0, expected.shape()[0])).labels;
  CHECK(mean((argmax(y) == labels).to(float32)).item() > 0.97);
}

TEST_CASE("safetensors of the reference implementation load with every dtype") {
  const nn::StateDict t = nn::load_safetensors(data("dtypes.safetensors"));
  CHECK(t.size() == 6);
  CHECK(same(t.at("f64"), tensor({{0, 1, 2}, {3, 4, 5}}, float64)));
  CHECK(same(t.at("f32"), tensor({1.5, -2.})));
  CHECK(same(t.at("i64"), full({}, 7, int64)));
  CHECK(same(t.at("u8"), tensor({0, 255}, uint8)));
  CHECK(same(t.at("bool"), tensor({{true}, {false}})));
  CHECK(same(t.at("empty"), zeros({0, 3})));
  CHECK(nn::load_safetensors_metadata(data("dtypes.safetensors")) ==
        nn::Metadata{{"a", "b"}, {"unicode", "\u00e4\"\\"}});
  // Narrow ones become the next that lose nothing.
  const nn::StateDict narrow = nn::load_safetensors(data("narrow.safetensors"));
  CHECK(same(narrow.at("h"), tensor({1., 2.})));
  CHECK(same(narrow.at("b"), tensor({1., 2.})));
  CHECK(same(narrow.at("i32"), tensor({1, -2})));
}

TEST_CASE("what is saved loads back, bit for bit") {
  const Folder folder;
  const nn::Metadata notes{{"epoch", "3"}, {"\u00e4", "\"\\\n"}};
  nn::save_safetensors(folder / "a.safetensors", samples(), notes);
  nn::save_npz(folder / "a.npz", samples());
  for (const nn::StateDict& back : {nn::load_safetensors(folder / "a.safetensors"), nn::load_npz(folder / "a.npz")}) {
    CHECK(back.size() == samples().size());
    for (auto& entry : samples()) CHECK_MESSAGE(same(back.at(entry.first), entry.second), entry.first);
  }
  CHECK(nn::load_safetensors_metadata(folder / "a.safetensors") == notes);
  for (auto& entry : samples()) {
    nn::save_npy(folder / "x.npy", entry.second);
    CHECK_MESSAGE(same(nn::load_npy(folder / "x.npy"), entry.second), entry.first);
  }
  CHECK(folder.files() == 3);  // and nothing beside them
  for (const nn::StateDict& none : {nn::StateDict{}}) {
    nn::save_safetensors(folder / "none", none);
    CHECK(nn::load_safetensors(folder / "none").empty());
    nn::save_npz(folder / "none.npz", none);
    CHECK(nn::load_npz(folder / "none.npz").empty());
  }
}

TEST_CASE("half-precision numbers become the floats they are") {
  const Folder folder;
  // 1, -2, 65504, the least subnormal, 0, -0, infinity, NaN
  const std::string bytes("\x00\x3c\x00\xc0\xff\x7b\x01\x00\x00\x00\x00\x80\x00\x7c\x00\x7e", 16);
  std::string file = with_head(R"({"h":{"dtype":"F16","shape":[8],"data_offsets":[0,16]}})", 0) + bytes;
  write(folder / "h", file);
  const std::vector<float> v = nn::load_safetensors(folder / "h").at("h").to_vector<float>();
  CHECK(std::vector<float>(v.begin(), v.begin() + 5) == std::vector<float>{1, -2, 65504, 0x1p-24f, 0});
  CHECK(std::signbit(v[5]));
  CHECK(std::isinf(v[6]));
  CHECK(std::isnan(v[7]));
}

TEST_CASE("a safetensors file that breaks the rules is refused") {
  const Folder folder;
  struct Row {
    const char* what;
    std::string bytes, says;
  };
  auto entry = [](const char* shape, const char* offsets, const char* dtype = "F32") {
    return std::string("{\"dtype\":\"") + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}";
  };
  const std::string a = "{\"a\":", one = entry("[1]", "[0,4]");
  const std::vector<Row> rows = {
      {"empty", "", "it has 0 bytes"},
      {"short", "1234567", "it has 7 bytes"},
      {"head beyond the end", with_head("{}", 0).substr(0, 9), "but the file ends before"},
      {"head too long", std::string("\xff\xff\xff\xff\xff\xff\xff\x7f") + "{}", "but 100 MB are the limit"},
      {"no object", with_head(" {}", 0), "does not begin with '{'"},
      {"no JSON", with_head("{\"a\"", 0), "its head is no JSON"},
      {"no UTF-8", with_head("{\"\xff\":1}", 0), "its head is no JSON"},
      {"name twice", with_head(a + one + ",\"a\":" + one + "}", 4), "it has 'a' twice"},
      {"no entry", with_head("{\"a\":3}", 0), "'a' has no dtype"},
      {"dtype", with_head(a + entry("[1]", "[0,8]", "C64") + "}", 8), "the dtype C64, which has no counterpart"},
      {"shape no list", with_head(a + entry("4", "[0,4]") + "}", 4), "'a' has no shape that is a list"},
      {"negative size", with_head(a + entry("[-1]", "[0,4]") + "}", 4), "'a' has no shape that is a list"},
      {"fraction", with_head(a + entry("[1.5]", "[0,4]") + "}", 4), "'a' has no shape that is a list"},
      {"huge size", with_head(a + entry("[4294967296,4294967296,4]", "[0,4]") + "}", 4), "which no tensor has here"},
      {"nine axes", with_head(a + entry("[1,1,1,1,1,1,1,1,1]", "[0,4]") + "}", 4), "which no tensor has here"},
      {"one offset", with_head(a + entry("[1]", "[0]") + "}", 4), "'a' has 1 data_offsets"},
      {"backwards", with_head(a + entry("[1]", "[4,0]") + "}", 4), "expected its beginning at 0"},
      {"past the end", with_head(a + entry("[2]", "[0,8]") + "}", 4), "'a' lies at bytes 0 to 8 of 4"},
      {"size", with_head(a + entry("[3]", "[0,4]") + "}", 4), "but (3,) elements of 4 bytes are 12"},
      {"gap", with_head(a + one + ",\"b\":" + entry("[1]", "[8,12]") + "}", 12), "expected its beginning at 4"},
      {"overlap", with_head(a + one + ",\"b\":" + entry("[1]", "[2,6]") + "}", 6), "expected its beginning at 4"},
      {"rest", with_head(a + one + "}", 5), "1 bytes at its end belong to no tensor"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    write(folder / "bad", row.bytes);
    const int line = __LINE__ + 1;
    const std::string said = message([&] { nn::load_safetensors(folder / "bad"); });
    CAPTURE(said);
    CHECK(says(said, "load_safetensors: " + folder / "bad" + ": ", line));
    CHECK(said.find(row.says) != std::string::npos);
    CHECK_THROWS_AS(nn::load_safetensors_metadata(folder / "bad"), Error);
  }
  write(folder / "note", with_head("{\"__metadata__\":{\"a\":1}}", 0));
  CHECK_THROWS_WITH_AS(nn::load_safetensors_metadata(folder / "note"), Contains("the note 'a' is no string"), Error);
  CHECK_THROWS_WITH_AS(nn::load_safetensors(folder / "nowhere"), Contains("it cannot be read; is it there?"), Error);
  CHECK_THROWS_AS(nn::load_safetensors(folder.path.string()), Error);
  CHECK_THROWS_WITH_AS(nn::save_safetensors(folder / "x", {{"__metadata__", ones({1})}}), Contains("of the format"),
                       Error);
  CHECK_THROWS_WITH_AS(nn::save_safetensors(folder / "x", {{"a", Tensor()}}), Contains("'a' is undefined"), Error);
  CHECK_THROWS_WITH_AS(nn::save_safetensors(folder / "x", {{"\xff", ones({1})}}), Contains("no UTF-8"), Error);
  CHECK_THROWS_WITH_AS(nn::save_safetensors("/no/such/folder/x", samples()),
                       Contains("cannot write /no/such/folder/x: No such file"), Error);
  CHECK_FALSE(fs::exists(folder / "x"));
  CHECK(folder.files() == 2);
}

TEST_CASE("no damage to a file of tensors goes unnoticed or crashes") {
  const Folder folder;
  nn::save_safetensors(folder / "good.safetensors", samples());
  nn::save_npz(folder / "good.npz", samples());
  nn::save_npy(folder / "good.npy", samples().at("f32"));
  for (const char* name : {"good.safetensors", "good.npz", "good.npy"}) {
    const std::string good = read(folder / name), bad = folder / "bad";
    CAPTURE(name);
    auto load = [&] {
      if (std::string(name) == "good.npy") nn::load_npy(bad);
      else std::string(name) == "good.npz" ? nn::load_npz(bad) : nn::load_safetensors(bad);
    };
    for (std::size_t n = 0; n < good.size(); n += 7) {  // cut off
      write(bad, good.substr(0, n));
      CHECK_THROWS_AS(load(), Error);
    }
    for (std::size_t i = 0; i < good.size(); i += 3) {  // a byte changed: refused, or read as other values
      std::string changed = good;
      changed[i] = static_cast<char>(changed[i] ^ 0x55);
      write(bad, changed);
      try {
        load();
      } catch (const Error&) {}
    }
  }
}

TEST_CASE("NumPy's files are refused where they cannot be read") {
  const Folder folder;
  auto npy = [](const std::string& head, std::size_t bytes) {
    return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(head.size()) + '\0' + head +
           std::string(bytes, '\1');
  };
  struct Row {
    std::string bytes, says;
  };
  const std::vector<Row> rows = {
      {"", "does not begin as a .npy file"},
      {std::string("\x93NUMPY\x04\x00\x00\x00\x00\x00", 12), "it has version 4"},
      {npy("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", 4), "its elements are '>f4'"},
      {npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", 4), "its elements are '|O'"},
      {npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", 4), "of a plain array"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 4),
       "4 bytes follow its head, but it announces (2,)"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", 5), "5 bytes follow its head"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", 4), "of a plain array"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 9, 9), }", 4),
       "its shape is none"},
  };
  for (const Row& row : rows) {
    write(folder / "bad.npy", row.bytes);
    CAPTURE(row.says);
    CHECK_THROWS_WITH_AS(nn::load_npy(folder / "bad.npy"), Contains(row.says.c_str()), Error);
  }
  // A transposed array of NumPy's, and the same in our order.
  write(folder / "f.npy", npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", 0) + "\1\2\3\4\5\6");
  CHECK(same(nn::load_npy(folder / "f.npy"), tensor({{1, 3, 5}, {2, 4, 6}}, uint8)));
  CHECK_THROWS_WITH_AS(nn::load_npz(folder / "f.npy"), Contains("expected an archive that numpy.savez wrote"), Error);
  CHECK_THROWS_WITH_AS(nn::load_npz(folder / "nowhere.npz"), Contains("No such file"), Error);
  CHECK_THROWS_WITH_AS(nn::load_npy(folder / "nowhere.npy"), Contains("is it there?"), Error);
  CHECK_THROWS_WITH_AS(nn::save_npz("/no/such/folder/x.npz", samples()), Contains("cannot write /no/such"), Error);
  CHECK_THROWS_WITH_AS(nn::save_npz(folder / "x.npz", {{"a", Tensor()}}), Contains("'a': the tensor is undefined"),
                       Error);
  CHECK_THROWS_WITH_AS(nn::save_npz(folder / "x.npz", {{"", ones({1})}}), Contains("a name is empty"), Error);
  CHECK(folder.files() == 2);
}
