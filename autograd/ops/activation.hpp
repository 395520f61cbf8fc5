// Activation functions, of each element: any shape -> the same. Integers and booleans are computed as
// float32.
#pragma once
#include "../scalar/real.hpp"
#include "../tensor.hpp"

namespace xtape {

/// 1 / (1 + e^-x). Source: Nielsen, chapter 1.
Tensor sigmoid(const Arg& x);
/// log(p / (1 - p)), the inverse of sigmoid, of p = x, or of x clamped to [eps, 1 - eps] where eps is not negative; the
/// derivative is 0 where that holds x back
Tensor logit(const Arg& x, double eps = -1);
/// log(sigmoid(x)), finite for any x
Tensor log_sigmoid(const Arg& x);
/// max(0, x); its derivative at 0 is 0. Source: Nair and Hinton, ICML 2010.
Tensor relu(const Arg& x);
/// x / (1 + |x|). Source: Turian et al., 2009.
Tensor softsign(const Arg& x);
/// x sigmoid(x), also called swish. Source: Elfwing et al., 2017.
Tensor silu(const Arg& x);
/// The two forms of `gelu`.
enum class Gelu {
  erf,   ///< x Phi(x), with the distribution function Phi of the normal distribution
  tanh,  ///< x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))
};
namespace detail::functions {
/// log(1 + e^(beta x)) / beta, and x itself where beta x > threshold. Throws unless beta is finite and not 0.
/// Source: Dugas et al., NIPS 2000.
Tensor softplus(const Arg& x, double beta = 1, double threshold = 20);
/// x Phi(x), or its approximation by tanh. Source: Hendrycks and Gimpel, 2016.
Tensor gelu(const Arg& x, Gelu form = Gelu::erf);
}  // namespace detail::functions

namespace detail {
struct Softplus {
  template <class... Options>
  Tensor operator()(const Arg& x, Options... options) const {
    return functions::softplus(x, options...);
  }
  // In a formula of `pointwise`.
  template <class X, class... Options,
            class = std::enable_if_t<std::is_class_v<X> && !std::is_same_v<X, Tensor> &&
                                     !std::is_same_v<X, Parameter> && !std::is_same_v<X, Arg>>>
  XTAPE_INLINE auto operator()(const X& x, Options... options) const {
    using functions::softplus;
    return softplus(x, options...);
  }
};
struct GELU {
  template <class... Options>
  Tensor operator()(const Arg& x, Options... options) const {
    return functions::gelu(x, options...);
  }
};
}  // namespace detail

// Objects, which call the functions above: a function of the same name in `xtape::nn` would make it ambiguous for who
// uses both namespaces, and a function with an option is no element of a Sequential.
inline constexpr detail::Softplus softplus{};
inline constexpr detail::GELU gelu{};

}  // namespace xtape
