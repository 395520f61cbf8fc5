#include "functional.hpp"

#include <cstring>

#include "ops/elementwise.hpp"
#include "ops/join.hpp"
#include "ops/reduction.hpp"
#include "ops/shape.hpp"

namespace xtape::detail::functional {

namespace {

std::string text(const Tensor& x) { return to_string(x.dtype()) + to_string(x.shape()); }
bool matches(const Tensor& a, const Tensor& b) {
  return a.defined() && a.shape() == b.shape() && a.dtype() == b.dtype();
}

// What a derivative is taken of: f's result at the inputs, as recorded from there on.
struct Differentiated {
  Differentiated(const char* op, const Function& f, const Point& at, GradFlags flags, Site site);

  // v^T J, zeros where there is no dependence.
  Tensors product(const Tensor& y, const Tensor& v, GradFlags flags) const;
  // The gradients of y, which has one element.
  Tensors gradients(GradFlags flags) const { return product(y, ones(y.shape(), y.dtype()), flags); }
  // The Jacobian of some y.
  Tensors jacobian(const Tensor& y, GradFlags flags) const;
  void check_scalar() const;
  void check_like_inputs(const Tensors& v) const;
  Tensor value() const { return flags & create_graph ? y : y.detach(site); }

  const char* op;
  GradFlags flags;
  Site site;
  Tensors x;
  Targets targets;
  Tensor y;
};

// The inputs as what f is differentiated at: leaves, or, where the result is to be differentiated in turn, views
// through which gradients flow on.
Tensors variables(const char* op, const Point& at, GradFlags flags, Site site) {
  Tensors x;
  if (at.at_parameters) {
    for (const Parameter& p : at.parameters) x.push_back(p.tensor());
    return x;
  }
  for (std::size_t i = 0; i < at.tensors.size(); ++i) {
    const Tensor& t = at.tensors[i];
    if (!t.defined() || !is_floating(t.dtype()))
      fail(op,
           "input " + std::to_string(i) + " is " + (t.defined() ? text(t) : "undefined") +
               "; derivatives are taken at float32 or float64",
           site);
    x.push_back(flags & create_graph && t.is_recorded() ? reshape(Arg(t, site), t.shape()) : t.requires_grad(site));
  }
  return x;
}

Differentiated::Differentiated(const char* op, const Function& f, const Point& at, GradFlags flags, Site site)
    : op(op),
      flags(flags & create_graph ? create_graph : grad_defaults),
      site(site),
      x(variables(op, at, flags, site)),
      targets(at.at_parameters ? Targets(at.parameters) : Targets(x)),
      y(f(x)) {
  if (!y.defined()) fail(op, "f gave an undefined tensor", site);
  if (!is_floating(y.dtype())) fail(op, "f gave " + text(y) + ", which has no derivative", site);
}

Tensors Differentiated::product(const Tensor& y, const Tensor& v, GradFlags flags) const {
  Tensors g = y.is_recorded() ? grad(y, targets, v, flags | allow_unused, site) : Tensors(x.size());
  for (std::size_t i = 0; i < g.size(); ++i)
    if (!g[i].defined()) g[i] = zeros(x[i].shape(), x[i].dtype());
  return g;
}

void Differentiated::check_scalar() const {
  if (y.size() != 1) fail(op, "f gave " + text(y) + "; expected one element: reduce it with sum() or mean()", site);
}

void Differentiated::check_like_inputs(const Tensors& v) const {
  if (v.size() != x.size())
    fail(op, "got " + std::to_string(v.size()) + " vectors for " + std::to_string(x.size()) + " inputs", site);
  for (std::size_t i = 0; i < v.size(); ++i)
    if (!matches(v[i], x[i]))
      fail(op,
           "vector " + std::to_string(i) + " is " + (v[i].defined() ? text(v[i]) : "undefined") + ", its input " +
               text(x[i]),
           site);
}

Tensor unit(const Tensor& y, std::int64_t k) {
  Ref<Array> e = make_array(y.dtype(), y.shape());
  std::memset(e->data, 0, static_cast<std::size_t>(e->size * size_of(e->dtype)));
  visit_floating(e->dtype, [&](auto t) { e->at<decltype(t)>()[k] = 1; });
  return Tensor(std::move(e));
}

Tensors Differentiated::jacobian(const Tensor& y, GradFlags flags) const {
  std::vector<Tensors> rows(x.size());
  for (std::int64_t k = 0; k < y.size(); ++k) {
    Tensors row = product(y, unit(y, k), flags | retain_graph);
    for (std::size_t i = 0; i < x.size(); ++i) rows[i].push_back(reshape(row[i], Shape{row[i].size()}));
  }
  Tensors result;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const Shape& from = x[i].shape();
    if (y.rank() + from.rank() > Shape::max_rank)
      fail(op,
           "a derivative of " + to_string(y.shape()) + " by " + to_string(from) + " would have more than " +
               std::to_string(Shape::max_rank) + " axes; reshape first",
           site);
    Shape shape = y.shape();
    for (std::int64_t n : from) shape.push_back(n);
    result.push_back(rows[i].empty() ? zeros(shape, x[i].dtype()) : reshape(stack(rows[i]), shape));
  }
  return result;
}

Tensor dot(const Tensors& a, const Tensors& b, Dtype dtype) {
  Tensor s = zeros({}, dtype);
  for (std::size_t i = 0; i < a.size(); ++i) s += sum(a[i] * b[i]);
  return s;
}

}  // namespace

