// Looking at a gradient on its way, or replacing it.
#pragma once
#include <functional>
#include <type_traits>
#include <utility>

#include "tensor.hpp"

namespace xtape {

namespace detail {
// What `hook` below compiles to.
Tensor add_hook(const Arg& x, std::function<Tensor(const Tensor&)> f);
}  // namespace detail

/// x itself; on the way back, f is called with dL/dy of the result y, summed over everything that was computed from y,
/// and what it returns goes on to x in its place: `y = hook(x, [](const Tensor& g) { return clamp(g, -1, 1); })`. An f
/// that returns nothing only looks. It is called when the gradient is needed and is itself differentiated under
/// `create_graph`. Throws when x has no floating dtype and, on the way back, when f changes shape or dtype.
/// (PyTorch: `Tensor.register_hook`, which changes the tensor.)
template <class F>
Tensor hook(const Arg& x, F f) {
  constexpr bool ok = std::is_invocable_v<F&, const Tensor&>;
  static_assert(ok, "a hook is a function that takes a Tensor, the gradient, and returns a Tensor or nothing");
  if constexpr (!ok) return {};
  else if constexpr (std::is_void_v<std::invoke_result_t<F&, const Tensor&>>)
    return detail::add_hook(x, [f = std::move(f)](const Tensor& g) mutable { return f(g), g; });
  else return detail::add_hook(x, std::move(f));
}

}  // namespace xtape
