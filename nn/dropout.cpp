#include "dropout.hpp"

#include <autograd/random.hpp>

#include <autograd/ops/dropout.hpp>
#include <autograd/ops/elementwise.hpp>
#include <cmath>

namespace xtape::nn {
namespace {
double checked(const std::string& layer, double p, Site site) {
  if (!(p >= 0 && p <= 1)) fail(layer, "p is " + std::to_string(p) + ", expected a probability in [0, 1]", site);
  return p;
}
}  // namespace

Dropout::Dropout(double p, Site site) : p_(checked("Dropout", p, site)) {}

Tensor Dropout::forward(const Tensor& x) const { return dropout(x, p_, is_training()); }

template <class Derived, int rank>
ChannelDropout<Derived, rank>::ChannelDropout(double p, Site site)
    : p_(checked("Dropout" + std::to_string(rank) + "d", p, site)) {}

template <class Derived, int rank>
Tensor ChannelDropout<Derived, rank>::forward(const Tensor& x) const {
  if (x.rank() != rank + 2) {
    const char* spatial[] = {"length", "height, width", "depth, height, width"};
    fail("Dropout" + std::to_string(rank) + "d", std::string("expected (batch, channels, ") + spatial[rank - 1] +
                                                     "), got " + to_string(x.dtype()) + to_string(x.shape()));
  }
  if (!this->is_training() || p_ == 0) return x;
  Shape channels{x.shape()[0], x.shape()[1]};
  for (int i = 0; i < rank; ++i) channels.push_back(1);
  const Tensor mask = dropout(ones(channels, x.dtype()), p_);
  return where(mask != 0, x * mask, 0);  // not 0 times infinity
}

template class ChannelDropout<Dropout1d, 1>;
template class ChannelDropout<Dropout2d, 2>;
template class ChannelDropout<Dropout3d, 3>;

namespace {

// x with saturated places in the places of `shape`, which broadcasts.
Tensor alpha_dropped(const Tensor& x, const Shape& shape, double p) {
  if (p == 1) return dropout(x, 1);
  const double c = -1.7580993408473766, a = 1 / std::sqrt((1 - p) * (1 + p * c * c));
  return where(bernoulli(shape, p, x.dtype()) != 0, c, x) * a - a * p * c;
}

}  // namespace

AlphaDropout::AlphaDropout(double p, Site site) : p_(checked("AlphaDropout", p, site)) {}

Tensor AlphaDropout::forward(const Tensor& x) const {
  return is_training() && p_ != 0 ? alpha_dropped(x, x.shape(), p_) : x;
}

FeatureAlphaDropout::FeatureAlphaDropout(double p, Site site) : p_(checked("FeatureAlphaDropout", p, site)) {}

Tensor FeatureAlphaDropout::forward(const Tensor& x) const {
  if (x.rank() < 2)
    fail("FeatureAlphaDropout",
         std::string("expected (batch, channels, ...), got ") + to_string(x.dtype()) + to_string(x.shape()));
  Shape channels{x.shape()[0], x.shape()[1]};
  while (channels.rank() < x.rank()) channels.push_back(1);
  return is_training() && p_ != 0 ? alpha_dropped(x, channels, p_) : x;
}

}  // namespace xtape::nn