Point::Point(const NamedParameters& p) : at_parameters(true) {
  for (auto& [name, parameter] : p) {
    names.push_back(name);
    parameters.push_back(parameter);
  }
}

NamedTensors named(const std::vector<std::string>& names, Tensors tensors) {
  NamedTensors result;
  for (std::size_t i = 0; i < names.size(); ++i) result.emplace_back(names[i], std::move(tensors[i]));
  return result;
}

Tensors unnamed(const char* op, const std::vector<std::string>& names, const NamedTensors& tensors, Site site) {
  Tensors result;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (i < names.size() && tensors[i].first != names[i])
      fail(op, "vector " + std::to_string(i) + " is named '" + tensors[i].first + "', the parameter '" + names[i] + "'",
           site);
    result.push_back(tensors[i].second);
  }
  return result;
}

std::pair<Tensor, Tensors> value_and_grad(const Function& f, const Point& at, GradFlags flags, Site site) {
  const Scope scope(site);
  const Recording recording(true);
  const Differentiated result("value_and_grad", f, at, flags, site);
  result.check_scalar();
  Tensors g = result.gradients(result.flags);
  return {result.value(), std::move(g)};
}

std::pair<Tensor, Tensors> vjp(const Function& f, const Point& at, const Tensor& v, GradFlags flags, Site site) {
  const Scope scope(site);
  const Recording recording(true);
  const Differentiated result("vjp", f, at, flags, site);
  if (!matches(v, result.y))
    fail("vjp", "v is " + (v.defined() ? text(v) : "undefined") + ", f's result " + text(result.y), site);
  Tensors product = result.product(result.y, v, result.flags);
  return {result.value(), std::move(product)};
}

std::pair<Tensor, Tensor> jvp(const Function& f, const Point& at, const Tensors& v, GradFlags flags, Site site) {
  const Scope scope(site);
  const Recording recording(true);
  const Differentiated result("jvp", f, at, flags, site);
  result.check_like_inputs(v);
  const Tensor seed = zeros(result.y.shape(), result.y.dtype()).requires_grad();
  const Tensor along = dot(result.product(result.y, seed, create_graph), v, result.y.dtype());
  Tensor product = along.is_recorded() ? grad(along, seed, result.flags | allow_unused) : Tensor();
  if (!product.defined()) product = zeros(result.y.shape(), result.y.dtype());
  return {result.value(), std::move(product)};
}

Tensors jacobian(const Function& f, const Point& at, GradFlags flags, Site site) {
  const Scope scope(site);
  const Recording recording(true);
  const Differentiated result("jacobian", f, at, flags, site);
  return result.jacobian(result.y, result.flags);
}

std::vector<Tensors> hessian(const Function& f, const Point& at, GradFlags flags, Site site) {
  const Scope scope(site);
  const Recording recording(true);
  const Differentiated result("hessian", f, at, flags, site);
  result.check_scalar();
  std::vector<Tensors> blocks;
  for (const Tensor& g : result.gradients(create_graph)) blocks.push_back(result.jacobian(g, result.flags));
  return blocks;
}

std::pair<Tensor, Tensors> hvp(const Function& f, const Point& at, const Tensors& v, GradFlags flags, Site site) {
  const Scope scope(site);
  const Recording recording(true);
  const Differentiated result("hvp", f, at, flags, site);
  result.check_scalar();
  result.check_like_inputs(v);
  const Tensor along = dot(result.gradients(create_graph), v, result.y.dtype());
  Tensors product = result.product(along, ones({}, along.dtype()), result.flags);
  return {result.value(), std::move(product)};
}

Tensors per_example_grad(const Function& f, const Tensors& batch, const Point& at, GradFlags flags, Site site) {
  const Scope scope(site);
  const Recording recording(true);
  std::string shapes;
  bool ok = !batch.empty();
  for (const Tensor& t : batch) {
    shapes += (shapes.empty() ? "" : ", ") + to_string(t.shape());
    ok = ok && t.rank() > 0 && t.size(0) == batch[0].size(0);
  }
  if (!ok) fail("per_example_grad", "expected a batch of shapes (n, ...) with one n, got [" + shapes + "]", site);

  std::vector<Tensors> gradients(at.parameters.size());
  for (std::int64_t k = 0; k < batch[0].size(0); ++k) {
    Tensors example;
    for (const Tensor& t : batch) {
      Shape one = t.shape();
      one[0] = 1;
      example.push_back(reshape(t[k], one));
    }
    const Differentiated result(
        "per_example_grad", [&](const Tensors&) { return f(example); }, at, flags, site);
    result.check_scalar();
    Tensors g = result.gradients(result.flags);
    for (std::size_t i = 0; i < g.size(); ++i) gradients[i].push_back(std::move(g[i]));
  }
  Tensors result;
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    Shape none{0};
    for (std::int64_t n : at.parameters[i].shape()) none.push_back(n);
    result.push_back(gradients[i].empty() ? zeros(none, at.parameters[i].dtype()) : stack(gradients[i]));
  }
  return result;
}

}  // namespace xtape::detail::functional
