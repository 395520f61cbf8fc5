#include "scalar_function.hpp"

#include "../ops/reduction.hpp"
#include "../tape.hpp"

namespace xtape::lab {

namespace {

Tensor column(const Values& x, Dtype dtype) {
  return tensor(x, Shape{static_cast<std::int64_t>(x.size()), 1}).to(dtype);
}

// d(sum y)/dx, or nothing where y does not depend on x.
Tensor gradient(const Tensor& y, const Tensor& x, GradFlags flags) {
  return y.is_recorded() ? grad(sum(y), x, flags | allow_unused) : Tensor();
}

Values values_or_zeros(const Tensor& t, std::size_t n) { return t.defined() ? t.to_vector<double>() : Values(n); }

}  // namespace

Values ScalarFunction::values_one_by_one(const Values& x, Dtype dtype) const {
  Values y;
  y.reserve(x.size());
  for (double v : x) y.push_back(f_(column({v}, dtype)).item());
  return y;
}

Jet ScalarFunction::jet(const Values& x, Dtype dtype, int order) const {
  Jet all = order > 0 ? derivatives(x, dtype, order) : Jet();
  const NoGradGuard guard;
  if (is_slow()) all.value = values_one_by_one(x, dtype);
  else if (order == 0 && !x.empty()) all.value = f_(column(x, dtype)).to_vector<double>();
  return all;
}

Jet ScalarFunction::derivatives(const Values& x, Dtype dtype, int order) const {
  Jet all;
  if (x.empty()) return all;
  const std::size_t n = x.size();
  const Recording recording(true);
  const Tensor leaf = column(x, dtype).requires_grad();
  const Tensor y = f_(leaf);
  if (!is_slow()) all.value = y.to_vector<double>();
  Tensor slope = gradient(y, leaf, order > 1 ? create_graph : grad_defaults);
  if (order > 1) {
    Tensor curvature;
    try {
      if (slope.defined()) curvature = gradient(slope, leaf, grad_defaults);
    } catch (const Error&) {  // a custom operation without a second derivative: see second_refused
    }
    all.curvature = values_or_zeros(curvature, n);
  }
  all.slope = values_or_zeros(slope, n);
  if (result_ == Result::mean) {
    for (double& v : all.slope) v *= static_cast<double>(n);
    for (double& v : all.curvature) v *= static_cast<double>(n);
  }
  return all;
}

Numbers ScalarFunction::derivative(int order) const {
  return [this, order](const Values& x) { return order == 0 ? value(x) : order == 1 ? slope(x) : curvature(x); };
}

bool ScalarFunction::is_recorded() const {
  const Recording recording(true);
  return f_(column({0.5}, float64).requires_grad()).is_recorded();
}

Dtype ScalarFunction::narrowest() const {
  const NoGradGuard guard;
  try {
    return f_(column({0.5}, float32)), float32;
  } catch (const Error&) {
    return float64;
  }
}

std::string ScalarFunction::second_refused() const {
  const Recording recording(true);
  const Tensor leaf = column({0.5}, float64).requires_grad();
  try {
    const Tensor slope = gradient(f_(leaf), leaf, create_graph);
    if (slope.defined()) gradient(slope, leaf, grad_defaults);
  } catch (const Error& e) {
    return e.what();
  }
  return {};
}

}  // namespace xtape::lab
