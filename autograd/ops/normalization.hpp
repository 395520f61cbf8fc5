// Normalisation to mean 0 and variance 1, or to a mean square of 1, over one part of a tensor or another. Variances are
// divided by the number of elements, and summed in a second pass, after the mean is known. Weights and biases may be
// undefined, and count as 1 and 0. Where dtypes differ, the wider one is taken.
#pragma once
#include "../tensor.hpp"

namespace xtape {

/// (x - mean) / sqrt(var + eps) w + b over the last axes, whose sizes are `normalized`; w and b are of that shape:
/// (..., normalized) -> the same. Throws when the shapes do not fit. Source: Ba, Kiros and Hinton, 2016.
Tensor layer_norm(const Arg& x, const Shape& normalized, const Arg& weight = Tensor(), const Arg& bias = Tensor(),
                  double eps = 1e-5);
/// x / sqrt(mean(x^2) + eps) w over the last axes, whose sizes are `normalized`; w is of that shape:
/// (..., normalized) -> the same. Throws when the shapes do not fit. Source: Zhang and Sennrich, NeurIPS 2019.
Tensor rms_norm(const Arg& x, const Shape& normalized, const Arg& weight = Tensor(), double eps = 1e-5);
/// (x - mean) / sqrt(var + eps) w + b over each group of channels of each example; w and b are (channels,):
/// (batch, channels, ...) -> the same. Throws when the channels do not divide into `groups`. Source: Wu and He, ECCV
/// 2018.
Tensor group_norm(const Arg& x, std::int64_t groups, const Arg& weight = Tensor(), const Arg& bias = Tensor(),
                  double eps = 1e-5);
/// The same for each channel by itself. Throws when a channel has only one element. Source: Ulyanov, Vedaldi and
/// Lempitsky, 2016.
Tensor instance_norm(const Arg& x, const Arg& weight = Tensor(), const Arg& bias = Tensor(), double eps = 1e-5);

/// What batch_norm gives: its value, and the means and variances (channels,) that it took.
struct BatchNorm {
  Tensor y, mean, var;
};
/// (x - mean) / sqrt(var + eps) w + b for each channel; w and b are (channels,): (batch, channels, ...) -> the same. In
/// training mean and var are those of the batch, as constants in the result; else they are the running ones
/// (channels,). Throws when the shapes do not fit, when a channel has only one element in training, or when running
/// statistics are missing else. Source: Ioffe and Szegedy, ICML 2015.
BatchNorm batch_norm(const Arg& x, const Arg& running_mean, const Arg& running_var, const Arg& weight = Tensor(),
                     const Arg& bias = Tensor(), bool training = true, double eps = 1e-5);

}  // namespace xtape
