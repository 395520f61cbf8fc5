// Activations of each element or along an axis. All are functions and types: `nn::relu(x)` is `nn::ReLU()(x)`, and
// `nn::leaky_relu(x, 0.2)` is `nn::LeakyReLU(0.2)(x)`; both are elements of a Sequential. They have no parameters and
// need no `child`: a member is `nn::ReLU act;`.
#pragma once
#include <autograd/ops/activation.hpp>
#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/softmax.hpp>
#include <nn/activation_type.hpp>

namespace xtape::nn {

using xtape::log_sigmoid;
using xtape::relu;
using xtape::sigmoid;
using xtape::silu;
using xtape::softsign;
using xtape::tanh;
// The objects of the types Softmax, LogSoftmax, Softmin, GELU and Softplus below.
using xtape::gelu, xtape::log_softmax, xtape::softmax, xtape::softmin, xtape::softplus;

/// `relu` as a type.
struct ReLU : detail::Function<relu> {};
/// `sigmoid` as a type.
struct Sigmoid : detail::Function<sigmoid> {};
/// `tanh` as a type.
struct Tanh : detail::Function<tanh> {};
/// `silu` as a type.
struct SiLU : detail::Function<silu> {};
/// `log_sigmoid` as a type.
struct LogSigmoid : detail::Function<log_sigmoid> {};
/// `softsign` as a type.
struct Softsign : detail::Function<softsign> {};

/// e^x_i / sum_k e^x_k along `axis`: any shape -> the same. Throws when there is no such axis. Source: Bridle, 1990.
struct Softmax : detail::Activation<Softmax> {
  int axis;
  constexpr Softmax(int axis = -1) : axis(axis) {}
  Tensor forward(const Arg& x) const { return xtape::softmax(x, axis); }
};

/// x_i - log sum_k e^x_k along `axis`: any shape -> the same. Throws when there is no such axis. Source: Bridle, 1990.
struct LogSoftmax : detail::Activation<LogSoftmax> {
  int axis;
  constexpr LogSoftmax(int axis = -1) : axis(axis) {}
  Tensor forward(const Arg& x) const { return xtape::log_softmax(x, axis); }
};

/// e^-x_i / sum_k e^-x_k along `axis`: any shape -> the same. Throws when there is no such axis.
struct Softmin : detail::Activation<Softmin> {
  int axis;
  constexpr Softmin(int axis = -1) : axis(axis) {}
  Tensor forward(const Arg& x) const { return xtape::softmin(x, axis); }
};

/// Softmax over the channels of images: ([batch,] channels, height, width) -> the same. Throws when x is of another
/// rank.
struct Softmax2d : detail::Activation<Softmax2d> {
  Tensor forward(const Arg& x) const;
};

/// The largest of each `pieces` neighbours along `axis`: (batch, pieces n, ...) -> (batch, n, ...). Ties share the
/// gradient. Throws when `pieces` is below 1 or does not divide the axis. Source: Goodfellow et al., ICML 2013.
struct Maxout : detail::Activation<Maxout> {
  std::int64_t pieces;
  int axis;
  constexpr Maxout(std::int64_t pieces = 2, int axis = 1) : pieces(pieces), axis(axis) {}
  Tensor forward(const Arg& x) const;
};
inline constexpr Maxout maxout;

/// x where x > 0, else alpha (e^x - 1); its derivatives at 0, of any order, are alpha. Throws unless alpha is finite.
/// Source: Clevert et al., ICLR 2016.
struct ELU : detail::Activation<ELU> {
  double alpha;
  constexpr ELU(double alpha = 1) : alpha(alpha) {}
  Tensor forward(const Arg& x) const;
};
inline constexpr ELU elu;

/// x where x > 0, else alpha (e^(x / alpha) - 1); its derivatives at 0 are those from below, 1 and 1 / alpha. Throws
/// unless alpha is finite and not 0. Source: Barron, arXiv:1704.07483, 2017.
struct CELU : detail::Activation<CELU> {
  double alpha;
  constexpr CELU(double alpha = 1) : alpha(alpha) {}
  Tensor forward(const Arg& x) const;
};
inline constexpr CELU celu;

/// s x where x > 0, else s a (e^x - 1), with s = 1.0507… and a = 1.6733…, which keep mean 0 and variance 1; its
/// derivatives at 0, of any order, are s a. Source: Klambauer et al., NIPS 2017.
Tensor selu(const Arg& x);
/// `selu` as a type.
struct SELU : detail::Function<selu> {};

/// x Phi(x), with the distribution function Phi of the normal distribution, or with Gelu::tanh its approximation by
/// tanh. Source: Hendrycks and Gimpel, 2016.
struct GELU : detail::Activation<GELU> {
  Gelu form;
  constexpr GELU(Gelu form = Gelu::erf) : form(form) {}
  Tensor forward(const Arg& x) const { return xtape::gelu(x, form); }
};

/// log(1 + e^(beta x)) / beta, and x itself where beta x > threshold. Throws unless beta is finite and not 0. Source:
/// Dugas et al., NIPS 2000.
struct Softplus : detail::Activation<Softplus> {
  double beta;
  double threshold;
  constexpr Softplus(double beta = 1, double threshold = 20) : beta(beta), threshold(threshold) {}
  Tensor forward(const Arg& x) const { return xtape::softplus(x, beta, threshold); }
};

/// (x + sqrt(x^2 + b)) / 2, without cancellation or overflow. Throws unless b is finite and above 0. Source: Barron,
/// arXiv:2112.11687, 2021.
struct Squareplus : detail::Activation<Squareplus> {
  double b;
  constexpr Squareplus(double b = 4) : b(b) {}
  Tensor forward(const Arg& x) const;
};
inline constexpr Squareplus squareplus;

/// x tanh(log(1 + e^x)). Source: Misra, BMVC 2020.
Tensor mish(const Arg& x);
/// `mish` as a type.
struct Mish : detail::Function<mish> {};
/// x - tanh(x).
Tensor tanhshrink(const Arg& x);
/// `tanhshrink` as a type.
struct Tanhshrink : detail::Function<tanhshrink> {};
/// 1.7159 tanh(2x/3), which is about ±1 at ±1. Source: LeCun et al., "Efficient BackProp", 1998.
Tensor lecun_tanh(const Arg& x);

/// sin(omega x). Throws unless omega is finite. Source: Sitzmann et al., NeurIPS 2020 (SIREN).
struct Sine : detail::Activation<Sine> {
  double omega;
  constexpr Sine(double omega = 30) : omega(omega) {}
  Tensor forward(const Arg& x) const;
};
inline constexpr Sine sine;

/// e^(-x^2 / (2 sigma^2)). Throws unless sigma is finite and above 0. Source: Ramasinghe and Lucey, ECCV 2022.
struct Gaussian : detail::Activation<Gaussian> {
  double sigma;
  constexpr Gaussian(double sigma = 1) : sigma(sigma) {}
  Tensor forward(const Arg& x) const;
};
inline constexpr Gaussian gaussian;

}  // namespace xtape::nn
