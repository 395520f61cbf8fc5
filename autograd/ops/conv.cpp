#include "conv.hpp"

#include <numeric>

#include "../kernels/conv_unfold.hpp"
#include "../kernels/parallel_rows.hpp"
#include "detail/apply.hpp"
#include "detail/spatial_input.hpp"
#include "reduction.hpp"
#include "shape.hpp"

namespace xtape {
using namespace detail;

// The checked sizes of an operation, from its operands and options.
struct ConvSizes {
  static Convolution conv(const char* op, const Arg& x, const Arg& weight, const ConvOptions& options, int rank);
  static Convolution conv_transpose(const char* op, const Arg& x, const Arg& weight, const ConvOptions& options,
                                    int rank);
  static Windows unfold(const char* op, const UnfoldOptions& options, int rank, Site site);
  // How many axes the kernel's sizes name, one by one.
  static int listed(const UnfoldOptions& options) { return static_cast<int>(options.kernel_.values().size()); }

 private:
  static Windows read(const char* op, const ConvOptions& options, int rank, Site site);
  static void check_operands(const char* op, const Arg& x, const Arg& weight, int rank);
};

namespace {

bool is_empty(const Spatial& sizes) { return sizes[0] == 0 || sizes[1] == 0 || sizes[2] == 0; }

// The number of windows that fit; throws where none does.
void count_windows(const char* op, Windows& w, const std::string& what, const std::string& where, Site site) {
  for (int a = 0; a < spatial_axes; ++a) {
    const std::int64_t room = w.x[a] + 2 * w.padding[a], reach = w.dilation[a] * (w.k[a] - 1) + 1;
    if (reach > room)
      fail(op,
           what + " with dilation " + std::to_string(w.dilation[a]) + " spans " + std::to_string(reach) +
               " elements, more than the " + std::to_string(room) + " of " + where + " with padding " +
               std::to_string(w.padding[a]),
           site);
    w.y[a] = (room - reach) / w.stride[a] + 1;
  }
}

}  // namespace

void ConvSizes::check_operands(const char* op, const Arg& x, const Arg& weight, int rank) {
  check_spatial(op, x, rank);
  check_defined(op, weight);
  const Array &p = *x.array, &q = *weight.array;
  if (p.dtype != q.dtype || !is_floating(p.dtype))
    fail(op,
         "x and weight must both be float32 or both float64, not " + describe(p) + " and " + describe(q) +
             "; convert with to(dtype)",
         x.site);
}

Windows ConvSizes::read(const char* op, const ConvOptions& options, int rank, Site site) {
  Windows w;
  w.rank = rank;
  set_option(op, "stride", options.stride_, 1, rank, w.stride, site);
  set_option(op, "padding", options.padding_, 0, rank, w.padding, site);
  set_option(op, "dilation", options.dilation_, 1, rank, w.dilation, site);
  return w;
}

Convolution ConvSizes::conv(const char* op, const Arg& x, const Arg& weight, const ConvOptions& options, int rank) {
  check_operands(op, x, weight, rank);
  const Shape &p = x.array->shape, &q = weight.array->shape;
  rank = p.rank() - 2;
  const std::int64_t groups = options.groups_;
  if (groups < 1 || q.rank() != p.rank() || q[0] % groups || p[1] % groups || q[1] != p[1] / groups)
    fail(
        op,
        "x " + to_string(p) + " and weight " + to_string(q) + " do not fit with groups " + std::to_string(groups) +
            ": expected x (batch, in, spatial...) and weight (out, in / groups, kernel...), groups dividing in and out",
        x.site);
  Convolution c;
  c.windows = read(op, options, rank, x.site);
  Windows& w = c.windows;
  set_sizes(op, p, w.x, x.site);
  set_sizes(op, q, w.k, x.site);
  if (is_empty(w.k)) fail(op, "the kernel of weight " + to_string(q) + " is empty", x.site);
  c.batch = p[0], c.groups = groups, c.in = q[1], c.out = q[0] / groups;
  if (!options.same_) {
    count_windows(op, w, "the kernel of weight " + to_string(q), "x " + to_string(p), x.site);
    return c;
  }
  for (int a = 0; a < spatial_axes; ++a) {
    if (w.stride[a] != 1) fail(op, "same_padding needs stride 1, not " + option_text(w.stride, rank), x.site);
    w.padding[a] = w.dilation[a] * (w.k[a] - 1) / 2;
    w.y[a] = w.x[a];
  }
  return c;
}

Convolution ConvSizes::conv_transpose(const char* op, const Arg& x, const Arg& weight, const ConvOptions& options,
                                      int rank) {
  check_operands(op, x, weight, rank);
  const Shape &p = x.array->shape, &q = weight.array->shape;
  rank = p.rank() - 2;
  const std::int64_t groups = options.groups_;
  if (groups < 1 || q.rank() != p.rank() || q[0] != p[1] || p[1] % groups)
    fail(op,
         "x " + to_string(p) + " and weight " + to_string(q) + " do not fit with groups " + std::to_string(groups) +
             ": expected x (batch, in, spatial...) and weight (in, out / groups, kernel...), groups dividing in",
         x.site);
  if (options.same_) fail(op, "same_padding is for conv; give padding a number", x.site);
  Convolution c;
  c.windows = read(op, options, rank, x.site);
  Windows& w = c.windows;
  Spatial extra = {0, 0, 0};
  set_option(op, "output_padding", options.output_padding_, 0, rank, extra, x.site);
  set_sizes(op, p, w.y, x.site);
  set_sizes(op, q, w.k, x.site);
  if (is_empty(w.y) || is_empty(w.k))
    fail(op, "the spatial sizes of x " + to_string(p) + " and weight " + to_string(q) + " must not be 0", x.site);
  for (int a = spatial_axes - rank; a < spatial_axes; ++a) {
    if (extra[a] >= w.stride[a] && extra[a] >= w.dilation[a])
      fail(op,
           "output_padding " + option_text(extra, rank) + " must be smaller than stride " +
               option_text(w.stride, rank) + " or dilation " + option_text(w.dilation, rank),
           x.site);
    w.x[a] = (w.y[a] - 1) * w.stride[a] - 2 * w.padding[a] + w.dilation[a] * (w.k[a] - 1) + extra[a] + 1;
    if (w.x[a] < 1)
      fail(op,
           "x " + to_string(p) + " and weight " + to_string(q) + " with padding " + option_text(w.padding, rank) +
               " would give the spatial size " + std::to_string(w.x[a]),
           x.site);
  }
  c.batch = p[0], c.groups = groups, c.in = q[1], c.out = q[0] / groups;
  return c;
}

Windows ConvSizes::unfold(const char* op, const UnfoldOptions& options, int rank, Site site) {
  Windows w;
  w.rank = rank;
  set_option(op, "kernel_size", options.kernel_, 1, rank, w.k, site);
  set_option(op, "stride", options.stride_, 1, rank, w.stride, site);
  set_option(op, "padding", options.padding_, 0, rank, w.padding, site);
  set_option(op, "dilation", options.dilation_, 1, rank, w.dilation, site);
  return w;
}

namespace {

void check_bias(const char* op, const Arg& x, const Arg& bias, std::int64_t channels) {
  check_defined(op, bias);
  if (bias.array->dtype != x.array->dtype || bias.array->shape != Shape{channels})
    fail(op,
         "bias " + describe(*bias.array) + " does not fit: expected " + to_string(x.array->dtype) +
             to_string(Shape{channels}),
         x.site);
}

struct Forward : Convolution {
  Ref<Array> operator()(const Array& x, const Array& weight) const { return run(x, weight, nullptr); }
  Ref<Array> operator()(const Array& x, const Array& weight, const Array& bias) const { return run(x, weight, &bias); }

