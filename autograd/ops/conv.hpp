// Convolutions over one, two or three spatial axes. x is (batch, channels, spatial...), or one example
// (channels, spatial...), whose result has no batch either. An undefined bias is none.
#pragma once
#include "../tensor.hpp"
#include "spatial.hpp"

namespace xtape {

/// What may be set of a convolution: `ConvOptions().stride(2).padding({1, 0})`. Numbers are for all spatial axes, lists
/// for each. Stride and padding may also be given as they are: `conv2d(x, weight, bias, 2, {1, 0})`.
class ConvOptions {
 public:
  /// From one window to the next; 1 by default.
  ConvOptions& stride(PerAxis v) { return stride_ = std::move(v), *this; }
  const PerAxis& stride() const { return stride_; }
  /// Zeros on both sides of x; 0 by default.
  ConvOptions& padding(PerAxis v) { return padding_ = std::move(v), same_ = false, *this; }
  const PerAxis& padding() const { return padding_; }
  /// From one tap of the kernel to the next; 1 by default.
  ConvOptions& dilation(PerAxis v) { return dilation_ = std::move(v), *this; }
  const PerAxis& dilation() const { return dilation_; }
  /// The channels fall into so many groups, each with kernels of its own; 1 by default.
  ConvOptions& groups(std::int64_t v) { return groups_ = v, *this; }
  std::int64_t groups() const { return groups_; }
  /// Zeros such that the result has the sizes of x; where their number is odd, one more at the end. Needs stride 1.
  ConvOptions& same_padding() { return same_ = true, *this; }
  bool has_same_padding() const { return same_; }
  /// What is added to one side of the result of `conv_transpose`, whose size is ambiguous for a stride above 1; 0 by
  /// default.
  ConvOptions& output_padding(PerAxis v) { return output_padding_ = std::move(v), *this; }

