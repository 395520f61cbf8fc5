// Private: what tells data from other data, and in messages.
#pragma once
#include <autograd/tensor.hpp>
#include <cstddef>
#include <string>

namespace xtape::datasets {

/// CRC-32 of bytes, going on from another one.
std::uint32_t checksum(const void* bytes, std::size_t size, std::uint32_t before = 0);
/// "1a2b3c4d".
std::string hexadecimal(std::uint32_t checksum);
/// "float32(50000, 784) 1a2b3c4d", of dtype, shape and elements.
std::string fingerprint_of(const Tensor& x);

/// "float32(50000, 784)", or "undefined".
std::string described(const Tensor& x);

}  // namespace xtape::datasets
