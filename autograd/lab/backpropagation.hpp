// backpropagation: the gradient equations of a small network, read from a recording of it.
#pragma once
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "../tensor.hpp"

namespace xtape::lab {

/// A line of `backpropagation`.
struct Equation {
  std::string text;   ///< "δ^1 = ((w^2)^T δ^2) ⊙ σ'(z^1)"
  std::string latex;  ///< the same in LaTeX
  std::string note;   ///< "w^1 = hidden.weight (30, 784)"
};

/// The equations of a network.
struct Backpropagation {
  std::vector<Equation> forward;   ///< from x to the output, with the parameters' names and shapes, and what σ is
  std::vector<Equation> cost;      ///< the cost and its gradient by the output
  std::vector<Equation> backward;  ///< from the output to the gradients of all parameters
};
/// A table of the equations.
std::ostream& operator<<(std::ostream& out, const Backpropagation& equations);
/// The same as LaTeX's `align*`.
std::string to_latex(const Backpropagation& equations);

}  // namespace xtape::lab

namespace xtape::detail {
// What `backpropagation` below calls: with the input, or with none.
lab::Backpropagation backpropagation_of(const std::function<Tensor(const Tensors&)>& f, const Tensors& inputs,
                                        Site site);
}  // namespace xtape::detail

namespace xtape::lab {

/// The equations of backpropagation of a network in the notation of Nielsen's book, for one example x and its target y,
/// which are columns:
///
///   std::cout << lab::backpropagation(net, x, [&](const Tensor& a) { return mean(square(a - t)); });
///
/// z^l = w^l a^(l-1) + b^l, a^l = σ(z^l), δ^l = ∂C/∂z^l. They are made from what net and cost do at x, operation by
/// operation, not from the layers' types, and name the parameters by their paths. An operation that the notation does
/// not know stands in them by its own name. Without a cost it is an unknown C of the output. A formula that `pointwise`
/// runs is known by its values, where it agrees with one of the usual ones.
/// Source: Nielsen, chapter 2.
template <class Net, class Cost>
Backpropagation backpropagation(const Net& net, const Tensor& x, const Cost& cost, Site site = Site::here()) {
  return detail::backpropagation_of([&](const Tensors& in) -> Tensor { return cost(net(in[0])); }, {x}, site);
}
template <class Net>
Backpropagation backpropagation(const Net& net, const Tensor& x, Site site = Site::here()) {
  return detail::backpropagation_of([&](const Tensors& in) -> Tensor { return net(in[0]); }, {x}, site);
}

}  // namespace xtape::lab
