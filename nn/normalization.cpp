#include "normalization.hpp"

#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/normalization.hpp>
#include <limits>

namespace xtape::nn {
namespace {

void check_eps(const std::string& layer, double eps, Site site) {
  if (!(eps >= 0)) fail(layer, "eps is " + std::to_string(eps) + ", expected at least 0", site);
}

Shape checked_channels(const std::string& layer, std::int64_t channels, Site site) {
  if (channels < 1) fail(layer, "channels must be at least 1, got " + std::to_string(channels), site);
  return {channels};
}

Shape checked_sizes(const char* layer, const Shape& normalized, Site site) {
  if (normalized.rank() == 0 || normalized.size() == 0)
    fail(layer, "expected sizes of at least 1, got " + to_string(normalized), site);
  return normalized;
}

// "BatchNorm2d: expected (batch, 3, height, width), got (2, 4, 5, 5)".
void check_channels(const std::string& layer, const Tensor& x, std::int64_t channels, bool ranks_fit,
                    const char* spatial) {
  if (ranks_fit && x.shape()[1] == channels) return;
  fail(layer, "expected (batch, " + std::to_string(channels) + spatial + ", got " + to_string(x.dtype()) +
                  to_string(x.shape()));
}

template <int max_axes>
std::string batch_norm_name() {
  return "BatchNorm" + std::to_string(max_axes) + "d";
}

}  // namespace

template <class Derived, int max_axes>
BatchNorm<Derived, max_axes>::BatchNorm(std::int64_t channels, double eps, double momentum, Site site)
    : weight(this->parameter("weight", ones(checked_channels(batch_norm_name<max_axes>(), channels, site)))),
      bias(this->parameter("bias", zeros({channels}))),
      running_mean(this->buffer("running_mean", zeros({channels}))),
      running_var(this->buffer("running_var", ones({channels}))),
      num_batches_tracked(this->buffer("num_batches_tracked", zeros({}, int64))),
      eps_(eps),
      momentum_(momentum) {
  check_eps(batch_norm_name<max_axes>(), eps, site);
  if (!(momentum >= 0 && momentum <= 1))
    fail(batch_norm_name<max_axes>(), "momentum is " + std::to_string(momentum) + ", expected a number in [0, 1]",
         site);
}

template <class Derived, int max_axes>
Tensor BatchNorm<Derived, max_axes>::forward(const Tensor& x) const {
  const int axes = x.rank() - 2;
  const char* spatial[] = {" [, length])", ", height, width)", ", depth, height, width)"};
  check_channels(batch_norm_name<max_axes>(), x, weight.shape()[0], axes == max_axes || (max_axes == 1 && axes == 0),
                 spatial[max_axes - 1]);
  const bool training = this->is_training();
  const auto [y, mean, var] = batch_norm(x, running_mean.tensor(), running_var.tensor(), weight, bias, training, eps_);
  if (!training || x.size() == 0) return y;  // an empty batch has no statistics
  const auto n = static_cast<double>(x.size() / x.shape()[1]);
  auto move = [this](const Buffer& running, const Tensor& batch, double scale) {
    running.assign((1 - momentum_) * running.tensor() + momentum_ * scale * batch.to(running.dtype()));
  };
  move(running_mean, mean, 1);
  move(running_var, var, n / (n - 1));
  num_batches_tracked.assign(num_batches_tracked.tensor() + 1);
  return y;
}

template class BatchNorm<BatchNorm1d, 1>;
template class BatchNorm<BatchNorm2d, 2>;
template class BatchNorm<BatchNorm3d, 3>;

LayerNorm::LayerNorm(const Shape& normalized, double eps, Site site)
    : weight(parameter("weight", ones(checked_sizes("LayerNorm", normalized, site)))),
      bias(parameter("bias", zeros(normalized))),
      eps_(eps) {
  check_eps("LayerNorm", eps, site);
}

Tensor LayerNorm::forward(const Tensor& x) const { return layer_norm(x, weight.shape(), weight, bias, eps_); }

RMSNorm::RMSNorm(const Shape& normalized, std::optional<double> eps, Site site)
    : weight(parameter("weight", ones(checked_sizes("RMSNorm", normalized, site)))), eps_(eps) {
  if (eps) check_eps("RMSNorm", *eps, site);
}

Tensor RMSNorm::forward(const Tensor& x) const {
  using Double = std::numeric_limits<double>;
  const double smallest = x.dtype() == float64 ? Double::epsilon() : std::numeric_limits<float>::epsilon();
  return rms_norm(x, weight.shape(), weight, eps_.value_or(smallest));
}

GroupNorm::GroupNorm(std::int64_t groups, std::int64_t channels, double eps, Site site)
    : weight(parameter("weight", ones(checked_channels("GroupNorm", channels, site)))),
      bias(parameter("bias", zeros({channels}))),
      groups_(groups),
      eps_(eps) {
  if (groups < 1 || channels % groups != 0)
    fail("GroupNorm", "groups = " + std::to_string(groups) + " does not divide channels = " + std::to_string(channels),
         site);
  check_eps("GroupNorm", eps, site);
}

Tensor GroupNorm::forward(const Tensor& x) const {
  check_channels("GroupNorm", x, weight.shape()[0], x.rank() >= 2, ", ...)");
  return group_norm(x, groups_, weight, bias, eps_);
}

}  // namespace xtape::nn