 private:
  friend struct ConvSizes;
  PerAxis stride_ = 1, padding_ = 0, dilation_ = 1, output_padding_ = 0;
  std::int64_t groups_ = 1;
  bool same_ = false;
};

/// y[n, o, i] = sum over c and k of x[n, c, i stride - padding + k dilation] weight[o, c, k], x being zero outside:
/// x (batch, in, x...), weight (out, in / groups, k...) -> (batch, out, y...) with
/// y = floor((x + 2 padding - dilation (k - 1) - 1) / stride) + 1. One to three spatial axes. Throws when the shapes or
/// dtypes do not fit, an option is out of its range or the dilated kernel is larger than the padded x.
/// Source: Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016.
Tensor conv(const Arg& x, const Arg& weight, const ConvOptions& options = {});
/// The same plus bias (out,), one number for each channel of the result.
Tensor conv(const Arg& x, const Arg& weight, const Arg& bias, const ConvOptions& options = {});
Tensor conv(const Arg& x, const Arg& weight, const Arg& bias, const PerAxis& stride, const PerAxis& padding = 0);
/// `conv` of sequences: (batch, in, length) -> (batch, out, y).
Tensor conv1d(const Arg& x, const Arg& weight, const ConvOptions& options = {});
Tensor conv1d(const Arg& x, const Arg& weight, const Arg& bias, const ConvOptions& options = {});
Tensor conv1d(const Arg& x, const Arg& weight, const Arg& bias, const PerAxis& stride, const PerAxis& padding = 0);
/// `conv` of images: (batch, in, height, width) -> (batch, out, y0, y1).
Tensor conv2d(const Arg& x, const Arg& weight, const ConvOptions& options = {});
Tensor conv2d(const Arg& x, const Arg& weight, const Arg& bias, const ConvOptions& options = {});
Tensor conv2d(const Arg& x, const Arg& weight, const Arg& bias, const PerAxis& stride, const PerAxis& padding = 0);
/// `conv` of volumes: (batch, in, depth, height, width) -> (batch, out, y0, y1, y2).
Tensor conv3d(const Arg& x, const Arg& weight, const ConvOptions& options = {});
Tensor conv3d(const Arg& x, const Arg& weight, const Arg& bias, const ConvOptions& options = {});
Tensor conv3d(const Arg& x, const Arg& weight, const Arg& bias, const PerAxis& stride, const PerAxis& padding = 0);

/// The adjoint of `conv` in x: y[n, c, i stride - padding + k dilation] += x[n, o, i] weight[o, c, k]:
/// x (batch, in, x...), weight (in, out / groups, k...) -> (batch, out, y...) with
/// y = (x - 1) stride - 2 padding + dilation (k - 1) + output_padding + 1. Throws as `conv` does, and unless
/// output_padding is smaller than the stride or the dilation.
Tensor conv_transpose(const Arg& x, const Arg& weight, const ConvOptions& options = {});
/// The same plus bias (out,).
Tensor conv_transpose(const Arg& x, const Arg& weight, const Arg& bias, const ConvOptions& options = {});
Tensor conv_transpose(const Arg& x, const Arg& weight, const Arg& bias, const PerAxis& stride,
                      const PerAxis& padding = 0);
/// `conv_transpose` of sequences: (batch, in, length) -> (batch, out, y).
Tensor conv_transpose1d(const Arg& x, const Arg& weight, const ConvOptions& options = {});
Tensor conv_transpose1d(const Arg& x, const Arg& weight, const Arg& bias, const ConvOptions& options = {});
Tensor conv_transpose1d(const Arg& x, const Arg& weight, const Arg& bias, const PerAxis& stride,
                        const PerAxis& padding = 0);
/// `conv_transpose` of images: (batch, in, height, width) -> (batch, out, y0, y1).
Tensor conv_transpose2d(const Arg& x, const Arg& weight, const ConvOptions& options = {});
Tensor conv_transpose2d(const Arg& x, const Arg& weight, const Arg& bias, const ConvOptions& options = {});
Tensor conv_transpose2d(const Arg& x, const Arg& weight, const Arg& bias, const PerAxis& stride,
                        const PerAxis& padding = 0);
/// `conv_transpose` of volumes: (batch, in, depth, height, width) -> (batch, out, y0, y1, y2).
Tensor conv_transpose3d(const Arg& x, const Arg& weight, const ConvOptions& options = {});
Tensor conv_transpose3d(const Arg& x, const Arg& weight, const Arg& bias, const ConvOptions& options = {});
Tensor conv_transpose3d(const Arg& x, const Arg& weight, const Arg& bias, const PerAxis& stride,
                        const PerAxis& padding = 0);

/// What may be set of `im2col` and `col2im`: `UnfoldOptions(3).stride(2)`.
class UnfoldOptions {
 public:
  template <class T, class = std::enable_if_t<std::is_integral_v<T>>>
  UnfoldOptions(T kernel_size) : kernel_(kernel_size) {}
  UnfoldOptions(std::initializer_list<std::int64_t> kernel_size) : kernel_(std::vector<std::int64_t>(kernel_size)) {}
  UnfoldOptions(PerAxis kernel_size) : kernel_(std::move(kernel_size)) {}
  /// From one window to the next; 1 by default.
  UnfoldOptions& stride(PerAxis v) { return stride_ = std::move(v), *this; }
  /// Zeros on both sides of x; 0 by default.
  UnfoldOptions& padding(PerAxis v) { return padding_ = std::move(v), *this; }
  /// From one element of a window to the next; 1 by default.
  UnfoldOptions& dilation(PerAxis v) { return dilation_ = std::move(v), *this; }

 private:
  friend struct ConvSizes;
  PerAxis kernel_, stride_ = 1, padding_ = 0, dilation_ = 1;
};

/// The windows of x as columns (PyTorch: unfold): (batch, channels, spatial...) -> (batch, channels * k..., windows),
/// or, where the kernel's sizes stand one by one, (channels, spatial...) -> (channels * k..., windows). Throws when an
/// option is out of its range or the window is larger than the padded x.
Tensor im2col(const Arg& x, const UnfoldOptions& options);
/// The adjoint of `im2col`, which adds up what windows share (PyTorch: fold): ([batch,] channels * k..., windows) ->
/// ([batch,] channels, output_size...). Throws when the columns are not those of such an x.
Tensor col2im(const Arg& columns, const PerAxis& output_size, const UnfoldOptions& options);

}  // namespace xtape
