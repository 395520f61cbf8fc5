// Private: a step along a line that is long enough and falls enough.
#pragma once
#include <autograd/tensor.hpp>
#include <functional>

namespace xtape::optim {

/// At `t` on the line: the value, its derivative along the line, and the gradient.
struct OnLine {
  double t, value, slope;
  Tensors gradient;
};

/// A t with the strong Wolfe conditions value <= value(0) + 1e-4 t slope(0) and |slope| <= 0.9 |slope(0)|, or the best
/// of 25 tries, which may be `start` itself; begins with `t`. A try that gives no number is brought back half way. It
/// ends where two tries are closer than `resolution`. By cubic interpolation, as PyTorch's LBFGS does.
/// Source: Nocedal and Wright, Numerical optimization, 2006, algorithms 3.5 and 3.6; Schmidt's minFunc, 2005.
OnLine strong_wolfe(const std::function<OnLine(double)>& at, const OnLine& start, double t, double resolution);

}  // namespace xtape::optim
