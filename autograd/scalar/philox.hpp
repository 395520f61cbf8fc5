// Private: random words that are a function of (seed, stream, position). Source: Philox-4x32 with seven rounds, see
// random.hpp.
#pragma once
#include <cstdint>
#include <utility>

#include "real.hpp"

namespace xtape {

struct StreamKey {
  std::uint64_t seed, stream;
};

/// Four random words.
struct Block {
  std::uint32_t word[4];
};

// A product's upper and lower half by themselves: so the loops over blocks vectorise best.
XTAPE_INLINE std::uint32_t upper(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::uint32_t>((std::uint64_t{a} * b) >> 32);
}
template <std::uint32_t... Round>
XTAPE_INLINE Block philox(StreamKey key, Block c, std::integer_sequence<std::uint32_t, Round...>) {
  const auto k0 = static_cast<std::uint32_t>(key.seed), k1 = static_cast<std::uint32_t>(key.seed >> 32);
  ((c = {{upper(0xCD9E8D57u, c.word[2]) ^ c.word[1] ^ (k0 + Round * 0x9E3779B9u), 0xCD9E8D57u * c.word[2],
          upper(0xD2511F53u, c.word[0]) ^ c.word[3] ^ (k1 + Round * 0xBB67AE85u), 0xD2511F53u * c.word[0]}}),
   ...);
  return c;
}
/// The words at position `low` + 2^32 `high` of a stream.
XTAPE_INLINE Block philox(StreamKey key, std::uint32_t low, std::uint32_t high) {
  const Block counter{
      {low, high, static_cast<std::uint32_t>(key.stream), static_cast<std::uint32_t>(key.stream >> 32)}};
  return philox(key, counter, std::make_integer_sequence<std::uint32_t, 7>{});
}
XTAPE_INLINE Block philox(StreamKey key, std::uint64_t position) {
  return philox(key, static_cast<std::uint32_t>(position), static_cast<std::uint32_t>(position >> 32));
}

}  // namespace xtape
