// Layers that join axes to one and split one into several.
#pragma once
#include <autograd/ops/shape.hpp>
#include <nn/module.hpp>

namespace xtape::nn {

/// The axes from `start` to `end`, both included, as one; by default all but the batch's: (batch, a, b) ->
/// (batch, a b). Throws at the call when x has no such axes.
class Flatten : public Module<Flatten> {
 public:
  explicit Flatten(int start = 1, int end = -1) : start_(start), end_(end) {}
  Tensor forward(const Tensor& x) const { return flatten(x, start_, end_); }
  int start() const { return start_; }
  int end() const { return end_; }

 private:
  int start_, end_;
};

/// One axis as several, as `Unflatten(1, {4, -1})`, where one size may be -1 and is then computed: (batch, a b) ->
/// (batch, a, b). Throws at the call when x has no such axis or its size is not the product.
class Unflatten : public Module<Unflatten> {
 public:
  Unflatten(int axis, std::vector<std::int64_t> sizes) : axis_(axis), sizes_(std::move(sizes)) {}
  Tensor forward(const Tensor& x) const { return unflatten(x, axis_, sizes_); }
  int axis() const { return axis_; }
  const std::vector<std::int64_t>& sizes() const { return sizes_; }

 private:
  int axis_;
  std::vector<std::int64_t> sizes_;
};

}  // namespace xtape::nn
