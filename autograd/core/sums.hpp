// Private: the operations that the engine needs to add gradients up, defined with the others in ops/elementwise.cpp and
// ops/reduction.cpp.
#pragma once
#include "../tensor.hpp"

namespace xtape::detail {

/// a + b, recorded where the tape records.
Tensor add(const Tensor& a, const Tensor& b);
/// Adds g to `sum` where nobody else can see its elements; false if somebody can.
bool add_in_place(Tensor& sum, const Tensor& g);
/// A gradient of what was broadcast from `shape`, summed back to it.
Tensor sum_back(const Tensor& g, const Shape& shape);

}  // namespace xtape::detail
