#include "unpool.hpp"

#include <limits>

#include "detail/positions.hpp"
#include "detail/spatial_input.hpp"

namespace xtape {

struct UnpoolSizes {
  // The spatial sizes of the result.
  static void read(const char* op, const Arg& x, const MaxUnpoolOptions& options, int rank, Spatial& y);
};

void UnpoolSizes::read(const char* op, const Arg& x, const MaxUnpoolOptions& options, int rank, Spatial& y) {
  Spatial n = {1, 1, 1}, k = {1, 1, 1}, stride = {1, 1, 1}, padding = {0, 0, 0};
  const Shape &shape = x.array->shape, &wanted = options.output_size_;
  set_sizes(op, shape, n, x.site);
  set_option(op, "kernel_size", options.kernel_, 1, rank, k, x.site);
  set_option(op, "stride", options.stride_, 1, rank, stride, x.site);
  set_option(op, "padding", options.padding_, 0, rank, padding, x.site);
  if (wanted.rank() != 0 && wanted.rank() != rank && wanted.rank() != rank + 1 && wanted.rank() != rank + 2)
    fail(op, "output_size " + to_string(wanted) + " must name " + std::to_string(rank) + " spatial sizes", x.site);
  for (int a = spatial_axes - rank; a < spatial_axes; ++a) {
    y[a] = (n[a] - 1) * stride[a] - 2 * padding[a] + k[a];
    if (wanted.rank() == 0) {
      if (y[a] < 1 || y[a] > std::numeric_limits<std::int32_t>::max())
        fail(op,
             "x " + to_string(shape) + " with kernel_size " + option_text(k, rank) + ", stride " +
                 option_text(stride, rank) + " and padding " + option_text(padding, rank) +
                 " would give the spatial size " + std::to_string(y[a]),
             x.site);
      continue;
    }
    const std::int64_t size = wanted[wanted.rank() - spatial_axes + a];
    if (size < 1 || size > std::numeric_limits<std::int32_t>::max() || size <= y[a] - stride[a] ||
        size >= y[a] + stride[a])
      fail(op,
           "output_size " + to_string(wanted) + " does not fit: " + std::to_string(n[a]) + " windows of x " +
               to_string(shape) + " lie in a size between " + std::to_string(y[a] - stride[a]) + " and " +
               std::to_string(y[a] + stride[a]) + ", both excluded",
           x.site);
    y[a] = size;
  }
}

namespace {

Tensor unpool(const char* op, const Arg& x, const Arg& indices, const MaxUnpoolOptions& options, int rank) {
  check_indices(op, x, indices);
  if (indices.array->shape != x.array->shape)
    fail(op, "indices " + to_string(indices.array->shape) + " must have the shape of x " + to_string(x.array->shape),
         indices.site);
  return batched(x, rank, [&](const Arg& x) {
    check_spatial(op, x, rank);
    Windows w;
    w.rank = rank;
    UnpoolSizes::read(op, x, options, rank, w.x);
    const Shape& shape = x.array->shape;
    const std::int64_t planes = shape[0] * shape[1];
    const Shape flat{planes, planes == 0 ? 0 : x.array->size / planes};
    Scope scope(x.site);
    const Tensor values = reshape(x, flat), at = reshape(indices, flat);
    const Tensor y = scattered(op, Arg(values, x.site), 1, Arg(at, indices.site),
                               Shape{planes, Shape{w.x[0], w.x[1], w.x[2]}.size()});
    return reshape(y, w.shape(shape[0], shape[1], w.x));
  });
}

}  // namespace

#define XTAPE_UNPOOL(name, rank)                                                                      \
  Tensor name(const Arg& x, const Arg& indices, const MaxUnpoolOptions& options) {                    \
    return unpool(#name, x, indices, options, rank);                                                  \
  }                                                                                                   \
  Tensor name(const Arg& x, const Arg& indices, const PerAxis& kernel, const PerAxis& stride,         \
              const PerAxis& padding) {                                                               \
    return unpool(#name, x, indices, MaxUnpoolOptions(kernel).stride(stride).padding(padding), rank); \
  }
XTAPE_UNPOOL(max_unpool1d, 1)
XTAPE_UNPOOL(max_unpool2d, 2)
XTAPE_UNPOOL(max_unpool3d, 3)
#undef XTAPE_UNPOOL

}  // namespace xtape
