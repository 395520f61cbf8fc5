#include "normalization.hpp"

#include <algorithm>

#include "../kernels/normalization.hpp"
#include "detail/apply.hpp"
#include "detail/matrix_part.hpp"
#include "elementwise.hpp"
#include "reduction.hpp"
#include "shape.hpp"
#include "unary.hpp"

namespace xtape {
using namespace detail;

namespace {

// What is normalised together: (batch, groups, n) over the last axis with weights (groups, n), or, by channels,
// (batch, channels, n) over the others with weights (channels,).
struct Layout {
  std::int64_t batch, groups, n;
  bool channels, centered;
  double eps;

  kernel::NormalizedRows rows() const { return {batch * groups, groups, n, eps, centered}; }
  kernel::NormalizedChannels by_channels() const { return {batch, groups, n, eps}; }

  Ref<Array> forward(const Array& x, const Array* statistics, const Array* w, const Array* b) const {
    Ref<Array> y = make_array(x.dtype, x.shape);
    if (x.size == 0) return y;
    visit_floating(x.dtype, [&](auto t) {
      using T = decltype(t);
      const T *weight = w ? w->at<T>() : nullptr, *bias = b ? b->at<T>() : nullptr;
      if (channels) kernel::normalize(by_channels(), x.at<T>(), statistics->at<T>(), weight, bias, y->at<T>());
      else kernel::normalize(rows(), x.at<T>(), weight, bias, y->at<T>());
    });
    return y;
  }

  // The gradients of x, w and b in one vector; only that of x, in its shape, where there are no weights.
  Ref<Array> gradients(const Array& g, const Array& x, const Array* statistics, const Array* w) const {
    const std::int64_t weights = w ? w->size : 0;
    Ref<Array> y = make_array(x.dtype, w ? Shape{x.size + 2 * weights} : x.shape);
    visit_floating(x.dtype, [&](auto t) {
      using T = decltype(t);
      T *dx = y->at<T>(), *dw = w ? dx + x.size : nullptr, *db = w ? dw + weights : nullptr;
      const T* weight = w ? w->at<T>() : nullptr;
      if (x.size == 0) return void(std::fill_n(y->at<T>(), y->size, T(0)));
      if (channels)
        kernel::normalize_gradient(by_channels(), g.at<T>(), x.at<T>(), statistics->at<T>(), weight, dx, dw, db);
      else kernel::normalize_gradient(rows(), g.at<T>(), x.at<T>(), weight, dx, dw, db);
    });
    return y;
  }
};

struct NormalizationGradients {
  Tensor x, w, b;
};

// In one go, without a graph.
NormalizationGradients fused_gradients(const Layout& s, const Tensor& g, const Tensor& x, const Tensor& statistics,
                                       const Tensor& w) {
  const char* op = "normalization_gradient";
  Tensor all;
  if (s.channels && w.defined())
    all = compute(
        op, [s](auto& g, auto& x, auto& z, auto& w) { return s.gradients(g, x, &z, &w); }, g, x, statistics, w);
  else if (s.channels)
    all = compute(
        op, [s](auto& g, auto& x, auto& z) { return s.gradients(g, x, &z, nullptr); }, g, x, statistics);
  else if (w.defined())
    all = compute(
        op, [s](auto& g, auto& x, auto& w) { return s.gradients(g, x, nullptr, &w); }, g, x, w);
  else
    all = compute(
        op, [s](auto& g, auto& x) { return s.gradients(g, x, nullptr, nullptr); }, g, x);
  if (!w.defined()) return {all, {}, {}};
  return {part_of(all, 0, x.shape()), part_of(all, x.size(), w.shape()), part_of(all, x.size() + w.size(), w.shape())};
}

// In operations that can be differentiated again.
NormalizationGradients recorded_gradients(const Layout& s, const Tensor& gradient, const Tensor& input,
                                          const Tensor& w) {
  const Shape view{s.batch, s.groups, s.n}, weights{s.groups, s.channels ? 1 : s.n};
  auto average = [&](const Tensor& v) { return s.channels ? mean(v, {0, 2}, true) : mean(v, -1, true); };
  const Tensor x = reshape(input, view), g = reshape(gradient, view);
  const Tensor c = s.centered ? x - average(x) : x;
  const Tensor scale = rsqrt(average(square(c)) + s.eps), h = c * scale;
  const Tensor gw = w.defined() ? g * reshape(w, weights) : g;
  const Tensor slope = gw - h * average(gw * h);
  const Tensor dx = reshape(scale * (s.centered ? slope - average(gw) : slope), input.shape());
  if (!w.defined()) return {dx, {}, {}};
  return {dx, reshape(sum_to(g * h, weights), w.shape()), reshape(sum_to(g, weights), w.shape())};
}

// Inputs: x, the statistics (by channels only), w and b (only with w).
struct Normalization final : ListOperation {
  Normalization(const char* op, Site site, std::size_t n, const Layout& layout)
      : ListOperation(op, site, n), layout(layout) {}

