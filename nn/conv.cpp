#include "conv.hpp"

#include <autograd/random.hpp>
#include <cmath>
#include <limits>

namespace xtape::nn {
namespace {

std::string name_of(int rank, bool transposed) {
  return (transposed ? "ConvTranspose" : "Conv") + std::to_string(rank) + "d";
}

// (out, in / groups, k...) or, transposed, (in, out / groups, k...), checked.
Shape weight_shape(int rank, bool transposed, std::int64_t in, std::int64_t out, const PerAxis& kernel_size,
                   std::int64_t groups, Site site) {
  const std::string name = name_of(rank, transposed);
  if (in < 1 || out < 1)
    fail(name, "channels must be at least 1, got in = " + std::to_string(in) + ", out = " + std::to_string(out), site);
  if (groups < 1 || in % groups != 0 || out % groups != 0)
    fail(name,
         "groups = " + std::to_string(groups) + " does not divide in = " + std::to_string(in) +
             " and out = " + std::to_string(out),
         site);
  const std::vector<std::int64_t>& k = kernel_size.values();
  if (k.size() != 1 && k.size() != static_cast<std::size_t>(rank))
    fail(name, "the kernel size has " + std::to_string(k.size()) + " numbers, expected one, or " + std::to_string(rank),
         site);
  for (std::int64_t n : k)
    if (n < 1) fail(name, "the kernel size must be at least 1, got " + std::to_string(n), site);
  Shape shape = transposed ? Shape({in, out / groups}, site) : Shape({out, in / groups}, site);
  for (int i = 0; i < rank; ++i) shape.push_back(k[k.size() == 1 ? 0 : static_cast<std::size_t>(i)], site);
  return shape;
}

// The margin as `pad` wants it, the last axis first.
std::vector<std::int64_t> margin(const ConvOptions& options, const Shape& weight, Site site) {
  const int rank = weight.rank() - 2;
  auto each = [&](const char* what, const PerAxis& option) {
    const std::vector<std::int64_t>& v = option.values();
    if (v.size() != 1 && v.size() != static_cast<std::size_t>(rank))
      fail(
          name_of(rank, false),
          std::string(what) + " has " + std::to_string(v.size()) + " numbers, expected one, or " + std::to_string(rank),
          site);
    for (const std::int64_t n : v)
      if (n < 0 || n > std::numeric_limits<std::int32_t>::max())
        fail(name_of(rank, false), std::string(what) + " is " + std::to_string(n) + ", expected a number in [0, 2^31)",
             site);
    return v.size() == 1 ? std::vector<std::int64_t>(static_cast<std::size_t>(rank), v[0]) : v;
  };
  const std::vector<std::int64_t> stride = each("stride", options.stride()),
                                  padding = each("padding", options.padding()),
                                  dilation = each("dilation", options.dilation());
  std::vector<std::int64_t> pads;
  for (int i = rank; i-- > 0;) {
    const auto axis = static_cast<std::size_t>(i);
    const bool same = options.has_same_padding();
    if (same && stride[axis] != 1)
      fail(name_of(rank, false), "same_padding needs stride 1, got " + std::to_string(stride[axis]), site);
    const std::int64_t both = same ? dilation[axis] * (weight[2 + i] - 1) : 2 * padding[axis];
    pads.push_back(both / 2);
    pads.push_back(both - both / 2);
  }
  return pads;
}

Tensor start(const Shape& shape, const Shape& weight, Site site) {
  const double bound = 1 / std::sqrt(static_cast<double>(weight.size(site) / weight[0]));
  return uniform(shape, -bound, bound, float32, default_generator(), site);
}

}  // namespace

template <class Derived, int rank, bool transposed>
Conv<Derived, rank, transposed>::Conv(std::int64_t in, std::int64_t out, const PerAxis& kernel_size,
                                      const ConvOptions& options, bool with_bias, PadMode padding_mode, Site site)
    : weight([&] {
        const Shape shape = weight_shape(rank, transposed, in, out, kernel_size, options.groups(), site);
        return this->parameter("weight", start(shape, shape, site));
      }()),
      options_(options),
      padding_mode_(padding_mode) {
  if (padding_mode != PadMode::constant) {
    if (transposed) fail(name_of(rank, transposed), "a transposed convolution has only zeros as its margin", site);
    pads_ = margin(options, weight.shape(), site);
    options_.padding(0);
  }
  if (with_bias) bias = this->parameter("bias", start({out}, weight.shape(), site));
}

template <class Derived, int rank, bool transposed>
Tensor Conv<Derived, rank, transposed>::forward(const Tensor& x, const Tensor& w) const {
  auto convolved = [&](const auto&... operands) {
    if constexpr (rank == 1 && transposed) return conv_transpose1d(operands..., options_);
    else if constexpr (rank == 2 && transposed) return conv_transpose2d(operands..., options_);
    else if constexpr (transposed) return conv_transpose3d(operands..., options_);
    else if constexpr (rank == 1) return conv1d(operands..., options_);
    else if constexpr (rank == 2) return conv2d(operands..., options_);
    else return conv3d(operands..., options_);
  };
  const Tensor padded = pads_.empty() ? x : pad(x, pads_, padding_mode_);
  return bias ? convolved(padded, w, *bias) : convolved(padded, w);
}

template class Conv<Conv1d, 1>;
template class Conv<Conv2d, 2>;
template class Conv<Conv3d, 3>;
template class Conv<ConvTranspose1d, 1, true>;
template class Conv<ConvTranspose2d, 2, true>;
template class Conv<ConvTranspose3d, 3, true>;

}  // namespace xtape::nn
