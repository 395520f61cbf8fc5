#include "safetensors.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include "files/new_file.hpp"

#include "files/input_file.hpp"

namespace xtape {

using namespace detail;

namespace {

using Json = nlohmann::json;

constexpr std::uint64_t longest_head = 100'000'000;  // as the reference implementation has it
const std::string metadata_name = "__metadata__";

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

// A tensor as the head announces it; what is missing there, or of another kind, is empty.
struct Announced {
  std::string name;
  std::optional<std::string> dtype;
  std::optional<std::vector<std::int64_t>> sizes, ends;
};

// Takes in the head as it is parsed: an object of entries, and of one of notes, which are objects themselves.
class Head : public nlohmann::json_sax<Json> {
 public:
  explicit Head(const FilePlace& place) : place_(place) {}
  std::vector<Announced> tensors;
  Metadata notes;

  bool null() override { return other(); }
  bool boolean(bool) override { return other(); }
  bool number_integer(Json::number_integer_t) override { return other(); }
  bool number_float(Json::number_float_t, const std::string&) override { return other(); }
  bool binary(Json::binary_t&) override { return other(); }
  bool number_unsigned(Json::number_unsigned_t value) override {
    if (!list_ || value > INT64_MAX) return other();
    (*list_)->push_back(static_cast<std::int64_t>(value));
    return true;
  }
  bool string(std::string& value) override {
    if (depth_ != 2) return other();
    if (in_notes_) notes[key_] = value;
    else if (key_ == "dtype") tensors.back().dtype = value;
    return true;
  }
  bool key(std::string& name) override {
    if (depth_ == 1) {
      if (!names_.insert(name).second) place_.refuse("it has '" + name + "' twice");
      in_notes_ = name == metadata_name;
      if (!in_notes_) tensors.push_back({name, {}, {}, {}});
    } else if (depth_ == 2) {
      key_ = name;
      if (!keys_.insert(name).second)
        place_.refuse("'" + (in_notes_ ? metadata_name : tensors.back().name) + "' has '" + name + "' twice");
    }
    return true;
  }
  bool start_object(std::size_t) override {
    if (depth_ == 1) keys_.clear();
    else other();
    return deeper();
  }
  bool start_array(std::size_t) override {
    other();
    if (depth_ == 2 && key_ == "shape") list_ = &tensors.back().sizes;
    if (depth_ == 2 && key_ == "data_offsets") list_ = &tensors.back().ends;
    if (list_) list_->emplace();
    return deeper();
  }
  bool end_object() override { return --depth_, true; }
  bool end_array() override { return --depth_, list_ = nullptr, true; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) override {
    place_.refuse(std::string("its head is no JSON: ") + error.what());
  }

 private:
  // A value that stands where the format has none of its kind.
  bool other() {
    if (in_notes_ && depth_ == 1) place_.refuse("'__metadata__' is no object of strings");
    if (in_notes_ && depth_ == 2) place_.refuse("the note '" + key_ + "' is no string");
    if (list_) list_->reset(), list_ = nullptr;
    return true;
  }
  bool deeper() {
    if (++depth_ > 3) place_.refuse("its head is nested deeper than 3");
    return true;
  }

  const FilePlace& place_;
  int depth_ = 0;
  bool in_notes_ = false;
  std::string key_;
  std::set<std::string> names_, keys_;
  std::optional<std::vector<std::int64_t>>* list_ = nullptr;  // the list that is being filled
};

// A file that is open, and its head, which keeps the rules.
class Reader {
 public:
  explicit Reader(const FilePlace& place) : place_(place), file_(place), head_(place) {
    if (file_.size() < 0) place.refuse("it cannot be read, expected a file whose size is known");
    if (file_.size() < 8)
      place.refuse("it has " + std::to_string(file_.size()) + " bytes, no safetensors file has fewer than 8");
    char start[8];
    read(start, 8);
    const auto length = element_at<std::uint64_t>(start, 0), most = static_cast<std::uint64_t>(file_.size()) - 8;
    if (length > longest_head || length > most)
      place.refuse("its head should have " + std::to_string(length) + " bytes, but " +
                   (length > longest_head ? "100 MB are the limit" : "the file ends before") +
                   "; is it a safetensors file?");
    bytes_ = static_cast<std::int64_t>(most - length);
    std::string text(length, ' ');
    read(text.data(), text.size());
    if (text.empty() || text[0] != '{') place.refuse("its head does not begin with '{'; is it a safetensors file?");
    if (text.find('\0') != text.npos) place.refuse("its head is no JSON: it has a NUL");  // the parser would end there
    Json::sax_parse(text, &head_);
    for (const Announced& a : head_.tensors) entries_.push_back(entry_of(a));
    check_ranges();
  }

  const Metadata& metadata() const { return head_.notes; }

