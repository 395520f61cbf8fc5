// Weight normalisation: a layer whose weight has its length as a parameter of its own.
#pragma once
#include <nn/module.hpp>
#include <optional>

namespace xtape::detail {

/// |v| over all axes but `axis`, which stay with size 1. Throws when v has no such axis.
Tensor length_along(const Tensor& v, int axis, Site site);
/// g v / |v|.
Tensor with_length(const Tensor& v, const Tensor& g, int axis);

}  // namespace xtape::detail

namespace xtape::nn {

/// `Layer` (a Linear or a convolution) with the weight g v / |v|, where the lengths |v| are over all axes but `axis`,
/// as `WeightNorm<Linear>` or `weight_norm(Linear(3, 2))`; the shapes are the layer's. The layer's weight becomes
/// `weight_v`, the lengths that it has `weight_g` (out, 1...); `bias` stays. Throws when there is no such axis. Source:
/// Salimans and Kingma, "Weight normalization", NeurIPS 2016.
template <class Layer>
class WeightNorm : public Module<WeightNorm<Layer>> {
 public:
  explicit WeightNorm(const Layer& layer, int axis = 0, Site site = Site::here())
      : weight_v(layer.weight),
        weight_g(detail::length_along(weight_v, axis, site).detach()),
        layer_(layer),
        axis_(axis) {
    if (layer.bias) bias = this->adopt("bias", *layer.bias);
    weight_g.set_name("weight_g");
    weight_v.set_name("weight_v");
    this->parameter("weight_g", weight_g);
    this->adopt("weight_v", weight_v);
  }
  Tensor forward(const Tensor& x) const { return layer_.forward(x, detail::with_length(weight_v, weight_g, axis_)); }

  std::optional<Parameter> bias;
  Parameter weight_v, weight_g;

 private:
  Layer layer_;
  int axis_;
};

/// `layer` as a WeightNorm, which takes over its parameters.
template <class Layer>
WeightNorm<Layer> weight_norm(const Layer& layer, int axis = 0, Site site = Site::here()) {
  return WeightNorm<Layer>(layer, axis, site);
}

}  // namespace xtape::nn
