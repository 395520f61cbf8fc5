// Private: what tells data and files from others.
#pragma once
#include <autograd/tensor.hpp>
#include <string>

namespace xtape::optim {

/// CRC-32 of dtypes, shapes and elements, going on from another one.
std::uint32_t checksum(const Tensor& x, std::uint32_t before = 0);
std::uint32_t checksum(const std::string& text, std::uint32_t before = 0);
/// "float32(50000, 784) 1a2b3c4d".
std::string fingerprint_of(const Tensor& x);

}  // namespace xtape::optim
