#include "broadcast.hpp"

#include <algorithm>
#include <cstring>

#include "../core/scratch.hpp"

namespace xtape::kernel {
namespace {

constexpr std::int64_t block_bytes = 4096;  // of an operand, at most

template <class T>
double sum_of(const T* x, std::int64_t n) {
  if (n < 32) {
    double s = 0;
    for (std::int64_t i = 0; i < n; ++i) s += x[i];
    return s;
  }
  return vectorized(
      [](const T* x, std::int64_t n) {
        constexpr int lanes = 32;
        T lane[lanes] = {};
        std::int64_t i = 0;
        for (; i + lanes <= n; i += lanes)
          for (int k = 0; k < lanes; ++k) lane[k] += x[i + k];
        for (int k = 0; i < n; ++i, ++k) lane[k] += x[i];
        double s = 0;
        for (T v : lane) s += v;
        return s;
      },
      x, n);
}
template <class S, class T>
void add_to(S* sums, const T* x, std::int64_t n) {
  vectorized(
      [](S* sums, const T* x, std::int64_t n) {
        XTAPE_INDEPENDENT
        for (std::int64_t i = 0; i < n; ++i) sums[i] += x[i];
      },
      sums, x, n);
}

// Rows of n equal elements, one for each element of `from`.
template <class T>
void fill_rows(void* to, const void* from, std::int64_t rows, std::int64_t n) {
  vectorized(
      [](T* to, const T* from, std::int64_t rows, std::int64_t n) {
        constexpr std::int64_t wide = 64 / sizeof(T);
        for (std::int64_t r = 0; r < rows; ++r, to += n) {
          const T v = from[r];
          const auto fill = [to, v](std::int64_t begin) {
            for (std::int64_t i = begin; i < begin + wide; ++i) to[i] = v;
          };
          if (n < wide) {
            for_elements(n, [to, v](std::int64_t i) { to[i] = v; });
          } else {
            for (std::int64_t i = 0; i + wide < n; i += wide) fill(i);
            fill(n - wide);
          }
        }
      },
      static_cast<T*>(to), static_cast<const T*>(from), rows, n);
}
// The same row again and again.
void repeat_row(char* to, const char* from, std::int64_t rows, std::int64_t bytes) {
  const std::int64_t all = rows * bytes;
  std::memcpy(to, from, static_cast<std::size_t>(bytes));
  for (std::int64_t done = bytes; done < all; done *= 2)
    std::memcpy(to + done, to, static_cast<std::size_t>(std::min(done, all - done)));
}

}  // namespace

// What a tile works with.
struct Broadcast::Tile {
  Tile(double* sums, std::int64_t bytes) : sums(sums), memory(bytes) {}

