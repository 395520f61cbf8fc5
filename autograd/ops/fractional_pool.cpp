#include "fractional_pool.hpp"

#include <algorithm>
#include <cmath>

#include "../random.hpp"
#include "detail/spatial_input.hpp"
#include "gather.hpp"

namespace xtape {
using namespace detail;

// The checked windows, of which only the sizes x, k and y count.
struct FractionalSizes {
  static Windows read(const char* op, const Arg& x, const FractionalMaxPoolOptions& options, int rank);
};

Windows FractionalSizes::read(const char* op, const Arg& x, const FractionalMaxPoolOptions& options, int rank) {
  check_spatial(op, x, rank);
  const Shape& shape = x.array->shape;
  Windows w;
  w.rank = rank;
  set_sizes(op, shape, w.x, x.site);
  set_option(op, "kernel_size", options.kernel_, 1, rank, w.k, x.site);
  const std::vector<double>& ratio = options.ratio_;
  const auto n = static_cast<int>(ratio.size());
  if (options.has_size_ == (n != 0))
    fail(op, "expected either output_size or output_ratio for x " + to_string(shape), x.site);
  if (n > 1 && n != rank)
    fail(op, "output_ratio " + attribute_text(ratio) + " does not fit: expected one number, or " + std::to_string(rank),
         x.site);
  for (const double r : ratio)
    if (!(r > 0 && r < 1))
      fail(op, "output_ratio " + attribute_text(ratio) + " is out of range: expected numbers in (0, 1)", x.site);
  if (n == 0) set_option(op, "output_size", options.size_, 1, rank, w.y, x.site);
  for (int a = spatial_axes - rank; a < spatial_axes; ++a) {
    if (n != 0) {
      const double r = ratio[static_cast<std::size_t>(n == 1 ? 0 : a - spatial_axes + rank)];
      w.y[a] = static_cast<std::int64_t>(static_cast<double>(w.x[a]) * r);
    }
    if (w.y[a] < 1 || w.y[a] + w.k[a] - 1 > w.x[a])
      fail(op,
           std::to_string(w.y[a]) + " windows of kernel_size " + std::to_string(w.k[a]) + " do not fit into the " +
               std::to_string(w.x[a]) + " elements of x " + to_string(shape),
           x.site);
  }
  return w;
}

namespace {

// Where the windows of an axis begin, computed in the elements' precision, as PyTorch does.
template <class T>
void begins(T sample, std::int64_t n, std::int64_t k, std::int64_t y, std::int64_t* at) {
  const T step = y > 1 ? static_cast<T>(n - k) / static_cast<T>(y - 1) : T(0);
  const auto shift = static_cast<std::int64_t>(sample * step);
  for (std::int64_t i = 0; i + 1 < y; ++i)  // held where rounding would lead out of x
    at[i] = std::min(static_cast<std::int64_t>((static_cast<T>(i) + sample) * step) - shift, n - k);
  at[y - 1] = n - k;
}

// The index of the largest element of the window that begins at (a, b, c).
template <class T>
std::int64_t largest(const Windows& w, const T* x, std::int64_t a, std::int64_t b, std::int64_t c) {
  std::int64_t best = (a * w.x[1] + b) * w.x[2] + c;
  for (std::int64_t i = a; i < a + w.k[0]; ++i)
    for (std::int64_t j = b; j < b + w.k[1]; ++j)
      for (std::int64_t l = c; l < c + w.k[2]; ++l) {
        const std::int64_t here = (i * w.x[1] + j) * w.x[2] + l;
        if (x[here] > x[best] || std::isnan(x[here])) best = here;
      }
  return best;
}

Tensor indices_of(const char* op, const Arg& x, const Arg& samples, const Windows& w) {
  auto forward = [=, site = x.site](const Array& x, const Array& samples) {
    const std::int64_t planes = x.shape[0] * x.shape[1];
    Ref<Array> y = make_array(int64, w.shape(x.shape[0], x.shape[1], w.y));
    visit_floating(x.dtype, [&](auto t) {
      using T = decltype(t);
      for (std::int64_t i = 0; i < samples.size; ++i)
        if (const T u = samples.at<T>()[i]; !(u >= 0 && u < 1))
          fail(op, "sample " + std::to_string(u) + " is not in [0, 1)", site);
      const std::int64_t some = kernel::tile_size / (w.y_size() * w.k_size() + 1) + 1;  // planes of a tile
      parallel_for((planes + some - 1) / some, [&](std::int64_t tile) {
        std::vector<std::int64_t> at[spatial_axes];
        for (int a = 0; a < spatial_axes; ++a) at[a].resize(static_cast<std::size_t>(w.y[a]));
        for (std::int64_t p = tile * some; p < std::min(planes, (tile + 1) * some); ++p) {
          const T* u = samples.at<T>() + p * w.rank;
          for (int a = 0; a < spatial_axes; ++a) {
            const int k = a - (spatial_axes - w.rank);  // of two axes the last one's sample comes first
            begins(k < 0 ? T(0) : u[w.rank == 2 ? 1 - k : k], w.x[a], w.k[a], w.y[a], at[a].data());
          }
          std::int64_t* to = y->at<std::int64_t>() + p * w.y_size();
          for (const std::int64_t a : at[0])
            for (const std::int64_t b : at[1])
              for (const std::int64_t c : at[2]) *to++ = largest(w, x.at<T>() + p * w.x_size(), a, b, c);
        }
      });
    });
    return y;
  };
  return execute(op, {&x, &samples}, forward, no_gradient, no_gradient);
}

MaxPool pooled(const char* op, const Arg& input, const FractionalMaxPoolOptions& options, const Arg& samples,
               RandomGenerator& generator, int rank) {
  check_defined(op, input);
  const Tensor floating = promote_floating(op, input);
  MaxPool result;
  result.values = batched(Arg(floating, input.site), rank, [&](const Arg& x) {
    const Windows w = FractionalSizes::read(op, x, options, rank);
    const Shape& shape = x.array->shape;
    Scope scope(x.site);
    const Dtype dtype = x.array->dtype;
    const Shape expected{shape[0], shape[1], rank};
    Tensor u = samples.array ? samples.tensor() : uniform(expected, 0, 1, dtype, generator, x.site);
    if (u.rank() == 2 && floating.rank() == rank + 1) u = unsqueeze(u, 0);
    if (u.shape() != expected || u.dtype() != dtype)
      fail(op,
           "samples " + describe(*u.array_ref()) + " do not fit: expected " + to_string(dtype) + to_string(expected),
           x.site);
    result.indices = indices_of(op, x, Arg(u, x.site), w);
    const std::int64_t planes = shape[0] * shape[1];
    const Tensor flat = reshape(x, Shape{planes, w.x_size()});
    const Tensor at = reshape(result.indices, Shape{planes, w.y_size()});
    return reshape(gather(flat, 1, at), result.indices.shape());
  });
  if (result.values.rank() < result.indices.rank()) result.indices = squeeze(result.indices, 0);
  return result;
}

}  // namespace

#define XTAPE_FRACTIONAL(name, rank)                                                                                   \
  MaxPool name##_with_indices(const Arg& x, const FractionalMaxPoolOptions& options, const Arg& samples,               \
                              RandomGenerator& generator) {                                                            \
    return pooled(#name, x, options, samples, generator, rank);                                                        \
  }                                                                                                                    \
  Tensor name(const Arg& x, const FractionalMaxPoolOptions& options, const Arg& samples, RandomGenerator& generator) { \
    return pooled(#name, x, options, samples, generator, rank).values;                                                 \
  }
XTAPE_FRACTIONAL(fractional_max_pool2d, 2)
XTAPE_FRACTIONAL(fractional_max_pool3d, 3)
#undef XTAPE_FRACTIONAL

}  // namespace xtape
