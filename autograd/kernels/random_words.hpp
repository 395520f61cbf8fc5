// Private: loops that draw random numbers. An operation takes the key of a stream as an input and is a pure function of
// it, so that a replay draws anew and a checkpoint draws the same; only `next_stream`, which makes the key, is not
// pure.
#pragma once
#include "../core/array.hpp"
#include "../scalar/philox.hpp"
#include "loops.hpp"

namespace xtape {
using namespace detail;

inline StreamKey key_of(const Array& key) {
  const auto* k = key.at<std::int64_t>();
  return {static_cast<std::uint64_t>(k[0]), static_cast<std::uint64_t>(k[1])};
}

// `blocks` blocks of a stream, all their first words first.
template <std::uint32_t blocks>
XTAPE_INLINE void draw_words(StreamKey key, std::int64_t block, std::uint32_t* words) {
  const auto low = static_cast<std::uint32_t>(block), high = static_cast<std::uint32_t>(block >> 32);
  for (std::uint32_t b = 0; b < blocks; ++b) {
    const Block drawn = philox(key, low + b, high);
    for (std::uint32_t k = 0; k < 4; ++k) words[k * blocks + b] = drawn.word[k];
  }
}
// f(i, count) for pieces of `chunk` elements and what is left at the end: two calls, so that the loops of a whole piece
// have a known length.
template <std::int64_t chunk, class F>
XTAPE_INLINE void for_chunks(std::int64_t begin, std::int64_t end, F f) {
  for (std::int64_t i = begin; i < end; i += chunk) {
    if (end - i >= chunk) f(i, chunk);
    else f(i, end - i);
  }
}

/// y[i] = f(word i, x[i]...) for i < n, where the words are signed: uniform in [-2^31, 2^31).
template <class F, class Y, class... X>
void map_words(StreamKey key, std::int64_t n, F f, Y* y, const X*... x) {
  constexpr std::uint32_t blocks = 16, chunk = 4 * blocks;
  auto loop = [](StreamKey key, std::int64_t begin, std::int64_t end, F f, Y* y, const X*... x) {
    for_chunks<chunk>(begin, end, [&](std::int64_t i, std::int64_t count) {
      std::uint32_t words[chunk];
      draw_words<blocks>(key, i / 4, words);
      XTAPE_INDEPENDENT
      for (std::int64_t k = 0; k < count; ++k) y[i + k] = f(static_cast<std::int32_t>(words[k]), x[i + k]...);
    });
  };
  kernel::for_tiles(n, [&](std::int64_t begin, std::int64_t count) {
    kernel::vectorized(loop, key, begin, begin + count, f, y, x...);
  });
}

/// y[i] = f(coin i, x[i]...) for i < n, where a coin is true with probability p, within 2^-48; `y` is none of the `x`.
/// Half a word decides, but for those at the edge, one in 2^16, for which another word does.
template <class F, class Y, class... X>
void map_coins(StreamKey key, std::int64_t n, double p, F f, Y* y, const X*... x) {
  constexpr std::uint32_t blocks = 16, words = 4 * blocks, chunk = 2 * words;
  const auto edge = static_cast<std::int32_t>(p * 0x1p16);
  const double beyond = (p * 0x1p16 - edge) * 0x1p32;
  auto loop = [](StreamKey key, std::int64_t begin, std::int64_t end, std::int32_t edge, double beyond, F f, Y* y,
                 const X*... x) {
    for_chunks<chunk>(begin, end, [&](std::int64_t i, std::int64_t count) {
      std::uint32_t word[words];
      draw_words<blocks>(key, i / 8, word);
      std::int32_t half[chunk], edges = 0;
      for (std::uint32_t k = 0; k < words; ++k) {
        half[k] = static_cast<std::int32_t>(word[k] >> 16);
        half[words + k] = static_cast<std::int32_t>(word[k] & 0xFFFF);
      }
      for (std::uint32_t k = 0; k < chunk; ++k) edges |= half[k] == edge;
      XTAPE_INDEPENDENT
      for (std::int64_t k = 0; k < count; ++k) y[i + k] = f(half[k] < edge, x[i + k]...);
      for (std::int64_t k = 0; edges && k < count; ++k)
        if (half[k] == edge) {
          const auto position = static_cast<std::uint64_t>(i + k) | std::uint64_t{1} << 63;  // blocks end before
          y[i + k] = f(philox(key, position).word[0] < beyond, x[i + k]...);
        }
    });
  };
  kernel::for_tiles(n, [&](std::int64_t begin, std::int64_t count) {
    kernel::vectorized(loop, key, begin, begin + count, edge, beyond, f, y, x...);
  });
}

}  // namespace xtape
