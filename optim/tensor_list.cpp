#include "tensor_list.hpp"

#include <algorithm>
#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/reduction.hpp>

namespace xtape::optim {

double dot(const Tensors& a, const Tensors& b) {
  double s = 0;
  for (std::size_t i = 0; i < a.size(); ++i) s += sum(a[i] * b[i]).item();
  return s;
}

Tensors add_scaled(const Tensors& a, double s, const Tensors& b) {
  Tensors y;
  for (std::size_t i = 0; i < a.size(); ++i) y.push_back(a[i] + s * b[i]);
  return y;
}

Tensors scaled(double s, const Tensors& a) {
  Tensors y;
  for (const Tensor& x : a) y.push_back(s * x);
  return y;
}

double max_abs(const Tensors& a) {
  double largest = 0;
  for (const Tensor& x : a)
    if (x.size() > 0) largest = std::max(largest, amax(abs(x)).item());
  return largest;
}

double sum_abs(const Tensors& a) {
  double s = 0;
  for (const Tensor& x : a) s += sum(abs(x)).item();
  return s;
}

}  // namespace xtape::optim
