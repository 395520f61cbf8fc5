#include "npy.hpp"

#include <zip.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <set>
#include <string_view>

#include "files/input_file.hpp"
#include "files/new_file.hpp"
#include "ops/shape.hpp"

namespace xtape {

using namespace xtape::detail;

namespace {

constexpr char magic[] = "\x93NUMPY";
constexpr std::size_t longest_name = 65535 - 4;  // an archive counts the bytes of "NAME.npy" in 16 bits

std::optional<ElementType> type_named(const std::string& descr) {
  using T = ElementType;
  static const std::map<std::string, T> types = {
      {"<f4", {T::copied, 4, float32}},        {"<f8", {T::copied, 8, float64}},
      {"<i8", {T::copied, 8, int64}},          {"|u1", {T::copied, 1, uint8}},
      {"|b1", {T::copied, 1, boolean}},        {"<f2", {T::half, 2, float32}},
      {"|i1", {T::signed_integer, 1, int64}},  {"<i2", {T::signed_integer, 2, int64}},
      {"<i4", {T::signed_integer, 4, int64}},  {"<u2", {T::unsigned_integer, 2, int64}},
      {"<u4", {T::unsigned_integer, 4, int64}}};
  const auto found = types.find(descr);
  return found == types.end() ? std::nullopt : std::optional(found->second);
}

const char* name_of(Dtype dtype) {
  switch (dtype) {
    case Dtype::float32: return "<f4";
    case Dtype::float64: return "<f8";
    case Dtype::int64: return "<i8";
    case Dtype::uint8: return "|u1";
    default: return "|b1";
  }
}

void check(const Tensor& x, const FilePlace& place) {
  if (!x.defined()) place.refuse("the tensor is undefined");
  if (!is_little_endian()) place.refuse("the machine keeps the most significant byte first");
}

std::size_t bytes_of(const Tensor& x) { return static_cast<std::size_t>(x.size() * size_of(x.dtype())); }

std::string head_of(const Tensor& x) {
  std::string sizes;
  for (const std::int64_t n : x.shape()) sizes += std::to_string(n) + ", ";
  if (x.rank() > 1) sizes.resize(sizes.size() - 2);
  else if (x.rank() == 1) sizes.pop_back();
  std::string dict =
      std::string("{'descr': '") + name_of(x.dtype()) + "', 'fortran_order': False, 'shape': (" + sizes + "), }";
  dict.resize((10 + dict.size() + 1 + 63) / 64 * 64 - 10, ' ');
  dict.back() = '\n';
  std::string head(magic, 6);
  head += {'\x01', '\0', static_cast<char>(dict.size() & 255), static_cast<char>(dict.size() >> 8)};
  return head + dict;
}

// The head of an array as it is read: a Python dictionary of three entries, in any order.
struct Head {
  std::string type;
  bool fortran = false;
  std::vector<std::int64_t> sizes;
};

class HeadReader {
 public:
  HeadReader(const std::string& text, const FilePlace& place) : text_(text), rest_(text), place_(place) {}

  Head read() {
    Head head;
    std::set<std::string> found;
    expect(take("{"));
    for (bool more = true; more && !take("}");) {
      const std::string key = quoted();
      expect(found.insert(key).second && take(":"));
      if (key == "descr") head.type = quoted();
      else if (key == "fortran_order") expect((head.fortran = take("True")) || take("False"));
      else if (key == "shape") head.sizes = tuple();
      else expect(false);
      more = take(",");
      expect(more || take("}"));
    }
    expect(found.size() == 3 && take("") && rest_.empty());
    return head;
  }

 private:
  void expect(bool that) const {
    if (!that)
      place_.refuse("its head does not tell descr, fortran_order and shape of a plain array: " + text_.substr(0, 100));
  }

  // Whether the text goes on so, after blanks; takes it.
  bool take(std::string_view word) {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \n"), rest_.size()));
    const bool there = rest_.substr(0, word.size()) == word;
    if (there) rest_.remove_prefix(word.size());
    return there;
  }

  std::string quoted() {
    const char* quote = take("'") ? "'" : "\"";
    expect(quote[0] == '\'' || take(quote));
    const std::size_t end = rest_.find(quote);
    expect(end != rest_.npos);
    const std::string word(rest_.substr(0, end));
    rest_.remove_prefix(end + 1);
    return word;
  }

  std::vector<std::int64_t> tuple() {
    std::vector<std::int64_t> numbers;
    expect(take("("));
    for (bool more = true; more && !take(")");) {
      take("");
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), numbers.emplace_back());
      if (error == std::errc::result_out_of_range) place_.refuse("its shape is none: a size is no 64-bit integer");
      expect(error == std::errc() && numbers.back() >= 0);
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      more = take(",");
      expect(more || take(")"));
    }
    return numbers;
  }

