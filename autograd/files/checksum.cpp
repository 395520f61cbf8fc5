#include "checksum.hpp"

#include <zlib.h>

#include <cstdio>

#include "described.hpp"

namespace xtape {

std::uint32_t checksum(const void* bytes, std::size_t size, std::uint32_t before) {
  return static_cast<std::uint32_t>(crc32_z(before, static_cast<const unsigned char*>(bytes), size));
}
std::uint32_t checksum(const std::string& text, std::uint32_t before) {
  return checksum(text.data(), text.size(), before);
}
std::uint32_t checksum(const Tensor& x, std::uint32_t before) {
  const auto bytes = static_cast<std::size_t>(x.size() * size_of(x.dtype()));
  return checksum(x.array().data, bytes, checksum(described(x), before));
}

std::string hexadecimal(std::uint32_t checksum) {
  char text[9];
  std::snprintf(text, sizeof text, "%08x", static_cast<unsigned>(checksum));
  return text;
}

std::string fingerprint_of(const Tensor& x) { return described(x) + " " + hexadecimal(checksum(x)); }

}  // namespace xtape
