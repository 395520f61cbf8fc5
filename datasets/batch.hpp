// A batch of samples, as a training takes it.
#pragma once
#include <autograd/tensor.hpp>

namespace xtape::datasets {

/// Some samples: what a model is given of each, (n, …), and what it is to answer, (n, …). Of images they are float32
/// in [0, 1), the pixels divided by 256 as in the book, and classes (n,), int64.
struct Batch {
  Tensor input, target;
};

}  // namespace xtape::datasets
