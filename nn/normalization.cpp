#include "normalization.hpp"

#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/normalization.hpp>
#include <autograd/ops/pad.hpp>
#include <autograd/ops/pooling.hpp>
#include <autograd/ops/reduction.hpp>
#include <autograd/ops/shape.hpp>
#include <autograd/ops/statistics.hpp>
#include <limits>

namespace xtape::nn {
namespace {

void check_eps(const std::string& layer, double eps, Site site) {
  if (!(eps >= 0)) fail(layer, "eps is " + std::to_string(eps) + ", expected at least 0", site);
}

void check_channels(const std::string& layer, std::int64_t channels, Site site) {
  if (channels < 1) fail(layer, "channels must be at least 1, got " + std::to_string(channels), site);
}

Shape checked_sizes(const char* layer, const Shape& normalized, Site site) {
  if (normalized.rank() == 0 || normalized.size() == 0)
    fail(layer, "expected sizes of at least 1, got " + to_string(normalized), site);
  return normalized;
}

// "BatchNorm2d: expected (batch, 3, height, width), got (2, 4, 5, 5)". The batch may be
// missing, and x is then one example `alone`.
void check_input(const std::string& layer, const Tensor& x, std::int64_t channels, bool ranks_fit,
                 const std::string& spatial, bool may_be_alone = false, bool alone = false) {
  if (ranks_fit && x.shape()[alone ? 0 : 1] == channels) return;
  fail(layer, std::string(may_be_alone ? "expected ([batch,] " : "expected (batch, ") + std::to_string(channels) +
                  spatial + ", got " + to_string(x.dtype()) + to_string(x.shape()));
}

std::string channel_norm_name(int rank, bool batch) {
  return (batch ? "BatchNorm" : "InstanceNorm") + std::to_string(rank) + "d";
}

// As operations take what may be missing.
template <class Cell>
Tensor value(const std::optional<Cell>& cell) {
  return cell ? cell->tensor() : Tensor();
}

}  // namespace

template <class Derived, int rank, bool batch>
ChannelNorm<Derived, rank, batch>::ChannelNorm(std::int64_t channels, const Options& options, Site site)
    : channels_(channels), options_(options) {
  const std::string name = channel_norm_name(rank, batch);
  check_channels(name, channels, site);
  check_eps(name, options.eps_, site);
  if (options.momentum_ && !(*options.momentum_ >= 0 && *options.momentum_ <= 1))
    fail(name, "momentum is " + std::to_string(*options.momentum_) + ", expected a number in [0, 1]", site);
  if (options.affine_) {
    weight = this->parameter("weight", ones({channels}, float32, site));
    bias = this->parameter("bias", zeros({channels}, float32, site));
  }
  if (options.track_) {
    running_mean = this->buffer("running_mean", zeros({channels}, float32, site));
    running_var = this->buffer("running_var", ones({channels}, float32, site));
    num_batches_tracked = this->buffer("num_batches_tracked", zeros({}, int64));
  }
}

template <class Derived, int rank, bool batch>
Tensor ChannelNorm<Derived, rank, batch>::forward(const Tensor& x) const {
  const bool alone = !batch && x.rank() == rank + 1;
  const std::string spatial[] = {batch ? " [, length])" : ", length)", ", height, width)", ", depth, height, width)"};
  check_input(channel_norm_name(rank, batch), x, channels_,
              x.rank() == rank + 2 || alone || (batch && rank == 1 && x.rank() == 2), spatial[rank - 1], !batch, alone);
  if (alone) return squeeze(forward(unsqueeze(x, 0)), 0);
  const Tensor w = value(weight), b = value(bias);
  const bool of_x = this->is_training() || !running_mean;       // not the running statistics
  const bool tracking = of_x && running_mean && x.size() != 0;  // an empty batch has none
  if (batch || !of_x) {
    const auto [y, mean, var] = batch_norm(x, value(running_mean), value(running_var), w, b, of_x, options_.eps_);
    const double n = static_cast<double>(x.size()) / static_cast<double>(channels_);
    if (tracking) track(mean, var * (n / (n - 1)));
    return y;
  }
  const Tensor y = instance_norm(x, w, b, options_.eps_);
  if (tracking) {
    const Tensor examples = flatten(x.detach(), 2);
    track(mean(examples, {0, 2}), mean(var(examples, 2), 0));
  }
  return y;
}

template <class Derived, int rank, bool batch>
void ChannelNorm<Derived, rank, batch>::track(const Tensor& mean, const Tensor& var) const {
  const Tensor count = num_batches_tracked->tensor() + 1;
  auto move = [](const Buffer& running, const Tensor& seen, const auto& momentum) {
    running.assign((1 - momentum) * running.tensor() + momentum * seen.to(running.dtype()));
  };
  auto move_both = [&](const auto& momentum) {
    move(*running_mean, mean, momentum);
    move(*running_var, var, momentum);
  };
  if (options_.momentum_) move_both(*options_.momentum_);
  else move_both(1 / count.to(running_mean->dtype()));
  num_batches_tracked->assign(count);
}

template class ChannelNorm<BatchNorm1d, 1, true>;
template class ChannelNorm<BatchNorm2d, 2, true>;
template class ChannelNorm<BatchNorm3d, 3, true>;
template class ChannelNorm<InstanceNorm1d, 1, false>;
template class ChannelNorm<InstanceNorm2d, 2, false>;
template class ChannelNorm<InstanceNorm3d, 3, false>;

LayerNorm::LayerNorm(const Shape& normalized, double eps, bool affine, bool with_bias, Site site)
    : normalized_(checked_sizes("LayerNorm", normalized, site)), eps_(eps) {
  check_eps("LayerNorm", eps, site);
  if (!affine) return;
  weight = parameter("weight", ones(normalized, float32, site));
  if (with_bias) bias = parameter("bias", zeros(normalized, float32, site));
}

Tensor LayerNorm::forward(const Tensor& x) const {
  return layer_norm(x, normalized_, value(weight), value(bias), eps_);
}

RMSNorm::RMSNorm(const Shape& normalized, std::optional<double> eps, bool affine, Site site)
    : normalized_(checked_sizes("RMSNorm", normalized, site)), eps_(eps) {
  if (eps) check_eps("RMSNorm", *eps, site);
  if (affine) weight = parameter("weight", ones(normalized, float32, site));
}

Tensor RMSNorm::forward(const Tensor& x) const {
  using Double = std::numeric_limits<double>;
  const double smallest = x.dtype() == float64 ? Double::epsilon() : std::numeric_limits<float>::epsilon();
  return rms_norm(x, normalized_, value(weight), eps_.value_or(smallest));
}

GroupNorm::GroupNorm(std::int64_t groups, std::int64_t channels, double eps, bool affine, Site site)
    : groups_(groups), channels_(channels), eps_(eps) {
  check_channels("GroupNorm", channels, site);
  if (groups < 1 || channels % groups != 0)
    fail("GroupNorm", "groups = " + std::to_string(groups) + " does not divide channels = " + std::to_string(channels),
         site);
  check_eps("GroupNorm", eps, site);
  if (!affine) return;
  weight = parameter("weight", ones({channels}, float32, site));
  bias = parameter("bias", zeros({channels}, float32, site));
}

Tensor GroupNorm::forward(const Tensor& x) const {
  check_input("GroupNorm", x, channels_, x.rank() >= 2, ", ...)");
  return group_norm(x, groups_, value(weight), value(bias), eps_);
}

LocalResponseNorm::LocalResponseNorm(std::int64_t size, double alpha, double beta, double k, Site site)
    : size_(size), alpha_(alpha), beta_(beta), k_(k) {
  if (size < 1) fail("LocalResponseNorm", "size must be at least 1, got " + std::to_string(size), site);
}

Tensor LocalResponseNorm::forward(const Tensor& x) const {
  const Shape& s = x.shape();
  if (s.rank() < 3)
    fail("LocalResponseNorm",
         std::string("expected (batch, channels, spatial...), got ") + to_string(x.dtype()) + to_string(s));
  if (s.size() == 0) return x;
  // Channels and places as the two axes of an image of one channel.
  const Tensor image = reshape(square(x), Shape{s[0], 1, s[1], s.size() / (s[0] * s[1])});
  const Tensor means = avg_pool2d(pad(image, {0, 0, size_ / 2, (size_ - 1) / 2}), AvgPoolOptions({size_, 1}).stride(1));
  return x / pow(k_ + alpha_ * reshape(means, s), beta_);
}

}  // namespace xtape::nn
