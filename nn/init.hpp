// How parameters start. Each gives a Parameter a new value, as `init::kaiming_normal(layer.weight)`; a layer starts as
// PyTorch's does until one is called. A weight is (out, in, k...): fan_in is in times the size of the kernel, fan_out
// is out times that. What is drawn comes from `default_generator()`.
#pragma once
#include <functional>
#include <nn/module.hpp>

namespace xtape::nn::init {

/// All elements `value`.
void constant(Parameter p, double value);
/// All elements 0.
void zeros(Parameter p);
/// All elements 1.
void ones(Parameter p);
/// 1 on the diagonal, 0 elsewhere, so that a square linear layer passes on what it gets. Throws unless p is a matrix.
void eye(Parameter p, Site site = Site::here());
/// 1 in the middle of the kernel from input i to output i of each group, 0 elsewhere, so that a convolution passes on
/// its channels. Throws unless p has 3 to 5 axes and `groups` divides its outputs. Source: Zagoruyko and Komodakis,
/// "DiracNets", 2017.
void dirac(Parameter p, std::int64_t groups = 1, Site site = Site::here());

/// Uniform in [low, high). Throws when low > high.
void uniform(Parameter p, double low = 0, double high = 1, Site site = Site::here());
/// N(mean, stddev^2). Throws when stddev is negative.
void normal(Parameter p, double mean = 0, double stddev = 1, Site site = Site::here());
/// N(mean, stddev^2), drawn again where it is outside [low, high]. Throws unless stddev > 0 and low < high.
void truncated_normal(Parameter p, double mean = 0, double stddev = 1, double low = -2, double high = 2,
                      Site site = Site::here());

/// Which side of a weight an initialiser counts: `in` keeps the variance of activations, `out` that of gradients.
enum class Fan : std::uint8_t { in, out };

/// Uniform in ±gain sqrt(6 / (fan_in + fan_out)); also called Glorot. Throws when p has fewer than two axes. Source:
/// Glorot and Bengio, AISTATS 2010.
void xavier_uniform(Parameter p, double gain = 1, Site site = Site::here());
/// N(0, gain^2 2 / (fan_in + fan_out)). Throws and source as `xavier_uniform`.
void xavier_normal(Parameter p, double gain = 1, Site site = Site::here());
/// Uniform in ±gain sqrt(3 / fan); also called He. The gain is that of the activation that follows, see
/// `calculate_gain`: sqrt(2) for ReLU by default. Throws when p has fewer than two axes. Source: He et al., ICCV 2015.
void kaiming_uniform(Parameter p, double gain = 1.4142135623730951, Fan fan = Fan::in, Site site = Site::here());
/// N(0, gain^2 / fan). Throws and source as `kaiming_uniform`.
void kaiming_normal(Parameter p, double gain = 1.4142135623730951, Fan fan = Fan::in, Site site = Site::here());
/// Uniform in ±sqrt(3 / fan_in). Throws when p has fewer than two axes. Source: LeCun et al., "Efficient BackProp",
/// 1998, section 4.6.
void lecun_uniform(Parameter p, Site site = Site::here());
/// N(0, 1 / fan_in). Throws and source as `lecun_uniform`.
void lecun_normal(Parameter p, Site site = Site::here());
/// gain times a matrix (out, in k...) with orthonormal rows, or columns where there are fewer of them, drawn evenly
/// from all such. Throws when p has fewer than two axes or is empty. Source: Saxe, McClelland and Ganguli, ICLR 2014;
/// Mezzadri, "How to generate random matrices from the classical compact groups", 2007.
void orthogonal(Parameter p, double gain = 1, Site site = Site::here());
/// N(0, stddev^2), but in each column ceil(sparsity rows) elements, drawn at random, are 0. Throws unless p is a matrix
/// and 0 <= sparsity <= 1. Source: Martens, ICML 2010.
void sparse(Parameter p, double sparsity, double stddev = 0.01, Site site = Site::here());

/// The gain that PyTorch recommends before an activation: 1 for "linear", "conv" and "sigmoid", 5/3 for "tanh", sqrt(2)
/// for "relu", sqrt(2 / (1 + slope^2)) for "leaky_relu" (slope 0.01 unless given), 3/4 for "selu". Throws for another
/// name.
double calculate_gain(const std::string& activation, double slope = 0.01, Site site = Site::here());
/// The gain that keeps the mean square from layer to layer before any activation f: (n,) -> (n,), which may be the
/// user's own: 1 / sqrt(E f(z)^2) for z from N(0, 1), by numerical integration in float64. Throws when f gives another
/// shape, or when the integral is not finite or 0. Source: He et al., ICCV 2015, equation 10, for any f.
double calculate_gain(const std::function<Tensor(const Tensor&)>& f, Site site = Site::here());

/// All weights and biases from N(0, 1). Source: Nielsen, chapter 1; `large_weight_initializer` in network2.py.
void nielsen_large(const ModuleBase& model);
/// Weights (out, in) from N(0, 1/sqrt(in)), as a standard deviation, and biases from N(0, 1). Source: Nielsen, chapter
/// 3; `default_weight_initializer` in network2.py.
void nielsen_default(const ModuleBase& model);

}  // namespace xtape::nn::init
