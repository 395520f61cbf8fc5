// Private: tensors in messages.
#pragma once
#include <string>

#include "../tensor.hpp"

namespace xtape {

/// "float32(2, 3)", or "undefined".
inline std::string described(const Tensor& x) {
  return x.defined() ? to_string(x.dtype()) + to_string(x.shape()) : "undefined";
}

}  // namespace xtape
