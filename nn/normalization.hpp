// Normalisation layers. Weights start as ones and biases as zeros, as PyTorch's do.
#pragma once
#include <nn/module.hpp>
#include <optional>

namespace xtape::nn {

/// What may be set of the normalisation of channels, as `BatchNormOptions().eps(1e-3).affine(false)`; the first two
/// also as they are: `BatchNorm2d(8, 1e-3, 0.01)`.
template <bool batch>
class ChannelNormOptions {
 public:
  /// Added to the variance; 1e-5 by default.
  ChannelNormOptions& eps(double v) { return eps_ = v, *this; }
  /// How far the running statistics move to those of a batch, 0.1 by default; with `std::nullopt` they are the mean of
  /// all batches so far.
  ChannelNormOptions& momentum(std::optional<double> v) { return momentum_ = v, *this; }
  /// Whether there are `weight` and `bias`; true by default for BatchNorm, false for InstanceNorm.
  ChannelNormOptions& affine(bool v) { return affine_ = v, *this; }
  /// Whether there are running statistics, for eval; without them it computes what training does. True by default for
  /// BatchNorm, false for InstanceNorm.
  ChannelNormOptions& track_running_stats(bool v) { return track_ = v, *this; }

 private:
  template <class, int, bool>
  friend class ChannelNorm;
  double eps_ = 1e-5;
  std::optional<double> momentum_ = 0.1;
  bool affine_ = batch, track_ = batch;
};
using BatchNormOptions = ChannelNormOptions<true>;
using InstanceNormOptions = ChannelNormOptions<false>;

/// What BatchNorm1d, BatchNorm2d, BatchNorm3d and InstanceNorm1d, InstanceNorm2d, InstanceNorm3d (not `batch`) share:
/// y = (x - mean) / sqrt(var + eps) weight + bias for each channel, of the whole batch or of each example alone. In
/// training mean and var are those of x, and the running ones move to them: running <- (1 - momentum) running +
/// momentum batch, where the batch's variance is the unbiased one (of examples alone: the mean of theirs). In eval the
/// running ones, where there are any, take their place. `weight`, `bias` and the buffers `running_mean`, `running_var`
/// are (channels,), `num_batches_tracked` is an int64 scalar. Throws when `channels` is below 1, eps is negative or
/// momentum is not in [0, 1]; at the call when x is of another rank or has other channels, or what is normalised has
/// only one element.
template <class Derived, int rank, bool batch>
class ChannelNorm : public Module<Derived> {
 public:
  using Options = ChannelNormOptions<batch>;
  explicit ChannelNorm(std::int64_t channels, const Options& options = {}, Site site = Site::here());
  template <class Eps, class = std::enable_if_t<std::is_floating_point_v<Eps>>>  // so that {} are default options
  ChannelNorm(std::int64_t channels, Eps eps, std::optional<double> momentum = 0.1, Site site = Site::here())
      : ChannelNorm(channels, Options().eps(eps).momentum(momentum), site) {}
  Tensor forward(const Tensor& x) const;
  std::int64_t channels() const { return channels_; }
  double eps() const { return options_.eps_; }

  std::optional<Parameter> weight, bias;
  std::optional<Buffer> running_mean, running_var, num_batches_tracked;

