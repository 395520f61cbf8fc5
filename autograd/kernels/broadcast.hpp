// Private: one pass over operands of different shapes, for any formula: where they stand is planned once, and only the
// loop over contiguous elements, called through a pointer, knows what it computes.
#pragma once
#include <cstddef>
#include <cstdint>

#include "../core/array.hpp"
#include "loops.hpp"

namespace xtape::kernel {
using namespace detail;

/// A pass over operands that broadcast to `shape`, into results of that shape or summed to smaller ones on the way.
/// Blocks of some rows, or stretches of one, are computed at a time: an operand that does not step as the whole does is
/// spread over a short buffer first, and a result that is to be summed is written to one; they stay in the first-level
/// cache. Tiles and blocks depend on the shapes alone, and so do the bits of the sums.
class Broadcast {
 public:
  static constexpr std::size_t most = 12;  // operands, or results

  /// A result that is null is not wanted.
  Broadcast(const Shape& shape, const Array* const* x, std::size_t inputs, Array* const* y, std::size_t outputs);

  /// Whether sums of result k on the way would be about as long as what they sum: better write it down whole, and sum
  /// it afterwards.
  bool sums_long(std::size_t k) const { return sums_[k] == long_sum; }
  /// Writes result k, unsummed, to an array of the whole shape.
  void write_whole(std::size_t k, const Array& whole);
  void run(Loop loop) const;

 private:
  static constexpr std::int64_t nowhere = -1, long_sum = -2;
  // An operand, or a result.
  struct Place {
    char* data = nullptr;  // of a result: where it is written unsummed, if it is
    Dtype dtype;
    void (*fill)(void* to, const void* from, std::int64_t rows, std::int64_t n);
    std::int64_t bytes;            // of an element
    std::int64_t buffer, pattern;  // where its buffer, and its pattern of sums, begin in a tile's memory
    std::int64_t inner, outer;     // elements from one to the next in a row, and from row to row
    std::int64_t strides[Shape::max_rank];
  };
  struct Tile;

  void merge_axes(const Shape& shape, const Shape* const* shapes);
  void plan_tiles(bool sums);
  void plan_buffers();
  const Place& result(std::size_t k) const { return places_[inputs_ + k]; }
  // Whether several rows lie one after the other.
  bool solid(const Place& p, std::int64_t rows) const { return p.inner == 1 && (rows == 1 || p.outer == n_); }
  bool sums_in_pattern(std::size_t k) const;

  void run_tile(Loop loop, std::int64_t t, double* sums) const;
  void locate(Tile& tile, std::int64_t row) const;
  void run_rows(Loop loop, Tile& tile, std::int64_t row, std::int64_t count, std::int64_t begin,
                std::int64_t end) const;
  const void* spread(Tile& tile, std::size_t k, std::int64_t rows, const char* from) const;
  void add(Tile& tile, std::size_t k, std::int64_t r, std::int64_t rows, std::int64_t column, std::int64_t width) const;
  void flush(Tile& tile, std::size_t k) const;

  std::size_t inputs_, outputs_;
  Array* const* y_;
  std::int64_t size_ = 1;
  int rank_ = 0;  // after axes that can be walked as one were merged
  std::int64_t sizes_[Shape::max_rank];
  Place places_[2 * most];
  std::int64_t sums_[most];                      // where a result's sums stand among a tile's
  std::int64_t length_ = 0;                      // of a tile's sums
  std::int64_t patterns_ = 0, memory_ = 0;       // bytes of a tile's memory: what begins with zeros, and all
  std::int64_t block_;                           // elements
  std::int64_t n_, rows_, middle_, tiles_;       // rows of n elements, so many along the next axis
  std::int64_t pieces_, piece_, rows_per_tile_;  // of a row; of rows
  std::int64_t width_, rows_per_block_;
};

}  // namespace xtape::kernel
