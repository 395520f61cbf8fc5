// Putting what a maximum pooling left back where it was found.
#pragma once
#include "../tensor.hpp"
#include "spatial.hpp"

namespace xtape {

/// The windows of the pooling that is undone: `max_unpool2d(x, indices, 2)`,
/// `max_unpool2d(x, indices, MaxUnpoolOptions(3).stride(2).output_size(image.shape()))`.
class MaxUnpoolOptions {
 public:
  template <class T, class = std::enable_if_t<std::is_integral_v<T>>>
  MaxUnpoolOptions(T kernel_size) : MaxUnpoolOptions(PerAxis(kernel_size)) {}
  MaxUnpoolOptions(std::initializer_list<std::int64_t> kernel_size)
      : MaxUnpoolOptions(PerAxis(std::vector(kernel_size))) {}
  MaxUnpoolOptions(const PerAxis& kernel_size) : kernel_(kernel_size), stride_(kernel_size) {}
  /// From one window to the next; the kernel size by default.
  MaxUnpoolOptions& stride(PerAxis v) { return stride_ = std::move(v), *this; }
  /// Places on both sides that the pooling added; 0 by default.
  MaxUnpoolOptions& padding(PerAxis v) { return padding_ = std::move(v), *this; }
  /// The spatial sizes of the result, or its whole shape, where several sizes have so many windows; by default the
  /// least that the windows cover, (x - 1) stride - 2 padding + kernel_size.
  MaxUnpoolOptions& output_size(const Shape& v) { return output_size_ = v, *this; }

 private:
  friend struct UnpoolSizes;
  PerAxis kernel_, stride_, padding_ = 0;
  Shape output_size_;
};

/// x at the places `indices` of sequences of zeros, the inverse of `max_pool1d_with_indices` but for what that
/// dropped: ([batch,] channels, x) and int64 of the same shape -> ([batch,] channels, y). Of several elements for one
/// place the last counts, and gets the gradient. Throws when shapes do not fit, an index is not in [0, y), an option is
/// out of its range, or the output size is a stride or more away from its default. Source: Zeiler and Fergus,
/// "Visualizing and understanding convolutional networks", ECCV 2014.
Tensor max_unpool1d(const Arg& x, const Arg& indices, const MaxUnpoolOptions& options);
Tensor max_unpool1d(const Arg& x, const Arg& indices, const PerAxis& kernel_size, const PerAxis& stride,
                    const PerAxis& padding = 0);
/// `max_unpool1d` of images: ([batch,] channels, x0, x1) -> ([batch,] channels, height, width), whose indices count
/// the elements of a channel.
Tensor max_unpool2d(const Arg& x, const Arg& indices, const MaxUnpoolOptions& options);
Tensor max_unpool2d(const Arg& x, const Arg& indices, const PerAxis& kernel_size, const PerAxis& stride,
                    const PerAxis& padding = 0);
/// `max_unpool1d` of volumes: ([batch,] channels, x0, x1, x2) -> ([batch,] channels, depth, height, width).
Tensor max_unpool3d(const Arg& x, const Arg& indices, const MaxUnpoolOptions& options);
Tensor max_unpool3d(const Arg& x, const Arg& indices, const PerAxis& kernel_size, const PerAxis& stride,
                    const PerAxis& padding = 0);

}  // namespace xtape
