// Private: vectors that are lists of float64 tensors, one for each parameter.
#pragma once
#include <autograd/tensor.hpp>

namespace xtape::optim {

/// The sum of products of all elements.
double dot(const Tensors& a, const Tensors& b);
/// a + s b, and s a.
Tensors add_scaled(const Tensors& a, double s, const Tensors& b);
Tensors scaled(double s, const Tensors& a);
/// The largest magnitude, 0 where there are no elements, and the sum of all.
double max_abs(const Tensors& a);
double sum_abs(const Tensors& a);

}  // namespace xtape::optim
