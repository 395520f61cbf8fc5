#include "safetensors.hpp"

#include <algorithm>
#include <autograd/new_file.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "element_cast.hpp"

namespace xtape::nn {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t longest_head = 100'000'000;  // as the reference implementation has it
constexpr const char* metadata_name = "__metadata__";

std::optional<ElementType> type_named(const std::string& name) {
  using T = ElementType;
  static const std::map<std::string, T> types = {
      {"F32", {T::copied, 4, float32}},         {"F64", {T::copied, 8, float64}},
      {"I64", {T::copied, 8, int64}},           {"U8", {T::copied, 1, uint8}},
      {"BOOL", {T::copied, 1, boolean}},        {"F16", {T::half, 2, float32}},
      {"BF16", {T::bfloat, 2, float32}},        {"I8", {T::signed_integer, 1, int64}},
      {"I16", {T::signed_integer, 2, int64}},   {"I32", {T::signed_integer, 4, int64}},
      {"U16", {T::unsigned_integer, 2, int64}}, {"U32", {T::unsigned_integer, 4, int64}}};
  const auto found = types.find(name);
  return found == types.end() ? std::nullopt : std::optional(found->second);
}

const char* name_of(Dtype dtype) {
  switch (dtype) {
    case Dtype::float32: return "F32";
    case Dtype::float64: return "F64";
    case Dtype::int64: return "I64";
    case Dtype::uint8: return "U8";
    default: return "BOOL";
  }
}

// A file that is open, and its head.
class Reader {
 public:
  Reader(const std::string& path, Site site) : path_(path), site_(site), file_(path, std::ios::binary) {
    if (!is_little_endian()) refuse("the machine keeps the most significant byte first, which is not supported");
    file_.seekg(0, std::ios::end);
    const std::streamoff size = file_ ? static_cast<std::streamoff>(file_.tellg()) : -1;
    if (size < 0) refuse("it cannot be read; is it there?");
    char bytes[8] = {};
    if (size < 8) refuse("it has " + std::to_string(size) + " bytes, no safetensors file has fewer than 8");
    read(0, bytes, 8);
    const auto length = element_at<std::uint64_t>(bytes, 0);
    if (length > longest_head || length > static_cast<std::uint64_t>(size) - 8)
      refuse("its head should have " + std::to_string(length) + " bytes, but " +
             (length > longest_head ? "100 MB are the limit" : "the file ends before") + "; is it a safetensors file?");
    begin_ = 8 + static_cast<std::int64_t>(length);
    bytes_ = size - begin_;
    std::string text(length, ' ');
    read(8, text.data(), text.size());
    parse(text);
  }

  Metadata metadata() const {
    Metadata notes;
    const auto found = head_.find(metadata_name);
    if (found == head_.end()) return notes;
    if (!found->is_object()) refuse("'__metadata__' is no object of strings");
    for (auto& [key, value] : found->items()) {
      if (!value.is_string()) refuse("the note '" + key + "' is no string");
      notes[key] = value.get<std::string>();
    }
    return notes;
  }

