// Derivatives of functions. Every one here takes a function f and where it is differentiated:
//
//   jacobian(f, x)                      at a tensor: f takes a Tensor
//   jacobian(f, {x, y})                 at several: f takes Tensors
//   jacobian(f, net.parameters())       at Parameters: f takes nothing
//   jacobian(f, net.named_parameters()) the same, and the results come with the names
//
// f is called with recording on and is differentiated at its inputs alone, as if they were leaves. What it does not
// depend on has the derivative 0. Under `create_graph` the results are on the tape: of recorded inputs, of Parameters
// and of whatever else f reads.
#pragma once
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "parameter.hpp"
#include "tape.hpp"

namespace xtape {

using NamedParameters = std::vector<std::pair<std::string, Parameter>>;
using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

// What the functions below share: one compiled form for all kinds of inputs.
namespace detail::functional {

using Function = std::function<Tensor(const Tensors&)>;

/// Where a function is differentiated: at tensors, or at Parameters.
struct Point {
  Point(const Tensor& x) : tensors{x} {}
  Point(const Tensors& x) : tensors(x) {}
  Point(const std::vector<Parameter>& p) : at_parameters(true), parameters(p) {}
  Point(const NamedParameters& p);
  bool at_parameters = false;
  Tensors tensors;
  std::vector<Parameter> parameters;
  std::vector<std::string> names;
};

template <class In>
inline constexpr bool is_one = std::is_same_v<In, Tensor>;
template <class In>
inline constexpr bool is_named = std::is_same_v<In, NamedParameters>;
/// What has one tensor for each input: a Tensor for a Tensor, NamedTensors for named parameters, else Tensors.
template <class In>
using Like = std::conditional_t<is_one<In>, Tensor, std::conditional_t<is_named<In>, NamedTensors, Tensors>>;

/// f as a function of the list of inputs.
template <class In, class F>
Function of_inputs(const F& f) {
  if constexpr (is_one<In>) {
    constexpr bool ok = std::is_invocable_r_v<Tensor, const F&, const Tensor&>;
    static_assert(ok, "at one Tensor, f must take a Tensor and return a Tensor; if it takes Tensors, write {x}");
    if constexpr (ok) return [&f](const Tensors& x) -> Tensor { return f(x[0]); };
  } else if constexpr (std::is_same_v<In, Tensors>) {
    constexpr bool ok = std::is_invocable_r_v<Tensor, const F&, const Tensors&>;
    static_assert(ok, "at a list of tensors, f must take Tensors and return a Tensor");
    if constexpr (ok) return [&f](const Tensors& x) -> Tensor { return f(x); };
  } else {
    constexpr bool known = std::is_same_v<In, std::vector<Parameter>> || is_named<In>;
    static_assert(known, "f is differentiated at a Tensor, at Tensors, at parameters() or at named_parameters()");
    constexpr bool ok = std::is_invocable_r_v<Tensor, const F&>;
    static_assert(ok, "at parameters, f must take nothing and return a Tensor");
    if constexpr (ok && known) return [&f](const Tensors&) -> Tensor { return f(); };
  }
  return {};
}

NamedTensors named(const std::vector<std::string>& names, Tensors tensors);
Tensors unnamed(const char* op, const std::vector<std::string>& names, const NamedTensors& tensors, Site site);
/// Tensors in the form of the inputs, and back.
template <class In>
Like<In> like(const Point& at, Tensors tensors) {
  if constexpr (is_one<In>) return tensors[0];
  else if constexpr (is_named<In>) return named(at.names, std::move(tensors));
  else return tensors;
}
template <class In>
Tensors list(const char* op, const Point& at, const Like<In>& v, Site site) {
  if constexpr (is_one<In>) return {v};
  else if constexpr (is_named<In>) return unnamed(op, at.names, v, site);
  else return v;
}

std::pair<Tensor, Tensors> value_and_grad(const Function& f, const Point& at, GradFlags flags, Site site);
std::pair<Tensor, Tensors> vjp(const Function& f, const Point& at, const Tensor& v, GradFlags flags, Site site);
std::pair<Tensor, Tensor> jvp(const Function& f, const Point& at, const Tensors& v, GradFlags flags, Site site);
Tensors jacobian(const Function& f, const Point& at, GradFlags flags, Site site);
std::vector<Tensors> hessian(const Function& f, const Point& at, GradFlags flags, Site site);
std::pair<Tensor, Tensors> hvp(const Function& f, const Point& at, const Tensors& v, GradFlags flags, Site site);
Tensors per_example_grad(const Function& f, const Tensors& batch, const Point& at, GradFlags flags, Site site);

/// What `value_and_grad(f)` returns.
template <class F>
struct ValueAndGrad {
  template <class In = Tensors>
  std::pair<Tensor, Like<In>> operator()(const In& inputs, Site site = Site::here()) const {
    const Point at(inputs);
    auto [value, gradients] = functional::value_and_grad(of_inputs<In>(f), at, flags, site);
    return {std::move(value), like<In>(at, std::move(gradients))};
  }
  F f;
  GradFlags flags;
};

/// What `value_and_grad(f, parameters)` returns.
template <class F, class Parameters>
struct ValueAndParameterGrad {
  template <class... Arguments>
  std::pair<Tensor, Like<Parameters>> operator()(const Arguments&... arguments) const {
    auto call = [&]() -> Tensor { return f(arguments...); };
    const Point at(parameters);
    auto [value, gradients] = functional::value_and_grad(of_inputs<Parameters>(call), at, flags, site);
    return {std::move(value), like<Parameters>(at, std::move(gradients))};
  }
  F f;
  Parameters parameters;
  GradFlags flags;
  Site site;
};

}  // namespace detail::functional

/// The function x -> {f(x), df/dx} for an f with one element as its result: `auto [y, g] = value_and_grad(f)(x)`.
/// It throws where f's result has not just one element. Source: JAX's `value_and_grad`.
template <class F>
detail::functional::ValueAndGrad<F> value_and_grad(F f, GradFlags flags = grad_defaults) {
  return {std::move(f), flags};
}
/// The same with respect to Parameters, `parameters()` or `named_parameters()`, which f knows; the result takes f's
/// arguments: `auto [loss, g] = value_and_grad(cost, net.parameters())(x, target)`.
template <class F, class Parameters, class = decltype(detail::functional::Point(std::declval<Parameters>()))>
detail::functional::ValueAndParameterGrad<F, Parameters> value_and_grad(F f, const Parameters& parameters,
                                                                        GradFlags flags = grad_defaults,
                                                                        Site site = Site::here()) {
  return {std::move(f), parameters, flags, site};
}

/// {f(x), v^T J}: the vector-Jacobian product, one backward pass. v has the shape of f's result, the product that of
/// the inputs. Throws when v has not. (torch.autograd.functional.vjp)
template <class F, class In = Tensors>
std::pair<Tensor, detail::functional::Like<In>> vjp(const F& f, const In& inputs, const Tensor& v,
                                                    GradFlags flags = grad_defaults, Site site = Site::here()) {
  const detail::functional::Point at(inputs);
  auto [value, product] = detail::functional::vjp(detail::functional::of_inputs<In>(f), at, v, flags, site);
  return {std::move(value), detail::functional::like<In>(at, std::move(product))};
}

/// {f(x), J v}: the Jacobian-vector product, the derivative of f along `tangents`, which have the shapes of the inputs;
/// the product has the shape of f's result, which may be any. Computed by two backward passes: v^T J is linear in v,
/// and its own vector-Jacobian product is J v. Throws when the tangents do not fit. Source: J. Townsend, "A new trick
/// for calculating Jacobian vector products", 2017.
template <class F, class In = Tensors>
std::pair<Tensor, Tensor> jvp(const F& f, const In& inputs, const detail::functional::Like<In>& tangents,
                              GradFlags flags = grad_defaults, Site site = Site::here()) {
  const detail::functional::Point at(inputs);
  return detail::functional::jvp(detail::functional::of_inputs<In>(f), at,
                                 detail::functional::list<In>("jvp", at, tangents, site), flags, site);
}

/// df/dx of a result y of any shape, of shape (y..., x...): one for each input. One backward pass per element of y.
/// Throws when that would be more than `Shape::max_rank` axes.
template <class F, class In = Tensors>
detail::functional::Like<In> jacobian(const F& f, const In& inputs, GradFlags flags = grad_defaults,
                                      Site site = Site::here()) {
  const detail::functional::Point at(inputs);
  return detail::functional::like<In>(
      at, detail::functional::jacobian(detail::functional::of_inputs<In>(f), at, flags, site));
}

/// d2f/dx2 of an f with one element as its result: (x..., x...) at one Tensor; else blocks, of which [i][j] is
/// d2f/dx_i dx_j of shape (x_i..., x_j...), in the order of the inputs. Throws where f's result has not just one
/// element.
template <class F, class In = Tensors>
auto hessian(const F& f, const In& inputs, GradFlags flags = grad_defaults, Site site = Site::here()) {
  std::vector<Tensors> blocks = detail::functional::hessian(detail::functional::of_inputs<In>(f), inputs, flags, site);
  if constexpr (detail::functional::is_one<In>) return blocks[0][0];
  else return blocks;
}

/// {f(x), H v}: the product of the Hessian of an f with one element as its result and v, which has the shapes of the
/// inputs, without the Hessian. Two backward passes. (torch.autograd.functional.hvp)
/// Source: Pearlmutter, "Fast exact multiplication by the Hessian", Neural Computation 1994.
template <class F, class In = Tensors>
std::pair<Tensor, detail::functional::Like<In>> hvp(const F& f, const In& inputs, const detail::functional::Like<In>& v,
                                                    GradFlags flags = grad_defaults, Site site = Site::here()) {
  const detail::functional::Point at(inputs);
  auto [value, product] = detail::functional::hvp(detail::functional::of_inputs<In>(f), at,
                                                  detail::functional::list<In>("hvp", at, v, site), flags, site);
  return {std::move(value), detail::functional::like<In>(at, std::move(product))};
}

/// The gradients of f for each example of a batch alone: (n, parameter...) for each parameter. `batch` is a tensor
/// (n, ...) or several, examples along the first axis; f takes one example as a batch of 1, a Tensor or Tensors
/// accordingly, and gives its loss. One backward pass per example. Throws when the batch's first axes differ or f's
/// result has not just one element.
template <class F, class In = Tensors, class Parameters>
detail::functional::Like<Parameters> per_example_grad(const F& f, const In& batch, const Parameters& parameters,
                                                      GradFlags flags = grad_defaults, Site site = Site::here()) {
  const detail::functional::Point at(parameters);
  static_assert(!detail::functional::is_one<Parameters> && !std::is_same_v<Parameters, Tensors>,
                "per_example_grad differentiates with respect to parameters() or named_parameters()");
  return detail::functional::like<Parameters>(
      at, detail::functional::per_example_grad(detail::functional::of_inputs<In>(f),
                                               detail::functional::Point(batch).tensors, at, flags, site));
}

}  // namespace xtape
