// Readers of data sets, tables and pictures on files that are cut off, too long, of the wrong kind or made to do harm:
// an error that names the file and the place in it, and no more memory than the file deserves.
#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdlib>
#include <datasets/archive.hpp>
#include <datasets/idx.hpp>
#include <fstream>
#include <random>

#include "folder.hpp"
#include "support.hpp"

using namespace xtape;
using datasets::CsvOptions;
using datasets::ImageFolderOptions;
using datasets::LibsvmOptions;

namespace {

namespace fs = std::filesystem;

std::string given(const std::string& name) { return XTAPE_TEST_DIR "/readers/" + name; }

// While it lives, the process gets no more than so much memory beyond what it has; sanitizers reserve more than all.
class MemoryLimit {
 public:
  explicit MemoryLimit([[maybe_unused]] rlim_t more) {
    getrlimit(RLIMIT_AS, &before_);
#if !defined(XTAPE_SANITIZED)
    std::int64_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    rlimit less = before_;
    if (pages > 0) less.rlim_cur = static_cast<rlim_t>(pages * sysconf(_SC_PAGESIZE)) + more;
    setrlimit(RLIMIT_AS, &less);
#endif
  }
  ~MemoryLimit() { setrlimit(RLIMIT_AS, &before_); }
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

 private:
  rlimit before_;
};

std::string big_endian(std::uint32_t n) { return {char(n >> 24), char(n >> 16), char(n >> 8), char(n)}; }

// A PNG of this size that ends where its pixels should begin.
std::string png(std::uint32_t width, std::uint32_t height) {
  const std::string head = "IHDR" + big_endian(width) + big_endian(height) + std::string("\x08\x02\0\0\0", 5);
  const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(head.data()), head.size());
  return "\x89PNG\r\n\x1a\n" + big_endian(13) + head + big_endian(static_cast<std::uint32_t>(crc)) + big_endian(1000) +
         "IDAT";
}

// A JPEG with another size in its frame's head.
std::string jpeg_of(int rows, int cols) {
  std::string bytes = content(given("pictures/jpeg/a.jpg"));
  const std::size_t frame = bytes.find("\xff\xc0");
  bytes[frame + 5] = char(rows >> 8), bytes[frame + 6] = char(rows);
  bytes[frame + 7] = char(cols >> 8), bytes[frame + 8] = char(cols);
  return bytes;
}

std::string npy(const std::string& descr, const std::string& shape, std::size_t bytes) {
  const std::string head = "{'descr': " + descr + ", 'fortran_order': True, 'shape': " + shape + ", }";
  return std::string("\x93NUMPY\x01\x00", 8) + char(head.size()) + '\0' + head + std::string(bytes, '\1');
}

using Reader = void (*)(const std::string& path);
void read_idx(const std::string& path) { datasets::read_idx(path); }
void read_csv(const std::string& path) { datasets::read_csv(path); }
void read_words(const std::string& path) { datasets::read_csv(path, CsvOptions().label(-1)); }
void read_libsvm(const std::string& path) { datasets::read_libsvm(path); }
void read_image(const std::string& path) { datasets::read_image(path); }
void read_npy(const std::string& path) { load_npy(path); }
void read_npz(const std::string& path) { load_npz(path); }

}  // namespace