  const std::string& text_;
  std::string_view rest_;
  const FilePlace& place_;
};

// The array that `read` gives the bytes of; there are `size` of them, or -1 where that is not known.
Tensor read_npy(const Read& read, std::int64_t size, const FilePlace& place) {
  char start[12];
  if (read(start, 10) < 10 || std::memcmp(start, magic, 6) != 0) place.refuse("it does not begin as a .npy file does");
  const int version = static_cast<unsigned char>(start[6]);
  if (version < 1 || version > 3 || start[7] != 0)
    place.refuse("it has version " + std::to_string(version) + "." +
                 std::to_string(static_cast<unsigned char>(start[7])) + ", expected 1.0 to 3.0");
  const bool ends = version > 1 && read(start + 10, 2) < 2;
  const std::uint32_t length = ends           ? 0
                               : version == 1 ? element_at<std::uint16_t>(start + 8, 0)
                                              : element_at<std::uint32_t>(start + 8, 0);
  if (length > 65536) place.refuse("its head has " + std::to_string(length) + " bytes, expected at most 65536");
  std::string text(length, '\0');
  if (ends || read(text.data(), length) < length) place.refuse("it ends within its head");
  Head head = HeadReader(text, place).read();
  const std::optional<ElementType> type = type_named(head.type);
  if (!type) place.refuse("its elements are '" + head.type + "', which have no counterpart here");
  if (head.fortran) std::reverse(head.sizes.begin(), head.sizes.end());
  Shape shape;
  try {
    shape = Shape(head.sizes.data(), head.sizes.data() + head.sizes.size());
  } catch (const Error& error) {
    place.refuse(std::string("its shape is none: ") + error.what());
  }
  const std::int64_t rest = size - (version == 1 ? 10 : 12) - length;
  if (size >= 0 && (shape.size() > rest / type->size || shape.size() * type->size != rest))
    place.refuse(std::to_string(rest) + " bytes follow its head, but it announces " + to_string(shape) +
                 " elements of " + std::to_string(type->size));
  const Tensor x = read_tensor(*type, shape, read, place);
  if (read(start, 1) > 0) place.refuse("it goes on after its " + to_string(shape) + " elements");
  if (!head.fortran || x.rank() < 2) return x;
  std::vector<int> reversed;
  for (int axis = x.rank(); axis-- > 0;) reversed.push_back(axis);
  return permute(x, reversed);
}

std::string text_of(zip_error_t& error) { return zip_error_strerror(&error); }

using Archive = std::unique_ptr<zip_t, decltype(&zip_discard)>;

std::pair<std::string, Tensor> read_member(zip_t* archive, zip_uint64_t i, const FilePlace& place) {
  zip_stat_t about;
  if (zip_stat_index(archive, i, 0, &about) != 0) place.refuse(zip_strerror(archive));
  std::string name = about.name;
  const FilePlace member{place.op, place.what + " (" + name + ")", place.site};
  if (name.size() < 5 || name.compare(name.size() - 4, 4, ".npy") != 0) member.refuse("it is no .npy file");
  name.resize(name.size() - 4);
  const std::unique_ptr<zip_file_t, decltype(&zip_fclose)> file(zip_fopen_index(archive, i, 0), zip_fclose);
  if (!file) member.refuse(zip_strerror(archive));
  constexpr zip_uint64_t most = 1032;  // bytes that deflate makes of one
  if (about.comp_method == ZIP_CM_DEFLATE && about.size / most > about.comp_size)
    member.refuse("the archive announces " + std::to_string(about.size) + " bytes, which its " +
                  std::to_string(about.comp_size) + " packed ones cannot be");
  // It may unpack to more than the archive announces: a byte more tells, and that all were right.
  std::uint64_t left = about.size;
  const auto unpack = [&](char* to, std::uint64_t size) {
    const zip_int64_t got = zip_fread(file.get(), to, size);
    if (got < 0) member.refuse(std::string("it is damaged: ") + zip_file_strerror(file.get()));
    return static_cast<std::uint64_t>(got);
  };
  const auto read = [&](char* to, std::size_t size) {
    std::uint64_t done = 0;
    for (std::uint64_t got = 1; got > 0 && done < std::min<std::uint64_t>(size, left); done += got)
      got = unpack(to + done, std::min<std::uint64_t>(size, left) - done);
    left -= done;
    char more;
    if (left == 0 && done < size && unpack(&more, 1) > 0)
      member.refuse("it unpacks to more than the " + std::to_string(about.size) + " bytes that the archive announces");
    return static_cast<std::size_t>(done);
  };
  Tensor x = read_npy(read, static_cast<std::int64_t>(about.size), member);
  return {std::move(name), std::move(x)};
}

}  // namespace