 private:
  void track(const Tensor& mean, const Tensor& var) const;
  std::int64_t channels_;
  Options options_;
};

/// Over vectors or sequences, each channel of the whole batch together, as `BatchNorm1d(8)`: (batch, channels) or
/// (batch, channels, length) -> the same. Source: Ioffe and Szegedy, ICML 2015.
class BatchNorm1d : public ChannelNorm<BatchNorm1d, 1, true> {
 public:
  using ChannelNorm::ChannelNorm;
};
/// Over images, as `BatchNorm2d(8)` or `BatchNorm2d(8, BatchNormOptions().eps(1e-3))`: (batch, channels, height,
/// width) -> the same.
class BatchNorm2d : public ChannelNorm<BatchNorm2d, 2, true> {
 public:
  using ChannelNorm::ChannelNorm;
};
/// Over volumes: (batch, channels, depth, height, width) -> the same.
class BatchNorm3d : public ChannelNorm<BatchNorm3d, 3, true> {
 public:
  using ChannelNorm::ChannelNorm;
};

/// Over sequences, each channel of each example alone, as `InstanceNorm1d(8)`: ([batch,] channels, length) -> the same.
/// Source: Ulyanov, Vedaldi and Lempitsky, "Instance normalization: the missing ingredient for fast stylization", 2016.
class InstanceNorm1d : public ChannelNorm<InstanceNorm1d, 1, false> {
 public:
  using ChannelNorm::ChannelNorm;
};
/// Over images, as `InstanceNorm2d(8)` or `InstanceNorm2d(8, InstanceNormOptions().affine(true))`: ([batch,]
/// channels, height, width) -> the same.
class InstanceNorm2d : public ChannelNorm<InstanceNorm2d, 2, false> {
 public:
  using ChannelNorm::ChannelNorm;
};
/// Over volumes: ([batch,] channels, depth, height, width) -> the same.
class InstanceNorm3d : public ChannelNorm<InstanceNorm3d, 3, false> {
 public:
  using ChannelNorm::ChannelNorm;
};

/// (x - mean) / sqrt(var + eps) weight + bias over the last axes, whose sizes are `normalized`: (..., normalized) ->
/// the same; `weight` and `bias` are of that shape and missing unless `affine`, the bias also unless `with_bias`. As
/// `LayerNorm(64)` or `LayerNorm({8, 8})`. Throws when there is no axis, one is empty or eps is negative; at the call
/// when the last axes of x are others. Source: Ba, Kiros and Hinton, 2016.
class LayerNorm : public Module<LayerNorm> {
 public:
  explicit LayerNorm(const Shape& normalized, double eps = 1e-5, bool affine = true, bool with_bias = true,
                     Site site = Site::here());
  explicit LayerNorm(std::initializer_list<std::int64_t> normalized, double eps = 1e-5, bool affine = true,
                     bool with_bias = true, Site site = Site::here())
      : LayerNorm(Shape(normalized, site), eps, affine, with_bias, site) {}
  explicit LayerNorm(std::int64_t size, double eps = 1e-5, bool affine = true, bool with_bias = true,
                     Site site = Site::here())
      : LayerNorm(Shape{size}, eps, affine, with_bias, site) {}
  Tensor forward(const Tensor& x) const;
  const Shape& normalized() const { return normalized_; }
  double eps() const { return eps_; }

  std::optional<Parameter> weight, bias;

 private:
  Shape normalized_;
  double eps_;
};

/// x / sqrt(mean(x^2) + eps) weight over the last axes, whose sizes are `normalized`: (..., normalized) -> the same;
/// `weight` is of that shape and missing unless `affine`. Without eps it is the distance from 1 to the next number of
/// x's dtype. Throws as LayerNorm does. Source: Zhang and Sennrich, NeurIPS 2019.
class RMSNorm : public Module<RMSNorm> {
 public:
  explicit RMSNorm(const Shape& normalized, std::optional<double> eps = {}, bool affine = true,
                   Site site = Site::here());
  explicit RMSNorm(std::initializer_list<std::int64_t> normalized, std::optional<double> eps = {}, bool affine = true,
                   Site site = Site::here())
      : RMSNorm(Shape(normalized, site), eps, affine, site) {}
  explicit RMSNorm(std::int64_t size, std::optional<double> eps = {}, bool affine = true, Site site = Site::here())
      : RMSNorm(Shape{size}, eps, affine, site) {}
  Tensor forward(const Tensor& x) const;
  const Shape& normalized() const { return normalized_; }
  std::optional<double> eps() const { return eps_; }

  std::optional<Parameter> weight;

 private:
  Shape normalized_;
  std::optional<double> eps_;
};

/// (x - mean) / sqrt(var + eps) weight + bias over each of `groups` groups of channels of each example:
/// (batch, channels, ...) -> the same; `weight` and `bias` are (channels,) and missing unless `affine`. Throws when a
/// size is below 1, `groups` does not divide `channels` or eps is negative; at the call when x has other channels.
/// Source: Wu and He, ECCV 2018.
class GroupNorm : public Module<GroupNorm> {
 public:
  GroupNorm(std::int64_t groups, std::int64_t channels, double eps = 1e-5, bool affine = true,
            Site site = Site::here());
  Tensor forward(const Tensor& x) const;
  std::int64_t groups() const { return groups_; }
  std::int64_t channels() const { return channels_; }
  double eps() const { return eps_; }

  std::optional<Parameter> weight, bias;

 private:
  std::int64_t groups_, channels_;
  double eps_;
};

/// x / (k + alpha mean(x^2))^beta, where the mean is over `size` neighbouring channels at the same place, zeros beyond
/// the first and the last: (batch, channels, spatial...) -> the same. Of an even size one more comes before than
/// after. Throws when the size is below 1; at the call when x has no spatial axis. Source: Krizhevsky, Sutskever and
/// Hinton, "ImageNet classification with deep convolutional neural networks", 2012, section 3.3.
class LocalResponseNorm : public Module<LocalResponseNorm> {
 public:
  explicit LocalResponseNorm(std::int64_t size, double alpha = 1e-4, double beta = 0.75, double k = 1,
                             Site site = Site::here());
  Tensor forward(const Tensor& x) const;

 private:
  std::int64_t size_;
  double alpha_, beta_, k_;
};

}  // namespace xtape::nn