TEST_CASE("readers: what is wrong with a file is said with its place") {
  const Folder folder;
  const std::string path = folder / "file.png";
  const std::string jpeg = content(given("pictures/jpeg/a.jpg")), good_png = content(given("pictures/png/c_rgb.PNG"));
  const std::string progressive = content(given("pictures/jpeg/b.jpeg"));
  struct Row {
    Reader read;
    std::string bytes, says;
  };
  const std::string idx_head = std::string("\0\0\x08\x03", 4);
  const Row rows[] = {
      // 2^40 images of one pixel, as 2^31 times 2^9; and what ends within its values.
      {read_idx, idx_head + big_endian(1u << 31) + big_endian(512) + big_endian(1) + "abc",
       "it ends at byte 19, after 3 values, expected 1099511627776 of shape (2147483648, 512, 1)"},
      {read_idx, idx_head + big_endian(1u << 31), "it ends at byte 8, after 0 bytes of the shape, expected 4"},
      {read_csv, "", "it has no row"},
      {read_csv, "a,b\n", "it has no row after the names of its columns"},
      {read_csv, "a,b\n1,2\n3\n", "line 3, column 2: the row has 1 cells, expected 2 as in line 1"},
      {read_csv, "a,b\n1,2\r\n\r\n3,4,5", "line 4, column 5: the row has 3 cells, expected 2 as in line 1"},
      {read_csv, "a,b\n1,\n", "line 2, column 3: the cell is empty, expected a number"},
      {read_csv, "a,b\n1,two\n", "line 2, column 3: the cell is 'two', expected a number that float32 holds"},
      {read_csv, "ä,b\n1,1e39\n", "line 2, column 3: the cell is '1e39', expected a number that float32 holds"},
      {read_csv, "a,b\n1,0x10\n", "line 2, column 3: the cell is '0x10'"},
      {read_csv, "a,b\n1,+-2\n", "line 2, column 3: the cell is '+-2'"},
      {read_csv, "a,b\n1 2,3\n", "line 2, column 1: the cell is '1 2'"},
      {read_csv,
       "\xEF\xBB\xBF"
       "1,\"2\n3,4\n",
       "line 1, column 3: the quote that begins here is not closed"},
      {read_csv, "ü,b\"\n", "line 1, column 4: there is a quote within a cell"},
      {read_csv, "a,b\n\"1\"2,3\n", "line 2, column 4: the cell goes on after its closing quote"},
      {read_csv, std::string("a,b\n1,\0", 7), "line 2, column 3: there is a NUL, expected text"},
      {read_csv, "\xff\xfe" + std::string("a\0,\0", 4), "line 1, column 4: there is a NUL"},
      {read_csv, "\"" + std::string(2'000'000, 'x'), "line 1, column 1: the cell is longer than a megabyte"},
      {read_csv, std::string(1'500'000, ','), "line 1, column 100001: the row has more than 100000 cells"},
      {read_words, "x,k\n1,a\n2, \n", "line 3, column 3: the cell is empty, expected a class"},
      {read_words, "k\na\n", "it has no column for the input"},
      {read_libsvm, "# nothing\n\n", "it has no row"},
      {read_libsvm, "one 1:2\n", "line 1, column 1: there is 'one', expected a number as the target"},
      {read_libsvm, "1,2 1:2\n", "line 1, column 1: there is '1,2', expected a number as the target"},
      {read_libsvm, "1 2:1 1:1\n", "line 1, column 7: index 1 comes after 2, expected ascending ones"},
      {read_libsvm, "1 2:1\n1 3:1 3:1\n", "line 2, column 7: index 3 comes after 3, expected ascending ones"},
      {read_libsvm, "1 0:1\n", "line 1, column 3: index 0, expected at least 1"},
      {read_libsvm, "1 -7:1\n", "line 1, column 3: index -7, expected at least 1"},
      {read_libsvm, "1 qid:3 1:1\n", "line 1, column 3: there is 'qid' before the colon, expected index:value"},
      {read_libsvm, "1 5\n", "line 1, column 3: there is '5', expected index:value"},
      {read_libsvm, "1 5:\n", "line 1, column 5: there is '', expected a number as the value"},
      {read_libsvm, "1 5:x\n", "line 1, column 5: there is 'x', expected a number as the value"},
      {read_libsvm, "1 5:1:2\n", "line 1, column 6: there is a second colon"},
      {read_libsvm, "1 99999999999999999999:1\n", "line 1, column 3: there is '99999999999999999999' before the colon"},
      {read_libsvm, "1 9223372036854775807:1\n", "line 1, column 3: index 9223372036854775807 is beyond 1099511627776"},
      {read_libsvm, "1 1099511627776:1\n", "its 1 numbers would be 1 x 1099511627776 with the zeros"},
      {read_libsvm, std::string(2'000'000, '1'), "line 1, column 1: the word has more than 1000 characters"},
      {read_image, "", "it is neither a PNG nor a JPEG file: its first bytes are none"},
      {read_image, "This is text.\n",
       "it is neither a PNG nor a JPEG file: its first bytes are 54 68 69 73 20 69 73 20"},
      {read_image, png(60'000, 60'000), "it has 60000 x 60000 pixels, expected at most 67108864 in all, at byte"},
      {read_image, png(8192, 8192), "it claims 8192 x 8192 pixels, which its 41 bytes cannot hold"},
      {read_image, png(8192, 8192) + std::string(100'000, 'x'), "pixels, which its 100041 bytes cannot hold"},
      {read_image, png(0x7fffffff, 0x7fffffff), "2147483647 x 2147483647 pixels, expected at most"},
      {read_image, png(0, 5), "libpng: "},
      {read_image, png(4, 4), "libpng: "},
      {read_image, good_png.substr(0, 20), "libpng: "},
      {read_image, good_png.substr(0, good_png.size() - 20), "libpng: "},
      {read_image, good_png.substr(0, 100), "libpng: "},
      {read_image, jpeg.substr(0, 3), "libjpeg: "},
      {read_image, jpeg.substr(0, jpeg.size() / 2), "libjpeg: "},
      {read_image, jpeg.substr(0, jpeg.size() - 10),
       "libjpeg: Premature end of JPEG file, at byte " + std::to_string(jpeg.size() - 10)},
      {read_image, progressive.substr(0, progressive.size() - 10), "libjpeg: Premature end of JPEG file"},
      {read_image, jpeg_of(60'000, 60'000), "it has 60000 x 60000 pixels, expected at most"},
      {read_image, jpeg_of(8000, 8000), "it claims 8000 x 8000 pixels, which its 717 bytes cannot hold"},
      {read_image, jpeg_of(24, 16), "libjpeg: "},
      {read_image, content(given("cmyk.jpg")), "libjpeg: Unsupported color conversion request"},
      {read_npy, npy("'<f4'", "(1099511627776,)", 4), "4 bytes follow its head, but it announces (1099511627776,)"},
      {read_npy, npy("'|O'", "(1,)", 8), "its elements are '|O'"},
      {read_npy, npy("'<f4'", "(2, 3)", 23), "23 bytes follow its head, but it announces (3, 2) elements of 4"},
  };
  for (const Row& row : rows) {
    write_file(path, row.bytes);
    CAPTURE(row.says);
    const std::string said = [&] {
      const MemoryLimit limit(64 << 20);
      return message([&] { row.read(path); });
    }();
    CAPTURE(said);
    CHECK(said.find(": " + path + ": ") != std::string::npos);
    CHECK(said.find(row.says) != std::string::npos);
  }
  for (const Reader read : {read_idx, read_csv, read_libsvm, read_image, read_npy, read_npz}) {
    for (const std::string& name : {folder / "nowhere", folder.path.string(), path + std::string("\0x", 2)}) {
      const std::string said = message([&] { read(name); });
      CAPTURE(said);
      CHECK(said.find(std::string(": ") + name.c_str() + ": ") != std::string::npos);
    }
  }
}

TEST_CASE("readers: what is wrong with a set or a folder names the file") {
  const Folder folder;
  const std::string there = folder.path.string();
  datasets::unpack(given("cifar10.tar.gz"), there);
  datasets::unpack(given("emnist.zip"), there);
  const auto cifar = [&] { datasets::cifar10(there); };
  const auto letters = [&] { datasets::emnist("letters", there); };
  const auto pictures = [&] { datasets::read_image_folder(folder / "pictures"); };
  fs::create_directories(folder / "pictures");
  struct Row {
    std::function<void()> harm, read;
    std::string says;
  };
  const std::string batch = folder / "data_batch_2.bin", records = content(batch);
  const std::string labels = folder / "emnist-letters-test-labels-idx1-ubyte.gz";
  const Row rows[] = {
      {[] {}, [] { datasets::cifar10("/no/such"); }, "cifar10: there is no directory /no/such"},
      {[] {}, [&] { datasets::emnist("capitals", there); }, "emnist: there is no split 'capitals', expected byclass"},
      {[] {}, [&] { datasets::emnist("digits", there); }, "-digits-train-images-idx3-ubyte is missing"},
      {[] {}, [&] { datasets::cifar100(there); }, "fine_label_names.txt is missing"},
      {[&] { write_file(batch, records.substr(0, 5000)); }, cifar,
       "cifar10: " + batch + ": it ends within image 1 at byte 3073, after 1927 bytes, expected 3073"},
      {[&] { write_file(batch, ""); }, cifar, batch + ": it ends within image 0 at byte 0, after 0 bytes"},
      {[&] { write_file(batch, records + "\n"); }, cifar, "it ends within image 2 at byte 6146, after 1 bytes"},
      {[&] { write_file(batch, "\x0a" + records.substr(1)); }, cifar,
       "the label of image 0 at byte 0 is 10, expected 0 to 9"},
      {[&] { write_file(folder / "batches.meta.txt", "a\nb\n"); }, cifar, "it holds 2 names of classes, expected 10"},
      {[&] { write_file(labels, std::string("\0\0\x08\x01\0\0\0\x02\x00\x1a", 10)); }, letters,
       "label 0 is 0, expected 1 to 26"},
      {[&] { write_file(labels, std::string("\0\0\x08\x01\0\0\0\x02\x01\x1b", 10)); }, letters,
       "label 1 is 27, expected 1 to 26"},
      {[] {}, pictures, "it has 0 folders, expected one for each of 1 to 256 classes"},
      {[&] { fs::create_directories(folder / "pictures/a"); }, pictures, "/pictures/a: it has no .png, .jpg or .jpeg"},
      {[&] { fs::copy_file(given("wide.png"), folder / "pictures/a/1.png"); }, [&] { pictures(); }, "no error"},
      {[&] { fs::copy_file(given("pictures/jpeg/a.jpg"), folder / "pictures/a/2.jpg"); }, pictures,
       "/pictures/a/2.jpg: it has 12 x 16 pixels, expected 6 x 5 as "},
      {[&] { write_file(folder / "pictures/a/3.png", "text"); },
       [&] { datasets::read_image_folder(folder / "pictures", ImageFolderOptions().resize(2, 2)); },
       "/pictures/a/3.png: it is neither a PNG nor a JPEG file: its first bytes are 74 65 78 74"},
      {[&] { fs::remove(folder / "pictures/a/3.png"); },
       [&] { datasets::read_image_folder(folder / "pictures", ImageFolderOptions().resize(2, 0)); },
       "2 x 0 pixels asked for, expected 1 to 65536"},
      {[] {}, [] { datasets::read_image_folder("/no/such"); }, "/no/such: its folders cannot be listed"},
      {[] {}, [] { datasets::read_image(given("wide.png"), 2); }, "read_image: 2 channels asked for, expected 1 or 3"},
      {[] {},
       [] {
         datasets::resize_image(ones({1, 2, 2}), 2, 2);
       },
       "the image is float32(1, 2, 2), expected uint8"},
      {[] {}, [] { datasets::read_csv(given("iris.csv"), CsvOptions().label("kind")); },
       "there is no column 'kind', expected one of 'sepal_length', "},
      {[] {}, [] { datasets::read_csv(given("iris.csv"), CsvOptions().label(5)); }, "there is no column 5 of 5"},
      {[] {}, [] { datasets::read_csv(given("iris.csv"), CsvOptions().label(-6)); }, "there is no column -6 of 5"},
      {[] {}, [] { datasets::read_csv(given("iris.csv"), CsvOptions().header(false).target("x")); },
       "there is no column 'x', expected a number, as the first line names none"},
      {[] {}, [] { datasets::read_csv(given("iris.csv"), CsvOptions().separator('\n')); }, "the separator is a quote"},
      {[] {}, [] { datasets::read_csv(given("iris.csv"), CsvOptions().dtype(int64)); }, "the dtype is int64"},
      {[] {}, [] { datasets::read_libsvm(given("digits.libsvm"), LibsvmOptions().features(10)); },
       "line 5, column 20: index 11 is beyond 10 features"},
      {[] {}, [] { datasets::read_libsvm(given("digits.libsvm"), LibsvmOptions().features(0)); }, "0 features"},
      {[&] { write_file(folder / "x.zip", content(given("emnist.zip")).substr(0, 900)); },
       [&] { datasets::unpack(folder / "x.zip", there); }, "x.zip: "},
      {[] {}, [&] { datasets::unpack(given("iris.csv"), there); }, "iris.csv: "},
  };
  for (const Row& row : rows) {
    row.harm();
    const std::string said = message(row.read);
    CAPTURE(row.says);
    CAPTURE(said);
    CHECK(said.find(row.says) != std::string::npos);
    if (said.find(batch) != std::string::npos) write_file(batch, records);
  }
}

TEST_CASE("readers: damage is refused or read as something else, and does no harm") {
  const char* wish = std::getenv("XTAPE_FUZZ");  // mutants of each file
  const int mutants = wish ? std::atoi(wish) : 10;
  const Folder folder;
  datasets::unpack(given("cifar10.tar.gz"), folder.path.string());
  struct Row {
    std::string good;
    std::function<void(const std::string&)> read;
  };
  std::vector<Row> rows = {
      {given("idx/train-images-idx3-ubyte.gz"), read_idx},
      {given("iris.csv"), read_words},
      {given("quoted.csv"),
       [](auto& path) { datasets::read_csv(path, CsvOptions().separator(';').drop({2}).missing(0)); }},
      {given("numbers.csv.gz"), read_csv},
      {given("digits.libsvm"), read_libsvm},
      {given("cmyk.jpg"), read_image},
      {given("expected.npz"), read_npz},
      {given("cifar100.tar.gz"), [&](auto& path) { datasets::unpack(path, folder.path.string()); }},
      {folder / "test_batch.bin", [&](auto&) { datasets::cifar10(folder.path.string()); }},
  };
  for (const auto& entry : fs::recursive_directory_iterator(given("pictures")))
    if (entry.is_regular_file()) rows.push_back({entry.path().string(), read_image});
  std::minstd_rand random(1);
  for (const Row& row : rows) {
    const std::string good = content(row.good);
    const std::string bad =
        row.good.compare(0, folder.path.string().size(), folder.path.string()) ? folder / "bad" : row.good;
    for (int i = 0; i < mutants; ++i) {
      std::string changed = good;
      const std::size_t at = random() % good.size(), length = random() % 9;
      if (i % 5 == 0) changed.resize(at);
      else if (i % 5 == 1) changed.insert(at, good, random() % good.size(), length);
      else if (i % 5 == 2) changed.erase(at, length);
      else
        for (std::size_t k = 0; k <= length; ++k) changed[random() % good.size()] = static_cast<char>(random());
      write_file(bad, changed);
      const std::string said = [&] {
        const MemoryLimit limit(256 << 20);
        return message([&] { row.read(bad); });
      }();
      if (said != "no error" && said.find(bad) == std::string::npos) FAIL_CHECK(row.good << ": " << said);
      if (said.find("memory") != std::string::npos) FAIL_CHECK(row.good << ": " << said);
    }
  }
}
