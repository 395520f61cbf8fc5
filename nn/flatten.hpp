// The layer between convolutions and fully connected layers.
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

 private:
  int start_, end_;
};

}  // namespace xtape::nn
