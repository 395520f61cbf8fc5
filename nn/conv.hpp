// Layers of convolutions and of their transposes. x is (batch, in, spatial...), or one example (in, spatial...), whose
// result has no batch either. Stride and padding may stand as they are: `Conv2d(16, 32, 3, 2, 1)`.
#pragma once
#include <autograd/ops/conv.hpp>
#include <autograd/ops/pad.hpp>
#include <nn/module.hpp>
#include <optional>

namespace xtape::nn {

/// What Conv1d, Conv2d and Conv3d share: `weight` (out, in / groups, k...) and, unless `with_bias` is false, `bias`
/// (out) start uniform in ±1/sqrt(in / groups k...), as PyTorch's do. For ConvTranspose1d, ConvTranspose2d and
/// ConvTranspose3d (`transposed`) it is `weight` (in, out / groups, k...), and ±1/sqrt(out / groups k...). The margin
/// that `options` asks for is filled as `padding_mode` says, with zeros by default. Throws when a size is below 1,
/// `groups` does not divide `in` and `out`, or a transposed convolution is to have another margin than zeros; at the
/// call as xtape::conv, xtape::conv_transpose and xtape::pad do.
template <class Derived, int rank, bool transposed = false>
class Conv : public Module<Derived> {
 public:
  Conv(std::int64_t in, std::int64_t out, const PerAxis& kernel_size, const ConvOptions& options = {},
       bool with_bias = true, PadMode padding_mode = PadMode::constant, Site site = Site::here());
  Conv(std::int64_t in, std::int64_t out, const PerAxis& kernel_size, const PerAxis& stride, const PerAxis& padding = 0,
       Site site = Site::here())
      : Conv(in, out, kernel_size, ConvOptions().stride(stride).padding(padding), true, PadMode::constant, site) {}
  Tensor forward(const Tensor& x) const { return forward(x, weight); }
  /// The same with `w` in the place of `weight`.
  Tensor forward(const Tensor& x, const Tensor& w) const;
  /// What it was made with; where the margin is not zeros, its padding is 0 here.
  const ConvOptions& options() const { return options_; }
  PadMode padding_mode() const { return padding_mode_; }

  Parameter weight;
  std::optional<Parameter> bias;

 private:
  ConvOptions options_;
  PadMode padding_mode_;
  std::vector<std::int64_t> pads_;  // of a margin that is not zeros
};

/// The convolution of sequences, as `Conv1d(2, 8, 3)` or, with a margin from the other end,
/// `Conv1d(2, 8, 3, ConvOptions().padding(1), true, PadMode::circular)`: (batch, in, length) -> (batch, out, y), with
/// y = floor((x + 2 padding - dilation (k - 1) - 1) / stride) + 1. Source: LeCun et al., "Gradient-based learning
/// applied to document recognition", 1998.
class Conv1d : public Conv<Conv1d, 1> {
 public:
  using Conv::Conv;
};
/// The same of images, as `Conv2d(16, 32, 3, 2, 1)` or `Conv2d(16, 32, 3, ConvOptions().dilation(2).groups(4))`:
/// (batch, in, height, width) -> (batch, out, y0, y1).
class Conv2d : public Conv<Conv2d, 2> {
 public:
  using Conv::Conv;
};
/// The same of volumes: (batch, in, depth, height, width) -> (batch, out, y0, y1, y2).
class Conv3d : public Conv<Conv3d, 3> {
 public:
  using Conv::Conv;
};

/// The adjoint of Conv1d, which makes sequences longer, as `ConvTranspose1d(16, 8, 2, ConvOptions().stride(2))`:
/// (batch, in, length) -> (batch, out, y), with y = (x - 1) stride - 2 padding + dilation (k - 1) + output_padding + 1.
/// Source: Zeiler et al., "Deconvolutional networks", CVPR 2010.
class ConvTranspose1d : public Conv<ConvTranspose1d, 1, true> {
 public:
  using Conv::Conv;
};
/// The same of images: (batch, in, height, width) -> (batch, out, y0, y1).
class ConvTranspose2d : public Conv<ConvTranspose2d, 2, true> {
 public:
  using Conv::Conv;
};
/// The same of volumes: (batch, in, depth, height, width) -> (batch, out, y0, y1, y2).
class ConvTranspose3d : public Conv<ConvTranspose3d, 3, true> {
 public:
  using Conv::Conv;
};

}  // namespace xtape::nn