  StateDict tensors() {
    StateDict tensors;
    for (const Entry& e : entries_)
      tensors.emplace(e.name, read_tensor(
                                  e.type, e.shape, [&](char* to, std::size_t n) { return file_.read(to, n); }, place_));
    return tensors;
  }

 private:
  struct Entry {
    std::string name;
    ElementType type;
    Shape shape;
    std::int64_t begin, end;
  };

  void read(char* to, std::size_t size) {
    if (file_.read(to, size) < size) place_.refuse("it ends early");
  }

  Entry entry_of(const Announced& a) const {
    const std::string name = "'" + a.name + "'";
    if (!a.dtype) place_.refuse(name + " has no dtype that is a string");
    const std::optional<ElementType> type = type_named(*a.dtype);
    if (!type) place_.refuse(name + " has the dtype " + *a.dtype + ", which has no counterpart here");
    for (auto& [key, list] : {std::pair("shape", &a.sizes), std::pair("data_offsets", &a.ends)})
      if (!*list) place_.refuse(name + " has no " + key + " that is a list of whole numbers from 0 on");
    if (a.ends->size() != 2)
      place_.refuse(name + " has " + std::to_string(a.ends->size()) + " data_offsets, expected 2");
    return {a.name, *type, shape_of(name, *a.sizes), (*a.ends)[0], (*a.ends)[1]};
  }

  Shape shape_of(const std::string& name, const std::vector<std::int64_t>& sizes) const {
    try {
      const Shape shape(sizes.data(), sizes.data() + sizes.size());
      if (shape.size() <= INT64_MAX / 8) return shape;
    } catch (const Error&) {}
    std::string list;
    for (std::size_t i = 0; i < sizes.size() && i < 9; ++i) list += (i ? ", " : "") + std::to_string(sizes[i]);
    place_.refuse(name + " has the shape (" + list + (sizes.size() > 9 ? ", ..." : "") + "), which no tensor has here");
  }

  // Puts the entries in the order of their bytes.
  void check_ranges() {
    std::sort(entries_.begin(), entries_.end(),
              [](const Entry& a, const Entry& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
    std::int64_t at = 0;
    for (const Entry& e : entries_) {
      const auto refuse = [&](const std::string& why) {
        place_.refuse("'" + e.name + "' lies at bytes " + std::to_string(e.begin) + " to " + std::to_string(e.end) +
                      why);
      };
      if (e.begin != at)
        refuse(", expected its beginning at " + std::to_string(at) + ": tensors leave no gap and do not overlap");
      if (e.end < e.begin || e.end > bytes_) refuse(" of " + std::to_string(bytes_));
      if (e.end - e.begin != e.shape.size() * e.type.size)
        refuse(", but " + to_string(e.shape) + " elements of " + std::to_string(e.type.size) + " bytes are " +
               std::to_string(e.shape.size() * e.type.size));
      at = e.end;
    }
    if (at != bytes_) place_.refuse(std::to_string(bytes_ - at) + " bytes at its end belong to no tensor");
  }

  const FilePlace& place_;
  InputFile file_;
  Head head_;
  std::vector<Entry> entries_;
  std::int64_t bytes_ = 0;  // of the tensors
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
  std::int64_t at = 0;
  std::string text = "{";
  try {
    if (!metadata.empty()) text += Json(metadata_name).dump() + ":" + Json(metadata).dump() + ",";
    for (auto& [name, t] : entries) {
      const std::int64_t end = at + t.size() * size_of(t.dtype());
      std::string sizes;
      for (const std::int64_t n : t.shape()) sizes += (sizes.empty() ? "" : ",") + std::to_string(n);
      text += Json(name).dump() + ":{\"dtype\":\"" + name_of(t.dtype()) + "\",\"shape\":[" + sizes +
              "],\"data_offsets\":[" + std::to_string(at) + "," + std::to_string(end) + "]},";
      at = end;
    }
  } catch (const Json::exception& error) {
    fail("save_safetensors", std::string("a name or a note is no UTF-8: ") + error.what(), site);
  }
  if (text.back() == ',') text.pop_back();
  text += "}";
  text.resize((text.size() + 7) / 8 * 8, ' ');
  if (text.size() > longest_head) fail("save_safetensors", "names and notes take more than 100 MB", site);
  const std::uint64_t length = text.size();

  NewFile file("save_safetensors", path, site);
  file.write(&length, sizeof length);
  file.write(text);
  for (auto& [name, t] : entries) file.write(t.array().data, static_cast<std::size_t>(t.size() * size_of(t.dtype())));
  file.keep();
}

StateDict load_safetensors(const std::string& path, Site site) {
  return reading({"load_safetensors", path, site}, [](const FilePlace& place) { return Reader(place).tensors(); });
}

Metadata load_safetensors_metadata(const std::string& path, Site site) {
  return reading({"load_safetensors", path, site}, [](const FilePlace& place) { return Reader(place).metadata(); });
}

}  // namespace xtape
