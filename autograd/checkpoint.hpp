// checkpoint: a function that is run again in the backward pass instead of keeping its values.
#pragma once
#include <functional>

#include "tensor.hpp"

namespace xtape {

namespace detail {
// What the templates below call.
Tensor checkpoint_list(const std::function<Tensor(const Tensors&)>& f, const Tensors& inputs, Site site);
}  // namespace detail

/// f(inputs), keeping only what f starts from: the inputs and what else it uses. The backward pass repeats the
/// operations that f did, for the values that it reads; f itself is called once, and may do whatever it likes:
/// `detach`, `no_grad`, `grad`, frozen Parameters, hooks, reading values, assigning Buffers. All is differentiated as
/// without checkpoint, to any order, and random draws are those of the one call. What f uses besides its inputs,
/// Parameters included, gets its gradient too. Same bits, up to the order in which the gradients of a tensor that
/// is used several times are added up. A checkpoint within another is repeated in its turn. Source: Chen et al.,
/// "Training deep nets with sublinear memory cost", 2016.
template <class F>
Tensor checkpoint(const F& f, const Tensors& inputs, Site site = Site::here()) {
  return detail::checkpoint_list(f, inputs, site);
}
/// The same for a function of one tensor, such as a module.
template <class F>
Tensor checkpoint(const F& f, const Tensor& x, Site site = Site::here()) {
  return detail::checkpoint_list([&f](const Tensors& in) { return f(in[0]); }, {x}, site);
}

}  // namespace xtape
