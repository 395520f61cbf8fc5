// Proving a gradient.
#pragma once
#include "functional.hpp"

namespace xtape {

/// How `gradcheck` compares.
struct GradcheckOptions {
  int order = 2;            ///< 1: gradients; 2: gradients of gradients too; and so on
  double step = 1e-3;       ///< of the differences; a direction that fails is tried again with an eighth of it
  double tolerance = 1e-6;  ///< allowed |tape - differences|, relative to the largest term of the derivative
};

namespace detail {
// What `gradcheck` below compiles to.
void check_gradients(const functional::Function& f, const functional::Point& at, const GradcheckOptions& options,
                     Site site);
}  // namespace detail

/// Proves the gradients of f, and the gradients of those: compares the derivative of sum(f w) with differences of
/// fourth order, (8 (f(x + hv) - f(x - hv)) - (f(x + 2hv) - f(x - 2hv))) / 12h, for random weights w and along random
/// directions v of each input; at order 2 the same of the gradients, weighted at random and summed. Where a direction
/// fails, every element of that input is compared, and an Error names the order, the input, the first wrong element and
/// both numbers. NaN does not pass. `gradcheck(f, x)`, `gradcheck(f, {x, y})` and `gradcheck(f, net.parameters())` take
/// f as `jacobian` does; the values of parameters are moved meanwhile and put back. Throws unless inputs and result are
/// float64 and f is the same in every call. No input may stand within twice the step of a kink of f.
template <class F, class In = Tensors>
void gradcheck(const F& f, const In& inputs, const GradcheckOptions& options = {}, Site site = Site::here()) {
  detail::check_gradients(detail::functional::of_inputs<In>(f), detail::functional::Point(inputs), options, site);
}

}  // namespace xtape
