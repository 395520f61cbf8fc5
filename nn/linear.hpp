// Fully connected layers.
#pragma once
#include <nn/module.hpp>
#include <optional>

namespace xtape::nn {

/// y = x W^T + b: (..., in) -> (..., out). `weight` (out, in) and, unless `with_bias` is false, `bias` (out) start
/// uniform in ±1/sqrt(in), as PyTorch's do. Throws when a size is below 1. Source: Nielsen, chapter 1.
class Linear : public Module<Linear> {
 public:
  Linear(std::int64_t in, std::int64_t out, bool with_bias = true, Site site = Site::here());
  Tensor forward(const Tensor& x) const { return forward(x, weight); }
  /// The same with `w` in the place of `weight`.
  Tensor forward(const Tensor& x, const Tensor& w) const;

  Parameter weight;
  std::optional<Parameter> bias;
};

/// y_o = a^T W_o b + bias_o: (..., in_a), (..., in_b) -> (..., out). `weight` (out, in_a, in_b) and, unless `with_bias`
/// is false, `bias` (out) start uniform in ±1/sqrt(in_a), as PyTorch's do. Throws when a size is below 1; at the call
/// when the inputs differ in what is before their last axes, or these are not in_a and in_b. Source: Tenenbaum and
/// Freeman, "Separating style and content with bilinear models", Neural Computation 12, 2000.
class Bilinear : public Module<Bilinear> {
 public:
  Bilinear(std::int64_t in_a, std::int64_t in_b, std::int64_t out, bool with_bias = true, Site site = Site::here());
  Tensor forward(const Tensor& a, const Tensor& b) const;

  Parameter weight;
  std::optional<Parameter> bias;
};

}  // namespace xtape::nn
