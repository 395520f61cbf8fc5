#include "conv_direct.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "../core/array.hpp"
#include "vector.hpp"

namespace xtape {
using namespace detail;

namespace {

template <class T, int bytes>
inline constexpr std::int64_t panel = 2 * lanes<T, bytes>;  // pixels, or channels, side by side in registers

// A copy of one image's channels with its zeros around it, as far as windows reach. Along the last axis what lies a
// stride apart is put side by side, so that neighbouring windows read neighbours.
struct PaddedImage {
  const Windows& w;
  std::int64_t in;
  Spatial size;                    // along the axes
  std::int64_t columns;            // of each of the last axis's phases
  std::vector<std::int64_t> taps;  // where each channel's taps lie, seen from a window

  PaddedImage(const Windows& w, std::int64_t in) : w(w), in(in) {
    for (int a = 0; a < spatial_axes; ++a) size[a] = (w.y[a] - 1) * w.stride[a] + (w.k[a] - 1) * w.dilation[a] + 1;
    columns = (size[2] + w.stride[2] - 1) / w.stride[2];
    for (std::int64_t c = 0; c < in; ++c)
      for (std::int64_t a = 0; a < w.k[0]; ++a)
        for (std::int64_t b = 0; b < w.k[1]; ++b)
          for (std::int64_t k = 0; k < w.k[2]; ++k) {
            const std::int64_t at = k * w.dilation[2];
            taps.push_back(((c * size[0] + a * w.dilation[0]) * size[1] + b * w.dilation[1]) * row_size() +
                           at % w.stride[2] * columns + at / w.stride[2]);
          }
  }
  std::int64_t row_size() const { return columns * w.stride[2]; }
  std::int64_t elements() const { return in * size[0] * size[1] * row_size(); }
  // The first window of a row of the result.
  std::int64_t row(std::int64_t i, std::int64_t j) const {
    return (i * w.stride[0] * size[1] + j * w.stride[1]) * row_size();
  }

  template <class T>
  void fill(const T* x, T* to) const {
    const std::int64_t shift = w.padding[2], stride = w.stride[2];
    for (std::int64_t c = 0; c < in; ++c)
      for (std::int64_t a = 0; a < size[0]; ++a)
        for (std::int64_t b = 0; b < size[1]; ++b) {
          const std::int64_t i = a - w.padding[0], j = b - w.padding[1];
          const bool lies_inside = i >= 0 && i < w.x[0] && j >= 0 && j < w.x[1];
          const T* row = x + (lies_inside ? ((c * w.x[0] + i) * w.x[1] + j) * w.x[2] : 0);
          for (std::int64_t phase = 0; phase < stride; ++phase, to += columns) {
            // Column k is element k stride + phase - shift of the row.
            const std::int64_t first = shift - phase, last = w.x[2] + shift - phase;
            std::int64_t begin = first > 0 ? (first + stride - 1) / stride : 0;
            std::int64_t end = last > 0 ? (last + stride - 1) / stride : 0;
            end = lies_inside ? std::min(end, columns) : 0;
            begin = std::min(begin, end);
            for (std::int64_t k = 0; k < begin; ++k) to[k] = 0;
            if (stride == 1)
              for (std::int64_t k = begin; k < end; ++k) to[k] = row[k - first];
            else
              for (std::int64_t k = begin; k < end; ++k) to[k] = row[k * stride - first];
            for (std::int64_t k = end; k < columns; ++k) to[k] = 0;
          }
        }
  }
};

// The channels of the result that are computed at once.
std::int64_t rows_at_once(std::int64_t out) {
  if (out == 1) return 1;
  return (out + 3) / 4 * 44 < (out + 5) / 6 * 60 ? 4 : 6;  // six are faster where few of them are idle
}

// weight as (blocks, in * k..., rows), zeros in the rows that are too many.
template <class T>
void pack_weight(const Convolution& c, bool flipped, std::int64_t group, std::int64_t rows, const T* weight, T* to) {
  const std::int64_t taps = c.windows.k_size();
  for (std::int64_t o = 0; o < (c.out + rows - 1) / rows * rows; ++o)
    for (std::int64_t i = 0; i < c.in; ++i)
      for (std::int64_t t = 0; t < taps; ++t) {
        const std::int64_t from =
            flipped ? ((group * c.in + i) * c.out + o + 1) * taps - 1 - t : ((group * c.out + o) * c.in + i) * taps + t;
        to[(o / rows * c.in * taps + i * taps + t) * rows + o % rows] = o < c.out ? weight[from] : T(0);
      }
}

// Pixels of one row of the result inside a panel.
struct Segment {
  std::int64_t from, at, count;
};

template <int bytes, class T>
XTAPE_INLINE void copy_vector(const T* from, T* to) {
  Vector<T, bytes> v;
  load<bytes>(v, from);
  store<bytes>(to, v);
}

// columns[k] = the panel's pixels under tap k. A segment may write beyond its end: the next one, or the next tap,
// writes over it.
template <int bytes, class T>
void pack_pixels(const PaddedImage& padded, const std::vector<Segment>& segments, const T* image, T* columns) {
  for (const std::int64_t tap : padded.taps) {
    for (const Segment& s : segments) {
      const T* from = image + tap + s.from;
      for (std::int64_t e = 0; e < s.count; e += lanes<T, bytes>) copy_vector<bytes>(from + e, columns + s.at + e);
    }
    columns += panel<T, bytes>;
  }
}

// rows x panel results: the sum over k of weight[k][row] columns[k][pixel].
template <int rows, int bytes, class T>
void multiply(std::int64_t n, const T* weight, const T* columns, const T* bias, T* y) {
  using V = Vector<T, bytes>;
  V sum[rows][2];
  for (int r = 0; r < rows; ++r) sum[r][0] = sum[r][1] = V{} + bias[r];
  for (std::int64_t k = 0; k < n; ++k, weight += rows, columns += panel<T, bytes>) {
    V a, b;
    load<bytes>(a, columns);
    load<bytes>(b, columns + lanes<T, bytes>);
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
      sum[r][0] += weight[r] * a;
      sum[r][1] += weight[r] * b;
    }
  }
  for (int r = 0; r < rows; ++r, y += panel<T, bytes>) {
    store<bytes>(y, sum[r][0]);
    store<bytes>(y + lanes<T, bytes>, sum[r][1]);
  }
}

// The panels [begin, end) of one group of one image.
template <int bytes, class T>
struct Panels {
  const Convolution& c;
  const PaddedImage& padded;
  std::int64_t per_round;
  const T* image;
  T* columns;

