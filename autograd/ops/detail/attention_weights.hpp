// Private: what attention multiplies the values with, as operations that can be differentiated any number of times.
#pragma once
#include "../../tensor.hpp"

// In ../attention.cpp.
namespace xtape::detail {

/// softmax(scale q k^T + mask), (..., l, e) and (..., s, e) -> (..., l, s), where 0 stands for all that a query may not
/// look at; what nobody may look at is to be finite. The mask is undefined, boolean or added, as
/// scaled_dot_product_attention takes it.
Tensor attention_weights(const Tensor& q, const Tensor& k, const Tensor& mask, bool causal, double scale);

}  // namespace xtape::detail
