#include "base64.hpp"

namespace xtape {

std::string base64(const void* bytes, std::size_t size) {
  constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto* byte = static_cast<const unsigned char*>(bytes);
  std::string text;
  text.reserve((size + 2) / 3 * 4);
  for (std::size_t i = 0; i < size; i += 3) {
    unsigned group = 0;
    for (std::size_t k = i; k < i + 3; ++k) group = group << 8 | (k < size ? byte[k] : 0u);
    for (int shift = 18; shift >= 0; shift -= 6) text += digits[group >> shift & 63];
  }
  const std::size_t lacks = (3 - size % 3) % 3;
  return text.replace(text.size() - lacks, lacks, lacks, '=');
}

}  // namespace xtape
