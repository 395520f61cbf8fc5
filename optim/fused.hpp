// Private: for optimisers: a formula of numbers as one pass over a parameter, its state and its gradient.
#pragma once
#include <autograd/kernels/loops.hpp>
#include <optim/optimizer.hpp>
#include <utility>

namespace xtape::optim {
using namespace xtape::detail;

namespace detail {
template <class T, class F, std::size_t... I>
void fused(const F& f, Parameter& p, std::vector<Parameter>& cells, const Tensor& g, std::index_sequence<I...>) {
  kernel::update(p.size(), f, p.mutable_data<T>(), cells[I].template mutable_data<T>()..., g.data<T>());
}
}  // namespace detail

/// `make(type)` gives the formula for parameters of that type, f(x, cell…, g), which changes numbers in place; it runs
/// once for each element of p and of the first `n` of its cells.
template <std::size_t n, class Make>
void fused(Parameter& p, std::vector<Parameter>& cells, const Tensor& g, const Make& make) {
  visit_floating(p.dtype(), [&](auto type) {
    detail::fused<decltype(type)>(make(type), p, cells, g, std::make_index_sequence<n>());
  });
}

}  // namespace xtape::optim
