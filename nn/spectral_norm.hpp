// Spectral normalisation: a layer whose weight has the spectral norm 1.
#pragma once
#include <autograd/random.hpp>
#include <nn/module.hpp>
#include <optional>

namespace xtape::detail {

/// The sizes of `weight` as a matrix with `axis` as its rows and all other axes as its columns. Throws when it has no
/// such axis.
Shape matrix_shape(const Tensor& weight, int axis, Site site);

/// weight / sigma with sigma = u^T W v, where W is the weight as such a matrix, and u and v are constants; after so
/// many steps v <- W^T u / |W^T u|, u <- W v / |W v|, whose lengths are bounded from below by eps.
Tensor divided_by_spectral_norm(const Tensor& weight, int axis, const nn::Buffer& u, const nn::Buffer& v, int steps,
                                double eps);

}  // namespace xtape::detail

namespace xtape::nn {

/// `Layer` (a Linear or a convolution) with its weight divided by the weight's largest singular value, as
/// `SpectralNorm<Linear>` or `spectral_norm(Linear(3, 2))`; the shapes are the layer's. The weight becomes
/// `weight_orig`; `bias` stays. The singular vectors are the buffers `weight_u` and `weight_v`, to which each call in
/// training comes nearer by `n_power_iterations` steps of the power method; they start after 15 steps. `axis`, whose
/// size is that of the result, is 0, but 1 for transposed convolutions. Throws when the number of steps is below 1, eps
/// is negative, or there is no such axis. Source: Miyato et al., "Spectral normalization for generative adversarial
/// networks", ICLR 2018.
template <class Layer>
class SpectralNorm : public Module<SpectralNorm<Layer>> {
 public:
  explicit SpectralNorm(const Layer& layer, int n_power_iterations = 1, double eps = 1e-12, int axis = 0,
                        Site site = Site::here())
      : weight_orig(layer.weight),
        weight_u(start("weight_u", detail::matrix_shape(weight_orig, axis, site)[0])),
        weight_v(start("weight_v", detail::matrix_shape(weight_orig, axis, site)[1])),
        layer_(layer),
        axis_(axis),
        steps_(n_power_iterations),
        eps_(eps) {
    if (steps_ < 1) fail("SpectralNorm", "n_power_iterations must be at least 1, got " + std::to_string(steps_), site);
    if (!(eps >= 0)) fail("SpectralNorm", "eps is " + std::to_string(eps) + ", expected at least 0", site);
    if (layer.bias) bias = this->adopt("bias", *layer.bias);
    weight_orig.set_name("weight_orig");
    this->adopt("weight_orig", weight_orig);
    detail::divided_by_spectral_norm(weight_orig, axis_, weight_u, weight_v, 15, eps_);
  }
  Tensor forward(const Tensor& x) const {
    const int steps = this->is_training() ? steps_ : 0;
    return layer_.forward(x, detail::divided_by_spectral_norm(weight_orig, axis_, weight_u, weight_v, steps, eps_));
  }

  std::optional<Parameter> bias;
  Parameter weight_orig;
  Buffer weight_u, weight_v;

 private:
  Buffer start(const char* name, std::int64_t n) { return this->buffer(name, normal({n})); }
  Layer layer_;
  int axis_, steps_;
  double eps_;
};

/// `layer` as a SpectralNorm, which takes over its parameters.
template <class Layer>
SpectralNorm<Layer> spectral_norm(const Layer& layer, int n_power_iterations = 1, double eps = 1e-12, int axis = 0,
                                  Site site = Site::here()) {
  return SpectralNorm<Layer>(layer, n_power_iterations, eps, axis, site);
}

}  // namespace xtape::nn
