#include "checksum.hpp"

#include <zlib.h>

#include <cstdio>

namespace xtape::datasets {

std::uint32_t checksum(const void* bytes, std::size_t size, std::uint32_t before) {
  return static_cast<std::uint32_t>(crc32_z(before, static_cast<const unsigned char*>(bytes), size));
}

std::string hexadecimal(std::uint32_t checksum) {
  char text[9];
  std::snprintf(text, sizeof text, "%08x", static_cast<unsigned>(checksum));
  return text;
}

std::string described(const Tensor& x) {
  return x.defined() ? to_string(x.dtype()) + to_string(x.shape()) : std::string("undefined");
}

std::string fingerprint_of(const Tensor& x) {
  const auto bytes = static_cast<std::size_t>(x.size() * size_of(x.dtype()));
  return described(x) + " " + hexadecimal(checksum(x.array().data, bytes));
}

}  // namespace xtape::datasets
