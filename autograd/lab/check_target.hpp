// What `check` takes, as a function of tensors.
#pragma once
#include <functional>
#include <type_traits>

#include "../pointwise.hpp"

namespace xtape::detail::checked {

using OfTensor = std::function<Tensor(const Tensor&)>;
using OfTwoTensors = std::function<Tensor(const Tensor&, const Tensor&)>;

template <class, class F, class... Args>
inline constexpr bool has_forward = false;
template <class F, class... Args>
inline constexpr bool
    has_forward<std::void_t<decltype(std::declval<const F&>().forward(std::declval<Args>()...))>, F, Args...> = true;
template <class, class F>
inline constexpr bool is_module = false;
template <class F>
inline constexpr bool is_module<std::void_t<decltype(std::declval<const F&>().parameters())>, F> = true;

// A generic lambda is asked with numbers only: what is asked is compiled, and a formula need not be right for tensors.
template <class F>
inline constexpr bool is_generic = std::is_class_v<F> && !has_one_call_operator<void, F> && !is_module<void, F>;
using Number = kernel::Dual<kernel::Real<float>>;
template <class F, class... Numbers>
constexpr bool makes_number() {
  if constexpr (!is_generic<F> || !std::is_trivially_copyable_v<F>) return false;
  else if constexpr (!std::is_invocable_v<const F&, Numbers...>) return false;
  else return std::is_same_v<std::invoke_result_t<const F&, Numbers...>, Number>;
}
template <class F>
inline constexpr bool is_formula = makes_number<F, Number>();
template <class F>
inline constexpr bool is_formula_of_two = makes_number<F, Number, Number>();

template <class F, class... Tensors>
constexpr bool makes_tensor() {
  if constexpr (is_module<void, F>) return has_forward<void, F, Tensors...>;
  else return std::is_invocable_r_v<Tensor, const F&, Tensors...>;
}
template <class F>
constexpr bool takes_one() {
  if constexpr (is_formula<F>) return true;
  else if constexpr (is_formula_of_two<F>) return false;
  else return makes_tensor<F, const Tensor&>();
}
template <class F>
constexpr bool takes_two() {
  if constexpr (takes_one<F>()) return false;
  else if constexpr (is_formula_of_two<F>) return true;
  else return makes_tensor<F, const Tensor&, const Tensor&>();
}
template <class F>
inline constexpr bool is_activation = takes_one<F>();
template <class F>
inline constexpr bool is_cost = takes_two<F>();

template <class F>
OfTensor of_tensor(const F& f) {
  if constexpr (is_formula<F>) return [f](const Tensor& x) { return pointwise(f, x); };
  else return [&f](const Tensor& x) -> Tensor { return f(x); };
}
template <class F>
OfTwoTensors of_two_tensors(const F& f) {
  if constexpr (is_formula_of_two<F>) return [f](const Tensor& y, const Tensor& t) { return pointwise(f, y, t); };
  else return [&f](const Tensor& y, const Tensor& t) -> Tensor { return f(y, t); };
}

}  // namespace xtape::detail::checked
