// How activations are types as well as functions.
#pragma once
#include <autograd/tensor.hpp>
#include <type_traits>

namespace xtape::detail {

/// The calls of an activation with options, `F(options...).forward(x)`: `f(x)` takes those that f holds, and
/// `f(x, options...)` others, so that for an object `leaky_relu` of LeakyReLU `leaky_relu(x, 0.2)` is
/// `LeakyReLU(0.2)(x)`.
template <class F>
struct Activation {
  Tensor operator()(const Arg& x) const { return static_cast<const F&>(*this).forward(x); }
  template <class Option, class... Options, class = std::enable_if_t<std::is_constructible_v<F, Option, Options...>>>
  Tensor operator()(const Arg& x, Option option, Options... options) const {
    return F(option, options...).forward(x);
  }
};

/// The type of a function without options.
template <Tensor (*f)(const Arg&)>
struct Function {
  Tensor operator()(const Arg& x) const { return f(x); }
};

}  // namespace xtape::detail
