// Dropout layers, which pass on x in eval. Throw unless 0 <= p <= 1.
#pragma once
#include <nn/module.hpp>

namespace xtape::nn {

/// In training each element is 0 with the probability p, else x / (1 - p): (...) -> the same. Source: Srivastava et
/// al., JMLR 15, 2014.
class Dropout : public Module<Dropout> {
 public:
  explicit Dropout(double p = 0.5, Site site = Site::here());
  Tensor forward(const Tensor& x) const;
  double p() const { return p_; }

 private:
  double p_;
};

/// What Dropout1d, Dropout2d and Dropout3d share: in training each channel of each example is 0 as a whole with the
/// probability p, else x / (1 - p). Throws at the call when x is of another rank.
template <class Derived, int rank>
class ChannelDropout : public Module<Derived> {
 public:
  explicit ChannelDropout(double p = 0.5, Site site = Site::here());
  Tensor forward(const Tensor& x) const;
  double p() const { return p_; }

 private:
  double p_;
};

/// Drops channels of sequences, as `Dropout1d(0.2)`: (batch, channels, length) -> the same. Source: Tompson et al.,
/// "Efficient object localization using convolutional networks", CVPR 2015.
class Dropout1d : public ChannelDropout<Dropout1d, 1> {
 public:
  using ChannelDropout::ChannelDropout;
};
/// The same of images: (batch, channels, height, width) -> the same.
class Dropout2d : public ChannelDropout<Dropout2d, 2> {
 public:
  using ChannelDropout::ChannelDropout;
};
/// The same of volumes: (batch, channels, depth, height, width) -> the same.
class Dropout3d : public ChannelDropout<Dropout3d, 3> {
 public:
  using ChannelDropout::ChannelDropout;
};

/// Dropout after `selu` that keeps mean 0 and variance 1: in training each element becomes c = -1.7580993408473766,
/// what selu tends to for small x, with the probability p, and then a x + b with
/// a = 1 / sqrt((1 - p) (1 + p c^2)), b = -a p c; all 0 for p = 1: (...) -> the same. Source: Klambauer et al.,
/// "Self-normalizing neural networks", NeurIPS 2017.
class AlphaDropout : public Module<AlphaDropout> {
 public:
  explicit AlphaDropout(double p = 0.5, Site site = Site::here());
  Tensor forward(const Tensor& x) const;
  double p() const { return p_; }

 private:
  double p_;
};

/// The same for each channel of each example as a whole: (batch, channels, ...) -> the same. Throws at the call when x
/// has no channels. Source: PyTorch, after Klambauer et al. and Tompson et al.
class FeatureAlphaDropout : public Module<FeatureAlphaDropout> {
 public:
  explicit FeatureAlphaDropout(double p = 0.5, Site site = Site::here());
  Tensor forward(const Tensor& x) const;
  double p() const { return p_; }

 private:
  double p_;
};

}  // namespace xtape::nn
