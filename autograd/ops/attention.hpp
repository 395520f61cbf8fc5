// Attention.
#pragma once
#include <optional>

#include "../tensor.hpp"

namespace xtape {

/// softmax(scale q k^T + mask) v: queries q (..., l, e), keys k (..., s, e) and values v (..., s, n), whose axes before
/// the last two broadcast, -> (..., l, n). A boolean mask broadcasts to (..., l, s) and is true where a query may look;
/// a floating one is added. Under `causal`, query i looks at keys 0 … i only. The scale is 1 / sqrt(e) unless given. A
/// query that may look nowhere gets zeros. No (l, s) matrix is kept for the gradient; that of the mask makes some.
/// Throws when shapes or dtypes do not fit. Source: Vaswani et al., NeurIPS 2017.
Tensor scaled_dot_product_attention(const Arg& q, const Arg& k, const Arg& v, const Arg& mask = Tensor(),
                                    bool causal = false, std::optional<double> scale = {});

}  // namespace xtape