void save_npy(const std::string& path, const Tensor& x, Site site) {
  check(x, {"save_npy", path, site});
  NewFile file("save_npy", path, site);
  file.write(head_of(x));
  file.write(x.array().data, bytes_of(x));
  file.keep();
}

Tensor load_npy(const std::string& path, Site site) {
  return reading({"load_npy", path, site}, [](const FilePlace& place) {
    InputFile file(place);
    return read_npy([&](char* to, std::size_t size) { return file.read(to, size); }, file.size(), place);
  });
}

void save_npz(const std::string& path, const StateDict& tensors, Site site) {
  const FilePlace place{"save_npz", path, site};
  for (auto& [name, x] : tensors) {
    if (name.empty()) place.refuse("a name is empty");
    if (name.find('\0') != std::string::npos) place.refuse("a name holds a NUL: " + std::string(name.c_str()));
    if (name.size() > longest_name)
      place.refuse("a name has " + std::to_string(name.size()) + " bytes, expected at most " +
                   std::to_string(longest_name) + ": " + name.substr(0, 100));
    check(x, {"save_npz", path + ": '" + name + "'", site});
  }
  NewFile file("save_npz", path, site);
  if (tensors.empty()) {  // libzip makes no file of nothing; an archive's end is one
    file.write("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22);
    return file.keep();
  }
  std::vector<std::string> members;  // which the archive reads when it is closed
  members.reserve(tensors.size());
  zip_error_t error;
  zip_error_init(&error);
  // The archive is made in memory, and reaches the disk as our files do.
  zip_source_t* memory = zip_source_buffer_create(nullptr, 0, 0, &error);
  if (!memory) place.refuse(text_of(error));
  zip_source_keep(memory);
  const std::unique_ptr<zip_source_t, decltype(&zip_source_free)> kept(memory, zip_source_free);
  Archive archive(zip_open_from_source(memory, ZIP_TRUNCATE, &error), zip_discard);
  if (!archive) place.refuse(text_of(error));
  for (auto& [name, x] : tensors) {
    members.push_back(head_of(x).append(static_cast<const char*>(x.array().data), bytes_of(x)));
    zip_source_t* source = zip_source_buffer(archive.get(), members.back().data(), members.back().size(), 0);
    const zip_int64_t at = source ? zip_file_add(archive.get(), (name + ".npy").c_str(), source, ZIP_FL_ENC_UTF_8) : -1;
    if (at < 0 && source) zip_source_free(source);  // it is the archive's only once it is in
    if (at < 0 || zip_set_file_compression(archive.get(), static_cast<zip_uint64_t>(at), ZIP_CM_STORE, 0) != 0)
      place.refuse("'" + name + "': " + zip_strerror(archive.get()));
  }
  if (zip_close(archive.get()) != 0) place.refuse(zip_strerror(archive.get()));
  archive.release();  // closed

  if (zip_source_open(memory) != 0) place.refuse(text_of(*zip_source_error(memory)));
  std::string buffer(1 << 20, '\0');
  zip_int64_t got;
  while ((got = zip_source_read(memory, buffer.data(), buffer.size())) > 0)
    file.write(buffer.data(), static_cast<std::size_t>(got));
  zip_source_close(memory);
  if (got < 0) place.refuse(text_of(*zip_source_error(memory)));
  file.keep();
}

StateDict load_npz(const std::string& path, Site site) {
  return reading({"load_npz", path, site}, [](const FilePlace& place) {
    int code = 0;
    const Archive archive(zip_open(place.what.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code), zip_discard);
    if (!archive) {
      zip_error_t error;
      zip_error_init_with_code(&error, code);
      const std::string why = text_of(error);
      zip_error_fini(&error);
      place.refuse(why + "; expected an archive that numpy.savez wrote");
    }
    StateDict tensors;
    const zip_int64_t count = zip_get_num_entries(archive.get(), 0);
    for (zip_int64_t i = 0; i < count; ++i) {
      auto [name, x] = read_member(archive.get(), static_cast<zip_uint64_t>(i), place);
      if (!tensors.emplace(name, std::move(x)).second) place.refuse("'" + name + "' is there twice");
    }
    return tensors;
  });
}

}  // namespace xtape
