#include "checksum.hpp"

#include <zlib.h>

#include <cstdio>

namespace xtape::optim {

std::uint32_t checksum(const std::string& text, std::uint32_t before) {
  return static_cast<std::uint32_t>(crc32_z(before, reinterpret_cast<const unsigned char*>(text.data()), text.size()));
}

std::uint32_t checksum(const Tensor& x, std::uint32_t before) {
  const std::uint32_t head = checksum(to_string(x.dtype()) + to_string(x.shape()), before);
  const auto bytes = static_cast<std::size_t>(x.size() * size_of(x.dtype()));
  return static_cast<std::uint32_t>(crc32_z(head, static_cast<const unsigned char*>(x.array().data), bytes));
}

std::string fingerprint_of(const Tensor& x) {
  char number[9];
  std::snprintf(number, sizeof number, "%08x", static_cast<unsigned>(checksum(x)));
  return to_string(x.dtype()) + to_string(x.shape()) + " " + number;
}

}  // namespace xtape::optim
