#include "idx.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <new>

#include "gz.hpp"

namespace xtape::datasets {
namespace {

std::string text(const std::vector<std::int64_t>& shape) {
  std::string s;
  for (const std::int64_t size : shape) s += (s.empty() ? "(" : ", ") + std::to_string(size);
  return s + ")";
}

}  // namespace

Idx read_idx(const std::string& path, Site site) {
  GzReader file({"read_idx", path, site});
  const auto refuse = [&](const std::string& why) { file.place().refuse(why); };
  const auto big_endian = [&](const char* what) {
    std::uint8_t b[4];
    const std::size_t got = file.read(b, 4);
    if (got < 4)
      refuse("it ends at byte " + std::to_string(file.position()) + ", after " + std::to_string(got) +
             " bytes of the " + what + ", expected 4");
    return std::uint32_t{b[0]} << 24 | std::uint32_t{b[1]} << 16 | std::uint32_t{b[2]} << 8 | b[3];
  };

  // Two zero bytes, the type of the values (8: unsigned bytes), and the number of dimensions.
  const std::uint32_t magic = big_endian("magic number");
  const std::uint32_t rank = magic & 0xff;
  if (magic >> 8 != 8 || rank == 0) {
    char found[11];
    std::snprintf(found, sizeof found, "0x%08x", static_cast<unsigned>(magic));
    refuse(std::string("its magic number is ") + found + ", expected 0x00000801 to 0x000008ff, an IDX file of bytes");
  }
  Idx idx;
  std::int64_t count = 1;
  for (std::uint32_t i = 0; i < rank; ++i) {
    idx.shape.push_back(big_endian("shape"));
    if (__builtin_mul_overflow(count, idx.shape.back(), &count))
      refuse("its shape is " + text(idx.shape) + " up to byte " + std::to_string(file.position()) +
             ", expected fewer than 2^63 values");
  }

  // Memory grows with what the file holds, not with what its header promises; where that is much, all of it is asked
  // for before it is used.
  const std::string promised = std::to_string(count) + " values of shape " + text(idx.shape);
  while (std::int64_t(idx.values.size()) < count) {
    const std::size_t begin = idx.values.size(), most = std::max<std::size_t>(begin, 1 << 20);
    if (begin == std::size_t{1} << 26) {
      void* all = ::operator new(std::size_t(count), std::nothrow);
      ::operator delete(all);
      if (!all) refuse("there is no memory for its " + promised);
      idx.values.reserve(std::size_t(count));
    }
    const std::size_t size = std::min(most, std::size_t(count) - begin);
    idx.values.resize(begin + size);
    const std::size_t got = file.read(idx.values.data() + begin, size);
    if (got < size)
      refuse("it ends at byte " + std::to_string(file.position()) + ", after " + std::to_string(begin + got) +
             " values, expected " + std::to_string(count) + " of shape " + text(idx.shape));
  }
  char extra;
  if (file.read(&extra, 1) > 0)
    refuse("it goes on at byte " + std::to_string(file.position() - 1) + ", after its " + promised +
           ", expected its end");
  return idx;
}

}  // namespace xtape::datasets
