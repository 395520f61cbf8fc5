// The softmax family. All subtract the largest element first, so large inputs do no harm.
#pragma once
#include "../tensor.hpp"
#include "reduction.hpp"

namespace xtape {

namespace detail::functions {
/// e^x_i / sum_k e^x_k along `axis`. Source: Bridle, 1990; Nielsen, chapter 3.
Tensor softmax(const Arg& x, int axis = -1);
/// x_i - log sum_k e^x_k along `axis`.
Tensor log_softmax(const Arg& x, int axis = -1);
/// e^-x_i / sum_k e^-x_k along `axis`: softmax(-x).
Tensor softmin(const Arg& x, int axis = -1);
}  // namespace detail::functions

namespace detail {
struct Softmax {
  template <class... Options>
  Tensor operator()(const Arg& x, Options... options) const {
    return functions::softmax(x, options...);
  }
};
struct LogSoftmax {
  template <class... Options>
  Tensor operator()(const Arg& x, Options... options) const {
    return functions::log_softmax(x, options...);
  }
};
struct Softmin {
  template <class... Options>
  Tensor operator()(const Arg& x, Options... options) const {
    return functions::softmin(x, options...);
  }
};
}  // namespace detail

// Objects, which call the functions above: a function of the same name in `xtape::nn` would make it ambiguous for who
// uses both namespaces, and a function with an option is no element of a Sequential.
inline constexpr detail::Softmax softmax{};
inline constexpr detail::LogSoftmax log_softmax{};
inline constexpr detail::Softmin softmin{};

/// log sum_k e^x_k over `axes` (the last by default), which disappear, or stay with size 1 under `keepdims`. -inf of no
/// elements and where all are -inf, inf where one is inf; there equal infinities share the gradient evenly.
Tensor logsumexp(const Arg& x, const Axes& axes = -1, Keepdims keepdims = false);

}  // namespace xtape
