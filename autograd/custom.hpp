// Operations of the user's own, with a derivative of his own.
#pragma once
#include <functional>
#include <type_traits>
#include <utility>

#include "tensor.hpp"

namespace xtape {

/// The two functions of a custom operation in their general form.
namespace detail {
struct CustomFunctions {
  std::function<Tensor(const Tensors& x)> forward;
  std::function<Tensors(const Tensor& g, const Tensors& x, const Tensor& y)> vjp;
  bool reads_output;  // vjp looks at y
};
// What `custom` below compiles to.
Tensor make_custom(CustomFunctions functions, const Tensors& inputs, Site site);
}  // namespace detail

/// y = forward(x) as one operation, whose derivative is `vjp(g, x, y)`: it returns dL/dx for the gradient g = dL/dy.
///
///   Tensor cube(const Tensor& x) {
///     return custom([](const Tensor& x) { return x * x * x; },
///                   [](const Tensor& g, const Tensor& x) { return 3 * g * x * x; }, x);
///   }
///
/// At one Tensor the functions take and return a Tensor; at several, `{a, b}`, they take Tensors, and `vjp` returns one
/// gradient for each, of its shape and dtype, undefined where there is none. `vjp` may leave out its last argument: y
/// is then not kept; the inputs are. `forward` is not recorded, and may use whatever it likes to compute y, also
/// `x.data<double>()`; it may be called again later with other values. `vjp` written with operations on tensors (or
/// with `custom`) can be differentiated again, to any order. Prove it with `gradcheck`. Throws when an input is
/// undefined, y has no floating dtype or, on the way back, a gradient does not fit its input. (PyTorch:
/// `torch.autograd.Function`; JAX: `custom_vjp`.)
template <class F, class V, class In = Tensors>
Tensor custom(F forward, V vjp, const In& inputs, Site site = Site::here()) {
  if constexpr (std::is_convertible_v<const In&, Tensor>) {
    constexpr bool output = std::is_invocable_r_v<Tensor, const V&, const Tensor&, const Tensor&, const Tensor&>;
    constexpr bool ok = std::is_invocable_r_v<Tensor, const F&, const Tensor&> &&
                        (output || std::is_invocable_r_v<Tensor, const V&, const Tensor&, const Tensor&>);
    static_assert(ok, "at one Tensor, custom takes forward(x) and vjp(g, x, y) or vjp(g, x), which return a Tensor");
    if constexpr (ok) {
      auto list = [vjp = std::move(vjp)](const Tensor& g, const Tensors& x, const Tensor& y) -> Tensors {
        if constexpr (output) return {vjp(g, x[0], y)};
        else return static_cast<void>(y), Tensors{vjp(g, x[0])};
      };
      auto one = [forward = std::move(forward)](const Tensors& x) -> Tensor { return forward(x[0]); };
      return detail::make_custom({std::move(one), std::move(list), output}, {inputs}, site);
    }
  } else {
    constexpr bool output = std::is_invocable_r_v<Tensors, const V&, const Tensor&, const Tensors&, const Tensor&>;
    constexpr bool ok = std::is_invocable_r_v<Tensor, const F&, const Tensors&> &&
                        (output || std::is_invocable_r_v<Tensors, const V&, const Tensor&, const Tensors&>);
    static_assert(ok,
                  "at Tensors, custom takes forward(x), which returns a Tensor, and vjp(g, x, y) or vjp(g, x), which "
                  "return Tensors");
    if constexpr (ok && output) return detail::make_custom({std::move(forward), std::move(vjp), true}, inputs, site);
    else if constexpr (ok)
      return detail::make_custom(
          {std::move(forward),
           [vjp = std::move(vjp)](const Tensor& g, const Tensors& x, const Tensor&) -> Tensors { return vjp(g, x); },
           false},
          inputs, site);
  }
  return {};
}

}  // namespace xtape
