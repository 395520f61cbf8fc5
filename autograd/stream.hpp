// Private: how an operation draws random numbers. It takes the key of a stream as an input and is a pure function of
// it, so that a replay draws anew and a checkpoint draws the same; only `next_stream`, which makes the key, is not
// pure.
#pragma once
#include <cstdint>
#include <utility>

#include "kernel.hpp"
#include "random.hpp"

namespace xtape {

/// The seed and the number of the generator's next stream: () -> (2,), int64.
Tensor next_stream(Generator& generator, Site site);

struct StreamKey {
  std::uint64_t seed, stream;
};
inline StreamKey key_of(const Array& key) {
  const auto* k = key.at<std::int64_t>();
  return {static_cast<std::uint64_t>(k[0]), static_cast<std::uint64_t>(k[1])};
}

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

/// y[i] = f(word i, x[i]...) for i < n, where the words are signed: uniform in [-2^31, 2^31). They are those of blocks
/// of the stream, 16 blocks at a time, all their first words first.
template <class F, class Y, class... X>
void map_words(StreamKey key, std::int64_t n, F f, Y* y, const X*... x) {
  constexpr std::uint32_t blocks = 16, chunk = 4 * blocks;
  auto loop = [](StreamKey key, std::int64_t begin, std::int64_t end, F f, Y* y, const X*... x) {
    for (std::int64_t i = begin; i < end; i += chunk) {
      std::int32_t words[chunk];
      const auto low = static_cast<std::uint32_t>(i / 4), high = static_cast<std::uint32_t>(i >> 34);
      for (std::uint32_t b = 0; b < blocks; ++b) {
        const Block block = philox(key, low + b, high);
        for (std::uint32_t k = 0; k < 4; ++k) words[k * blocks + b] = static_cast<std::int32_t>(block.word[k]);
      }
      if (end - i >= chunk) {
        XTAPE_INDEPENDENT
        for (std::int64_t k = 0; k < chunk; ++k) y[i + k] = f(words[k], x[i + k]...);
      } else {
        for (std::int64_t k = 0; k < end - i; ++k) y[i + k] = f(words[k], x[i + k]...);
      }
    }
  };
  kernel::for_tiles(n, [&](std::int64_t begin, std::int64_t count) {
    kernel::vectorized(loop, key, begin, begin + count, f, y, x...);
  });
}

}  // namespace xtape
