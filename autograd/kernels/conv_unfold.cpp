#include "conv_unfold.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "../core/array.hpp"
#include "conv_direct.hpp"
#include "gemm.hpp"
#include "loops.hpp"

namespace xtape {
using namespace detail;

namespace {

// f(row of columns, row of x, windows inside) for each row of each tap: `inside` of the last axis, or none where the
// row lies outside of x along another axis.
struct TapRow {
  std::int64_t column, x;  // where its first element is; of x, where window 0 would look
  Inside inside;
};
template <class F>
void for_rows(const Windows& w, std::int64_t channels, F f) {
  std::int64_t column = 0;
  for (std::int64_t c = 0; c < channels; ++c)
    for (std::int64_t a = 0; a < w.k[0]; ++a)
      for (std::int64_t b = 0; b < w.k[1]; ++b)
        for (std::int64_t k = 0; k < w.k[2]; ++k) {
          const Inside planes = inside(w, 0, a), rows = inside(w, 1, b), all = inside(w, 2, k);
          for (std::int64_t i = 0; i < w.y[0]; ++i)
            for (std::int64_t j = 0; j < w.y[1]; ++j, column += w.y[2]) {
              const bool lies_inside = i >= planes.begin && i < planes.end && j >= rows.begin && j < rows.end;
              const std::int64_t plane = i * w.stride[0] - w.padding[0] + a * w.dilation[0],
                                 row = j * w.stride[1] - w.padding[1] + b * w.dilation[1];
              const std::int64_t x = ((c * w.x[0] + plane) * w.x[1] + row) * w.x[2] - w.padding[2] + k * w.dilation[2];
              f(TapRow{column, x, lies_inside ? all : Inside{0, 0}});
            }
        }
}

}  // namespace

template <class T>
void unfold(const Windows& w, std::int64_t channels, const T* x, T* columns) {
  kernel::vectorized([&w, channels, x, columns] {
    const std::int64_t n = w.y[2], stride = w.stride[2];
    for_rows(w, channels, [&](const TapRow& row) {
      T* to = columns + row.column;
      const auto [begin, end] = row.inside;
      for (std::int64_t o = 0; o < begin; ++o) to[o] = 0;
      if (stride == 1)
        for (std::int64_t o = begin; o < end; ++o) to[o] = x[row.x + o];
      else
        for (std::int64_t o = begin; o < end; ++o) to[o] = x[row.x + o * stride];
      for (std::int64_t o = end; o < n; ++o) to[o] = 0;
    });
  });
}

template <class T>
void fold(const Windows& w, std::int64_t channels, const T* columns, T* x) {
  kernel::vectorized([&w, channels, columns, x] {
    const std::int64_t stride = w.stride[2], n = channels * w.x_size();
    for (std::int64_t i = 0; i < n; ++i) x[i] = 0;
    for_rows(w, channels, [&](const TapRow& row) {
      const T* from = columns + row.column;
      const auto [begin, end] = row.inside;
      if (stride == 1)
        for (std::int64_t o = begin; o < end; ++o) x[row.x + o] += from[o];
      else
        for (std::int64_t o = begin; o < end; ++o) x[row.x + o * stride] += from[o];
    });
  });
}

double Convolution::flops() const {
  return 2. * static_cast<double>(batch) * static_cast<double>(windows.y_size()) * static_cast<double>(groups * out) *
         static_cast<double>(in * windows.k_size());
}

std::string Convolution::attributes() const {
  const Windows& w = windows;
  return "stride=" + option_text(w.stride, w.rank) + ", padding=" + option_text(w.padding, w.rank) +
         ", dilation=" + option_text(w.dilation, w.rank) + ", groups=" + std::to_string(groups);
}

namespace {

// How the images are shared out: as tiles of work by the sizes alone. One image, or little work, is one tile, inside
// which the products are cut.
struct ImageTiles {
  std::int64_t count, step;
  explicit ImageTiles(const Convolution& c) {
    const std::int64_t wanted = c.flops() < 4e6 ? 1 : c.flops() < 2e8 ? 4 : 16;
    step = std::max<std::int64_t>(1, (c.batch + wanted - 1) / wanted);
    count = (c.batch + step - 1) / step;
  }
};

// The sizes of one group of one image.
struct Sizes {
  std::int64_t x, k, y, weight, taps;  // elements; of k: rows of the columns
  bool plain;                          // the image is its own unfolding
  explicit Sizes(const Convolution& c)
      : x(c.in * c.windows.x_size()),
        k(c.in * c.windows.k_size()),
        y(c.windows.y_size()),
        weight(c.out * k),
        taps(c.windows.k_size()) {
    const Windows& w = c.windows;
    plain = taps == 1;
    for (int a = 0; a < spatial_axes; ++a) plain = plain && w.stride[a] == 1 && w.padding[a] == 0 && w.x[a] == w.y[a];
  }
};

// f(image, group, scratch for the columns) for each, in tiles of images.
template <class T, class F>
void for_images(const Convolution& c, const F& f) {
  const ImageTiles tiles(c);
  const Sizes n(c);
  parallel_for(tiles.count, [&](std::int64_t tile) {
    const Ref<Array> columns = make_array(dtype_of<T>, Shape{n.plain ? 0 : n.k, n.y});
    for (std::int64_t i = tile * tiles.step; i < std::min(c.batch, (tile + 1) * tiles.step); ++i)
      for (std::int64_t g = 0; g < c.groups; ++g) f(i, g, columns->at<T>());
  });
}

template <class T>
void fill_rows(std::int64_t rows, std::int64_t n, const T* value, T* y) {
  for (std::int64_t r = 0; r < rows; ++r) std::fill_n(y + r * n, n, value[r]);
}

// Whether the adjoint in x is a convolution from y to x, and not a larger one.
bool is_reversible(const Convolution& c) {
  const Windows& w = c.windows;
  return w.stride[0] == 1 && w.stride[1] == 1 && w.stride[2] == 1 && w.x_size() <= w.y_size() && !Sizes(c).plain;
}
// That convolution, whose taps go in reverse order.
Convolution reversed(const Convolution& c) {
  Convolution r = c;
  std::swap(r.in, r.out);
  for (int a = 0; a < spatial_axes; ++a) {
    std::swap(r.windows.x[a], r.windows.y[a]);
    r.windows.padding[a] = c.windows.dilation[a] * (c.windows.k[a] - 1) - c.windows.padding[a];
  }
  return r;
}

}  // namespace

template <class T>
void conv_forward(const Convolution& c, const T* x, const T* weight, const T* bias, T* y) {
  const Sizes n(c);
  if (!n.plain && is_direct(c)) return conv_direct(c, false, x, weight, bias, y);
  for_images<T>(c, [&](std::int64_t i, std::int64_t g, T* columns) {
    const std::int64_t at = i * c.groups + g;
    const T* image = x + at * n.x;
    T* result = y + at * c.out * n.y;
    if (!n.plain) unfold(c.windows, c.in, image, columns);
    if (bias) fill_rows(c.out, n.y, bias + g * c.out, result);
    gemm<T>(false, false, c.out, n.y, n.k, weight + g * n.weight, n.plain ? image : columns, bias ? 1 : 0, result);
  });
}

template <class T>
void conv_input(const Convolution& c, const T* g, const T* weight, const T* bias, T* x) {
  const Sizes n(c);
  if (is_reversible(c) && is_direct(reversed(c)) && (c.in >= 4 || c.groups > 1))
    return conv_direct(reversed(c), true, g, weight, bias, x);
  for_images<T>(c, [&](std::int64_t i, std::int64_t group, T* columns) {
    const std::int64_t at = i * c.groups + group;
    T* image = x + at * n.x;
    gemm<T>(true, false, n.k, n.y, c.out, weight + group * n.weight, g + at * c.out * n.y, 0,
            n.plain ? image : columns);
    if (!n.plain) fold(c.windows, c.in, columns, image);
    const std::int64_t plane = c.windows.x_size();
    for (std::int64_t k = 0; bias && k < c.in; ++k)
      kernel::map(
          plane, [b = kernel::wrap(bias[group * c.in + k])](auto v) { return v + b; }, image + k * plane,
          image + k * plane);
  });
}

template <class T>
void conv_weight(const Convolution& c, const T* g, const T* x, T* weight) {
  const Sizes n(c);
  const ImageTiles tiles(c);
  const std::int64_t size = c.groups * n.weight;
  std::fill_n(weight, size, T(0));
  if (tiles.count == 0) return;
  // Each tile adds up the transposed gradient, which is the faster product; then the tiles are added in order.
  const Ref<Array> sums = make_array(dtype_of<T>, Shape{tiles.count, size});
  // What has been added up of more images than are added in the elements' own precision.
  const bool many = tiles.step > images_at_once;
  std::vector<double> totals(static_cast<std::size_t>(many ? tiles.count * size : 0), 0.);
  auto put_aside = [&](std::int64_t at, std::int64_t count) {
    for (std::int64_t k = at; k < at + count; ++k)
      totals[static_cast<std::size_t>(k)] += static_cast<double>(sums->at<T>()[k]);
  };
  if (!n.plain && is_direct(c)) {
    conv_weight_direct(c, tiles.count, tiles.step, g, x, sums->at<T>());
  } else {
    for_images<T>(c, [&](std::int64_t i, std::int64_t group, T* columns) {
      const std::int64_t at = i * c.groups + group;
      const T* image = x + at * n.x;
      if (!n.plain) unfold(c.windows, c.in, image, columns);
      const std::int64_t place = i / tiles.step * size + group * n.weight, before = i % tiles.step;
      const bool anew = before % images_at_once == 0;
      if (anew && before > 0) put_aside(place, n.weight);
      gemm<T>(false, true, n.k, c.out, n.y, n.plain ? image : columns, g + at * c.out * n.y, anew ? T(0) : T(1),
              sums->at<T>() + place);
    });
    if (many) put_aside(0, tiles.count * size);
    for (std::size_t k = 0; k < totals.size(); ++k) sums->at<T>()[k] = static_cast<T>(totals[k]);
  }
  for (std::int64_t t = 1; t < tiles.count; ++t)
    kernel::update(
        size, [](auto& s, auto& v) { s = s + v; }, sums->at<T>(), static_cast<const T*>(sums->at<T>() + t * size));
  for (std::int64_t group = 0; group < c.groups; ++group)
    for (std::int64_t o = 0; o < c.out; ++o)
      for (std::int64_t k = 0; k < n.k; ++k)
        weight[group * n.weight + o * n.k + k] = sums->at<T>()[group * n.weight + k * c.out + o];
}

#define XTAPE_CONV(T)                                                               \
  template void unfold(const Windows&, std::int64_t, const T*, T*);                 \
  template void fold(const Windows&, std::int64_t, const T*, T*);                   \
  template void conv_forward(const Convolution&, const T*, const T*, const T*, T*); \
  template void conv_input(const Convolution&, const T*, const T*, const T*, T*);   \
  template void conv_weight(const Convolution&, const T*, const T*, T*);
XTAPE_CONV(float)
XTAPE_CONV(double)
#undef XTAPE_CONV

}  // namespace xtape
