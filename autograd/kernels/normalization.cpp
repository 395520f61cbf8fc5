#include "normalization.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "parallel_rows.hpp"
#include "sum.hpp"

namespace xtape::kernel {
namespace {

// What sums of long rows are carried in; those of short ones are in the elements' own type.
template <int K, class T>
struct Totals {
  Wide<T> of[K] = {};
};

// The sums over i < n of the K numbers that f(i, lane, k) adds to lane k.
template <int K, class T, class F>
XTAPE_INLINE void add_up(std::int64_t n, Totals<K, T>& totals, F f) {
  constexpr std::int64_t block = depth * lanes;
  for (std::int64_t begin = 0; begin < n; begin += block) {
    const std::int64_t end = begin + block < n ? begin + block : n;
    T lane[K][lanes] = {};
    std::int64_t i = begin;
    for (; i + lanes <= end; i += lanes)
      for (int l = 0; l < lanes; ++l) {
        T terms[K];
        f(i + l, terms);
        for (int k = 0; k < K; ++k) lane[k][l] += terms[k];
      }
    for (; i + few <= end; i += few)
      for (int l = 0; l < few; ++l) {
        T terms[K];
        f(i + l, terms);
        for (int k = 0; k < K; ++k) lane[k][l] += terms[k];
      }
    for (int l = 0; i < end; ++i, ++l) {
      T terms[K];
      f(i, terms);
      for (int k = 0; k < K; ++k) lane[k][l] += terms[k];
    }
    for (int k = 0; k < K; ++k) {
      join_lanes<lanes / 2>([](T a, T b) { return a + b; }, lane[k]);
      totals.of[k] += lane[k][0];
    }
  }
}

template <class T>
XTAPE_INLINE T mean_of(const NormalizedRows& s, const T* x) {
  Totals<1, T> sum;
  if (s.centered) add_up(s.n, sum, [x](std::int64_t i, T* term) { term[0] = x[i]; });
  return static_cast<T>(sum.of[0] / static_cast<Wide<T>>(s.n));
}
template <class T>
XTAPE_INLINE T scale_of(double variance, double eps) {
  return static_cast<T>(1 / __builtin_sqrt(variance + eps));
}

// Whether sums of squares are far from where they, or the small ones among them, leave the range of T.
template <class T>
bool is_safe(double squares) {
  return sizeof(T) == 4 ? squares > 0x1p-90 && squares < 0x1p120 : squares > 0x1p-900 && squares < 0x1p1000;
}
// The root of the mean square of distances whose squares leave the range, brought near 1: elements in `count` runs of n
// that are `step` apart.
struct Runs {
  std::int64_t count, step, n;
  template <class T, class F>
  void each(const T* x, F f) const {
    for (std::int64_t b = 0; b < count; ++b)
      for (std::int64_t i = 0; i < n; ++i) f(static_cast<double>(x[b * step + i]));
  }
};
template <class T>
__attribute__((noinline)) double deviation_again(const Runs& s, const T* x, T mean) {
  double most = 0, squares = 0;
  s.each(x, [&, m = static_cast<double>(mean)](double v) { most = v == v ? std::max(most, std::abs(v - m)) : v; });
  if (!(most > 0) || !std::isfinite(most)) return most;
  s.each(x, [&, m = static_cast<double>(mean)](double v) { squares += (v - m) / most * ((v - m) / most); });
  return most * std::sqrt(squares / static_cast<double>(s.count * s.n));
}
// What 1 / sqrt(var + eps) is for such a deviation.
template <class T>
T scale_of_deviation(double deviation, double eps) {
  return static_cast<T>(1 / std::hypot(deviation, std::sqrt(eps)));
}
// Small squares are no matter beside eps.
template <class T>
XTAPE_INLINE bool is_right(double squares, double eps) {
  return is_safe<T>(squares) || (squares >= 0 && squares < 1 && eps > 0x1p-60);
}
template <class T>
XTAPE_INLINE T scale_of(std::int64_t n, const T* x, T mean, Wide<T> squares, double eps) {
  if (is_right<T>(squares, eps)) return scale_of<T>(static_cast<double>(squares / static_cast<Wide<T>>(n)), eps);
  return scale_of_deviation<T>(deviation_again({1, 0, n}, x, mean), eps);
}

// Elements that are read or written soon, where the processor does not see it coming.
template <class T>
XTAPE_INLINE void prefetch(std::int64_t n, const T* p) {
  for (std::int64_t i = 0; i < n; i += 64 / sizeof(T)) __builtin_prefetch(p + i);
}
template <class T>
XTAPE_INLINE void prefetch(std::int64_t n, T* p) {
  for (std::int64_t i = 0; i < n; i += 64 / sizeof(T)) __builtin_prefetch(p + i, 1);
}

// Weights that are not there.
template <class T>
const T* weights_or(const T* w, std::int64_t n, T value, std::vector<T>& own) {
  if (w) return w;
  own.assign(static_cast<std::size_t>(n), value);
  return own.data();
}

}  // namespace

template <class T>
void normalize(const NormalizedRows& s, const T* x, const T* w, const T* b, T* y) {
  std::vector<T> own_w, own_b;
  const T *weight = weights_or(w, s.groups * s.n, T(1), own_w), *bias = weights_or(b, s.groups * s.n, T(0), own_b);
  auto rows = [](const NormalizedRows& s, std::int64_t begin, std::int64_t end, const T* x, const T* w, const T* b,
                 T* y) {
    for (std::int64_t r = begin; r < end; ++r) {
      const T *from = x + r * s.n, *wr = w + r % s.groups * s.n, *br = b + r % s.groups * s.n;
      const T mean = mean_of(s, from);
      Totals<1, T> squares;
      add_up(s.n, squares, [from, mean](std::int64_t i, T* term) { term[0] = (from[i] - mean) * (from[i] - mean); });
      const T scale = scale_of(s.n, from, mean, squares.of[0], s.eps);
      T* to = y + r * s.n;
      XTAPE_INDEPENDENT
      for (std::int64_t i = 0; i < s.n; ++i) to[i] = (from[i] - mean) * scale * wr[i] + br[i];
    }
  };
  parallel_rows(s.rows, 4 * s.n,
                [&](std::int64_t begin, std::int64_t end) { vectorized(rows, s, begin, end, x, weight, bias, y); });
}

template <class T>
void normalize_gradient(const NormalizedRows& s, const T* g, const T* x, const T* w, T* dx, T* dw, T* db) {
  const std::int64_t each = s.rows / s.groups;  // rows of a group
  // A tile is a block of the rows of one group; what they add to the weights' gradients is joined in order afterwards.
  const std::int64_t blocks = std::clamp<std::int64_t>(each * s.n / tile_size, 1, s.groups < 16 ? 16 : 1);
  const std::int64_t step = (each + blocks - 1) / blocks, width = s.groups * s.n;
  std::vector<T> own, parts(static_cast<std::size_t>(2 * blocks * width), T(0));
  const T* weight = weights_or(w, width, T(1), own);
  auto rows = [](const NormalizedRows& s, std::int64_t begin, std::int64_t end, std::int64_t group, const T* g,
                 const T* x, const T* w, T* dx, T* dw, T* db) {
    const auto n = static_cast<Wide<T>>(s.n);
    w += group * s.n;
    for (std::int64_t r = begin; r < end; ++r) {
      const std::int64_t at = (r * s.groups + group) * s.n;
      const T *xr = x + at, *gr = g + at;
      T* to = dx + at;
      const T mean = mean_of(s, xr);
      Totals<3, T> sums;
      add_up(s.n, sums, [=](std::int64_t i, T* term) {
        const T d = xr[i] - mean;
        term[0] = d * d;
        term[1] = gr[i] * w[i];
        term[2] = term[1] * d;
      });
      const T scale = scale_of(s.n, xr, mean, sums.of[0], s.eps);
      if (!is_right<T>(sums.of[0], s.eps)) {  // and so the sum of products with distances may not be
        sums.of[2] = 0;
        for (std::int64_t i = 0; i < s.n; ++i) sums.of[2] += gr[i] * w[i] * ((xr[i] - mean) * scale) / scale;
      }
      const T shift = s.centered ? static_cast<T>(sums.of[1] / n) : T(0),
              slope = static_cast<T>(sums.of[2] / n) * scale;
      XTAPE_INDEPENDENT
      for (std::int64_t i = 0; i < s.n; ++i) {
        const T h = (xr[i] - mean) * scale;
        to[i] = scale * (gr[i] * w[i] - shift - h * slope);
        dw[i] += gr[i] * h;
        db[i] += gr[i];
      }
    }
  };
  parallel_for(blocks * s.groups, [&](std::int64_t t) {
    const std::int64_t block = t / s.groups, group = t % s.groups;
    T* part = parts.data() + 2 * t * s.n;
    const std::int64_t first = block * step, last = std::min(each, first + step);
    // A few rows at a time, so that rounding errors do not grow with their number.
    std::vector<Wide<T>> totals(static_cast<std::size_t>(last - first > depth ? 2 * s.n : 0), 0);
    for (std::int64_t r = first; r < last; r += depth) {
      vectorized(rows, s, r, std::min(last, r + depth), group, g, x, weight, dx, part, part + s.n);
      for (std::size_t i = 0; i < totals.size(); ++i) totals[i] += static_cast<Wide<T>>(part[i]), part[i] = 0;
    }
    for (std::size_t i = 0; i < totals.size(); ++i) part[i] = static_cast<T>(totals[i]);
  });
  for (int which = 0; which < 2; ++which)
    if (T* total = which == 0 ? dw : db) {
      for (std::int64_t t = 0; t < blocks * s.groups; ++t) {
        const T* part = parts.data() + (2 * t + which) * s.n;
        T* to = total + t % s.groups * s.n;
        for (std::int64_t i = 0; i < s.n; ++i) to[i] = t < s.groups ? part[i] : to[i] + part[i];
      }
    }
}

template <class T>
void channel_statistics(const NormalizedChannels& s, const T* x, T* statistics) {
  auto channel = [](const NormalizedChannels& s, std::int64_t c, const T* x, T* statistics) {
    const std::int64_t step = s.channels * s.run;
    const auto n = static_cast<Wide<T>>(s.batch * s.run);
    x += c * s.run;
    Totals<1, T> sum, squares;
    for (std::int64_t b = 0; b < s.batch; ++b)
      add_up(s.run, sum, [row = x + b * step](std::int64_t i, T* term) { term[0] = row[i]; });
    const T mean = static_cast<T>(sum.of[0] / n);
    for (std::int64_t b = 0; b < s.batch; ++b)
      add_up(s.run, squares,
             [row = x + b * step, mean](std::int64_t i, T* term) { term[0] = (row[i] - mean) * (row[i] - mean); });
    T var = static_cast<T>(squares.of[0] / n), scale = scale_of<T>(static_cast<double>(var), s.eps);
    if (!is_right<T>(squares.of[0], s.eps)) {
      const double deviation = deviation_again({s.batch, step, s.run}, x, mean);
      var = static_cast<T>(deviation * deviation), scale = scale_of_deviation<T>(deviation, s.eps);
    }
    statistics[c] = mean;
    statistics[s.channels + c] = var;
    statistics[2 * s.channels + c] = scale;
  };
  parallel_for(s.channels, [&](std::int64_t c) { vectorized(channel, s, c, x, statistics); });
}

namespace {
template <class T>
struct Statistics {
  T mean, scale;  // scale = 1 / sqrt(var + eps)
};
template <class T>
Statistics<T> statistics_at(const NormalizedChannels& s, std::int64_t c, const T* statistics) {
  return {statistics[c], statistics[2 * s.channels + c]};
}
}  // namespace

template <class T>
void normalize(const NormalizedChannels& s, const T* x, const T* statistics, const T* w, const T* b, T* y) {
  auto run = [](std::int64_t n, const T* x, T mean, T scale, T bias, T* y) {
    XTAPE_INDEPENDENT
    for (std::int64_t i = 0; i < n; ++i) y[i] = (x[i] - mean) * scale + bias;
  };
  std::vector<Statistics<T>> of(static_cast<std::size_t>(s.channels));
  for (std::int64_t c = 0; c < s.channels; ++c) {
    Statistics<T>& z = of[static_cast<std::size_t>(c)] = statistics_at(s, c, statistics);
    if (w) z.scale *= w[c];
  }
  // As the elements lie in memory, which is twice as fast as channel by channel.
  parallel_rows(s.batch * s.channels, 4 * s.run, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t c = i % s.channels, at = i * s.run;
      const auto [mean, scale] = of[static_cast<std::size_t>(c)];
      vectorized(run, s.run, x + at, mean, scale, b ? b[c] : T(0), y + at);
    }
  });
}