 private:
  Ref<Array> run(const Array& x, const Array& weight, const Array* bias) const {
    Ref<Array> y = make_array(x.dtype, y_shape());
    visit_floating(x.dtype, [&](auto t) {
      using T = decltype(t);
      conv_forward<T>(*this, x.at<T>(), weight.at<T>(), bias ? bias->at<T>() : nullptr, y->at<T>());
    });
    return y;
  }
};

struct InputAdjoint : Convolution {
  Ref<Array> operator()(const Array& g, const Array& weight) const { return run(g, weight, nullptr); }
  Ref<Array> operator()(const Array& g, const Array& weight, const Array& bias) const { return run(g, weight, &bias); }

 private:
  Ref<Array> run(const Array& g, const Array& weight, const Array* bias) const {
    Ref<Array> x = make_array(g.dtype, x_shape());
    visit_floating(g.dtype, [&](auto t) {
      using T = decltype(t);
      conv_input<T>(*this, g.at<T>(), weight.at<T>(), bias ? bias->at<T>() : nullptr, x->at<T>());
    });
    return x;
  }
};

struct WeightAdjoint : Convolution {
  Ref<Array> operator()(const Array& g, const Array& x) const {
    Ref<Array> weight = make_array(g.dtype, weight_shape());
    visit_floating(g.dtype, [&](auto t) {
      using T = decltype(t);
      conv_weight<T>(*this, g.at<T>(), x.at<T>(), weight->at<T>());
    });
    return weight;
  }
};

// One trilinear form <g, conv(x, weight)> in three readings; each one's rules are the other two.
Tensor forward(const char* op, const Arg& x, const Arg& weight, const Convolution& c);
Tensor input_adjoint(const char* op, const Arg& g, const Arg& weight, const Convolution& c);
Tensor weight_adjoint(const Arg& g, const Arg& x, const Convolution& c);

auto input_rule(const Convolution& c) {
  return rule<1>(
      [c](const Tensor& g, const Tensor& weight) { return input_adjoint("conv_input_adjoint", g, weight, c); });
}
auto weight_rule(const Convolution& c) {
  return rule<0>([c](const Tensor& g, const Tensor& x) { return weight_adjoint(g, x, c); });
}
// The gradient of a bias: g summed over all axes but the channels'.
auto bias_rule(int rank) {
  return rule<>([rank](const Tensor& g) {
    std::vector<int> axes(static_cast<std::size_t>(rank + 2));
    std::iota(axes.begin(), axes.end(), 0);
    axes.erase(axes.begin() + 1);
    return sum(g, Axes(std::move(axes)));
  });
}
// The rules of the adjoint in x, whose first operand stands for the result of the convolution.
auto adjoint_rule(const Convolution& c) {
  return rule<1>([c](const Tensor& h, const Tensor& weight) { return forward("conv", h, weight, c); });
}
auto adjoint_weight_rule(const Convolution& c) {
  return rule<0>([c](const Tensor& h, const Tensor& g) { return weight_adjoint(g, h, c); });
}

Tensor forward(const char* op, const Arg& x, const Arg& weight, const Convolution& c) {
  return execute(op, {&x, &weight}, Forward{c}, input_rule(c), weight_rule(c));
}
Tensor forward(const char* op, const Arg& x, const Arg& weight, const Arg& bias, const Convolution& c) {
  check_bias(op, x, bias, c.groups * c.out);
  return execute(op, {&x, &weight, &bias}, Forward{c}, input_rule(c), weight_rule(c), bias_rule(c.windows.rank));
}
Tensor input_adjoint(const char* op, const Arg& g, const Arg& weight, const Convolution& c) {
  return execute(op, {&g, &weight}, InputAdjoint{c}, adjoint_rule(c), adjoint_weight_rule(c));
}
Tensor input_adjoint(const char* op, const Arg& g, const Arg& weight, const Arg& bias, const Convolution& c) {
  check_bias(op, g, bias, c.groups * c.in);
  return execute(op, {&g, &weight, &bias}, InputAdjoint{c}, adjoint_rule(c), adjoint_weight_rule(c),
                 bias_rule(c.windows.rank));
}
Tensor weight_adjoint(const Arg& g, const Arg& x, const Convolution& c) {
  return execute(
      "conv_weight_adjoint", {&g, &x}, WeightAdjoint{c},
      rule<1>([c](const Tensor& v, const Tensor& x) { return forward("conv", x, v, c); }),
      rule<0>([c](const Tensor& v, const Tensor& g) { return input_adjoint("conv_input_adjoint", g, v, c); }));
}

// x with a batch, whose spatial axes are known by the operation's name or by its weight.
template <class F>
Tensor of_batch(const Arg& x, const Arg& weight, int rank, const F& f) {
  return batched(x, rank || !weight.array ? rank : weight.array->shape.rank() - 2, f);
}

}  // namespace

#define XTAPE_CONV(name, run, sizes, rank)                                                                       \
  Tensor name(const Arg& x, const Arg& weight, const ConvOptions& options) {                                     \
    return of_batch(x, weight, rank, [&](const Arg& x) {                                                         \
      return run(#name, x, weight, ConvSizes::sizes(#name, x, weight, options, rank));                           \
    });                                                                                                          \
  }                                                                                                              \
  Tensor name(const Arg& x, const Arg& weight, const Arg& bias, const ConvOptions& options) {                    \
    if (!bias.array && !bias.is_scalar) return name(x, weight, options);                                         \
    return of_batch(x, weight, rank, [&](const Arg& x) {                                                         \
      return run(#name, x, weight, bias, ConvSizes::sizes(#name, x, weight, options, rank));                     \
    });                                                                                                          \
  }                                                                                                              \
  Tensor name(const Arg& x, const Arg& weight, const Arg& bias, const PerAxis& stride, const PerAxis& padding) { \
    return name(x, weight, bias, ConvOptions().stride(stride).padding(padding));                                 \
  }
XTAPE_CONV(conv, forward, conv, 0)
XTAPE_CONV(conv1d, forward, conv, 1)
XTAPE_CONV(conv2d, forward, conv, 2)
XTAPE_CONV(conv3d, forward, conv, 3)
XTAPE_CONV(conv_transpose, input_adjoint, conv_transpose, 0)
XTAPE_CONV(conv_transpose1d, input_adjoint, conv_transpose, 1)
XTAPE_CONV(conv_transpose2d, input_adjoint, conv_transpose, 2)
XTAPE_CONV(conv_transpose3d, input_adjoint, conv_transpose, 3)
#undef XTAPE_CONV

namespace {

std::string window_text(const Windows& w) {
  return "kernel_size=" + option_text(w.k, w.rank) + ", stride=" + option_text(w.stride, w.rank) +
         ", padding=" + option_text(w.padding, w.rank) + ", dilation=" + option_text(w.dilation, w.rank);
}

// x to columns, or back where `back` is set.
struct Im2col {
  Windows windows;
  std::int64_t batch, channels;
  bool back;
  std::string attributes() const { return window_text(windows); }
  Ref<Array> operator()(const Array& from) const {
    const std::int64_t columns = channels * windows.k_size();
    const Shape shape = back ? windows.shape(batch, channels, windows.x) : Shape{batch, columns, windows.y_size()};
    Ref<Array> to = make_array(from.dtype, shape);
    if (batch == 0) return to;
    visit_floating(from.dtype, [&](auto t) {
      using T = decltype(t);
      const std::int64_t n = from.size / batch, m = to->size / batch;
      parallel_rows(batch, std::max(n, m), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i)
          if (back) fold(windows, channels, from.at<T>() + i * n, to->at<T>() + i * m);
          else unfold(windows, channels, from.at<T>() + i * n, to->at<T>() + i * m);
      });
    });
    return to;
  }
};

Tensor unfold_or_back(const Arg& x, const Im2col& u) {
  Im2col reverse = u;
  reverse.back = !u.back;
  return execute(u.back ? "col2im" : "im2col", {&x}, u,
                 rule<>([reverse](const Tensor& g) { return unfold_or_back(g, reverse); }));
}

}  // namespace

Tensor im2col(const Arg& x, const UnfoldOptions& options) {
  if (const int listed = ConvSizes::listed(options); x.array && listed > 1 && x.array->shape.rank() == listed + 1)
    return batched(x, listed, [&](const Arg& x) { return im2col(x, options); });
  check_spatial("im2col", x, 0);
  if (!is_floating(x.array->dtype)) return im2col(Arg(promote_floating("im2col", x), x.site), options);
  const Shape& shape = x.array->shape;
  Windows w = ConvSizes::unfold("im2col", options, shape.rank() - 2, x.site);
  set_sizes("im2col", shape, w.x, x.site);
  count_windows("im2col", w, "kernel_size " + option_text(w.k, w.rank), "x " + to_string(shape), x.site);
  return unfold_or_back(x, {w, shape[0], shape[1], false});
}

Tensor col2im(const Arg& columns, const PerAxis& output_size, const UnfoldOptions& options) {
  check_defined("col2im", columns);
  if (columns.array->shape.rank() == 2)  // of one example
    return batched(columns, 1, [&](const Arg& columns) { return col2im(columns, output_size, options); });
  if (!is_floating(columns.array->dtype))
    return col2im(Arg(promote_floating("col2im", columns), columns.site), output_size, options);
  const Shape& shape = columns.array->shape;
  const auto rank = static_cast<int>(output_size.values().size());
  if (rank < 1 || rank > spatial_axes)
    fail("col2im", "output_size " + attribute_text(output_size.values()) + " must name 1 to 3 axes", columns.site);
  Windows w = ConvSizes::unfold("col2im", options, rank, columns.site);
  set_option("col2im", "output_size", output_size, 0, rank, w.x, columns.site);
  count_windows("col2im", w, "kernel_size " + option_text(w.k, rank), "output_size " + option_text(w.x, rank),
                columns.site);
  if (shape.rank() != 3 || shape[1] % w.k_size() || shape[2] != w.y_size())
    fail("col2im",
         "columns " + to_string(shape) + " do not fit: output_size " + option_text(w.x, rank) + " with " +
             window_text(w) + " has (batch, channels * " + std::to_string(w.k_size()) + ", " +
             std::to_string(w.y_size()) + ")",
         columns.site);
  return unfold_or_back(columns, {w, shape[0], shape[1] / w.k_size(), true});
}

}  // namespace xtape