  double* sums;
  Scratch<char> memory;
  std::int64_t offsets[2 * most];  // of the operands and results at the beginning of a row
  struct {
    const char* from = nullptr;
    std::int64_t rows = 0;
  } held[most];  // what an operand's buffer holds
  struct {
    std::int64_t offset = 0, rows = 0;
  } pattern[most];  // sums of several rows side by side that are added up to one in the end
};

Broadcast::Broadcast(const Shape& shape, const Array* const* x, std::size_t inputs, Array* const* y,
                     std::size_t outputs)
    : inputs_(inputs), outputs_(outputs), y_(y) {
  const Shape* shapes[2 * most];
  const auto place = [&](std::size_t k, const Array& a, const Shape& shape) {
    shapes[k] = &shape;
    places_[k].dtype = a.dtype;
    places_[k].bytes = size_of(a.dtype);
    places_[k].fill = visit_dtype(a.dtype, [](auto t) { return fill_rows<Bits<decltype(t)>>; });
  };
  for (const std::int64_t n : shape) size_ *= n;  // of an array that is there
  for (std::size_t k = 0; k < inputs; ++k) {
    place(k, *x[k], x[k]->shape);
    places_[k].data = x[k]->at<char>();
  }
  bool sums = false;
  for (std::size_t k = 0; k < outputs; ++k) {
    sums_[k] = nowhere;
    place(inputs + k, y[k] ? *y[k] : *x[0], y[k] ? y[k]->shape : shape);
    if (y[k] && y[k]->size == size_) places_[inputs + k].data = y[k]->at<char>();
    sums |= y[k] && y[k]->size != size_;
  }
  if (size_ == 0) return;
  merge_axes(shape, shapes);
  plan_tiles(sums);
  for (std::size_t k = 0; k < outputs; ++k) {
    if (!y[k] || result(k).data) continue;
    if (tiles_ > 1 && 4 * y[k]->size * tiles_ > size_) {
      sums_[k] = long_sum;
    } else {
      sums_[k] = length_;
      length_ += y[k]->size;
    }
  }
  plan_buffers();
}

// From the innermost axis out; sizes and strides are filled from the end and moved to the front afterwards.
void Broadcast::merge_axes(const Shape& shape, const Shape* const* shapes) {
  const std::size_t count = inputs_ + outputs_;
  std::int64_t step[2 * most], stride[2 * most];
  std::fill_n(step, count, 1);
  int at = Shape::max_rank;
  for (int axis = 1; axis <= shape.rank(); ++axis) {
    const std::int64_t n = shape[shape.rank() - axis];
    if (n == 1) continue;
    bool merge = at < Shape::max_rank;
    for (std::size_t k = 0; k < count; ++k) {
      const Shape& s = *shapes[k];
      const std::int64_t m = axis <= s.rank() ? s[s.rank() - axis] : 1;
      stride[k] = m == 1 ? 0 : step[k];
      step[k] *= m;
      merge = merge && stride[k] == places_[k].strides[at] * sizes_[at];
    }
    if (merge) {
      sizes_[at] *= n;
      continue;
    }
    sizes_[--at] = n;
    for (std::size_t k = 0; k < count; ++k) places_[k].strides[at] = stride[k];
  }
  if (at == Shape::max_rank) {  // one element
    sizes_[--at] = 1;
    for (std::size_t k = 0; k < count; ++k) places_[k].strides[at] = 1;
  }
  rank_ = Shape::max_rank - at;
  std::copy_n(sizes_ + at, rank_, sizes_);
  for (std::size_t k = 0; k < count; ++k) {
    Place& p = places_[k];
    std::copy_n(p.strides + at, rank_, p.strides);
    p.inner = p.strides[rank_ - 1];
    p.outer = rank_ > 1 ? p.strides[rank_ - 2] : 0;
  }
}

// Tiles of whole rows, or, where rows are long, of pieces of one. Few where there are sums, because each has its own.
void Broadcast::plan_tiles(bool sums) {
  const std::int64_t tile = sums ? std::max(tile_size, (size_ + 63) / 64) : tile_size;
  n_ = sizes_[rank_ - 1];
  middle_ = rank_ > 1 ? sizes_[rank_ - 2] : 1;
  rows_ = size_ / n_;
  pieces_ = (n_ + tile - 1) / tile;
  piece_ = pieces_ == 1 ? n_ : tile;
  rows_per_tile_ = pieces_ == 1 ? tile / n_ : 1;
  tiles_ = (rows_ + rows_per_tile_ - 1) / rows_per_tile_ * pieces_;

  std::int64_t bytes = 1;
  for (std::size_t k = 0; k < inputs_ + outputs_; ++k) bytes = std::max(bytes, places_[k].bytes);
  block_ = block_bytes / bytes;
  rows_per_block_ = std::max<std::int64_t>(1, std::min(block_ / n_, middle_));
  width_ = std::min(n_, block_);
  if (sums || rows_per_block_ > 1) return;
  // No bits depend on the width, and a buffer that is filled anew for each row takes time: shorter ones, of one length.
  const std::int64_t longest = block_ * 3 / 8, stretches = (n_ + longest - 1) / longest;
  width_ = std::min(n_, ((n_ + stretches - 1) / stretches + 15) / 16 * 16);
}

void Broadcast::plan_buffers() {
  const auto take = [this](std::int64_t bytes) { return (memory_ += bytes) - bytes; };
  for (std::size_t k = 0; k < outputs_; ++k)
    if (sums_in_pattern(k)) places_[inputs_ + k].pattern = take(8 * block_);
  patterns_ = memory_;
  for (std::size_t k = 0; k < inputs_; ++k)
    if (!solid(places_[k], rows_per_block_)) places_[k].buffer = take(block_bytes);
  for (std::size_t k = 0; k < outputs_; ++k)
    if (!result(k).data) places_[inputs_ + k].buffer = take(block_bytes);
  if (memory_ == 0) width_ = piece_;
}

void Broadcast::write_whole(std::size_t k, const Array& whole) {
  places_[inputs_ + k].data = whole.at<char>();
  sums_[k] = nowhere;
}

void Broadcast::run(Loop loop) const {
  if (size_ == 0) {
    for (std::size_t k = 0; k < outputs_; ++k)
      if (y_[k]) std::memset(y_[k]->data, 0, static_cast<std::size_t>(y_[k]->size * result(k).bytes));
    return;
  }
  const Ref<Array> sums_of_tiles = length_ ? make_array(float64, Shape{tiles_, length_}) : Ref<Array>();
  double* const total = length_ ? sums_of_tiles->at<double>() : nullptr;
  parallel_for(tiles_, [&](std::int64_t t) { run_tile(loop, t, total + t * length_); });
  for (std::int64_t t = 1; t < tiles_ && length_; ++t) add_to(total, total + t * length_, length_);
  for (std::size_t k = 0; k < outputs_; ++k)
    if (sums_[k] >= 0)
      visit_floating(y_[k]->dtype, [&](auto t) {
        for (std::int64_t i = 0; i < y_[k]->size; ++i)
          y_[k]->at<decltype(t)>()[i] = static_cast<decltype(t)>(total[sums_[k] + i]);
      });
}

void Broadcast::run_tile(Loop loop, std::int64_t t, double* sums) const {
  Tile tile(sums, memory_);
  if (length_) std::memset(sums, 0, static_cast<std::size_t>(length_) * sizeof(double));
  if (patterns_) std::memset(tile.memory.get(), 0, static_cast<std::size_t>(patterns_));
  const std::int64_t begin = t % pieces_ * piece_, end = std::min(n_, begin + piece_);
  const std::int64_t first = t / pieces_ * rows_per_tile_, last = std::min(rows_, first + rows_per_tile_);
  for (std::int64_t row = first, count; row < last; row += count) {
    count = std::min(middle_ - row % middle_, last - row);
    locate(tile, row);
    run_rows(loop, tile, row, count, begin, end);
  }
  for (std::size_t k = 0; k < outputs_; ++k) flush(tile, k);
}

void Broadcast::locate(Tile& tile, std::int64_t row) const {
  const std::size_t count = inputs_ + outputs_;
  std::fill_n(tile.offsets, count, 0);
  for (int d = rank_ - 2; d >= 0; --d) {
    const std::int64_t i = row % sizes_[d];
    row /= sizes_[d];
    for (std::size_t k = 0; k < count; ++k) tile.offsets[k] += i * places_[k].strides[d];
  }
}

// Rows along one axis, which all operands go along in equal steps.
void Broadcast::run_rows(Loop loop, Tile& tile, std::int64_t row, std::int64_t count, std::int64_t begin,
                         std::int64_t end) const {
  const char* from[most];        // where a block's elements come from,
  char* to[most];                // where they go to,
  std::int64_t steps[2 * most];  // and bytes from there to the next row's
  for (std::size_t k = 0; k < inputs_; ++k) {
    const Place& p = places_[k];
    from[k] = p.data + (tile.offsets[k] + p.inner * begin) * p.bytes;
    steps[k] = p.outer * p.bytes;
  }
  for (std::size_t k = 0; k < outputs_; ++k) {
    const Place& p = result(k);
    to[k] = p.data ? p.data + (row * n_ + begin) * p.bytes : tile.memory.get() + p.buffer;
    steps[inputs_ + k] = p.data ? n_ * p.bytes : 0;
  }
  for (std::int64_t r = 0; r < count; r += rows_per_block_) {
    const std::int64_t rows = std::min(rows_per_block_, count - r);
    const void* x[most];
    void* y[most];
    for (std::size_t k = 0; k < inputs_; ++k) {
      const char* const at = from[k] + r * steps[k];
      x[k] = solid(places_[k], rows) ? at : spread(tile, k, rows, at);
    }
    for (std::size_t k = 0; k < outputs_; ++k) y[k] = to[k] + r * steps[inputs_ + k];
    for (std::int64_t column = begin;;) {
      const std::int64_t width = std::min(width_, end - column);
      loop.call(loop.f, rows * width, y, x);
      for (std::size_t k = 0; length_ && k < outputs_; ++k)
        if (sums_[k] >= 0) add(tile, k, r, rows, column, width);
      column += width;
      if (column == end) break;
      for (std::size_t k = 0; k < inputs_; ++k)
        if (places_[k].inner) x[k] = static_cast<const char*>(x[k]) + width * places_[k].bytes;
      for (std::size_t k = 0; k < outputs_; ++k)
        if (result(k).data) y[k] = static_cast<char*>(y[k]) + width * result(k).bytes;
    }
  }
}

// What stands still along the row is the same in every column, so the buffer is filled once.
const void* Broadcast::spread(Tile& tile, std::size_t k, std::int64_t rows, const char* from) const {
  const Place& p = places_[k];
  char* const buffer = tile.memory.get() + p.buffer;
  if (tile.held[k].from == from && tile.held[k].rows >= rows) return buffer;
  tile.held[k] = {from, rows};
  if (p.inner == 1) repeat_row(buffer, from, rows, width_ * p.bytes);
  else if (p.outer == 0) p.fill(buffer, from, 1, rows * width_);
  else p.fill(buffer, from, rows, width_);  // each row has an element of its own
  return buffer;
}

bool Broadcast::sums_in_pattern(std::size_t k) const {
  return sums_[k] >= 0 && rows_per_block_ > 1 && result(k).inner == 1 && result(k).outer == 0;
}

// Adds a block of result k to its sums.
void Broadcast::add(Tile& tile, std::size_t k, std::int64_t r, std::int64_t rows, std::int64_t column,
                    std::int64_t width) const {
  const Place& p = result(k);
  const std::int64_t offset = tile.offsets[inputs_ + k] + r * p.outer;
  double* to = tile.sums + sums_[k] + offset;
  visit_floating(p.dtype, [&](auto t) {
    const auto* from = reinterpret_cast<const decltype(t)*>(tile.memory.get() + p.buffer);
    if (sums_in_pattern(k)) {
      if (tile.pattern[k].offset != offset) flush(tile, k);
      tile.pattern[k] = {offset, std::max(tile.pattern[k].rows, rows)};
      add_to(reinterpret_cast<double*>(tile.memory.get() + p.pattern), from, rows * width);
    } else if (solid(p, rows)) {
      add_to(to + column, from, rows * width);
    } else if (p.inner == 0 && (rows == 1 || p.outer == 0)) {
      *to += sum_of(from, rows * width);
    } else {
      for (std::int64_t r = 0; r < rows; ++r, to += p.outer, from += width)
        if (p.inner == 0) *to += sum_of(from, width);
        else add_to(to, from, width);
    }
  });
}
void Broadcast::flush(Tile& tile, std::size_t k) const {
  if (!sums_in_pattern(k)) return;
  double* const sums = reinterpret_cast<double*>(tile.memory.get() + result(k).pattern);
  double* const to = tile.sums + sums_[k] + tile.pattern[k].offset;
  for (std::int64_t i = 0; i < tile.pattern[k].rows * n_; ++i) {
    to[i % n_] += sums[i];
    sums[i] = 0;
  }
  tile.pattern[k].rows = 0;
}

}  // namespace xtape::kernel
