#include "strided.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "loops.hpp"
#include "parallel_rows.hpp"
#include "transpose.hpp"

namespace xtape::kernel {
using namespace detail;

void Strided::push(std::int64_t n, std::int64_t to, std::int64_t from) {
  size *= n;
  if (n == 1) return;
  if (rank > 0) {
    Axis& outer = axes[rank - 1];
    if (outer.to == to * n && outer.from == from * n) {
      outer = {outer.size * n, to, from};
      return;
    }
  }
  axes[rank++] = {n, to, from};
}

void clear(Array& x) {
  const std::int64_t bytes = x.size * size_of(x.dtype), tile = tile_size * 8;
  parallel_for((bytes + tile - 1) / tile, [&](std::int64_t t) {
    std::memset(x.at<char>() + t * tile, 0, static_cast<std::size_t>(std::min(tile, bytes - t * tile)));
  });
}

namespace {

// A few rows of both boxes.
struct BoxRows {
  std::int64_t rows, row_to, row_from;
  std::int64_t n, to, from;
};

struct Copy {
  template <class T>
  static void one(T& y, T x) {
    y = x;
  }
};
struct Add {
  template <class T>
  static void one(T& y, T x) {
    y = (Real<T>{y} + Real<T>{x}).v;
  }
};

template <class How, class T>
void walk_rows(const BoxRows& r, T* y, const T* x) {
  // Many short rows are a few long ones.
  if (r.n < 8 && r.rows > 2 * r.n) return walk_rows<How>({r.n, r.to, r.from, r.rows, r.row_to, r.row_from}, y, x);
  auto loop = [](BoxRows r, T* y, const T* x) {
    for (std::int64_t i = 0; i < r.rows; ++i, y += r.row_to, x += r.row_from) {
      if (r.to == 1 && r.from == 1) {
        XTAPE_INDEPENDENT
        for (std::int64_t k = 0; k < r.n; ++k) How::one(y[k], x[k]);
      } else if (r.to == 1 && r.from == -1) {
        XTAPE_INDEPENDENT
        for (std::int64_t k = 0; k < r.n; ++k) How::one(y[k], x[-k]);
      } else if (r.to == 1 && r.from == 2) {
        XTAPE_INDEPENDENT
        for (std::int64_t k = 0; k < r.n; ++k) How::one(y[k], x[2 * k]);
      } else if (r.to == 1 && r.from == 0) {
        const T v = *x;
        XTAPE_INDEPENDENT
        for (std::int64_t k = 0; k < r.n; ++k) How::one(y[k], v);
      } else {
        XTAPE_INDEPENDENT
        for (std::int64_t k = 0; k < r.n; ++k) How::one(y[k * r.to], x[k * r.from]);
      }
    }
  };
  vectorized(loop, r, y, x);
}

// Where the rows of the source are the columns of the destination.
template <class T>
void transpose_rows(const BoxRows& r, T* y, const T* x, bool streams) {
  auto piece = [](BoxRows r, T* y, const T* x, bool streams) {
    transpose_piece(r.rows, r.n, x, r.from, y, r.row_to, streams);
  };
  vectorized(piece, r, y, x, streams);
}

template <class How, class T>
void walk_all(const Strided& w, T* to, const T* from) {
  if (w.size == 0) return;
  if (w.rank == 0) return How::one(*to, *from);
  const Strided::Axis inner = w.axes[w.rank - 1];
  // The axis of the rows: the one along which the source is contiguous, or the next one.
  constexpr std::int64_t least = 4;  // what is thinner is no matrix to transpose
  int row = w.rank - 2;
  bool transposes = false;
  if constexpr (std::is_same_v<How, Copy>)
    if (inner.to == 1 && std::abs(inner.from) > 1 && inner.size >= least)
      for (int i = 0; i < w.rank - 1; ++i)
        if (w.axes[i].from == 1 && w.axes[i].size >= least) row = i, transposes = true;
  const Strided::Axis rows = row >= 0 ? w.axes[row] : Strided::Axis{1, 0, 0};
  // Tiles are pieces of rows and of the inner axis; the other axes count the planes.
  const std::int64_t width = transposes ? transpose_width : std::min(inner.size, tile_size);
  const std::int64_t height = transposes ? transpose_height<T> : tile_size / width;
  const bool streams = w.size * static_cast<std::int64_t>(sizeof(T)) >= std::int64_t{1} << 23;
  const std::int64_t columns = (inner.size + width - 1) / width, strips = (rows.size + height - 1) / height;
  const std::int64_t planes = w.size / (inner.size * rows.size);
  // Small planes go together.
  const std::int64_t pieces = planes * strips * columns;
  auto piece = [&](std::int64_t t) {
    const std::int64_t column = t % columns * width, strip = t / columns % strips * height;
    T* y = to + column * inner.to + strip * rows.to;
    const T* x = from + column * inner.from + strip * rows.from;
    std::int64_t plane = t / columns / strips;
    for (int i = w.rank - 2; i >= 0; --i) {
      if (i == row) continue;
      const std::int64_t k = plane % w.axes[i].size;
      plane /= w.axes[i].size;
      y += k * w.axes[i].to, x += k * w.axes[i].from;
    }
    const BoxRows r{std::min(height, rows.size - strip),  rows.to,  rows.from,
                    std::min(width, inner.size - column), inner.to, inner.from};
    if (transposes) transpose_rows(r, y, x, streams);
    else walk_rows<How>(r, y, x);
  };
  parallel_rows(pieces, w.size / pieces, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) piece(i);
  });
}

}  // namespace

void copy(const Strided& walk, Dtype dtype, void* to, const void* from) {
  visit_dtype(dtype, [&](auto t) {
    using T = decltype(t);
    walk_all<Copy>(walk, static_cast<T*>(to), static_cast<const T*>(from));
  });
}

void add(const Strided& walk, Dtype dtype, void* to, const void* from) {
  visit_computing(dtype, [&](auto t) {
    using T = decltype(t);
    walk_all<Add>(walk, static_cast<T*>(to), static_cast<const T*>(from));
  });
}

}  // namespace xtape::kernel