  void segments(std::int64_t p, std::vector<Segment>& list) const {
    const Windows& w = c.windows;
    const std::int64_t n = w.y_size(), begin = p * panel<T, bytes>, end = std::min(n, begin + panel<T, bytes>);
    list.clear();
    for (std::int64_t at = begin; at < end;) {
      const std::int64_t row = at / w.y[2], column = at % w.y[2], count = std::min(end - at, w.y[2] - column);
      list.push_back({padded.row(row / w.y[1], row % w.y[1]) + column, at - begin, count});
      at += count;
    }
  }

  template <int rows>
  void run(std::int64_t begin, std::int64_t end, const T* weight, const T* bias, T* y) const {
    const std::int64_t n = c.windows.y_size(), k = static_cast<std::int64_t>(padded.taps.size());
    std::vector<Segment> list;
    for (std::int64_t first = begin; first < end; first += per_round) {
      const std::int64_t last = std::min(end, first + per_round);
      for (std::int64_t p = first; p < last; ++p) {
        segments(p, list);
        T* const to = columns + (p - first) * k * panel<T, bytes>;
        if (n < (p + 1) * panel<T, bytes>) std::fill_n(to, k * panel<T, bytes>, T(0));  // no pixels in the last lanes
        pack_pixels<bytes>(padded, list, image, to);
      }
      for (std::int64_t o = 0; o < c.out; o += rows) {
        T shift[rows] = {};
        for (std::int64_t r = 0; bias && r < rows && o + r < c.out; ++r) shift[r] = bias[o + r];
        for (std::int64_t p = first; p < last; ++p) {
          alignas(bytes) T result[rows * panel<T, bytes>];
          multiply<rows, bytes>(k, weight + o * k, columns + (p - first) * k * panel<T, bytes>, shift, result);
          // Kept in memory: what becomes of it must not cost the loop above its registers.
          asm volatile("" : : "r"(result) : "memory");
          T* to = y + o * n + p * panel<T, bytes>;
          const std::int64_t count = std::min(panel<T, bytes>, n - p * panel<T, bytes>);
          for (std::int64_t r = 0; r < rows && o + r < c.out; ++r, to += n)
            if (count == panel<T, bytes>)
              for (std::int64_t e = 0; e < count; e += lanes<T, bytes>)
                copy_vector<bytes>(result + r * panel<T, bytes> + e, to + e);
            else
              for (std::int64_t e = 0; e < count; ++e) to[e] = result[r * panel<T, bytes> + e];
        }
      }
    }
  }
};

}  // namespace

