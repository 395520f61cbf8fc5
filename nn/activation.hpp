// Activations of each element or along an axis: functions, and, where one has options, small types that hold them, with
// a default object: `nn::leaky_relu(x)` is `nn::LeakyReLU{}(x)`, and both are elements of a Sequential.
#pragma once
#include <autograd/ops/activation.hpp>
#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/softmax.hpp>

namespace xtape::nn {

using xtape::log_sigmoid;
using xtape::relu;
using xtape::sigmoid;
using xtape::silu;
using xtape::softsign;
using xtape::tanh;

/// e^x_i / sum_k e^x_k along `axis`: any shape -> the same. Throws when there is no such axis. Source: Bridle, 1990.
struct Softmax {
  int axis = -1;
  Tensor operator()(const Arg& x) const { return xtape::softmax(x, axis); }
  Tensor operator()(const Arg& x, int along) const { return xtape::softmax(x, along); }
};
inline constexpr Softmax softmax;

/// x_i - log sum_k e^x_k along `axis`: any shape -> the same. Throws when there is no such axis. Source: Bridle, 1990.
struct LogSoftmax {
  int axis = -1;
  Tensor operator()(const Arg& x) const { return xtape::log_softmax(x, axis); }
  Tensor operator()(const Arg& x, int along) const { return xtape::log_softmax(x, along); }
};
inline constexpr LogSoftmax log_softmax;

/// e^-x_i / sum_k e^-x_k along `axis`: any shape -> the same. Throws when there is no such axis.
struct Softmin {
  int axis = -1;
  Tensor operator()(const Arg& x) const { return xtape::softmin(x, axis); }
  Tensor operator()(const Arg& x, int along) const { return xtape::softmin(x, along); }
};
inline constexpr Softmin softmin;

/// The largest of each `pieces` neighbours along `axis`: (batch, pieces n, ...) -> (batch, n, ...). Ties share the
/// gradient. Throws when `pieces` is below 1 or does not divide the axis. Source: Goodfellow et al., ICML 2013.
struct Maxout {
  std::int64_t pieces = 2;
  int axis = 1;
  Tensor operator()(const Arg& x) const;
};
inline constexpr Maxout maxout;

/// x where x > 0, else alpha (e^x - 1); its derivative at 0 is alpha. Throws unless alpha is finite. Source: Clevert et
/// al., ICLR 2016.
struct ELU {
  double alpha = 1;
  Tensor operator()(const Arg& x) const;
};
inline constexpr ELU elu;

/// x where x > 0, else alpha (e^(x / alpha) - 1). Throws unless alpha is finite and not 0. Source: Barron,
/// arXiv:1704.07483, 2017.
struct CELU {
  double alpha = 1;
  Tensor operator()(const Arg& x) const;
};
inline constexpr CELU celu;

/// s x where x > 0, else s a (e^x - 1), with s = 1.0507… and a = 1.6733…, which keep mean 0 and variance 1; its
/// derivative at 0 is s a. Source: Klambauer et al., NIPS 2017.
Tensor selu(const Arg& x);

/// x Phi(x), with the distribution function Phi of the normal distribution, or with Gelu::tanh its approximation by
/// tanh. Source: Hendrycks and Gimpel, 2016.
struct GELU {
  Gelu form = Gelu::erf;
  Tensor operator()(const Arg& x) const { return xtape::gelu(x, form); }
};
inline constexpr GELU gelu;

/// log(1 + e^(beta x)) / beta, and x itself where beta x > threshold. Throws unless beta is finite and not 0. Source:
/// Dugas et al., NIPS 2000.
struct Softplus {
  double beta = 1;
  double threshold = 20;
  Tensor operator()(const Arg& x) const { return xtape::softplus(x, beta, threshold); }
};
inline constexpr Softplus softplus;

/// (x + sqrt(x^2 + b)) / 2, without cancellation or overflow. Throws unless b is finite and above 0. Source: Barron,
/// arXiv:2112.11687, 2021.
struct Squareplus {
  double b = 4;
  Tensor operator()(const Arg& x) const;
};
inline constexpr Squareplus squareplus;

/// x tanh(log(1 + e^x)). Source: Misra, BMVC 2020.
Tensor mish(const Arg& x);
/// x - tanh(x).
Tensor tanhshrink(const Arg& x);
/// 1.7159 tanh(2x/3), which is about ±1 at ±1. Source: LeCun et al., "Efficient BackProp", 1998.
Tensor lecun_tanh(const Arg& x);

/// sin(omega x). Throws unless omega is finite. Source: Sitzmann et al., NeurIPS 2020 (SIREN).
struct Sine {
  double omega = 30;
  Tensor operator()(const Arg& x) const;
};
inline constexpr Sine sine;

/// e^(-x^2 / (2 sigma^2)). Throws unless sigma is finite and above 0. Source: Ramasinghe and Lucey, ECCV 2022.
struct Gaussian {
  double sigma = 1;
  Tensor operator()(const Arg& x) const;
};
inline constexpr Gaussian gaussian;

}  // namespace xtape::nn
