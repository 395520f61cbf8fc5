// What `pointwise` does that does not depend on the formula, and the loops that do.
#pragma once
#include <array>
#include <cstddef>
#include <vector>

#include "core/operation.hpp"
#include "kernels/vectorized.hpp"
#include "scalar/dual.hpp"

#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpass-failed"  // a formula with a branch is not vectorised
#endif

// What is no template is in pointwise.cpp.
namespace xtape::detail {

/// The operation of a formula f of n arguments, or of a derivative of it:
///   order 0:  f(x...),
///   order 1:  g1 df/dx_i(x...), a function of (g1, x...), with i = along[0],
///   order k:  gk times the derivative of the function of order k - 1 with respect to its argument along[k - 1];
/// summed to the shape `result`. So the gradient of each argument is an operation of the same kind, of the next order.
struct Pointwise : ListOperation {
  static constexpr int max_order = 3;
  static constexpr std::size_t max_formula_arguments = 8, max_arguments = max_formula_arguments + max_order + 1;
  struct Plan {
    int order = 0;
    std::array<std::size_t, max_order> along{};
    Shape result;
  };

  Pointwise(const char* op, Site site, std::size_t arguments, Plan plan)
      : ListOperation(op, site, arguments), plan(plan) {}

  Ref<Array> run(const Array* const* x) const override;
  Ref<Operation> twin() const override { return with(op, plan); }
  bool reads(std::uint32_t, std::uint32_t value) const override { return value < input_count; }
  void backward(const Tensor& g, Engine& engine) override;

  /// The gradients of the arguments `wanted[0 … count)` into y, all in one pass; x holds g and the arguments.
  void gradients(const Array* const* x, const std::size_t* wanted, std::size_t count, Array* const* y) const;

  /// An operation of the same formula.
  virtual Ref<Pointwise> with(const char* name, const Plan& plan) const = 0;
  /// y[i] = the function of this plan, for n elements of dtype.
  virtual void value(const Plan& plan, Dtype dtype, std::int64_t n, void* y, const void* const* x) const = 0;
  /// y[k][i] = g df/dx_k for all arguments of the formula; x holds g and the arguments.
  virtual void slopes(Dtype dtype, std::int64_t n, void* const* y, const void* const* x) const = 0;

  const Plan plan;

 private:
  Plan next(std::size_t i, const Shape& shape) const;  // for the gradient of argument i
};

/// Arguments as tensors of one floating dtype, and the shape they broadcast to.
struct PointwiseArguments {
  PointwiseArguments(const char* op, const std::vector<Arg>& list);
  Tensors tensors;
  std::vector<Arg> args;
  Shape shape;
};

}  // namespace xtape::detail

namespace xtape::kernel {

/// g times the derivative of a function of N arguments with respect to argument i.
template <class F, std::size_t N>
struct Derivative {
  F f;
  std::size_t i;

  template <class X, class... Rest>
  XTAPE_INLINE X operator()(X g, Rest... x) const {
    return at(std::make_index_sequence<N>{}, g, x...);
  }

 private:
  template <std::size_t... I, class X, class... Rest>
  XTAPE_INLINE X at(std::index_sequence<I...>, X g, Rest... x) const {
    // Which argument it is shows only here, as a 0 or 1: an own type each would make the types grow exponentially.
    if constexpr (N == 1) return g * f(Dual<X>(x, X(1))...).d;
    else return g * f(Dual<X>(x, X(static_cast<int>(I == i)))...).d;
  }
};

// Higher derivatives are long formulas of rare use: compiled for every instruction set they would be half the library.
constexpr Isa::Level most_for(std::size_t order) {
  return order < 2 ? Isa::avx512 : order == 2 ? Isa::avx2 : Isa::baseline;
}

template <class T, Isa::Level most, class F, std::size_t... I>
void value_loop(std::index_sequence<I...>, F f, std::int64_t n, void* result, const void* const* arguments) {
  const auto loop = [](F f, std::int64_t n, T* y, Each<const T*, I>... x) {
    XTAPE_INDEPENDENT
    for (std::int64_t i = 0; i < n; ++i) y[i] = f(Real<T>(x[i])...).v;
  };
  vectorized<most>(loop, f, n, static_cast<T*>(result), static_cast<const T*>(arguments[I])...);
}

template <std::size_t K, class X, std::size_t... I>
XTAPE_INLINE Dual<X, Directions<X, sizeof...(I)>> along_axis(std::index_sequence<I...>, X x) {
  return {x, {X(static_cast<int>(I == K))...}};
}
template <class T, class F, std::size_t... I>
void slopes_loop(std::index_sequence<I...> axes, F f, std::int64_t n, void* const* results,
                 const void* const* arguments) {
  const auto loop = [](F f, std::int64_t n, const T* g, Each<const T*, I>... x, Each<T*, I>... y) {
    XTAPE_INDEPENDENT
    for (std::int64_t i = 0; i < n; ++i) {
      const auto d = f(along_axis<I>(decltype(axes){}, Real<T>(x[i]))...).d;
      ((y[i] = (Real<T>(g[i]) * d.d[I]).v), ...);
    }
  };
  vectorized(loop, f, n, static_cast<const T*>(arguments[0]), static_cast<const T*>(arguments[I + 1])...,
             static_cast<T*>(results[I])...);
}

}  // namespace xtape::kernel

namespace xtape::detail {

template <class F, std::size_t N>
struct PointwiseOf final : Pointwise {
  PointwiseOf(const char* op, Site site, Plan plan, const F& f)
      : Pointwise(op, site, N + static_cast<std::size_t>(plan.order), plan), f_(f) {}

  Ref<Pointwise> with(const char* name, const Plan& plan) const override {
    return make_node<PointwiseOf>(name, site, plan, f_);
  }
  void value(const Plan& p, Dtype dtype, std::int64_t n, void* y, const void* const* x) const override {
    using namespace kernel;
    using First = Derivative<F, N>;
    using Second = Derivative<First, N + 1>;
    using Third = Derivative<Second, N + 2>;
    const auto& i = p.along;
    switch (p.order) {
      case 0: return loop<N>(f_, dtype, n, y, x);
      case 1: return loop<N + 1>(First{f_, i[0]}, dtype, n, y, x);
      case 2: return loop<N + 2>(Second{{f_, i[0]}, i[1]}, dtype, n, y, x);
      default: return loop<N + 3>(Third{{{f_, i[0]}, i[1]}, i[2]}, dtype, n, y, x);
    }
  }
  void slopes(Dtype dtype, std::int64_t n, void* const* y, const void* const* x) const override {
    if constexpr (N > 1)
      visit_floating(dtype,
                     [&](auto t) { kernel::slopes_loop<decltype(t)>(std::make_index_sequence<N>{}, f_, n, y, x); });
  }

 private:
  template <std::size_t Arguments, class G>
  static void loop(G g, Dtype dtype, std::int64_t n, void* y, const void* const* x) {
    using namespace kernel;
    visit_floating(dtype, [&](auto t) {
      value_loop<decltype(t), most_for(Arguments - N)>(std::make_index_sequence<Arguments>{}, g, n, y, x);
    });
  }
  const F f_;
};

}  // namespace xtape::detail

#if defined(__clang__)
#pragma clang diagnostic pop
#endif
