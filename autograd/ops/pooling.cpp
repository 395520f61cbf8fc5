#include "pooling.hpp"

#include <algorithm>
#include <limits>

#include "../kernels/max_pool.hpp"
#include "detail/axis_map.hpp"
#include "detail/spatial_input.hpp"

namespace xtape {
using namespace detail;

// The checked windows of an operation, from its operand and options.
struct PoolSizes {
  static MaxWindows max(const char* op, const Arg& x, const MaxPoolOptions& options, int rank);
  static std::shared_ptr<const AxisMaps> mean(const char* op, const Arg& x, const AvgPoolOptions& options, int rank,
                                              std::string& text);
  static MaxWindows adaptive(const char* op, const Arg& x, const PerAxis& output_size, int rank);

 private:
  static void begin(const char* op, const Arg& x, int rank, Windows& w);
  static void count_windows(const char* op, const Arg& x, Windows& w, bool ceil_mode);
};

void PoolSizes::begin(const char* op, const Arg& x, int rank, Windows& w) {
  check_spatial(op, x, rank);
  const Shape& shape = x.array->shape;
  w.rank = shape.rank() - 2;
  set_sizes(op, shape, w.x, x.site);
  if (w.x_size() == 0) fail(op, "the spatial sizes of x " + to_string(shape) + " must not be 0", x.site);
}

void PoolSizes::count_windows(const char* op, const Arg& x, Windows& w, bool ceil_mode) {
  for (int a = 0; a < spatial_axes; ++a) {
    if (w.padding[a] > w.k[a] / 2)
      fail(op,
           "padding " + option_text(w.padding, w.rank) + " must be at most half of kernel_size " +
               option_text(w.k, w.rank),
           x.site);
    const std::int64_t room = w.x[a] + 2 * w.padding[a], reach = w.dilation[a] * (w.k[a] - 1) + 1;
    if (reach > room + (ceil_mode ? w.stride[a] - 1 : 0))
      fail(op,
           "a window of kernel_size " + option_text(w.k, w.rank) + " and dilation " + option_text(w.dilation, w.rank) +
               " spans " + std::to_string(reach) + " elements, more than the " + std::to_string(room) + " of x " +
               to_string(x.array->shape) + " with padding " + option_text(w.padding, w.rank),
           x.site);
    w.y[a] = (room - reach + (ceil_mode ? w.stride[a] - 1 : 0)) / w.stride[a] + 1;
    if (ceil_mode && (w.y[a] - 1) * w.stride[a] >= w.x[a] + w.padding[a]) --w.y[a];
  }
}

MaxWindows PoolSizes::max(const char* op, const Arg& x, const MaxPoolOptions& options, int rank) {
  MaxWindows m;
  Windows& w = m.windows;
  begin(op, x, rank, w);
  set_option(op, "kernel_size", options.kernel_, 1, w.rank, w.k, x.site);
  set_option(op, "stride", options.stride_, 1, w.rank, w.stride, x.site);
  set_option(op, "padding", options.padding_, 0, w.rank, w.padding, x.site);
  set_option(op, "dilation", options.dilation_, 1, w.rank, w.dilation, x.site);
  count_windows(op, x, w, options.ceil_);
  for (int a = 0; a < spatial_axes; ++a)  // with dilation, taps may jump over a small x
    for (std::int64_t i = 0; w.dilation[a] > 1 && i < w.y[a]; ++i)
      if (m.taps(a, i).count == 0)
        fail(op,
             "a window of kernel_size " + option_text(w.k, w.rank) + " and dilation " +
                 option_text(w.dilation, w.rank) + " has no element inside x " + to_string(x.array->shape),
             x.site);
  return m;
}

MaxWindows PoolSizes::adaptive(const char* op, const Arg& x, const PerAxis& output_size, int rank) {
  MaxWindows m;
  m.adaptive = true;
  begin(op, x, rank, m.windows);
  set_option(op, "output_size", output_size, 0, m.windows.rank, m.windows.y, x.site);
  return m;
}

std::shared_ptr<const AxisMaps> PoolSizes::mean(const char* op, const Arg& x, const AvgPoolOptions& options, int rank,
                                                std::string& text) {
  Windows w;
  begin(op, x, rank, w);
  set_option(op, "kernel_size", options.kernel_, 1, w.rank, w.k, x.site);
  set_option(op, "stride", options.stride_, 1, w.rank, w.stride, x.site);
  set_option(op, "padding", options.padding_, 0, w.rank, w.padding, x.site);
  if (options.has_divisor_ && options.divisor_ == 0) fail(op, "divisor_override must not be 0", x.site);
  count_windows(op, x, w, options.ceil_);
  text = "kernel_size=" + option_text(w.k, w.rank) + ", stride=" + option_text(w.stride, w.rank) +
         ", padding=" + option_text(w.padding, w.rank) + ", count_include_pad=" + attribute_text(options.include_pad_);
  auto maps = std::make_shared<AxisMaps>(spatial_axes);
  for (int a = 0; a < spatial_axes; ++a) {
    AxisMap& map = (*maps)[static_cast<std::size_t>(a)];
    map.from = w.x[a];
    for (std::int64_t i = 0; i < w.y[a]; ++i) {
      const std::int64_t start = i * w.stride[a] - w.padding[a], end = std::min(start + w.k[a], w.x[a] + w.padding[a]);
      const std::int64_t first = std::max<std::int64_t>(start, 0), last = std::min(end, w.x[a]);
      double n = static_cast<double>(options.include_pad_ ? end - start : last - first);
      if (options.has_divisor_) n = a == spatial_axes - 1 ? static_cast<double>(options.divisor_) : 1;
      map.add(first, std::vector<double>(static_cast<std::size_t>(last - first), 1 / n));
    }
  }
  return maps;
}

namespace {

// An operand that gradients flow through, or whose elements count as such, with a batch.
template <class F>
Tensor floating(const char* op, const Arg& x, int rank, const F& f) {
  check_defined(op, x);
  const Tensor t = promote_floating(op, x);
  return batched(Arg(t, x.site), rank, f);
}

Shape pooled(const MaxWindows& m, const Array& x) { return m.windows.shape(x.shape[0], x.shape[1], m.windows.y); }

template <class F>
Ref<Array> for_planes(Dtype dtype, const Shape& shape, const Array& x, const F& f) {
  Ref<Array> y = make_array(dtype, shape);
  visit_floating(x.dtype, [&](auto t) { f(t, x.shape[0] * x.shape[1], *y); });
  return y;
}

Tensor select(const Arg& h, const Arg& x, const MaxWindows& m);

// The adjoint of the selection in h. What is selected does not change with x, so nothing flows to x.
Tensor spread(const Arg& g, const Arg& x, const MaxWindows& m) {
  auto forward = [m](const Array& g, const Array& x) {
    return for_planes(g.dtype, x.shape, x, [&](auto t, std::int64_t planes, Array& y) {
      using T = decltype(t);
      max_spread<T>(m, planes, g.at<T>(), x.at<T>(), y.at<T>());
    });
  };
  return execute("max_pool_adjoint", {&g, &x}, forward,
                 rule<1>([m](const Tensor& h, const Tensor& x) { return select(h, x, m); }), no_gradient);
}

Tensor select(const Arg& h, const Arg& x, const MaxWindows& m) {
  auto forward = [m](const Array& h, const Array& x) {
    return for_planes(h.dtype, pooled(m, x), x, [&](auto t, std::int64_t planes, Array& y) {
      using T = decltype(t);
      max_select<T>(m, planes, h.at<T>(), x.at<T>(), y.at<T>());
    });
  };
  return execute("max_pool_select", {&h, &x}, forward,
                 rule<1>([m](const Tensor& g, const Tensor& x) { return spread(g, x, m); }), no_gradient);
}

Tensor max_of_windows(const char* op, const Arg& x, const MaxWindows& m) {
  auto forward = [m](const Array& x) {
    return for_planes(x.dtype, pooled(m, x), x, [&](auto t, std::int64_t planes, Array& y) {
      using T = decltype(t);
      max_values<T>(m, planes, x.at<T>(), y.at<T>());
    });
  };
  const Windows& w = m.windows;
  std::vector<std::int64_t> sizes(w.y + spatial_axes - w.rank, w.y + spatial_axes);
  auto text = m.adaptive
                  ? attribute_list("output_size", sizes)
                  : "kernel_size=" + option_text(w.k, w.rank) + ", stride=" + option_text(w.stride, w.rank) +
                        ", padding=" + option_text(w.padding, w.rank) + ", dilation=" + option_text(w.dilation, w.rank);
  struct Described : decltype(forward) {
    std::string text;
    std::string attributes() const { return text; }
  };
  return execute(op, {&x}, Described{forward, std::move(text)},
                 rule<0>([m](const Tensor& g, const Tensor& x) { return spread(g, x, m); }));
}

Tensor indices_of_windows(const char* op, const Arg& x, const MaxWindows& m) {
  auto forward = [m](const Array& x) {
    return for_planes(int64, pooled(m, x), x, [&](auto t, std::int64_t planes, Array& y) {
      using T = decltype(t);
      max_indices<T>(m, planes, x.at<T>(), y.at<std::int64_t>());
    });
  };
  return execute(op, {&x}, forward, no_gradient);
}

// Indices into a channel are counted in 32 bits where the elements have as many.
MaxWindows checked(const char* op, const Arg& x, const MaxWindows& m) {
  if (m.windows.x_size() > std::numeric_limits<std::int32_t>::max())
    fail(op, "a channel of x " + to_string(x.array->shape) + " must have less than 2^31 elements", x.site);
  return m;
}

Tensor max_pool(const char* op, const Arg& x, const MaxPoolOptions& options, int rank) {
  return floating(op, x, rank, [&](const Arg& x) {
    return max_of_windows(op, x, checked(op, x, PoolSizes::max(op, x, options, rank)));
  });
}

Tensor adaptive_max_pool(const char* op, const Arg& x, const PerAxis& output_size, int rank) {
  return floating(op, x, rank, [&](const Arg& x) {
    return max_of_windows(op, x, checked(op, x, PoolSizes::adaptive(op, x, output_size, rank)));
  });
}

Tensor avg_pool(const char* op, const Arg& x, const AvgPoolOptions& options, int rank) {
  return floating(op, x, rank, [&](const Arg& x) {
    std::string text;
    auto maps = PoolSizes::mean(op, x, options, rank, text);
    return map_axes(op, "avg_pool_adjoint", x, std::move(text), std::move(maps));
  });
}

Tensor adaptive_avg_pool(const char* op, const Arg& x, const PerAxis& output_size, int rank) {
  return floating(op, x, rank, [&](const Arg& x) {
    const MaxWindows m = PoolSizes::adaptive(op, x, output_size, rank);
    auto maps = std::make_shared<AxisMaps>(spatial_axes);
    for (int a = 0; a < spatial_axes; ++a) {
      AxisMap& map = (*maps)[static_cast<std::size_t>(a)];
      map.from = m.windows.x[a];
      for (std::int64_t i = 0; i < m.windows.y[a]; ++i) {
        const MaxWindows::Taps taps = m.taps(a, i);
        map.add(taps.first,
                std::vector<double>(static_cast<std::size_t>(taps.count), 1 / static_cast<double>(taps.count)));
      }
    }
    return map_axes(op, "adaptive_avg_pool_adjoint", x, "output_size=" + option_text(m.windows.y, m.windows.rank),
                    std::move(maps));
  });
}

}  // namespace

#define XTAPE_POOL(name, Options)                                                                   \
  Tensor name(const Arg& x, const Options& options) { return name(#name, x, options, 0); }          \
  Tensor name##1d(const Arg& x, const Options& options) { return name(#name "1d", x, options, 1); } \
  Tensor name##2d(const Arg& x, const Options& options) { return name(#name "2d", x, options, 2); } \
  Tensor name##3d(const Arg& x, const Options& options) { return name(#name "3d", x, options, 3); }
XTAPE_POOL(max_pool, MaxPoolOptions)
XTAPE_POOL(avg_pool, AvgPoolOptions)
XTAPE_POOL(adaptive_max_pool, PerAxis)
XTAPE_POOL(adaptive_avg_pool, PerAxis)
#undef XTAPE_POOL

#define XTAPE_POOL(name, Options)                                                                   \
  Tensor name(const Arg& x, const PerAxis& kernel, const PerAxis& stride, const PerAxis& padding) { \
    return name(x, Options(kernel).stride(stride).padding(padding));                                \
  }
XTAPE_POOL(max_pool, MaxPoolOptions)
XTAPE_POOL(max_pool1d, MaxPoolOptions)
XTAPE_POOL(max_pool2d, MaxPoolOptions)
XTAPE_POOL(max_pool3d, MaxPoolOptions)
XTAPE_POOL(avg_pool, AvgPoolOptions)
XTAPE_POOL(avg_pool1d, AvgPoolOptions)
XTAPE_POOL(avg_pool2d, AvgPoolOptions)
XTAPE_POOL(avg_pool3d, AvgPoolOptions)
#undef XTAPE_POOL

namespace {

template <class Options>
MaxPool with_indices(const char* op, const char* values, const Arg& x, const Options& options, int rank,
                     MaxWindows (*sizes)(const char*, const Arg&, const Options&, int)) {
  MaxPool result;
  result.values = floating(op, x, rank, [&](const Arg& x) {
    const MaxWindows m = checked(op, x, sizes(op, x, options, rank));
    result.indices = indices_of_windows(op, x, m);
    return max_of_windows(values, x, m);
  });
  if (result.values.rank() < result.indices.rank()) result.indices = squeeze(result.indices, 0);
  return result;
}

}  // namespace

#define XTAPE_POOL(name, Options, sizes, rank)                                             \
  MaxPool name##_with_indices(const Arg& x, const Options& options) {                      \
    return with_indices(#name "_with_indices", #name, x, options, rank, PoolSizes::sizes); \
  }
XTAPE_POOL(max_pool, MaxPoolOptions, max, 0)
XTAPE_POOL(max_pool1d, MaxPoolOptions, max, 1)
XTAPE_POOL(max_pool2d, MaxPoolOptions, max, 2)
XTAPE_POOL(max_pool3d, MaxPoolOptions, max, 3)
XTAPE_POOL(adaptive_max_pool, PerAxis, adaptive, 0)
XTAPE_POOL(adaptive_max_pool1d, PerAxis, adaptive, 1)
XTAPE_POOL(adaptive_max_pool2d, PerAxis, adaptive, 2)
XTAPE_POOL(adaptive_max_pool3d, PerAxis, adaptive, 3)
#undef XTAPE_POOL

}  // namespace xtape