bool is_direct(const Convolution& c) {
  const Windows& w = c.windows;
  double padded = 1, y = 1, x = 1, taps = 1;
  for (int a = 0; a < spatial_axes; ++a) {
    padded *= static_cast<double>((w.y[a] - 1) * w.stride[a] + (w.k[a] - 1) * w.dilation[a] + w.stride[a]);
    y *= static_cast<double>(w.y[a]);
    x *= static_cast<double>(w.x[a]);
    taps *= static_cast<double>(w.k[a]);
  }
  return padded <= 4 * (x + y * taps);
}

namespace {

template <int bytes, class T>
void convolve(const Convolution& c, bool flipped, const T* x, const T* weight, const T* bias, T* y) {
  const Windows& w = c.windows;
  const PaddedImage padded(w, c.in);
  const std::int64_t n = w.y_size(), k = c.in * w.k_size(), rows = rows_at_once(c.out);
  const std::int64_t packed = (c.out + rows - 1) / rows * rows * k;
  if (c.batch == 0 || c.out == 0 || n == 0) return;
  const Ref<Array> weights = make_array(dtype_of<T>, Shape{c.groups, packed});
  for (std::int64_t g = 0; g < c.groups; ++g) pack_weight(c, flipped, g, rows, weight, weights->at<T>() + g * packed);

  // Tiles are images, or parts of them where these are few. The columns of a round stay in the cache.
  const std::int64_t panels = (n + panel<T, bytes> - 1) / panel<T, bytes>, images = c.batch * c.groups;
  const std::int64_t wanted = c.flops() < 4e6 ? 1 : 16;
  const std::int64_t parts = std::clamp<std::int64_t>(wanted / images, 1, panels), size = (panels + parts - 1) / parts;
  const std::int64_t per_round =
      std::clamp<std::int64_t>((1 << 17) / (k * panel<T, bytes> * static_cast<std::int64_t>(sizeof(T)) + 1), 1, size);
  const std::int64_t step = std::max<std::int64_t>(1, images / wanted), tiles = (images + step - 1) / step;
  parallel_for(tiles * parts, [&](std::int64_t tile) {
    const std::int64_t slack = 2 * panel<T, bytes>;
    const Ref<Array> image = make_array(dtype_of<T>, Shape{padded.elements() + slack});
    const Ref<Array> columns = make_array(dtype_of<T>, Shape{per_round * k * panel<T, bytes> + slack});
    std::fill_n(image->at<T>() + padded.elements(), slack, T(0));
    const std::int64_t end = std::min(images, (tile / parts + 1) * step);
    for (std::int64_t i = tile / parts * step; i < end; ++i) {
      const std::int64_t group = i % c.groups, begin = tile % parts * size, stop = std::min(panels, begin + size);
      const Panels<bytes, T> work{c, padded, per_round, image->at<T>(), columns->at<T>()};
      const T* const from = x + i * c.in * w.x_size();
      const T* const a = weights->at<T>() + group * packed;
      const T* const b = bias ? bias + group * c.out : nullptr;
      T* const to = y + i * c.out * n;
      on_width<bytes>([&work, &padded, from, a, b, to, begin, stop, rows] {
        padded.fill(from, const_cast<T*>(work.image));
        if (rows == 6) work.template run<6>(begin, stop, a, b, to);
        else if (rows == 4) work.template run<4>(begin, stop, a, b, to);
        else work.template run<1>(begin, stop, a, b, to);
      });
    }
  });
}

constexpr int taps_at_once = 6;

// sums[tap][channel] += the sum over pixels of image[tap + pixel] g[pixel][channel], for `width` vectors of channels.
template <int width, int bytes, class T>
void add_products(const PaddedImage& padded, const T* const* taps, const T* g, T* sums, std::int64_t sums_step) {
  using V = Vector<T, bytes>;
  const Windows& w = padded.w;
  V sum[taps_at_once][width] = {};
  for (std::int64_t i = 0; i < w.y[0]; ++i)
    for (std::int64_t j = 0; j < w.y[1]; ++j) {
      const T* x[taps_at_once];
      for (int t = 0; t < taps_at_once; ++t) x[t] = taps[t] + padded.row(i, j);
      for (std::int64_t o = 0; o < w.y[2]; ++o, g += width * lanes<T, bytes>) {
        V channels[width];
        for (int v = 0; v < width; ++v) load<bytes>(channels[v], g + v * lanes<T, bytes>);
#pragma GCC unroll 6
        for (int t = 0; t < taps_at_once; ++t)
          for (int v = 0; v < width; ++v) sum[t][v] += x[t][o] * channels[v];
      }
    }
  for (int t = 0; t < taps_at_once; ++t)
    for (int v = 0; v < width; ++v) {
      T* const to = sums + t * sums_step + v * lanes<T, bytes>;
      V total;
      load<bytes>(total, to);
      store<bytes>(to, total + sum[t][v]);
    }
}

// Channels [o, o + count) of g (out, pixels) as (pixels, width), zeros in those that are too many.
template <class T>
void interleave(std::int64_t n, std::int64_t count, std::int64_t width, const T* g, T* to) {
  for (std::int64_t p = 0; p < n; ++p, to += width) {
    for (std::int64_t o = 0; o < count; ++o) to[o] = g[o * n + p];
    for (std::int64_t o = count; o < width; ++o) to[o] = 0;
  }
}

template <int bytes, class T>
void add_weight_gradient(const Convolution& c, std::int64_t tiles, std::int64_t step, const T* g, const T* x, T* sums) {
  const Windows& w = c.windows;
  const PaddedImage padded(w, c.in);
  const std::int64_t n = w.y_size(), k = c.in * w.k_size(), size = c.groups * k * c.out;
  const std::int64_t channels = (c.out + lanes<T, bytes> - 1) / lanes<T, bytes> * lanes<T, bytes>;
  const std::int64_t taps = (k + taps_at_once - 1) / taps_at_once * taps_at_once;
  parallel_for(tiles, [&](std::int64_t tile) {
    const Ref<Array> image = make_array(dtype_of<T>, Shape{padded.elements()});
    const Ref<Array> gradient = make_array(dtype_of<T>, Shape{n, panel<T, bytes>});
    const Ref<Array> sum = make_array(dtype_of<T>, Shape{taps, channels});
    T *const a = image->at<T>(), *const b = gradient->at<T>(), *const s = sum->at<T>();
    std::vector<double> totals(static_cast<std::size_t>(step > images_at_once ? sum->size : 0));
    auto put_aside = [&] {
      for (std::size_t e = 0; e < totals.size(); ++e) totals[e] += static_cast<double>(s[e]), s[e] = 0;
    };
    for (std::int64_t group = 0; group < c.groups; ++group) {
      std::fill_n(s, sum->size, T(0));
      std::fill(totals.begin(), totals.end(), 0.);
      for (std::int64_t i = tile * step; i < std::min(c.batch, (tile + 1) * step); ++i) {
        if (i % step > 0 && i % step % images_at_once == 0) put_aside();
        const std::int64_t at = i * c.groups + group;
        const T *const from = x + at * c.in * w.x_size(), *const gs = g + at * c.out * n;
        on_width<bytes>([&padded, a, b, s, from, gs, n, k, channels, out = c.out] {
          padded.fill(from, a);
          for (std::int64_t o = 0; o < out; o += panel<T, bytes>) {
            const std::int64_t width = std::min(panel<T, bytes>, channels - o);
            if (width == panel<T, bytes>)
              interleave(n, std::min(panel<T, bytes>, out - o), panel<T, bytes>, gs + o * n, b);
            else interleave(n, out - o, lanes<T, bytes>, gs + o * n, b);
            for (std::int64_t t = 0; t < k; t += taps_at_once) {
              const T* at_once[taps_at_once];
              for (std::int64_t e = 0; e < taps_at_once; ++e)
                at_once[e] = a + padded.taps[static_cast<std::size_t>(std::min(t + e, k - 1))];
              if (width == panel<T, bytes>) add_products<2, bytes>(padded, at_once, b, s + t * channels + o, channels);
              else add_products<1, bytes>(padded, at_once, b, s + t * channels + o, channels);
            }
          }
        });
      }
      put_aside();
      for (std::size_t e = 0; e < totals.size(); ++e) s[e] = static_cast<T>(totals[e]);
      for (std::int64_t t = 0; t < k; ++t)
        std::copy_n(s + t * channels, c.out, sums + tile * size + (group * k + t) * c.out);
    }
  });
}

}  // namespace

template <class T>
void conv_direct(const Convolution& c, bool flipped, const T* x, const T* weight, const T* bias, T* y) {
  with_widest([&](auto width) { convolve<width.value>(c, flipped, x, weight, bias, y); });
}
template <class T>
void conv_weight_direct(const Convolution& c, std::int64_t tiles, std::int64_t step, const T* g, const T* x, T* sums) {
  with_widest([&](auto width) { add_weight_gradient<width.value>(c, tiles, step, g, x, sums); });
}

#define XTAPE_CONV(T)                                                                    \
  template void conv_direct(const Convolution&, bool, const T*, const T*, const T*, T*); \
  template void conv_weight_direct(const Convolution&, std::int64_t, std::int64_t, const T*, const T*, T*);
XTAPE_CONV(float)
XTAPE_CONV(double)
#undef XTAPE_CONV

}  // namespace xtape
