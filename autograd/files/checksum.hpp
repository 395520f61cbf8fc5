// Private: what tells data and files from others.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "../tensor.hpp"

namespace xtape {

/// CRC-32 of bytes, of a text, and of a tensor's dtype, shape and elements, going on from another one.
std::uint32_t checksum(const void* bytes, std::size_t size, std::uint32_t before = 0);
std::uint32_t checksum(const std::string& text, std::uint32_t before = 0);
std::uint32_t checksum(const Tensor& x, std::uint32_t before = 0);
/// "1a2b3c4d".
std::string hexadecimal(std::uint32_t checksum);
/// "float32(50000, 784) 1a2b3c4d".
std::string fingerprint_of(const Tensor& x);

}  // namespace xtape
