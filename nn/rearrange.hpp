// Layers that put elements at other places: windows as columns and back, channels as pixels and back.
#pragma once
#include <autograd/ops/conv.hpp>
#include <nn/module.hpp>

namespace xtape::nn {

/// The windows of x as columns, as `Unfold(3)` or `Unfold(UnfoldOptions({2, 3}).stride(2))`: (batch, channels,
/// spatial...) -> (batch, channels k..., windows). Throws at the call when an option is out of its range or the window
/// is larger than the padded x.
class Unfold : public Module<Unfold> {
 public:
  explicit Unfold(UnfoldOptions options) : options_(std::move(options)) {}
  Tensor forward(const Tensor& x) const { return im2col(x, options_); }

 private:
  UnfoldOptions options_;
};

/// The adjoint of Unfold, which adds up what windows share, as `Fold({4, 5}, 3)`: (batch, channels k..., windows) ->
/// (batch, channels, output_size...). Throws at the call when the columns are not those of such an x.
class Fold : public Module<Fold> {
 public:
  Fold(PerAxis output_size, UnfoldOptions options)
      : output_size_(std::move(output_size)), options_(std::move(options)) {}
  Tensor forward(const Tensor& columns) const { return col2im(columns, output_size_, options_); }

 private:
  PerAxis output_size_;
  UnfoldOptions options_;
};

/// Channels as the pixels of squares of r x r, where r is `factor`: y[..., c, h r + i, w r + j] =
/// x[..., c r^2 + i r + j, h, w]: (..., channels r^2, height, width) -> (..., channels, height r, width r). Throws when
/// r is below 1; at the call when r^2 does not divide the channels. Source: Shi et al., "Real-time single image and
/// video super-resolution using an efficient sub-pixel convolutional neural network", CVPR 2016.
class PixelShuffle : public Module<PixelShuffle> {
 public:
  explicit PixelShuffle(std::int64_t factor, Site site = Site::here());
  Tensor forward(const Tensor& x) const;

 private:
  std::int64_t factor_;
};

/// The inverse of PixelShuffle: (..., channels, height r, width r) -> (..., channels r^2, height, width). Throws when r
/// is below 1; at the call when r does not divide height and width.
class PixelUnshuffle : public Module<PixelUnshuffle> {
 public:
  explicit PixelUnshuffle(std::int64_t factor, Site site = Site::here());
  Tensor forward(const Tensor& x) const;

 private:
  std::int64_t factor_;
};

/// The channels, read as a table with a line for each of `groups` groups, column by column, so that the next grouped
/// convolution sees all groups: (batch, channels, ...) -> the same. Throws when `groups` is below 1; at the call when
/// they do not divide the channels. Source: Zhang et al., "ShuffleNet", CVPR 2018.
class ChannelShuffle : public Module<ChannelShuffle> {
 public:
  explicit ChannelShuffle(std::int64_t groups, Site site = Site::here());
  Tensor forward(const Tensor& x) const;

 private:
  std::int64_t groups_;
};

}  // namespace xtape::nn
