#include "npy.hpp"

#include <zip.h>

#include <autograd/new_file.hpp>
#include <autograd/ops/shape.hpp>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <regex>
#include <sstream>

#include "element_cast.hpp"

namespace xtape::nn {
namespace {

constexpr char magic[] = "\x93NUMPY";

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

// Where something is read or written, for errors.
struct Place {
  const char* op;
  std::string what;
  Site site;
  [[noreturn]] void refuse(const std::string& why) const { fail(op, what + ": " + why, site); }
};

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

std::string bytes_of(const Tensor& x, const Place& place) {
  if (!x.defined()) place.refuse("the tensor is undefined");
  if (!is_little_endian()) place.refuse("the machine keeps the most significant byte first");
  const auto size = static_cast<std::size_t>(x.size() * size_of(x.dtype()));
  return head_of(x) + std::string(static_cast<const char*>(x.array().data), size);
}

Tensor tensor_of(const std::string& bytes, const Place& place) {
  if (!is_little_endian()) place.refuse("the machine keeps the most significant byte first");
  if (bytes.size() < 12 || bytes.compare(0, 6, magic, 6) != 0) place.refuse("it does not begin as a .npy file does");
  const int version = bytes[6];
  if (version < 1 || version > 3) place.refuse("it has version " + std::to_string(version) + ", expected 1 to 3");
  const std::size_t begin = version == 1 ? 10 : 12;
  const std::size_t length =
      version == 1 ? element_at<std::uint16_t>(bytes.data() + 8, 0) : element_at<std::uint32_t>(bytes.data() + 8, 0);
  if (length > bytes.size() - begin) place.refuse("it ends within its head");
  if (length > 65536) place.refuse("its head has " + std::to_string(length) + " bytes");
  const std::string head = bytes.substr(begin, length);
  std::smatch descr, order, sizes;
  if (!std::regex_search(head, descr, std::regex("'descr': *'([^']*)'")) ||
      !std::regex_search(head, order, std::regex("'fortran_order': *(True|False)")) ||
      !std::regex_search(head, sizes, std::regex("'shape': *\\(([0-9, ]*)\\)")))
    place.refuse("its head does not tell descr, fortran_order and shape of a plain array: " + head.substr(0, 100));
  const std::optional<ElementType> type = type_named(descr[1]);
  if (!type) place.refuse("its elements are '" + descr[1].str() + "', which have no counterpart here");

  std::vector<std::int64_t> axes;
  std::stringstream list(sizes[1].str());
  for (std::string word; std::getline(list, word, ',');)
    if (word.find_first_not_of(' ') != std::string::npos) axes.push_back(std::strtoll(word.c_str(), nullptr, 10));
  const bool fortran = order[1] == "True";
  if (fortran) std::reverse(axes.begin(), axes.end());
  std::optional<Shape> shape;
  try {
    shape.emplace(axes.data(), axes.data() + axes.size());
  } catch (const Error& error) {
    place.refuse(std::string("its shape is none: ") + error.what());
  }
  const std::size_t size = bytes.size() - begin - length;
  if (shape->size() > static_cast<std::int64_t>(size) / type->size ||
      static_cast<std::size_t>(shape->size() * type->size) != size)
    place.refuse(std::to_string(size) + " bytes follow its head, but it announces " + to_string(*shape) +
                 " elements of " + std::to_string(type->size));
  const Tensor x = from_bytes(*type, *shape, bytes.data() + begin + length);
  if (!fortran || x.rank() < 2) return x;
  std::vector<int> reversed;
  for (int axis = x.rank(); axis-- > 0;) reversed.push_back(axis);
  return permute(x, reversed);
}

std::string text_of(zip_error_t& error) { return zip_error_strerror(&error); }

using Archive = std::unique_ptr<zip_t, decltype(&zip_discard)>;

}  // namespace

void save_npy(const std::string& path, const Tensor& x, Site site) {
  const std::string bytes = bytes_of(x, {"save_npy", path, site});
  NewFile file("save_npy", path, site);
  file.write(bytes.data(), bytes.size());
  file.keep();
}

Tensor load_npy(const std::string& path, Site site) {
  const Place place{"load_npy", path, site};
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  if (file) bytes << file.rdbuf();
  if (!file) place.refuse("it cannot be read; is it there?");
  return tensor_of(bytes.str(), place);
}

void save_npz(const std::string& path, const StateDict& tensors, Site site) {
  const Place place{"save_npz", path, site};
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
    if (name.empty()) place.refuse("a name is empty");
    members.push_back(bytes_of(x, {"save_npz", "'" + name + "'", site}));
    zip_source_t* source = zip_source_buffer(archive.get(), members.back().data(), members.back().size(), 0);
    const zip_int64_t at = source ? zip_file_add(archive.get(), (name + ".npy").c_str(), source, ZIP_FL_ENC_UTF_8) : -1;
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
  const Place place{"load_npz", path, site};
  int code = 0;
  const Archive archive(zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code), zip_discard);
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
    zip_stat_t about;
    if (zip_stat_index(archive.get(), static_cast<zip_uint64_t>(i), 0, &about) != 0)
      place.refuse(zip_strerror(archive.get()));
    std::string name = about.name;
    const Place member{"load_npz", path + " (" + name + ")", site};
    if (name.size() < 5 || name.compare(name.size() - 4, 4, ".npy") != 0) member.refuse("it is no .npy file");
    name.resize(name.size() - 4);
    const std::unique_ptr<zip_file_t, decltype(&zip_fclose)> file(
        zip_fopen_index(archive.get(), static_cast<zip_uint64_t>(i), 0), zip_fclose);
    if (!file) member.refuse(zip_strerror(archive.get()));
    std::string bytes, buffer(1 << 16, '\0');  // grown by what is there: the archive may announce anything
    zip_int64_t got;
    while ((got = zip_fread(file.get(), buffer.data(), buffer.size())) > 0)
      bytes.append(buffer.data(), static_cast<std::size_t>(got));
    if (got < 0) member.refuse(std::string("it is damaged: ") + zip_file_strerror(file.get()));
    if (!tensors.emplace(name, tensor_of(bytes, member)).second) member.refuse("it is there twice");
  }
  return tensors;
}

}  // namespace xtape::nn