template <class T>
void normalize_gradient(const NormalizedChannels& s, const T* g, const T* x, const T* statistics, const T* w, T* dx,
                        T* dw, T* db) {
  auto channel = [](const NormalizedChannels& s, Statistics<T> z, T weight, const T* g, const T* x, T* dx, T* dw,
                    T* db) {
    const std::int64_t step = s.channels * s.run;
    const auto n = static_cast<Wide<T>>(s.batch * s.run);
    Totals<2, T> sums;
    for (std::int64_t b = 0; b < s.batch; ++b) {
      const T *gr = g + b * step, *xr = x + b * step;
      if (b + 1 < s.batch) prefetch(s.run, gr + step), prefetch(s.run, xr + step);
      add_up(s.run, sums, [=](std::int64_t i, T* term) {
        term[0] = gr[i];
        term[1] = gr[i] * ((xr[i] - z.mean) * z.scale);
      });
    }
    if (dw) *dw = static_cast<T>(sums.of[1]);
    if (db) *db = static_cast<T>(sums.of[0]);
    // dx = w scale (g - mean(g) - h mean(g h)), with h = (x - mean) scale.
    const T mean = static_cast<T>(sums.of[0] / n), slope = static_cast<T>(sums.of[1] / n) * z.scale;
    const T scale = weight * z.scale;
    for (std::int64_t b = 0; b < s.batch; ++b) {
      const T *gr = g + b * step, *xr = x + b * step;
      T* to = dx + b * step;
      if (b + 1 < s.batch) prefetch(s.run, to + step);
      XTAPE_INDEPENDENT
      for (std::int64_t i = 0; i < s.run; ++i) to[i] = scale * ((gr[i] - mean) - (xr[i] - z.mean) * slope);
    }
  };
  parallel_for(s.channels, [&](std::int64_t c) {
    const std::int64_t at = c * s.run;
    vectorized(channel, s, statistics_at(s, c, statistics), w ? w[c] : T(1), g + at, x + at, dx + at,
               dw ? dw + c : nullptr, db ? db + c : nullptr);
  });
}

#define XTAPE_INSTANTIATE(T)                                                                         \
  template void normalize(const NormalizedRows&, const T*, const T*, const T*, T*);                  \
  template void normalize_gradient(const NormalizedRows&, const T*, const T*, const T*, T*, T*, T*); \
  template void channel_statistics(const NormalizedChannels&, const T*, T*);                         \
  template void normalize(const NormalizedChannels&, const T*, const T*, const T*, const T*, T*);    \
  template void normalize_gradient(const NormalizedChannels&, const T*, const T*, const T*, const T*, T*, T*, T*);
XTAPE_INSTANTIATE(float)
XTAPE_INSTANTIATE(double)
#undef XTAPE_INSTANTIATE

}  // namespace xtape::kernel
