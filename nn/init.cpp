#include "init.hpp"

#include <autograd/ops/creation.hpp>
#include <autograd/ops/decomposition.hpp>
#include <autograd/ops/diagonal.hpp>
#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/join.hpp>
#include <autograd/ops/reduction.hpp>
#include <autograd/ops/shape.hpp>
#include <autograd/random.hpp>
#include <cmath>

namespace xtape::nn::init {
namespace {

struct Fans {
  double in, out;
  double of(Fan fan) const { return fan == Fan::in ? in : out; }
};
Fans fans(const char* name, const Parameter& p, Site site) {
  const Shape& s = p.shape();
  if (s.rank() < 2)
    fail(name, "expected a weight (out, in, ...), got " + to_string(s) + ", whose inputs cannot be counted", site);
  if (s.size() == 0) fail(name, "the weight " + to_string(s) + " has no elements", site);
  const auto size = static_cast<double>(s.size());
  return {size / static_cast<double>(s[0]), size / static_cast<double>(s[1])};
}

void check_matrix(const char* name, const Parameter& p, Site site) {
  if (p.shape().rank() != 2) fail(name, "expected a matrix, got " + to_string(p.shape()), site);
}

void draw_uniform(Parameter& p, double bound) { p.assign(xtape::uniform(p.shape(), -bound, bound, p.dtype())); }
void draw_normal(Parameter& p, double stddev) { p.assign(xtape::normal(p.shape(), 0, stddev, p.dtype())); }

// A weight has an axis of outputs and at least one of inputs, a bias only outputs.
void nielsen(const ModuleBase& model, bool scaled) {
  for (Parameter p : model.parameters()) {
    const bool weight = p.shape().rank() > 1;
    const double in = weight ? static_cast<double>(p.size() / p.shape()[0]) : 1;
    draw_normal(p, scaled ? 1 / std::sqrt(in) : 1);
  }
}

}  // namespace

void constant(Parameter p, double value) { p.assign(full(p.shape(), value, p.dtype())); }
void zeros(Parameter p) { constant(p, 0); }
void ones(Parameter p) { constant(p, 1); }

void eye(Parameter p, Site site) {
  check_matrix("init::eye", p, site);
  p.assign(xtape::eye(p.shape()[0], p.shape()[1], p.dtype()));
}

void dirac(Parameter p, std::int64_t groups, Site site) {
  const Shape& s = p.shape();
  if (s.rank() < 3 || s.rank() > 5)
    fail("init::dirac", "expected the weight (out, in, k...) of a convolution, got " + to_string(s), site);
  if (groups < 1 || s[0] % groups != 0)
    fail("init::dirac", "groups = " + std::to_string(groups) + " does not divide out = " + std::to_string(s[0]), site);
  const std::int64_t out = s[0] / groups, kernel = s.size() == 0 ? 0 : s.size() / (s[0] * s[1]);
  std::int64_t middle = 0;
  for (int i = 2; i < s.rank(); ++i) middle = middle * s[i] + s[i] / 2;
  std::vector<double> values(static_cast<std::size_t>(s.size()));
  for (std::int64_t o = 0; o < s[0]; ++o)
    if (o % out < s[1] && kernel > 0) values[static_cast<std::size_t>((o * s[1] + o % out) * kernel + middle)] = 1;
  p.assign(tensor(values, s).to(p.dtype()));
}

void uniform(Parameter p, double low, double high, Site site) {
  p.assign(xtape::uniform(p.shape(), low, high, p.dtype(), default_generator(), site));
}
void normal(Parameter p, double mean, double stddev, Site site) {
  p.assign(xtape::normal(p.shape(), mean, stddev, p.dtype(), default_generator(), site));
}
void truncated_normal(Parameter p, double mean, double stddev, double low, double high, Site site) {
  p.assign(xtape::truncated_normal(p.shape(), mean, stddev, low, high, p.dtype(), default_generator(), site));
}

void xavier_uniform(Parameter p, double gain, Site site) {
  const Fans f = fans("init::xavier_uniform", p, site);
  draw_uniform(p, gain * std::sqrt(6 / (f.in + f.out)));
}
void xavier_normal(Parameter p, double gain, Site site) {
  const Fans f = fans("init::xavier_normal", p, site);
  draw_normal(p, gain * std::sqrt(2 / (f.in + f.out)));
}
void kaiming_uniform(Parameter p, double gain, Fan fan, Site site) {
  draw_uniform(p, gain * std::sqrt(3 / fans("init::kaiming_uniform", p, site).of(fan)));
}
void kaiming_normal(Parameter p, double gain, Fan fan, Site site) {
  draw_normal(p, gain / std::sqrt(fans("init::kaiming_normal", p, site).of(fan)));
}
void lecun_uniform(Parameter p, Site site) { draw_uniform(p, std::sqrt(3 / fans("init::lecun_uniform", p, site).in)); }
void lecun_normal(Parameter p, Site site) { draw_normal(p, 1 / std::sqrt(fans("init::lecun_normal", p, site).in)); }

void orthogonal(Parameter p, double gain, Site site) {
  fans("init::orthogonal", p, site);
  const std::int64_t rows = p.shape()[0], columns = p.size() / rows;
  const bool wide = columns > rows;
  const QR f = qr(xtape::normal(wide ? Shape{columns, rows} : Shape{rows, columns}, 0, 1, float64));
  // With a positive diagonal of r the decomposition is unique, and q even.
  const Tensor q = f.q * where(diagonal(f.r) < 0, -1., 1.);
  p.assign((gain * reshape(wide ? transpose(q) : q, p.shape())).to(p.dtype()));
}

void sparse(Parameter p, double sparsity, double stddev, Site site) {
  check_matrix("init::sparse", p, site);
  if (!(sparsity >= 0 && sparsity <= 1))
    fail("init::sparse", "sparsity is " + std::to_string(sparsity) + ", expected a share in [0, 1]", site);
  const std::int64_t rows = p.shape()[0], columns = p.shape()[1];
  const double none = std::ceil(sparsity * static_cast<double>(rows));
  Tensors kept;
  for (std::int64_t c = 0; c < columns; ++c) kept.push_back(permutation(rows) >= none);
  const Tensor all = xtape::normal(p.shape(), 0, stddev, p.dtype(), default_generator(), site);
  if (columns > 0) p.assign(where(stack(kept, 1), all, 0.));
}

double calculate_gain(const std::string& activation, double slope, Site site) {
  if (activation == "linear" || activation == "conv" || activation == "sigmoid") return 1;
  if (activation == "tanh") return 5. / 3;
  if (activation == "relu") return std::sqrt(2.);
  if (activation == "leaky_relu") return std::sqrt(2 / (1 + slope * slope));
  if (activation == "selu") return 0.75;
  fail("init::calculate_gain",
       "no gain is known for '" + activation +
           "'; there are linear, conv, sigmoid, tanh, relu, leaky_relu and selu. For another activation give the "
           "function itself",
       site);
}

double calculate_gain(const std::function<Tensor(const Tensor&)>& f, Site site) {
  NoGradGuard guard;
  // The trapezoid rule, which converges faster than any power of its step where f is smooth; a kink at 0 is on the
  // grid.
  constexpr double reach = 12;
  constexpr int steps = 1 << 14;
  const Tensor z = linspace(-reach, reach, steps + 1, float64), y = f(z);
  if (y.shape() != z.shape())
    fail("init::calculate_gain", "the activation makes " + to_string(y.shape()) + " of " + to_string(z.shape()), site);
  const double density = 0.3989422804014327 * 2 * reach / steps;
  const double second = density * sum(square(y.to(float64)) * exp(-0.5 * square(z))).item();
  if (!(second > 0 && std::isfinite(second)))
    fail("init::calculate_gain",
         "the mean square of the activation is " + std::to_string(second) + ", which no gain makes 1", site);
  return 1 / std::sqrt(second);
}

void nielsen_large(const ModuleBase& model) { nielsen(model, false); }
void nielsen_default(const ModuleBase& model) { nielsen(model, true); }

}  // namespace xtape::nn::init
