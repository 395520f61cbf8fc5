// What `check` takes, as a function of tensors.
#pragma once
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include "../pointwise.hpp"
#include "formula.hpp"
#include "intervals.hpp"

namespace xtape::detail::checked {

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

/// What `check` looks at: a function of tensors, and where it is a formula, what that is and what intervals make of it.
template <class Function>
struct Target {
  Function f;
  std::function<lab::Intervals(const std::vector<lab::Interval>& ranges)> intervals;  ///< empty where it is no formula
  std::function<lab::Formula()> formula;
};
template <class Function, class F>
Target<Function> formula_target(Function tensors, const F& f, std::vector<std::string> names, Site site) {
  return {std::move(tensors),
          [f, site](const std::vector<lab::Interval>& ranges) { return lab::intervals(f, ranges, {}, site); },
          [f, names, site] { return lab::formula(f, names, site); }};
}

using OfTensor = std::function<Tensor(const Tensor&)>;
using OfTwoTensors = std::function<Tensor(const Tensor&, const Tensor&)>;
template <class F>
Target<OfTensor> activation(const F& f, Site site) {
  if constexpr (is_formula<F>)
    return formula_target(OfTensor([f](const Tensor& x) { return pointwise(f, x); }), f, {}, site);
  else if constexpr (is_module<void, F>) {
    // Its parameters in each of the dtypes that it is looked at in.
    F wide = f.clone(), narrow = f.clone();
    wide.to(float64), narrow.to(float32);
    return {[wide, narrow](const Tensor& x) -> Tensor { return x.dtype() == float64 ? wide(x) : narrow(x); }, {}, {}};
  } else return {[&f](const Tensor& x) -> Tensor { return f(x); }, {}, {}};
}
template <class F>
Target<OfTwoTensors> cost(const F& f, Site site) {
  if constexpr (is_formula_of_two<F>)
    return formula_target(OfTwoTensors([f](const Tensor& y, const Tensor& t) { return pointwise(f, y, t); }), f,
                          {"y", "t"}, site);
  else return {[&f](const Tensor& y, const Tensor& t) -> Tensor { return f(y, t); }, {}, {}};
}

}  // namespace xtape::detail::checked
