#include <nn/activation.hpp>
#include <nn/conv.hpp>
#include <nn/dropout.hpp>
#include <nn/flatten.hpp>
#include <nn/identity.hpp>
#include <nn/learned_activation.hpp>
#include <nn/linear.hpp>
#include <nn/normalization.hpp>
#include <nn/piecewise.hpp>
#include <nn/pooling.hpp>

#include "layer_kind_makers.hpp"

using namespace xtape;
using namespace kinds;

namespace {

template <class M>
Kind dropout(const std::string& name) {
  return module<M>(
      name, {{"p", one(.5)}}, [](const Layer& l) { return M(number(l, "p")); },
      [](const M& m, auto&) {
        return Options{{"p", one(m.p())}};
      });
}

Kind linear() {
  return module<nn::Linear>(
      "Linear", {{"in", {}}, {"out", {}}, {"bias", one(1.)}},
      [](const Layer& l) {
        return nn::Linear(integer(l, "in"), integer(l, "out"), flag(l, "bias"));
      },
      [](const nn::Linear& m, auto&) {
        const Shape& w = m.weight.shape();
        return Options{
            {"in", one(w[1])}, {"out", one(w[0])}, {"bias", one(double(m.bias.has_value()))}};
      });
}

Kind conv2d() {
  return of_pictures(module<nn::Conv2d>(
      "Conv2d",
      {{"in", {}},
       {"out", {}},
       {"kernel_size", {}},
       {"stride", one(1.)},
       {"padding", one(0.)},
       {"dilation", one(1.)},
       {"groups", one(1.)},
       {"bias", one(1.)}},
      [](const Layer& l) {
        const ConvOptions options = ConvOptions()
                                        .stride(per_axis(l, "stride"))
                                        .padding(per_axis(l, "padding"))
                                        .dilation(per_axis(l, "dilation"))
                                        .groups(integer(l, "groups"));
        return nn::Conv2d(integer(l, "in"), integer(l, "out"), per_axis(l, "kernel_size"), options,
                          flag(l, "bias"));
      },
      [](const nn::Conv2d& m, const Element& e) {
        const ConvOptions& o = m.options();
        if (m.padding_mode() != PadMode::constant) refuse(e, "a margin that is not zeros");
        const Shape& w = m.weight.shape();
        std::vector<std::int64_t> padding = o.padding().values();
        if (o.has_same_padding()) {
          padding.clear();
          for (std::size_t axis = 0; axis < 2; ++axis) {
            const std::vector<std::int64_t>& d = o.dilation().values();
            const std::int64_t both = d[d.size() == 1 ? 0 : axis] * (w[2 + int(axis)] - 1);
            if (both % 2) refuse(e, "another margin at the end than at the beginning");
            padding.push_back(both / 2);
          }
        }
        return Options{{"in", one(w[1] * o.groups())},
                       {"out", one(w[0])},
                       {"kernel_size", list(PerAxis(w[2], w[3]))},
                       {"stride", list(o.stride())},
                       {"padding", list(PerAxis(padding))},
                       {"dilation", list(o.dilation())},
                       {"groups", one(o.groups())},
                       {"bias", one(double(m.bias.has_value()))}};
      }));
}

// Without a stride, it is the kernel size.
template <class M, class PoolOptions>
Kind pool(const std::string& name) {
  return of_pictures(module<M>(
      name, {{"kernel_size", {}}, {"stride", Numbers()}, {"padding", one(0.)}},
      [](const Layer& l) {
        PoolOptions options(per_axis(l, "kernel_size"));
        options.padding(per_axis(l, "padding"));
        if (!l.options.at("stride").empty()) options.stride(per_axis(l, "stride"));
        return M(options);
      },
      [](const M& m, const Element& e) {
        const PoolOptions& o = m.options();
        if (o.ceil_mode()) refuse(e, "ceil_mode");
        if constexpr (std::is_same_v<PoolOptions, MaxPoolOptions>) {
          if (list(o.dilation()) != one(1.)) refuse(e, "a dilation");
        } else {
          if (o.has_divisor_override()) refuse(e, "a divisor_override");
          if (!o.count_include_pad()) refuse(e, "count_include_pad(false)");
        }
        const Numbers kernel = list(o.kernel_size()), stride = list(o.stride());
        return Options{{"kernel_size", kernel},
                       {"stride", stride == kernel ? Numbers() : stride},
                       {"padding", list(o.padding())}};
      }));
}

template <class M>
Kind adaptive_pool(const std::string& name) {
  return of_pictures(module<M>(
      name, {{"output_size", {}}}, [](const Layer& l) { return M(per_axis(l, "output_size")); },
      [](const M& m, auto&) {
        return Options{{"output_size", list(m.options())}};
      }));
}

template <class M>
Kind channel_norm(const std::string& name, bool batch) {
  return module<M>(
      name, {{"channels", {}}, {"eps", one(1e-5)}, {"affine", one(double(batch))}},
      [](const Layer& l) {
        return M(integer(l, "channels"),
                 typename M::Options().eps(number(l, "eps")).affine(flag(l, "affine")));
      },
      [batch](const M& m, const Element& e) {
        if (m.running_mean.has_value() != batch)
          refuse(e, batch ? "no running statistics" : "running statistics");
        return Options{{"channels", one(m.channels())},
                       {"eps", one(m.eps())},
                       {"affine", one(double(m.weight.has_value()))}};
      });
}

std::vector<Kind> norms() {
  const Keyword eps{"eps", one(1e-5)}, affine{"affine", one(1.)};
  return {channel_norm<nn::BatchNorm1d>("BatchNorm1d", true),
          of_pictures(channel_norm<nn::BatchNorm2d>("BatchNorm2d", true)),
          of_pictures(channel_norm<nn::InstanceNorm2d>("InstanceNorm2d", false)),
          module<nn::LayerNorm>(
              "LayerNorm", {{"normalized", {}}, eps, affine, {"bias", one(1.)}},
              [](const Layer& l) {
                return nn::LayerNorm(shape(l, "normalized"), number(l, "eps"), flag(l, "affine"),
                                     flag(l, "bias"));
              },
              [](const nn::LayerNorm& m, auto&) {
                const bool affine = m.weight.has_value();
                return Options{{"normalized", list(m.normalized())},
                               {"eps", one(m.eps())},
                               {"affine", one(double(affine))},
                               {"bias", one(double(m.bias.has_value() || !affine))}};
              }),
          of_pictures(module<nn::GroupNorm>(
              "GroupNorm", {{"groups", {}}, {"channels", {}}, eps, affine},
              [](const Layer& l) {
                return nn::GroupNorm(integer(l, "groups"), integer(l, "channels"), number(l, "eps"),
                                     flag(l, "affine"));
              },
              [](const nn::GroupNorm& m, auto&) {
                return Options{{"groups", one(m.groups())},
                               {"channels", one(m.channels())},
                               {"eps", one(m.eps())},
                               {"affine", one(double(m.weight.has_value()))}};
              }))};
}

std::vector<Kind> shapes() {
  return {of_any(plain<nn::Identity>("Identity")),
          of_pictures(module<nn::Flatten>(
              "Flatten", {{"start", one(1.)}, {"end", one(-1.)}},
              [](const Layer& l) {
                return nn::Flatten(int(integer(l, "start")), int(integer(l, "end")));
              },
              [](const nn::Flatten& m, auto&) {
                return Options{{"start", one(double(m.start()))}, {"end", one(double(m.end()))}};
              })),
          module<nn::Unflatten>(
              "Unflatten", {{"axis", {}}, {"sizes", {}}},
              [](const Layer& l) {
                return nn::Unflatten(int(integer(l, "axis")), integers(l, "sizes"));
              },
              [](const nn::Unflatten& m, auto&) {
                return Options{{"axis", one(double(m.axis()))}, {"sizes", list(m.sizes())}};
              }),
          of_any(dropout<nn::Dropout>("Dropout")),
          of_pictures(dropout<nn::Dropout2d>("Dropout2d")),
          of_any(dropout<nn::AlphaDropout>("AlphaDropout"))};
}

std::vector<Kind> activations() {
  return {
      function<nn::Sigmoid>("sigmoid", nn::sigmoid),
      function<nn::Tanh>("tanh", nn::tanh),
      function<nn::ReLU>("relu", nn::relu),
      function<nn::LogSigmoid>("log_sigmoid", nn::log_sigmoid),
      function<nn::Softsign>("softsign", nn::softsign),
      function<nn::SiLU>("silu", nn::silu),
      function<nn::ReLU6>("relu6", nn::relu6),
      function<nn::Hardsigmoid>("hardsigmoid", nn::hardsigmoid),
      function<nn::Hardswish>("hardswish", nn::hardswish),
      function<nn::SELU>("selu", nn::selu),
      function<nn::Mish>("mish", nn::mish),
      function<nn::Tanhshrink>("tanhshrink", nn::tanhshrink),
      function<detail::Function<nn::lecun_tanh>>("lecun_tanh", nn::lecun_tanh),
      activation<nn::Softmax, detail::Softmax>("Softmax", {"axis"}, &nn::Softmax::axis),
      activation<nn::LogSoftmax, detail::LogSoftmax>("LogSoftmax", {"axis"}, &nn::LogSoftmax::axis),
      activation<nn::GELU, detail::GELU>("GELU", {"tanh"}, &nn::GELU::form),
      activation<nn::Softplus, detail::Softplus>("Softplus", {"beta", "threshold"},
                                                 &nn::Softplus::beta, &nn::Softplus::threshold),
      activation<nn::LeakyReLU>("LeakyReLU", {"slope"}, &nn::LeakyReLU::slope),
      activation<nn::ELU>("ELU", {"alpha"}, &nn::ELU::alpha),
      activation<nn::CELU>("CELU", {"alpha"}, &nn::CELU::alpha),
      activation<nn::Threshold>("Threshold", {"threshold", "value"}, &nn::Threshold::threshold,
                                &nn::Threshold::value),
      activation<nn::Hardtanh>("Hardtanh", {"min_val", "max_val"}, &nn::Hardtanh::min_val,
                               &nn::Hardtanh::max_val),
      activation<nn::Sine>("Sine", {"omega"}, &nn::Sine::omega),
      activation<nn::Gaussian>("Gaussian", {"sigma"}, &nn::Gaussian::sigma),
      learned<nn::PReLU>("PReLU", &nn::PReLU::weight),
      learned<nn::Swish>("Swish", &nn::Swish::beta)};
}

}  // namespace

const std::vector<Kind>& layer_kinds() {
  static const std::vector<Kind> all = [] {
    std::vector<Kind> kinds = {linear(),
                               conv2d(),
                               pool<nn::MaxPool2d, MaxPoolOptions>("MaxPool2d"),
                               pool<nn::AvgPool2d, AvgPoolOptions>("AvgPool2d"),
                               adaptive_pool<nn::AdaptiveMaxPool2d>("AdaptiveMaxPool2d"),
                               adaptive_pool<nn::AdaptiveAvgPool2d>("AdaptiveAvgPool2d"),
                               of_pictures(plain<nn::GlobalAvgPool>("GlobalAvgPool"))};
    for (auto& more : {norms(), shapes(), activations()})
      kinds.insert(kinds.end(), more.begin(), more.end());
    return kinds;
  }();
  return all;
}
