#include "event_file.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace xtape::optim {
namespace {

// Protocol buffers: before the value of a field stand its number and how it is written.
enum Wire { varint = 0, eight_bytes = 1, counted = 2, four_bytes = 5 };

std::string as_varint(std::uint64_t v) {
  std::string bytes;
  for (; v >= 128; v >>= 7) bytes += static_cast<char>(v | 128);
  return bytes + static_cast<char>(v);
}
template <class T>
std::string as_bytes(T v) {  // the least significant first
  using Bits = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;
  Bits bits;
  std::memcpy(&bits, &v, sizeof bits);
  std::string bytes;
  for (std::size_t i = 0; i < sizeof bits; ++i) bytes += static_cast<char>(bits >> 8 * i);
  return bytes;
}
std::string key(unsigned number, Wire wire) { return as_varint(number << 3 | wire); }

std::string field(unsigned number, std::int64_t v) {
  return key(number, varint) + as_varint(static_cast<std::uint64_t>(v));
}
std::string field(unsigned number, double v) { return key(number, eight_bytes) + as_bytes(v); }
std::string field(unsigned number, float v) { return key(number, four_bytes) + as_bytes(v); }
std::string field(unsigned number, const std::string& v) { return key(number, counted) + as_varint(v.size()) + v; }
std::string field(unsigned number, const std::vector<double>& all) {
  std::string packed;
  for (const double v : all) packed += as_bytes(v);
  return field(number, packed);
}

// CRC-32C (Castagnoli), reflected.
std::uint32_t crc32c(const std::string& bytes) {
  static const auto table = [] {
    std::array<std::uint32_t, 256> of{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      of[i] = i;
      for (int bit = 0; bit < 8; ++bit) of[i] = of[i] >> 1 ^ (of[i] & 1 ? 0x82f63b78u : 0);
    }
    return of;
  }();
  std::uint32_t crc = ~0u;
  for (const char c : bytes) crc = crc >> 8 ^ table[(crc ^ static_cast<unsigned char>(c)) & 255];
  return ~crc;
}
std::string masked_crc32c(const std::string& bytes) {
  const std::uint32_t crc = crc32c(bytes);
  return as_bytes((crc >> 15 | crc << 17) + 0xa282ead8u);
}

// An Event in its record; `what` is the one field that it has besides.
std::string record(double time, std::int64_t step, const std::string& what) {
  const std::string event = field(1, time) + field(2, step) + what, size = as_bytes(std::uint64_t{event.size()});
  return size + masked_crc32c(size) + event + masked_crc32c(event);
}

double now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

// A name that readers, who take files in the order of their names, take after the older ones.
std::string new_name(const std::string& folder, Site site) {
  namespace fs = std::filesystem;
  const std::string stem = "events.out.tfevents.";
  auto seconds = static_cast<std::int64_t>(now());
  std::error_code failed;
  fs::create_directories(folder, failed);
  for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    const std::string name = at->path().filename().string();
    std::int64_t other = 0;
    if (name.compare(0, stem.size(), stem) == 0 &&
        std::from_chars(name.data() + stem.size(), name.data() + name.size(), other).ec == std::errc())
      seconds = std::max(seconds, other + 1);
  }
  if (failed)
    fail("EventFile", "cannot write to the folder " + folder + ": " + failed.message() + ", expected a writable one",
         site);
  return (fs::path(folder) / (stem + std::to_string(seconds) + "." + std::to_string(getpid()))).string();
}

bool is_utf8(const std::string& text) {
  try {
    return !nlohmann::json(text).dump().empty();
  } catch (const nlohmann::json::exception&) {
    return false;
  }
}

void check_step(std::int64_t step, Site site) {
  if (step < 0) fail("EventFile", "the step is " + std::to_string(step) + ", expected at least 0", site);
}

AppendedFile new_file(const std::string& folder, std::int64_t purge_from_step, Site site) {
  check_step(purge_from_step, site);
  return {"EventFile", new_name(folder, site), site};
}

}  // namespace

EventFile::EventFile(const std::string& folder, std::int64_t purge_from_step, Site site)
    : file_(new_file(folder, purge_from_step, site)) {
  file_.append(record(now(), 0, field(3, std::string("brain.Event:2"))), site);
  // SessionLog: status = START, also of the first file: readers forget from the second one on.
  file_.append(record(now(), purge_from_step, field(7, field(1, std::int64_t{1}))), site);
}

void EventFile::write(const std::string& tag, const std::string& value, std::int64_t step, std::optional<double> time,
                      Site site) {
  if (tag.empty() || !is_utf8(tag)) fail("EventFile", "the tag is '" + tag + "', expected some UTF-8", site);
  check_step(step, site);
  file_.append(record(time.value_or(now()), step, field(5, field(1, field(1, tag) + value))), site);
}

void EventFile::scalar(const std::string& tag, double value, std::int64_t step, std::optional<double> time, Site site) {
  write(tag, field(2, static_cast<float>(value)), step, time, site);
}

void EventFile::image(const std::string& tag, const Tensor& picture, std::int64_t step, std::optional<PixelRange> range,
                      std::optional<double> time, Site site) {
  const std::string png = encode_png(picture, range, site);
  const Shape& shape = picture.shape();
  const int rank = shape.rank();
  const std::int64_t channels = rank == 3 ? shape[0] : 1;
  write(tag, field(4, field(1, shape[rank - 2]) + field(2, shape[rank - 1]) + field(3, channels) + field(4, png)), step,
        time, site);
}

void EventFile::histogram(const std::string& tag, const Histogram& h, std::int64_t step, std::optional<double> time,
                          Site site) {
  // Readers take a bucket's end for the beginning of the next, and the least element for that of the first.
  const std::vector<double> ends(h.edges.begin() + !h.edges.empty(), h.edges.end());
  write(tag,
        field(5, field(1, h.min) + field(2, h.max) + field(3, static_cast<double>(h.number)) + field(4, h.sum) +
                     field(5, h.sum_of_squares) + field(6, ends) + field(7, h.counts)),
        step, time, site);
}

void EventFile::histogram(const std::string& tag, const Tensor& x, std::int64_t step, std::optional<double> time,
                          Site site) {
  histogram(tag, optim::histogram(x, 64, site), step, time, site);
}

void EventFile::text(const std::string& tag, const std::string& text, std::int64_t step, std::optional<double> time,
                     Site site) {
  if (!is_utf8(text)) fail("EventFile", "the text of '" + tag + "' is no UTF-8", site);
  const std::string metadata = field(1, field(1, std::string("text")));  // plugin_data: plugin_name
  const std::string tensor =
      field(1, std::int64_t{7}) + field(2, std::string()) + field(8, text);  // DT_STRING, a scalar
  write(tag, field(9, metadata) + field(8, tensor), step, time, site);
}

}  // namespace xtape::optim
