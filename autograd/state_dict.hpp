// Named tensors, which models, optimisers and trainings give and take, and files hold.
#pragma once
#include <map>
#include <string>

#include "tensor.hpp"

namespace xtape {

/// Tensors by name, as "hidden.weight".
using StateDict = std::map<std::string, Tensor>;

}  // namespace xtape
