// Files of tensors: safetensors and NumPy's. data/*.safetensors were written by the reference implementation
// (parity/mnist_net.py); files.py checks what is written here with NumPy and PyTorch.
#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <datasets/idx.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>

#include "folder.hpp"
#include "mnist_net.hpp"
#include "nn_support.hpp"

using namespace xtape;
using doctest::Contains;

namespace {

namespace fs = std::filesystem;

std::string data(const char* name) { return std::string(XTAPE_TEST_DIR "/data/") + name; }

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
  const Tensor labels = datasets::whole(mnist.test.slice(0, expected.shape()[0])).target;
  CHECK(mean((argmax(y, 1) == labels).to(float32)).item() > 0.97);
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
  CHECK(folder.files().size() == 3);  // and nothing beside them
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
  write_file(folder / "h", file);
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
      {"NUL after the head", with_head(std::string("{}\0[", 4), 0), "it has a NUL"},
      {"more after the head", with_head("{}{}", 0), "its head is no JSON"},
      {"no UTF-8", with_head("{\"\xff\":1}", 0), "its head is no JSON"},
      {"name twice", with_head(a + one + ",\"a\":" + one + "}", 4), "it has 'a' twice"},
      {"dtype twice", with_head(a + "{\"dtype\":\"F64\"," + one.substr(1) + "}", 4), "'a' has 'dtype' twice"},
      {"note twice", with_head(R"({"__metadata__":{"n":"1","n":"2"}})", 0), "'__metadata__' has 'n' twice"},
      {"no note", with_head(R"({"__metadata__":{"n":1}})", 0), "the note 'n' is no string"},
      {"no notes", with_head(R"({"__metadata__":[]})", 0), "'__metadata__' is no object of strings"},
      {"no entry", with_head("{\"a\":3}", 0), "'a' has no dtype"},
      {"list for an entry", with_head("{\"a\":[1,2]}", 0), "'a' has no dtype"},
      {"four deep", with_head(a + entry("[[1]]", "[0,4]") + "}", 4), "nested deeper than 3"},
      {"a million deep", with_head(a + std::string(1'000'000, '['), 0), "nested deeper than 3"},
      {"dtype", with_head(a + entry("[1]", "[0,8]", "C64") + "}", 8), "the dtype C64, which has no counterpart"},
      {"shape no list", with_head(a + entry("4", "[0,4]") + "}", 4), "'a' has no shape that is a list"},
      {"negative size", with_head(a + entry("[-1]", "[0,4]") + "}", 4), "'a' has no shape that is a list"},
      {"fraction", with_head(a + entry("[1.5]", "[0,4]") + "}", 4), "'a' has no shape that is a list"},
      {"too huge a size", with_head(a + entry("[18446744073709551616]", "[0,4]") + "}", 4), "no shape that is a list"},
      {"wrapped size", with_head(a + entry("[18446744073709551615]", "[0,4]") + "}", 4), "no shape that is a list"},
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
    write_file(folder / "bad", row.bytes);
    const int line = __LINE__ + 1;
    const std::string said = message([&] { nn::load_safetensors(folder / "bad"); });
    CAPTURE(said);
    CHECK(says(said, "load_safetensors: " + folder / "bad" + ": ", line));
    CHECK(said.find(row.says) != std::string::npos);
    CHECK_THROWS_AS(nn::load_safetensors_metadata(folder / "bad"), Error);
  }
  CHECK_THROWS_WITH_AS(nn::load_safetensors(folder / "nowhere"), Contains("it cannot be read; is it there? (No such"),
                       Error);
  CHECK_THROWS_WITH_AS(nn::load_safetensors(folder / "bad" + std::string("\0x", 2)), Contains("goes on after a NUL"),
                       Error);
  CHECK_THROWS_AS(nn::load_safetensors(folder.path.string()), Error);
  CHECK_THROWS_WITH_AS(nn::save_safetensors(folder / "x", {{"__metadata__", ones({1})}}), Contains("of the format"),
                       Error);
  CHECK_THROWS_WITH_AS(nn::save_safetensors(folder / "x", {{"a", Tensor()}}), Contains("'a' is undefined"), Error);
  CHECK_THROWS_WITH_AS(nn::save_safetensors(folder / "x", {{"\xff", ones({1})}}), Contains("no UTF-8"), Error);
  CHECK_THROWS_WITH_AS(nn::save_safetensors("/no/such/folder/x", samples()),
                       Contains("cannot write /no/such/folder/x: No such file"), Error);
  CHECK_FALSE(fs::exists(folder / "x"));
  CHECK(folder.files().size() == 1);
  // What the format does not name is passed over.
  write_file(folder / "more", with_head(a + "{\"more\":{\"x\":null},\"most\":[1.5]," + one.substr(1) + "}", 4));
  CHECK(nn::load_safetensors(folder / "more").at("a").shape() == Shape{1});
}