  std::uint32_t w() const { return layout.channels ? 2 : 1; }
  std::uint32_t b() const { return w() + 1; }

  Ref<Array> run(const Array* const* x) const override {
    return layout.forward(*x[0], layout.channels ? x[1] : nullptr, input_count > w() ? x[w()] : nullptr,
                          input_count > b() ? x[b()] : nullptr);
  }
  Ref<Operation> twin() const override { return make_node<Normalization>(op, site, input_count, layout); }
  bool reads(std::uint32_t, std::uint32_t value) const override { return value < input_count && value != b(); }
  std::string attributes() const override { return attribute_list("eps", layout.eps); }

  void backward(const Tensor& g, Engine& engine) override {
    const Tensor x = saved(0, engine), weight = input_count > w() ? saved(w(), engine) : Tensor();
    const NormalizationGradients d =
        is_recording() ? recorded_gradients(layout, g, x, weight)
                       : fused_gradients(layout, g, x, layout.channels ? saved(1, engine) : Tensor(), weight);
    auto give = [&](std::uint32_t i, const Tensor& gradient) {
      if (i < input_count && engine.wants(inputs[i].get())) engine.accumulate(*this, i, gradient);
    };
    give(0, d.x);
    give(w(), d.w);
    give(b(), d.b);
  }

  const Layout layout;
};

// The arguments, in the widest of their dtypes.
struct NormalizationOperands {
  const char* op;
  Site site;
  Tensor x, w, b;

  NormalizationOperands(const char* op, const Arg& x, const Arg& weight, const Arg& bias, double eps)
      : op(op), site(x.site) {
    for (const Arg* a : {&x, &weight, &bias})
      if (a->is_scalar) fail(op, "expected a tensor, not a number", site);
    check_defined(op, x);
    if (!(eps >= 0)) fail(op, "eps is " + std::to_string(eps) + ", expected at least 0", site);
    Dtype dtype = float32;
    for (const Arg* a : {&x, &weight, &bias})
      if (a->array && a->array->dtype == float64) dtype = float64;
    auto in_dtype = [&](const Arg& a) { return a.array ? a.tensor().to(dtype, site) : Tensor(); };
    this->x = in_dtype(x), w = in_dtype(weight), b = in_dtype(bias);
  }

  void check_weights(const Shape& shape) const {
    for (const Tensor* t : {&w, &b})
      if (t->defined() && t->shape() != shape)
        fail(op,
             std::string(t == &w ? "the weight" : "the bias") + " is " + to_string(t->shape()) + ", expected " +
                 to_string(shape) + " for an input " + to_string(x.shape()),
             site);
  }
  // Axis 1 of x.
  std::int64_t channels() const {
    if (x.rank() < 2) fail(op, "expected an input (batch, channels, ...), got " + to_string(x.shape()), site);
    return x.shape()[1];
  }

