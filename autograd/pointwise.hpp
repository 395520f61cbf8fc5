// Functions written as a scalar formula, which run as one pass over memory, forward and backward.
#pragma once
#include "ops/elementwise.hpp"
#include "parameter.hpp"
#include "pointwise_kernel.hpp"

namespace xtape {

namespace detail {

// What a formula must be, checked on the type that first derivatives are computed with.
template <class F>
using CallOperator = decltype(&F::operator());
template <class, class F>
inline constexpr bool has_one_call_operator = false;
template <class F>
inline constexpr bool has_one_call_operator<std::void_t<CallOperator<F>>, F> = true;

// -ffast-math and what it consists of let the compiler take apart the sums that exp, sin and their like are made of,
// and assume that nothing is NaN or infinite.
#if defined(__FAST_MATH__) || defined(__ASSOCIATIVE_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#define XTAPE_FAST_MATH true
#else
#define XTAPE_FAST_MATH false
#endif

template <class F, std::size_t... I>
constexpr bool check_formula(std::index_sequence<I...>) {
  using X = kernel::Dual<kernel::Real<float>>;
  static_assert(!XTAPE_FAST_MATH || sizeof(F) == 0,
                "pointwise: -ffast-math and -Ofast make formulas wrong; compile the files that call pointwise with -O2 "
                "or -O3 and without them (-fno-math-errno -fno-trapping-math are harmless)");
  constexpr bool generic = std::is_class_v<F> && !has_one_call_operator<void, F>;
  static_assert(generic, "pointwise: the formula must be generic, such as [](auto x) { return x * sigmoid(x); }");
  static_assert(sizeof...(I) <= Pointwise::max_formula_arguments, "pointwise: a formula has at most 8 arguments");
  static_assert(std::is_trivially_copyable_v<F>,
                "pointwise: a formula captures nothing but numbers; tensors are arguments of it");
  if constexpr (generic) {
    constexpr bool fits = std::is_invocable_v<const F&, std::enable_if_t<(I >= 0), X>...>;
    static_assert(fits, "pointwise: the formula must take as many arguments as follow it, [](auto x, auto y) for two");
    if constexpr (fits) {
      constexpr bool number = std::is_same_v<std::invoke_result_t<const F&, std::enable_if_t<(I >= 0), X>...>, X>;
      static_assert(number,
                    "pointwise: the formula must return a number of its own kind, not a bool, a tensor or a plain "
                    "number; choose between values with where(condition, a, b)");
      return number;
    }
  }
  return false;
}

enum class Reduce { nothing, sum, mean };

template <class F, class... Rest>
Tensor apply_formula(const char* op, Reduce reduce, const F& f, const Arg& x, const Rest&... rest) {
  constexpr std::size_t n = 1 + sizeof...(rest);
  static_assert((std::is_convertible_v<const Rest&, Arg> && ...),
                "pointwise: what follows the formula are tensors, Parameters and numbers");
  if constexpr (check_formula<F>(std::make_index_sequence<n>{})) {
    const PointwiseArguments a(op, {x, Arg(rest, x.site.file, x.site.line)...});
    Pointwise::Plan plan;
    if (reduce == Reduce::nothing) plan.result = a.shape;
    const Tensor y = execute_list(make_node<PointwiseOf<F, n>>(op, user_site(x.site), plan, f), a.args);
    return reduce == Reduce::mean ? Arg(y, x.site) / static_cast<double>(a.shape.size()) : y;
  } else {
    return {};
  }
}

}  // namespace detail

/// f(x, rest...) on each element, of up to 8 tensors, Parameters or numbers that broadcast:
///
///   Tensor y = pointwise([](auto x, auto beta) { return x * sigmoid(beta * x); }, x, beta);
///
/// The formula is a generic lambda of scalars: + - * / with them and with numbers, comparisons, and the functions of
/// <autograd/scalar/dual.hpp> (exp, log1p, tanh, sigmoid, erf, pow, max, min, clamp, abs, …), called without a
/// namespace. Choose with `where(condition, a, b)`; an `if` on the arguments is right too, but slower. It may capture
/// numbers.
///
/// Forward and backward are one vectorised pass each; only the arguments are kept, and those that were stretched get
/// their gradients summed in the same pass. Derivatives exist up to the third order; the fourth throws.
///
/// Kinks: relu'(0) = abs'(0) = 0; of two equals max and min give each half; clamp passes the gradient at its bounds.
/// Where a formula of several arguments multiplies by an infinity or a NaN, their gradients there may be NaN.
///
/// sin, cos and tan of a formula lose digits beyond 1e8 (float32) or 1e9 (float64), by 1e-16 |x|, and are NaN above
/// 3e15; the operations of these names do not.
///
/// float64 if an argument is, else float32. Throws when the shapes do not broadcast.
template <class F, class... Rest>
Tensor pointwise(const F& f, const Arg& x, const Rest&... rest) {
  return detail::apply_formula("pointwise", detail::Reduce::nothing, f, x, rest...);
}
/// The sum of f(x, rest...) over all elements, without storing them: (...) -> ().
template <class F, class... Rest>
Tensor pointwise_sum(const F& f, const Arg& x, const Rest&... rest) {
  return detail::apply_formula("pointwise_sum", detail::Reduce::sum, f, x, rest...);
}
/// The mean of f(x, rest...) over all elements, without storing them, NaN when there are none: (...) -> ().
///
///   Tensor cost = pointwise_mean([](auto y, auto t) { return log(cosh(y - t)); }, prediction, target);
template <class F, class... Rest>
Tensor pointwise_mean(const F& f, const Arg& x, const Rest&... rest) {
  return detail::apply_formula("pointwise_mean", detail::Reduce::mean, f, x, rest...);
}

}  // namespace xtape
