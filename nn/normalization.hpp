// Normalisation layers. Weights start as ones and biases as zeros, as PyTorch's do.
#pragma once
#include <nn/module.hpp>
#include <optional>

namespace xtape::nn {

/// What BatchNorm1d, BatchNorm2d and BatchNorm3d share: y = (x - mean) / sqrt(var + eps) weight + bias for each
/// channel. In training mean and var are those of the batch, and the running ones move to them:
/// running <- (1 - momentum) running + momentum batch, where the batch's variance is the unbiased one. In eval the
/// running ones take their place. `weight`, `bias` and the buffers `running_mean`, `running_var` are (channels,),
/// `num_batches_tracked` is an int64 scalar. Throws when `channels` is below 1, eps is negative or momentum is not in
/// [0, 1]; at the call when x is of another rank or has other channels, or, in training, a channel has only one
/// element. Source: Ioffe and Szegedy, ICML 2015.
template <class Derived, int max_axes>
class BatchNorm : public Module<Derived> {
 public:
  explicit BatchNorm(std::int64_t channels, double eps = 1e-5, double momentum = 0.1, Site site = Site::here());
  Tensor forward(const Tensor& x) const;

  Parameter weight, bias;
  Buffer running_mean, running_var, num_batches_tracked;

 private:
  double eps_, momentum_;
};

/// Over vectors or sequences: (batch, channels) or (batch, channels, length) -> the same.
class BatchNorm1d : public BatchNorm<BatchNorm1d, 1> {
 public:
  using BatchNorm::BatchNorm;
};
/// Over images: (batch, channels, height, width) -> the same.
class BatchNorm2d : public BatchNorm<BatchNorm2d, 2> {
 public:
  using BatchNorm::BatchNorm;
};
/// Over volumes: (batch, channels, depth, height, width) -> the same.
class BatchNorm3d : public BatchNorm<BatchNorm3d, 3> {
 public:
  using BatchNorm::BatchNorm;
};

/// (x - mean) / sqrt(var + eps) weight + bias over the last axes, whose sizes are `normalized`: (..., normalized) ->
/// the same; `weight` and `bias` are of that shape. As `LayerNorm(64)` or `LayerNorm({8, 8})`. Throws when there is no
/// axis, one is empty or eps is negative; at the call when the last axes of x are others. Source: Ba, Kiros and Hinton,
/// 2016.
class LayerNorm : public Module<LayerNorm> {
 public:
  explicit LayerNorm(const Shape& normalized, double eps = 1e-5, Site site = Site::here());
  explicit LayerNorm(std::initializer_list<std::int64_t> normalized, double eps = 1e-5, Site site = Site::here())
      : LayerNorm(Shape(normalized), eps, site) {}
  explicit LayerNorm(std::int64_t size, double eps = 1e-5, Site site = Site::here())
      : LayerNorm(Shape{size}, eps, site) {}
  Tensor forward(const Tensor& x) const;

  Parameter weight, bias;

 private:
  double eps_;
};

/// x / sqrt(mean(x^2) + eps) weight over the last axes, whose sizes are `normalized`: (..., normalized) -> the same;
/// `weight` is of that shape. Without eps it is the distance from 1 to the next number of x's dtype. Throws as
/// LayerNorm does. Source: Zhang and Sennrich, NeurIPS 2019.
class RMSNorm : public Module<RMSNorm> {
 public:
  explicit RMSNorm(const Shape& normalized, std::optional<double> eps = {}, Site site = Site::here());
  explicit RMSNorm(std::initializer_list<std::int64_t> normalized, std::optional<double> eps = {},
                   Site site = Site::here())
      : RMSNorm(Shape(normalized), eps, site) {}
  explicit RMSNorm(std::int64_t size, std::optional<double> eps = {}, Site site = Site::here())
      : RMSNorm(Shape{size}, eps, site) {}
  Tensor forward(const Tensor& x) const;

  Parameter weight;

 private:
  std::optional<double> eps_;
};

/// (x - mean) / sqrt(var + eps) weight + bias over each of `groups` groups of channels of each example:
/// (batch, channels, ...) -> the same; `weight` and `bias` are (channels,). Throws when a size is below 1, `groups`
/// does not divide `channels` or eps is negative; at the call when x has other channels. Source: Wu and He, ECCV 2018.
class GroupNorm : public Module<GroupNorm> {
 public:
  GroupNorm(std::int64_t groups, std::int64_t channels, double eps = 1e-5, Site site = Site::here());
  Tensor forward(const Tensor& x) const;

  Parameter weight, bias;

 private:
  std::int64_t groups_;
  double eps_;
};

}  // namespace xtape::nn