  Tensor normalized(const Layout& layout, const Tensor& statistics = {}) const {
    std::vector<Arg> args{Arg(x, site)};
    if (layout.channels) args.emplace_back(statistics, site);
    if (w.defined()) args.emplace_back(w, site);
    if (w.defined() && b.defined()) args.emplace_back(b, site);
    const Tensor y = execute_list(make_node<Normalization>(op, user_site(site), args.size(), layout), args);
    if (w.defined() || !b.defined()) return y;
    // The bias alone: (groups, n), or (channels, 1), before the batch.
    const Tensor rows = reshape(y, Shape{layout.batch, layout.groups, layout.n});
    return reshape(rows + reshape(b, Shape{layout.groups, layout.channels ? 1 : layout.n}), y.shape());
  }
};

std::int64_t product(const Shape& shape, int begin) {
  std::int64_t n = 1;
  for (int i = begin; i < shape.rank(); ++i) n *= shape[i];
  return n;
}

Tensor over_last_axes(const NormalizationOperands& a, const Shape& normalized, bool centered, double eps) {
  const Shape& shape = a.x.shape();
  const int first = shape.rank() - normalized.rank();
  if (first < 0 || normalized.rank() == 0 || Shape(shape.begin() + first, shape.end()) != normalized)
    fail(a.op, "the last axes of an input " + to_string(shape) + " are not " + to_string(normalized), a.site);
  a.check_weights(normalized);
  const std::int64_t n = normalized.size();
  return a.normalized({n ? a.x.size() / n : 0, 1, n, false, centered, eps});
}

Tensor over_groups(NormalizationOperands a, std::int64_t groups, double eps) {
  const std::int64_t channels = a.channels();
  if (groups < 1 || channels % groups != 0)
    fail(a.op, std::to_string(channels) + " channels do not divide into " + std::to_string(groups) + " groups", a.site);
  a.check_weights(Shape{channels});
  const std::int64_t run = product(a.x.shape(), 2);
  Scope scope(a.site);
  for (Tensor* t : {&a.w, &a.b})
    if (t->defined()) *t = broadcast_to(reshape(*t, Shape{channels, 1}), Shape{channels, run});
  return a.normalized({a.x.shape()[0], groups, channels / groups * run, false, true, eps});
}

Tensor batch_statistics(const Arg& x, const Layout& s) {
  auto forward = [s](const Array& x) {
    Ref<Array> y = make_array(x.dtype, Shape{3, s.groups});
    visit_floating(x.dtype, [&](auto t) {
      using T = decltype(t);
      kernel::channel_statistics(s.by_channels(), x.at<T>(), y->at<T>());
    });
    return y;
  };
  return execute("batch_statistics", {&x}, forward, no_gradient);
}

}  // namespace

Tensor layer_norm(const Arg& x, const Shape& normalized, const Arg& weight, const Arg& bias, double eps) {
  return over_last_axes({"layer_norm", x, weight, bias, eps}, normalized, true, eps);
}

Tensor rms_norm(const Arg& x, const Shape& normalized, const Arg& weight, double eps) {
  return over_last_axes({"rms_norm", x, weight, Tensor(), eps}, normalized, false, eps);
}

Tensor group_norm(const Arg& x, std::int64_t groups, const Arg& weight, const Arg& bias, double eps) {
  return over_groups({"group_norm", x, weight, bias, eps}, groups, eps);
}

Tensor instance_norm(const Arg& x, const Arg& weight, const Arg& bias, double eps) {
  const NormalizationOperands a("instance_norm", x, weight, bias, eps);
  const std::int64_t channels = a.channels();
  if (product(a.x.shape(), 2) == 1)
    fail(a.op, "each channel of an input " + to_string(a.x.shape()) + " has only one element", a.site);
  if (channels == 0) return a.x;
  return over_groups(a, channels, eps);
}

BatchNorm batch_norm(const Arg& x, const Arg& running_mean, const Arg& running_var, const Arg& weight, const Arg& bias,
                     bool training, double eps) {
  NormalizationOperands a("batch_norm", x, weight, bias, eps);
  const std::int64_t channels = a.channels();
  a.check_weights(Shape{channels});
  Scope scope(a.site);
  if (!training) {
    for (const Arg* r : {&running_mean, &running_var})
      if (!r->array || r->array->shape != Shape{channels})
        fail(a.op,
             "running statistics are " + (r->array ? describe(*r->array) : "undefined") + ", expected " +
                 to_string(Shape{channels}),
             a.site);
    const Tensor mean = running_mean.tensor().to(a.x.dtype()), var = running_var.tensor().to(a.x.dtype());
    Tensor scale = rsqrt(var + eps);
    if (a.w.defined()) scale = scale * a.w;
    const Tensor shift = a.b.defined() ? a.b - mean * scale : -mean * scale;
    Shape across{channels};
    for (int i = 2; i < a.x.rank(); ++i) across.push_back(1);
    return {a.x * reshape(scale, across) + reshape(shift, across), mean, var};
  }

  const Shape shape = a.x.shape();
  const std::int64_t batch = shape[0], run = product(shape, 2);
  if (batch * run == 1)
    fail(a.op, "each channel of an input " + to_string(shape) + " has only one element, which has no variance", a.site);
  Layout layout{batch, channels, run, true, true, eps};
  // Short runs are brought together first.
  const bool together = run < 8;
  if (together) {
    a.x = permute(reshape(a.x, Shape{batch, channels, run}), {1, 0, 2});
    layout.batch = 1, layout.n = batch * run;
  }
  const Tensor statistics = batch_statistics(Arg(a.x, a.site), layout);
  Tensor y = a.normalized(layout, statistics);
  if (together) y = reshape(permute(y, {1, 0, 2}), shape);
  return {y, statistics[0], statistics[1]};
}

}  // namespace xtape