  StateDict tensors() {
    struct Entry {
      std::string name;
      ElementType type;
      Shape shape;
      std::int64_t begin, end;
    };
    std::vector<Entry> entries;
    for (auto& [name, value] : head_.items()) {
      if (name == metadata_name) continue;
      const std::string type = text(name, value, "dtype");
      const std::optional<ElementType> known = type_named(type);
      if (!known) refuse("'" + name + "' has the dtype " + type + ", which has no counterpart here");
      const std::vector<std::int64_t> sizes = numbers(name, value, "shape"),
                                      ends = numbers(name, value, "data_offsets");
      if (ends.size() != 2) refuse("'" + name + "' has " + std::to_string(ends.size()) + " data_offsets, expected 2");
      entries.push_back({name, *known, shape_of(name, sizes), ends[0], ends[1]});
    }
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
    std::int64_t at = 0;
    for (const Entry& e : entries) {
      const std::string range =
          "'" + e.name + "' lies at bytes " + std::to_string(e.begin) + " to " + std::to_string(e.end);
      if (e.begin != at)
        refuse(range + ", expected its beginning at " + std::to_string(at) +
               ": tensors leave no gap and do not overlap");
      if (e.end < e.begin || e.end > bytes_) refuse(range + " of " + std::to_string(bytes_));
      if (e.end - e.begin != e.shape.size() * e.type.size)
        refuse(range + ", but " + to_string(e.shape) + " elements of " + std::to_string(e.type.size) + " bytes are " +
               std::to_string(e.shape.size() * e.type.size));
      at = e.end;
    }
    if (at != bytes_) refuse(std::to_string(bytes_ - at) + " bytes at its end belong to no tensor");

    StateDict tensors;
    std::string bytes;
    for (const Entry& e : entries) {
      bytes.resize(static_cast<std::size_t>(e.end - e.begin));
      read(begin_ + e.begin, bytes.data(), bytes.size());
      tensors.emplace(e.name, from_bytes(e.type, e.shape, bytes.data()));
    }
    return tensors;
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const { fail("load_safetensors", path_ + ": " + why, site_); }

  void read(std::int64_t from, char* to, std::size_t size) {
    file_.seekg(from);
    if (size && !file_.read(to, static_cast<std::streamsize>(size))) refuse("it ends early, or cannot be read");
  }

  void parse(const std::string& head) {
    if (head.empty() || head[0] != '{') refuse("its head does not begin with '{'; is it a safetensors file?");
    std::set<std::string> names;
    std::string twice;
    const auto note = [&](int depth, Json::parse_event_t event, Json& value) {
      if (depth == 1 && event == Json::parse_event_t::key && !names.insert(value.get<std::string>()).second)
        twice = value.get<std::string>();
      return true;
    };
    try {
      head_ = Json::parse(head, note);
    } catch (const Json::exception& error) {
      refuse(std::string("its head is no JSON: ") + error.what());
    }
    if (!twice.empty()) refuse("it has '" + twice + "' twice");
  }

  std::string text(const std::string& name, const Json& entry, const char* key) const {
    if (!entry.is_object() || !entry.contains(key) || !entry[key].is_string())
      refuse("'" + name + "' has no " + key + " that is a string");
    return entry[key].get<std::string>();
  }

  std::vector<std::int64_t> numbers(const std::string& name, const Json& entry, const char* key) const {
    bool ok = entry.is_object() && entry.contains(key) && entry[key].is_array();
    std::vector<std::int64_t> values;
    if (ok)
      for (const Json& number : entry[key]) {
        ok = ok && number.is_number_unsigned() && number.get<std::uint64_t>() <= INT64_MAX;
        values.push_back(ok ? number.get<std::int64_t>() : 0);
      }
    if (!ok) refuse("'" + name + "' has no " + key + " that is a list of whole numbers from 0 on");
    return values;
  }

  Shape shape_of(const std::string& name, const std::vector<std::int64_t>& sizes) const {
    try {
      const Shape shape(sizes.data(), sizes.data() + sizes.size());
      if (shape.size() <= INT64_MAX / 8) return shape;
    } catch (const Error&) {}
    std::string list;
    for (std::int64_t n : sizes) list += (list.empty() ? "" : ", ") + std::to_string(n);
    refuse("'" + name + "' has the shape (" + list + "), which no tensor has here");
  }

  const std::string& path_;
  Site site_;
  std::ifstream file_;
  Json head_;
  std::int64_t begin_ = 0, bytes_ = 0;  // of the tensors
};

}  // namespace

void save_safetensors(const std::string& path, const StateDict& tensors, const Metadata& metadata, Site site) {
  if (!is_little_endian()) fail("save_safetensors", "the machine keeps the most significant byte first", site);
  // The widest elements first, so that all lie at multiples of their size.
  std::vector<std::pair<std::string, Tensor>> entries(tensors.begin(), tensors.end());
  for (auto& [name, t] : entries) {
    if (!t.defined()) fail("save_safetensors", "'" + name + "' is undefined, expected a tensor", site);
    if (name == metadata_name)
      fail("save_safetensors", "'__metadata__' is a name of the format, not of a tensor", site);
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const auto& a, const auto& b) { return size_of(a.second.dtype()) > size_of(b.second.dtype()); });
  nlohmann::ordered_json head = nlohmann::ordered_json::object();
  if (!metadata.empty()) head[metadata_name] = metadata;
  std::int64_t at = 0;
  for (auto& [name, t] : entries) {
    const std::int64_t end = at + t.size() * size_of(t.dtype());
    const std::vector<std::int64_t> sizes(t.shape().begin(), t.shape().end());
    head[name] = {{"dtype", name_of(t.dtype())}, {"shape", sizes}, {"data_offsets", {at, end}}};
    at = end;
  }
  std::string text;
  try {
    text = head.dump();
  } catch (const nlohmann::json::exception& error) {
    fail("save_safetensors", std::string("a name or a note is no UTF-8: ") + error.what(), site);
  }
  text.resize((text.size() + 7) / 8 * 8, ' ');
  if (text.size() > longest_head) fail("save_safetensors", "names and notes take more than 100 MB", site);
  const std::uint64_t length = text.size();

  NewFile file("save_safetensors", path, site);
  file.write(&length, sizeof length);
  file.write(text.data(), text.size());
  for (auto& [name, t] : entries) file.write(t.array().data, static_cast<std::size_t>(t.size() * size_of(t.dtype())));
  file.keep();
}

StateDict load_safetensors(const std::string& path, Site site) { return Reader(path, site).tensors(); }

Metadata load_safetensors_metadata(const std::string& path, Site site) {
  Reader reader(path, site);
  reader.tensors();  // a file that breaks the rules has no notes to trust
  return reader.metadata();
}

}  // namespace xtape::nn