TEST_CASE("the time to save and load safetensors grows with the number of tensors and no faster") {
  const Folder folder;
  nn::StateDict many;
  for (int i = 0; i < 16'000; ++i) many["layers." + std::to_string(i)] = full({1}, i);
  const std::clock_t begin = std::clock();
  nn::save_safetensors(folder / "many", many);
  const nn::StateDict back = nn::load_safetensors(folder / "many");
  std::string head = "{\"__metadata__\":{";  // as many notes as fit a large model
  for (int i = 0; i < 100'000; ++i) head += (i ? ",\"" : "\"") + std::to_string(i) + "\":\"a note\"";
  write_file(folder / "notes", with_head(head + "}}", 0));
  CHECK(nn::load_safetensors_metadata(folder / "notes").size() == 100'000);
  CHECK(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC < 5);  // a square would take a minute
  CHECK(back.size() == 16'000);
  CHECK(back.at("layers.15999").item() == 15999);
}

TEST_CASE("no damage to a file goes unnoticed or crashes") {
  const Folder folder;
  nn::save_safetensors(folder / "good.safetensors", samples(), {{"note", "n"}});
  nn::save_npz(folder / "good.npz", samples());
  nn::save_npy(folder / "good.npy", samples().at("f32"));
  write_file(folder / "good.idx", std::string("\0\0\x08\x02\0\0\0\x02\0\0\0\x03", 12) + "abcdef");
  const gzFile packed = gzopen((folder / "good.gz").c_str(), "wb");
  const std::string idx = content(folder / "good.idx");
  gzwrite(packed, idx.data(), static_cast<unsigned>(idx.size()));
  gzclose(packed);
  for (const std::string name : {"safetensors", "npz", "npy", "idx", "gz"}) {
    const std::string good = content(folder / ("good." + name).c_str()), bad = folder / "bad";
    CAPTURE(name);
    // What an error says, which must name the file; empty without one.
    auto load = [&](const std::string& bytes) {
      write_file(bad, bytes);
      const std::string said = message([&] {
        if (name == "safetensors") nn::load_safetensors(bad);
        else if (name == "npz") nn::load_npz(bad);
        else if (name == "npy") nn::load_npy(bad);
        else datasets::read_idx(bad);
      });
      if (said == "no error") return std::string();
      CHECK(said.find(bad) != std::string::npos);
      return said;
    };
    CHECK(load(good).empty());
    for (std::size_t n = 0; n < good.size(); n += 7) CHECK(!load(good.substr(0, n)).empty());  // cut off
    for (std::size_t i = 0; i < good.size(); i += 3) {  // a byte changed: refused, or read as other values
      std::string changed = good;
      changed[i] = static_cast<char>(changed[i] ^ 0x55);
      load(changed);
    }
    std::minstd_rand random(1);
    for (int mutant = 0; mutant < 100; ++mutant) {  // several changed, or a stretch doubled or taken out
      std::string changed = good;
      const std::size_t at = random() % good.size(), length = random() % 9;
      if (mutant % 3 == 0) changed.insert(at, good, random() % good.size(), length);
      else if (mutant % 3 == 1) changed.erase(at, length);
      else
        for (std::size_t k = 0; k <= length; ++k) changed[random() % good.size()] = static_cast<char>(random());
      load(changed);
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
      {std::string("\x93NUMPY\x01\x01\x00\x00\x00\x00", 12), "it has version 1.1"},
      {std::string("\x93NUMPY\x01\x00\xff\xff", 10) + std::string(65535, '\''), "of a plain array"},
      {std::string("\x93NUMPY\x02\x00\xff\xff\xff\xff", 12), "its head has 4294967295 bytes"},
      {std::string("\x93NUMPY\x02\x00\xff", 9), "does not begin as a .npy file"},
      {std::string("\x93NUMPY\x02\x00\x10\x00", 10), "it ends within its head"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1 7, 2), }", 8), "of a plain array"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,,), }", 8), "of a plain array"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (,), }", 4), "of a plain array"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2.5,), }", 8), "of a plain array"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (0x2,), }", 8), "of a plain array"},
      {npy("{'descr': '<f4', 'descr': '<i8', 'fortran_order': False, 'shape': (1,), }", 4), "of a plain array"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}", 4), "of a plain array"},
      {npy("{'fortran_order': False, 'shape': (1,), }", 4), "of a plain array"},
      {npy("{'descr': '<f4', 'fortran_order': Falsehood, 'shape': (1,), }", 4), "of a plain array"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)", 4), "of a plain array"},
      {npy(std::string("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\0(2,)", 62), 4), "of a plain array"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), } 2", 4), "of a plain array"},
      {npy("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", 4), "its elements are '>f4'"},
      {npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", 4), "its elements are '|O'"},
      {npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", 4), "of a plain array"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 4),
       "4 bytes follow its head, but it announces (2,)"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", 5), "5 bytes follow its head"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", 4), "of a plain array"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 9, 9), }", 4),
       "its shape is none"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 9223372036854775808), }", 0), "its shape is none"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", 4), "its shape is none"},
  };
  for (const Row& row : rows) {
    write_file(folder / "bad.npy", row.bytes);
    CAPTURE(row.says);
    CHECK_THROWS_WITH_AS(nn::load_npy(folder / "bad.npy"), Contains(row.says.c_str()), Error);
  }
  // A transposed array of NumPy's, and the same in our order.
  write_file(folder / "f.npy", npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", 0) + "\1\2\3\4\5\6");
  CHECK(same(nn::load_npy(folder / "f.npy"), tensor({{1, 3, 5}, {2, 4, 6}}, uint8)));
  // Blanks, double quotes and the order of the entries mean nothing.
  write_file(folder / "f.npy",
             npy("{\"shape\":( 2 ,3 ),'descr' : '|u1','fortran_order':False}  \n", 0) + "\1\2\3\4\5\6");
  CHECK(same(nn::load_npy(folder / "f.npy"), tensor({{1, 2, 3}, {4, 5, 6}}, uint8)));
  CHECK_THROWS_WITH_AS(nn::load_npz(folder / "f.npy"), Contains("expected an archive that numpy.savez wrote"), Error);
  CHECK_THROWS_WITH_AS(nn::load_npz(folder / "nowhere.npz"), Contains("No such file"), Error);
  CHECK_THROWS_WITH_AS(nn::load_npy(folder / "nowhere.npy"), Contains("is it there?"), Error);
  CHECK_THROWS_WITH_AS(nn::save_npz("/no/such/folder/x.npz", samples()), Contains("cannot write /no/such"), Error);
  CHECK_THROWS_WITH_AS(nn::save_npz(folder / "x.npz", {{"a", Tensor()}}), Contains("'a': the tensor is undefined"),
                       Error);
  CHECK_THROWS_WITH_AS(nn::save_npz(folder / "x.npz", {{"", ones({1})}}), Contains("a name is empty"), Error);
  CHECK_THROWS_WITH_AS(nn::save_npz(folder / "x.npz", {{std::string("a\0b", 3), ones({1})}}), Contains("holds a NUL"),
                       Error);
  CHECK_THROWS_WITH_AS(nn::save_npz(folder / "x.npz", {{std::string(65'532, 'n'), ones({1})}}),
                       Contains("a name has 65532 bytes, expected at most 65531"), Error);
  CHECK_THROWS_AS(nn::save_npz(folder / "x.npz", {{"\xff", ones({1})}}), Error);
  CHECK(folder.files().size() == 2);
  nn::save_npz(folder / "x.npz", {{std::string(65'531, 'n'), ones({1})}});
  CHECK(nn::load_npz(folder / "x.npz").count(std::string(65'531, 'n')) == 1);
}

TEST_CASE("an archive's member that unpacks to more than it announces is read no further") {
  const Folder folder;
  nn::save_npy(folder / "x.npy", ones({2}));
  const std::string head = content(folder / "x.npy"), content = head + std::string(1 << 24, '\0');
  std::string packed(compressBound(content.size()), '\0');
  z_stream z{};
  REQUIRE(deflateInit2(&z, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY) == Z_OK);
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  z.avail_in = static_cast<uInt>(content.size());
  z.next_out = reinterpret_cast<Bytef*>(packed.data());
  z.avail_out = static_cast<uInt>(packed.size());
  REQUIRE(deflate(&z, Z_FINISH) == Z_STREAM_END);
  packed.resize(z.total_out);
  deflateEnd(&z);
  auto number = [](std::size_t value, int bytes) {
    std::string s;
    for (int i = 0; i < bytes; ++i) s += static_cast<char>((i < 8 ? value >> 8 * i & 255 : 0));
    return s;
  };
  const std::size_t checksum =
      crc32(0, reinterpret_cast<const Bytef*>(content.data()), static_cast<uInt>(content.size()));
  for (const std::size_t announced : {head.size(), std::size_t{8}, std::size_t{1} << 31}) {
    const std::string about = number(20, 2) + number(0, 2) + number(8, 2) + number(0, 4) + number(checksum, 4) +
                              number(packed.size(), 4) + number(announced, 4) + number(5, 2) + number(0, 2);
    const std::string local = "PK\3\4" + about + "a.npy" + packed;
    const std::string central = "PK\1\2" + number(20, 2) + about + number(0, 14) + "a.npy";
    write_file(folder / "bomb.npz", local + central + "PK\5\6" + number(0, 4) + number(1, 2) + number(1, 2) +
                                        number(central.size(), 4) + number(local.size(), 4) + number(0, 2));
    const std::string bytes = std::to_string(announced) + " bytes";
    const std::string why = announced < content.size()
                                ? "it unpacks to more than the " + bytes + " that the archive announces"
                                : "the archive announces " + bytes + ", which its " + std::to_string(packed.size()) +
                                      " packed ones cannot be";
    CHECK_THROWS_WITH_AS(nn::load_npz(folder / "bomb.npz"), Contains(("bomb.npz (a.npy): " + why).c_str()), Error);
  }
}

TEST_CASE("a file of a terabyte that holds nothing is refused by its name") {
  const Folder folder;
  const std::string path = folder / "sparse";
  struct Limit {  // of the address space, where the machine would promise any amount
    Limit() {
      getrlimit(RLIMIT_AS, &before);
      rlimit less = before;
      less.rlim_cur = std::min<rlim_t>(before.rlim_cur, rlim_t{1} << 36);
      setrlimit(RLIMIT_AS, &less);
    }
    ~Limit() { setrlimit(RLIMIT_AS, &before); }
    rlimit before;
  };
  const std::string npy = "{'descr': '<f4', 'fortran_order': False, 'shape': (274877906944,), }";
  const std::string wide = "{'descr': '<f2', 'fortran_order': False, 'shape': (549755813888,), }";
  auto npy_with = [](const std::string& head) {
    return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(head.size()) + '\0' + head;
  };
  const std::uintmax_t terabyte = std::uintmax_t{1} << 40;
  struct Row {
    std::string begin;
    std::function<void()> load;
  };
  const auto load_npy = [&] { nn::load_npy(path); };
  const auto load_safetensors = [&] { nn::load_safetensors(path); };
  const std::vector<Row> rows = {
      {"", load_npy},
      {npy_with(npy), load_npy},
      {npy_with(wide), load_npy},
      {"", load_safetensors},
      {with_head(R"({"a":{"dtype":"F32","shape":[274877906944],"data_offsets":[0,1099511627776]}})", 0),
       load_safetensors},
      {"", [&] { nn::load_npz(path); }},
      {"", [&] { datasets::read_idx(path); }},
      {std::string("\0\0\x08\x02\x01\0\0\0\0\x01\0\0", 12), [&] { datasets::read_idx(path); }},
  };
  for (const Row& row : rows) {
    write_file(path, row.begin);
    std::error_code failed;
    fs::resize_file(path, row.begin.size() + terabyte, failed);
    if (failed) {
      std::cout << "SKIPPED: there is no room for such a file: " << failed.message() << "\n";
      return;
    }
#if !defined(XTAPE_SANITIZED)
    const Limit limit;
#endif
    CHECK(message(row.load).find(path) != std::string::npos);
  }
}
