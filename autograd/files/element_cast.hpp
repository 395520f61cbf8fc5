// Private: elements of files in types that tensors have not, and the types they become, which lose nothing.
#pragma once
#include <cstring>
#include "../tensor.hpp"

namespace xtape::detail {

/// Elements of `size` bytes that are read as one of a tensor's: copied, or widened.
struct ElementType {
  enum Kind { copied, half, bfloat, signed_integer, unsigned_integer } kind;
  std::int64_t size;
  Dtype dtype;
};

inline float from_half(std::uint16_t h) {
  const std::uint32_t sign = (h & 0x8000u) << 16, exponent = (h >> 10) & 31u, fraction = h & 1023u;
  if (exponent == 0) {
    const float small = static_cast<float>(fraction) * 0x1p-24f;
    return sign ? -small : small;
  }
  const std::uint32_t bits = sign | (exponent == 31 ? 0x7f800000u : (exponent + 112) << 23) | fraction << 13;
  float f;
  std::memcpy(&f, &bits, sizeof f);
  return f;
}

/// Element i of those at `from`, which may be anywhere.
template <class T>
T element_at(const char* from, std::int64_t i) {
  T value;
  std::memcpy(&value, from + i * static_cast<std::int64_t>(sizeof value), sizeof value);
  return value;
}

/// Casts n elements at `from`, least significant byte first, to those of a tensor at `to`.
inline void cast_elements(const ElementType& type, const char* from, std::int64_t n, void* to) {
  const auto each = [&](auto* to, auto value) {
    for (std::int64_t i = 0; i < n; ++i) to[i] = value(i);
  };
  switch (type.kind) {
    case ElementType::copied:
      if (type.dtype == boolean) each(static_cast<bool*>(to), [&](auto i) { return from[i] != 0; });
      else std::memcpy(to, from, static_cast<std::size_t>(n * type.size));
      break;
    case ElementType::half:
      each(static_cast<float*>(to), [&](auto i) { return from_half(element_at<std::uint16_t>(from, i)); });
      break;
    case ElementType::bfloat:
      each(static_cast<float*>(to), [&](auto i) {
        const std::uint32_t bits = std::uint32_t{element_at<std::uint16_t>(from, i)} << 16;
        float f;
        std::memcpy(&f, &bits, sizeof f);
        return f;
      });
      break;
    case ElementType::signed_integer:
      each(static_cast<std::int64_t*>(to), [&](auto i) -> std::int64_t {
        return type.size == 1   ? element_at<std::int8_t>(from, i)
               : type.size == 2 ? element_at<std::int16_t>(from, i)
                                : element_at<std::int32_t>(from, i);
      });
      break;
    case ElementType::unsigned_integer:
      each(static_cast<std::int64_t*>(to), [&](auto i) -> std::int64_t {
        return type.size == 2 ? element_at<std::uint16_t>(from, i) : element_at<std::uint32_t>(from, i);
      });
      break;
  }
}

/// Whether this machine keeps the least significant byte first, as the files do.
inline bool is_little_endian() {
  const std::uint16_t one = 1;
  return element_at<std::uint8_t>(reinterpret_cast<const char*>(&one), 0) == 1;
}

}  // namespace xtape::detail
